"""What a change of a pool does to its nodes, and to the tasks that run on them; the account counts both."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batchctl.cloud_answers import PoolUse
from batchctl.reconcile.amend.situation import Situation
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Pool
from batchctl.rules import Rule
from batchctl.words import plural, some

START = "start_task"
SHOWN = 3


def by_reboot(plan: Plan, situation: Situation) -> Plan:
    """With `reboot_nodes`, a start task that changed alone comes to the nodes without emptying the pool."""
    return replace(plan, changes=tuple(map(_rebooted, plan.changes))) if situation.choices.reboot_nodes else plan


def with_renewals(plan: Plan, situation: Situation) -> Plan:
    """The plan with what becomes of nodes and tasks, in numbers from the service."""
    uses = {pool: situation.account.use(pool) for pool in _renewed(plan)}
    return replace(plan, changes=tuple(_with_nodes_told(c, uses) for c in plan.changes))


def _renewed(plan: Plan) -> Iterator[str]:
    """Pools that have nodes, and whose change takes these away or reboots them."""
    changed = plan.of(Pool, Action.UPDATE, Action.REPLACE)
    return (change.resource.name for change in changed if _renews(change) and _node_count(change))


def _rebooted(change: Change) -> Change:
    if not isinstance(change.after, Pool) or _emptying(change) != {START}:
        return change
    fields = tuple(replace(f, rule=Rule.REBOOT) if f.name == START else f for f in change.fields)
    return replace(change, after=replace(change.after, by_reboot=True), fields=fields)


def _emptying(change: Change) -> set[str]:
    return {f.name for f in change.fields if f.rule is Rule.WHEN_EMPTY}


def _renews(change: Change) -> bool:
    return _reboots(change) or change.action is Action.REPLACE or bool(_emptying(change))


def _reboots(change: Change) -> bool:
    return isinstance(change.after, Pool) and change.after.by_reboot


def _node_count(change: Change) -> int:
    return change.before.nodes if isinstance(change.before, Pool) else 0


def _with_nodes_told(change: Change, uses: Mapping[str, PoolUse]) -> Change:
    use = uses.get(change.resource.name) if isinstance(change.resource, Pool) and _renews(change) else None
    if use is None or not use.nodes:
        return replace(change, reasons=(*change.reasons, *_shrinking(change)))
    what = "rebooted" if _reboots(change) else "drained"
    tasks = f"{plural(use.running_tasks, 'running task')} requeued" if use.running_tasks else "no task runs there"
    said = [f"{plural(len(use.nodes), 'node')} will be {what}, {tasks}"]
    if change.action is Action.UPDATE and any(f.name == START for f in change.fields):
        said.append(_old_start_task(use, advise=_emptying(change) == {START}))
    return replace(change, reasons=(*change.reasons, *said))


def _shrinking(change: Change) -> tuple[str, ...]:
    pool = change.after
    if not isinstance(pool, Pool) or pool.target_dedicated_nodes is None or pool.target_spot_nodes is None:
        return ()
    leaving = _node_count(change) - pool.target_dedicated_nodes - pool.target_spot_nodes
    if leaving <= 0 or change.action is not Action.UPDATE:
        return ()
    return (f"{leaving} of {plural(_node_count(change), 'node')} will leave, tasks that run there are requeued",)


def _old_start_task(use: PoolUse, *, advise: bool) -> str:
    """The nodes that are there ran the start task that the pool had when they joined or restarted."""
    old = f"{plural(len(use.nodes), 'node')} with the old start task: {some(use.nodes, SHOWN)}"
    return f"{old} (--reboot-nodes reboots instead of draining)" if advise else old
