"""Pools that are made anew or changed: what is asked beside what differs, and what it does to nodes and their tasks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from batchctl.cloud_answers import PoolUse
from batchctl.desired import Desired
from batchctl.reconcile.choices import Named, named
from batchctl.reconcile.decide.pool_verdicts import EXTERNAL
from batchctl.reconcile.decide.sizes import first_size
from batchctl.reconcile.plan import Action, Change, Plan, ordered_changes
from batchctl.reconcile.port import Situation
from batchctl.resources import Pool, Resource
from batchctl.rules import Rule
from batchctl.words import plural, some

START = "start_task"
SHOWN = 3

WHY_NOT = {
    "container": "it may hold data that is nowhere else; delete it yourself, if you know that it does not",
    "blob": "a blob is uploaded again when its file differs; delete it yourself, and it is",
    "job": "a job that has run is kept with what its tasks say; --rerun all runs them in its next generation",
}
"""Kinds that are never replaced."""


def by_reboot(plan: Plan, situation: Situation) -> Plan:
    """With `reboot_nodes`, a start task that changed alone comes to the nodes without emptying the pool."""
    return plan.with_each(Pool, _rebooted) if situation.choices.reboot_nodes else plan


def with_renewals(plan: Plan, situation: Situation) -> Plan:
    """The plan with what becomes of nodes and tasks, in numbers from the service."""
    uses = {pool: situation.account.use(pool) for pool in _renewed(plan)}
    return plan.with_each(Pool, lambda change: _with_nodes_told(change, uses))


def _renewed(plan: Plan) -> Iterator[str]:
    """Pools that have nodes, and whose change takes these away or reboots them."""
    changed = plan.of(Pool, Action.UPDATE, Action.REPLACE)
    return (change.resource.name for change in changed if renews(change) and _node_count(change))


def _rebooted(change: Change) -> Change:
    if not isinstance(change.after, Pool) or _emptying(change) != {START}:
        return change
    fields = tuple(replace(f, rule=Rule.REBOOT) if f.name == START else f for f in change.fields)
    return replace(change, after=replace(change.after, by_reboot=True), fields=fields)


def _emptying(change: Change) -> set[str]:
    return {f.name for f in change.fields if f.rule is Rule.WHEN_EMPTY}


def renews(change: Change) -> bool:
    """Does it take the nodes away, or restart them?"""
    return _reboots(change) or change.action is Action.REPLACE or bool(_emptying(change))


def _reboots(change: Change) -> bool:
    return isinstance(change.after, Pool) and change.after.by_reboot


def _node_count(change: Change) -> int:
    return change.before.nodes if isinstance(change.before, Pool) else 0


def _with_nodes_told(change: Change, uses: Mapping[str, PoolUse]) -> Change:
    use = uses.get(change.resource.name) if renews(change) else None
    if use is None or not use.nodes:
        return replace(change, reasons=(*change.reasons, *_shrinking(change)))
    what = "rebooted" if _reboots(change) else "drained"
    tasks = (
        f"{plural(use.running_tasks, 'running task')} {_fate(change)}" if use.running_tasks else "no task runs there"
    )
    said = [f"{plural(len(use.nodes), 'node')} will be {what}, {tasks}"]
    if change.action is Action.UPDATE and any(f.name == START for f in change.fields):
        said.append(_old_start_task(use, advise=_emptying(change) == {START}))
    return replace(change, reasons=(*change.reasons, *said))


FATES = {"terminate": "ended", "taskcompletion": "waited for"}


def _fate(change: Change) -> str:
    """What becomes of tasks that run on nodes that go."""
    resource = change.before if change.action is Action.REPLACE else change.after
    option = resource.node_deallocation_option if isinstance(resource, Pool) and not _reboots(change) else None
    return FATES.get(option or "", "requeued")


def _shrinking(change: Change) -> tuple[str, ...]:
    pool = change.after
    if not isinstance(pool, Pool) or pool.target_dedicated_nodes is None or pool.target_spot_nodes is None:
        return ()
    leaving = _node_count(change) - pool.target_dedicated_nodes - pool.target_spot_nodes
    if leaving <= 0 or change.action is not Action.UPDATE:
        return ()
    if pool.idle:
        return (f"{plural(leaving, 'node')} will leave, once no task runs there",)
    return (f"{leaving} of {plural(_node_count(change), 'node')} will leave, tasks that run there are {_fate(change)}",)


def _old_start_task(use: PoolUse, *, advise: bool) -> str:
    """The nodes that are there ran the start task that the pool had when they joined or restarted."""
    old = f"{plural(len(use.nodes), 'node')} with the old start task: {some(use.nodes, SHOWN)}"
    return f"{old} (--reboot-nodes reboots instead of draining)" if advise else old


def with_replaced(plan: Plan, situation: Situation) -> Plan:
    """The plan with the pools that were named deleted and made again. Tasks that were named, `generations` runs."""
    desired, held = situation.desired, situation.held
    if not situation.choices.replace:
        return plan
    wanted = tuple(map(named, situation.choices.replace))
    # One that is made anew begins with its first size again.
    pools = {r.name.lower(): first_size(r) for r in desired.of(Pool)}
    forced = [
        _forced_replacement(plan, found, pools[found.name.lower()], name)
        for name in wanted
        for found in held
        if isinstance(found, Pool)
        and _is_ours_to_replace(found, desired)
        and found.name.lower() in pools
        and name.meets(found)
    ]
    again = {change.resource.name.lower() for change in forced}
    # A pool that is taken over is ours only once it was adopted: that line stays, and comes first.
    kept = [
        c for c in plan.changes if c.action is Action.ADOPT or c.kind != "pool" or c.resource.name.lower() not in again
    ]
    return replace(
        plan,
        changes=ordered_changes([*kept, *forced]),
        refusals=(*plan.refusals, *(why for name in wanted for why in _refusals_of(name, desired, held))),
        unchanged=plan.unchanged - (len(kept) + len(forced) - len(plan.changes)),
    )


def _forced_replacement(plan: Plan, found: Pool, wanted: Pool, name: Named) -> Change:
    differs = next((c.fields for c in plan.of(Pool, Action.UPDATE) if c.before == found), ())
    reason = f"forced by --replace {name.text}"
    return Change(action=Action.REPLACE, before=found, after=wanted, fields=differs, reasons=(reason,))


def _refusals_of(name: Named, desired: Desired, held: Sequence[Resource]) -> Iterator[str]:
    if why := WHY_NOT.get(name.kind):
        yield f"--replace {name.text}: a {name.kind} is not replaced: {why}"
    elif desired.external_pool and name.meets(desired.external_pool):
        yield f"--replace {name.text}: an external pool is not replaced: {EXTERNAL} makes it anew"
    elif not any(map(name.meets, desired.resources)):
        yield f"--replace {name.text}: the spec has no such {name.kind}"
    elif name.kind == "pool" and not any(name.meets(r) for r in held):
        yield f"--replace {name.text}: it is not there yet, apply makes it"


def _is_ours_to_replace(found: Pool, desired: Desired) -> bool:
    return found.owner == desired.owner and found.state != "deleting"
