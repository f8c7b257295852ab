"""What is wrong with pools that stay: a plan says it, as no difference from the spec does, and asks for nodes again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from batchctl.cloud_answers import PoolHealth
from batchctl.reconcile.amend.idle_pools import has_work
from batchctl.reconcile.amend.pool_renewal import renews
from batchctl.reconcile.decide.pool_verdicts import wants_nodes_again
from batchctl.reconcile.decide.sizes import going_on, size_instead
from batchctl.reconcile.plan import Action, Change, Plan, field_changes, ordered_changes
from batchctl.reconcile.port import Situation
from batchctl.resources import KEEP, Job, Pool, Task
from batchctl.words import plural

if TYPE_CHECKING:
    from batchctl.reconcile.decide.standstill import Reason

SCALED_BY_RAW = ("autoScaleFormula", "targetDedicatedNodes", "targetLowPriorityNodes")


def with_pool_notes(plan: Plan, situation: Situation) -> Plan:
    """The plan with what the service says of the pools that are there and wanted.

    One of a fixed size, for which tasks wait and to which an earlier resize gave no node, is asked for them again, or
    for nodes of the next VM size that the spec lets it have.
    """
    waited_for = {job.pool.lower() for job in plan.waits}
    for held, wanted in _pools_that_stay(plan, situation):
        health = situation.account.health(held.name)
        found = _wrong_with(held, health)
        told = (f"pool {held.name!r}: {reason.says}" for reason in found)
        plan = replace(plan, notes=(*plan.notes, *told, *_mending(plan, held, found)))
        if held.name.lower() in waited_for and wants_nodes_again(health):
            plan = _asking_again(plan, held, wanted, health)
    return plan


def with_note_of_cost(plan: Plan, situation: Situation) -> Plan:
    """The plan that changes nothing with a note for each pool whose nodes stay, and cost. Of others, apply tells it."""
    if plan.changes or has_work(plan, situation):
        return plan
    notes = (
        f"pool {held.name!r} costs while it has {plural(held.nodes, 'node')}{_until_when(wanted)}"
        for held, wanted in _pools_that_stay(plan, situation)
        if held.nodes and _targets_nodes(held)
    )
    return replace(plan, notes=(*plan.notes, *notes))


def _targets_nodes(pool: Pool) -> bool:
    """Are its nodes to stay? Those of a pool that was resized to 0 are on their way out."""
    return pool.auto_scale_formula is not None or bool(pool.target_dedicated_nodes or pool.target_spot_nodes)


def _until_when(wanted: Pool) -> str:
    if wanted.auto_scale_formula is not None:
        return ": its autoscale formula says until when"
    return f" (afterRun: {wanted.after_run})" if wanted.after_run == KEEP else ""


def with_note_of_no_nodes(plan: Plan, situation: Situation) -> Plan:
    """The plan with a note for each pool that will have no nodes for the tasks that are to run."""
    if not (plan.waits or plan.later or plan.of(Task, Action.CREATE)):
        return plan
    jobs = [*plan.waits, *situation.desired.of(Job)]
    used = {job.pool.lower() for job in jobs}
    held = {r.name.lower(): r for r in situation.held_of(Pool)}
    pools = [r for r in situation.desired.of(Pool) if r.name.lower() in used]
    notes = (
        f"pool {pool.name!r} will have no nodes, so its tasks wait: give it 'targetDedicatedNodes', 'targetSpotNodes' "
        "or an 'autoScaleFormula'"
        for pool in pools
        if _has_no_nodes(pool, held.get(pool.name.lower()))
    )
    return replace(plan, notes=(*plan.notes, *notes))


def _has_no_nodes(wanted: Pool, held: Pool | None) -> bool:
    """Does the pool scale by no formula, and are its targets 0? `raw` may say otherwise."""
    if wanted.auto_scale_formula is not None or any(word in (wanted.raw or "") for word in SCALED_BY_RAW):
        return False
    asked = _with_targets(wanted, held) if held else wanted
    return not (asked.target_dedicated_nodes or asked.target_spot_nodes)


def _wrong_with(held: Pool, health: PoolHealth) -> "tuple[Reason, ...]":
    from batchctl.reconcile.decide.standstill import pool_reasons  # imported late: a plan often has no such pool

    return pool_reasons(held.name, health)


def _mending(plan: Plan, held: Pool, found: "Iterable[Reason]") -> Iterator[str]:
    """The way out for broken nodes, where this plan does not give the pool others."""
    from batchctl.reconcile.decide.standstill import BROKEN

    if not any(c.before == held and renews(c) for c in plan.of(Pool, Action.UPDATE)):
        remedies = dict.fromkeys(reason.remedy for reason in found if reason.kind in BROKEN)
        yield from (f"pool {held.name!r}: {remedy}" for remedy in remedies)


def _asking_again(plan: Plan, held: Pool, wanted: Pool, health: PoolHealth) -> Plan:
    reason = f"asked once more for the {plural(health.wanted - health.count, 'node')} that it lacks"
    before = next((c for c in plan.of(Pool, Action.UPDATE) if c.before == held), None)
    change = before or Change(action=Action.UPDATE, before=held, after=_with_targets(wanted, held))
    assert isinstance(change.after, Pool)
    after, fields = replace(change.after, asked_again=True), change.fields
    if size := size_instead(wanted, health):
        after = replace(after, vm_size=size)
        fields, reason = field_changes(held, after), going_on(f"no nodes of {held.vm_size}", size)
    again = replace(change, after=after, fields=fields, reasons=(*change.reasons, reason))
    others = [c for c in plan.changes if c is not before]
    return replace(plan, changes=ordered_changes([*others, again]), unchanged=plan.unchanged - (0 if before else 1))


def _with_targets(wanted: Pool, held: Pool) -> Pool:
    """What the spec leaves open stays as it is: a resize says both."""
    dedicated, spot = wanted.target_dedicated_nodes, wanted.target_spot_nodes
    return replace(
        wanted,
        target_dedicated_nodes=held.target_dedicated_nodes if dedicated is None else dedicated,
        target_spot_nodes=held.target_spot_nodes if spot is None else spot,
    )


def _pools_that_stay(plan: Plan, situation: Situation) -> Iterator[tuple[Pool, Pool]]:
    """As they are held, and as they are wanted."""
    owner = situation.desired.owner
    wanted = {r.name.lower(): r for r in situation.desired.of(Pool)}
    leaving = {change.resource.name.lower() for change in plan.of(Pool, Action.REPLACE, Action.DELETE)}
    for held in situation.held_of(Pool):
        if held.owner == owner and held.name.lower() in wanted.keys() - leaving:
            yield held, wanted[held.name.lower()]
