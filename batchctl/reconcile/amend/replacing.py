"""What `--replace` asks for beside what differs: a pool made anew, a task run again. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.reconcile.amend.situation import Situation
from batchctl.reconcile.named import Named, named
from batchctl.reconcile.plan import Action, Change, Plan, ordered_changes
from batchctl.resources import Pool, Resource

WHY_NOT = {
    "container": "it may hold data that is nowhere else; delete it yourself, if you know that it does not",
    "blob": "a blob is uploaded again when its file differs; delete it yourself, and it is",
    "job": "a job that has run is kept with what its tasks say; --rerun all runs them in its next generation",
}
"""Kinds that are never replaced."""


def with_replaced(plan: Plan, situation: Situation) -> Plan:
    """The plan with the pools that were named deleted and made again. Tasks that were named, `generations` runs."""
    desired, held = situation.desired, situation.held
    wanted = tuple(map(named, situation.choices.replace))
    pools = {r.name.lower(): r for r in desired.resources if isinstance(r, Pool)}
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
    elif not any(map(name.meets, desired.resources)):
        yield f"--replace {name.text}: the spec has no such {name.kind}"
    elif name.kind == "pool" and not any(name.meets(r) for r in held):
        yield f"--replace {name.text}: it is not there yet, apply makes it"


def _is_ours_to_replace(found: Pool, desired: Desired) -> bool:
    return found.owner == desired.owner and found.state != "deleting"
