"""Pools while there is nothing to run: they have no nodes or are not there, as `afterRun` says, until there is work."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.reconcile.plan import Action, Change, Ending, Plan, field_changes, ordered_changes
from batchctl.reconcile.port import Situation
from batchctl.resources import DELETE, ENDING, KEEP, RESIZE_TO_ZERO, Job, Pool, Task, generation_id

TARGETS = ("target_dedicated_nodes", "target_spot_nodes")


def with_endings(plan: Plan, situation: Situation) -> Plan:
    """The plan with what `afterRun` wants of pools: once its tasks have ended, or now, if none are to run."""
    pools = [pool for pool in _pools_with_a_job(situation) if pool.ending != KEEP]
    if has_work(plan, situation):
        ended = tuple(Ending(pool=pool.name, does=pool.ending) for pool in pools if _has_nodes(pool))
        return replace(plan.with_each(Pool, _woken), endings=ended)
    for pool in pools:
        plan = _without_work(plan, pool, situation)
    return plan


def endings_due(situation: Situation) -> tuple[Ending, ...]:
    """What `afterRun` wants of the pools that are there, were nothing to run any more."""
    pools = ((pool, _ours(pool, situation)) for pool in _pools_with_a_job(situation) if pool.ending != KEEP)
    return tuple(
        Ending(pool=pool.name, does=pool.ending)
        for pool, held in pools
        if held and (pool.ending == DELETE or _targets(held) != (0, 0))
    )


def has_work(plan: Plan, situation: Situation) -> bool:
    """Are tasks to run, or still under way?"""
    if plan.waits or plan.later or plan.of(Task, Action.CREATE):
        return True
    ended = {job.id.lower() for job in situation.held_of(Job) if job.state in ENDING}
    under_way = (r for r in situation.held_of(Task) if r.state != "completed")
    return any(generation_id(task.job, task.generation or 1).lower() not in ended for task in under_way)


def without_idle_pools(plan: Plan, situation: Situation) -> Plan:
    """The plan without pools that no task would use. A spec that never made its job, or has none, gets its pool at
    once, and who names it gets it too."""
    made = plan.of(Pool, Action.CREATE)
    works = plan.waits or plan.later or plan.of(Job, Action.CREATE) or plan.of(Task, Action.CREATE)
    # One that takes the place of another is wanted now.
    works = works or plan.of(Pool, Action.DELETE)
    if not made or works or situation.choices.only or not _has_run(situation):
        return plan
    names = ", ".join(repr(change.resource.name) for change in made)
    note = f"pool {names} is not there, and nothing is to run: it is made when something is"
    return replace(plan, changes=tuple(c for c in plan.changes if c not in made), notes=(*plan.notes, note))


def _has_run(situation: Situation) -> bool:
    return any(job.owner == situation.desired.owner for job in situation.held_of(Job))


def _pools_with_a_job(situation: Situation) -> Iterator[Pool]:
    """A pool without a job of its spec is somebody else's to use."""
    used = {job.pool.lower() for job in situation.desired.of(Job)}
    yield from (pool for pool in situation.desired.of(Pool) if pool.name.lower() in used)


def _has_nodes(pool: Pool) -> bool:
    return pool.ending == DELETE or bool(pool.target_dedicated_nodes or pool.target_spot_nodes)


def _woken(change: Change) -> Change:
    """A pool that has no nodes because nothing was to run gets them again."""
    before, after = change.before, change.after
    slept = isinstance(before, Pool) and change.action is Action.UPDATE and _targets(before) == (0, 0)
    if not (slept and isinstance(after, Pool) and after.ending == RESIZE_TO_ZERO and _targets(after) != (0, 0)):
        return change
    return replace(change, reasons=(*change.reasons, "there is work for it"))


def _without_work(plan: Plan, wanted: Pool, situation: Situation) -> Plan:
    held = _ours(wanted, situation)
    change = next((c for c in plan.changes if _is_about(c, wanted) and c.action is not Action.ADOPT), None)
    if held and wanted.ending == DELETE:
        instead: Change | None = Change(action=Action.DELETE, before=held, reasons=(WHY.format(DELETE),))
    else:
        instead = _at_zero(change, held, wanted)
    others = [c for c in plan.changes if c is not change]
    stays = (instead is None) - (change is None) if held else 0
    changes = ordered_changes([*others, *([instead] if instead else [])])
    return replace(plan, changes=changes, unchanged=plan.unchanged + stays)


WHY = "nothing is to run (afterRun: {})"


def _ours(wanted: Pool, situation: Situation) -> Pool | None:
    """The pool as it is held, if it is there to stay."""
    for held in situation.held_of(Pool):
        if held.name.lower() == wanted.name.lower():
            return held if held.owner == situation.desired.owner and held.state != "deleting" else None
    return None


def _is_about(change: Change, pool: Pool) -> bool:
    return isinstance(change.resource, Pool) and change.resource.name.lower() == pool.name.lower()


def _at_zero(change: Change | None, held: Pool | None, wanted: Pool) -> Change | None:
    """What makes a pool what it is to be while nothing runs."""
    asked = change.after if change and isinstance(change.after, Pool) else wanted
    idle = replace(asked, target_dedicated_nodes=0, target_spot_nodes=0, idle=True)
    if change and change.action is not Action.UPDATE:
        return replace(change, after=idle)
    if held is None:
        return None
    # What another amendment said of a field stays: how it comes to the nodes.
    told = {f.name: f for f in change.fields if f.name not in TARGETS} if change else {}
    fields = tuple(told.get(f.name, f) for f in field_changes(held, idle))
    why = (WHY.format(RESIZE_TO_ZERO),) if any(f.name in TARGETS for f in fields) else ()
    reasons = (*(change.reasons if change else ()), *why)
    return (
        Change(action=Action.UPDATE, before=held, after=idle, fields=fields, reasons=reasons)
        if fields or reasons
        else None
    )


def ends_pool(change: Change) -> bool:
    """Does it nothing but what `afterRun` wants of a pool while nothing runs?"""
    resized = change.action is Action.UPDATE and all(f.name in TARGETS for f in change.fields)
    idle = isinstance(change.after, Pool) and change.after.idle
    return change.action is Action.DELETE or (resized and idle)


def _targets(pool: Pool) -> tuple[int, int]:
    return pool.target_dedicated_nodes or 0, pool.target_spot_nodes or 0
