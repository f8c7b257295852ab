"""Whose is what sits at our names? Refused if it is not ours, or taken over with `--adopt`. Pure.

A job that has ended takes no marks any more (Job - Patch Job answers JobCompleted): it stays as it is. One of our name
counts as ours, wherever it came from, once anything else bears our place; one of somebody else is in our way for good.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.reconcile.plan import Action, Change, Plan, field_changes, ordered_changes, why_uploaded
from batchctl.reconcile.port import Situation
from batchctl.resources import ENDING, Blob, Container, Job, Pool, Resource, Schedule, Stamp, Stamped, Task, label_of


def refuse_another_place(plan: Plan, situation: Situation) -> Plan:
    """A spec may not touch what bears its name and was made by a spec of that name from another place."""
    if situation.choices.adopt:
        return plan
    return replace(plan, refusals=(*_taken_names(situation.desired, situation.held), *plan.refusals))


def _taken_names(desired: Desired, held: Iterable[Resource]) -> tuple[str, ...]:
    ours = [r for r in held if isinstance(r, Stamped) and r.owner == desired.owner]
    settled = any(r.stamp.origin == desired.origin for r in ours)
    strange = [r for r in ours if _is_from_elsewhere(desired, r) and not (settled and _has_ended(r))]
    places = sorted({r.stamp.origin for r in strange})
    return tuple(
        f"the name {desired.owner!r} is taken: what bears it was made by the spec {place}, and this one is "
        f"{desired.origin}. Give this spec another `name`, or take over what the other made with --adopt"
        for place in places
    )


def adoptable_resources(desired: Desired, held: Iterable[Resource]) -> tuple[Resource, ...]:
    """What is not ours at names that we want, and what a spec of our name made elsewhere."""
    return tuple(r for r in held if not isinstance(r, Task) and _is_adoptable(desired, r))


def as_ours(desired: Desired, resource: Resource) -> Resource:
    """How it is once it was adopted."""
    stamp = Stamp(origin=desired.origin)
    match resource:
        case Blob():
            return replace(resource, owner=desired.owner, task=None)
        case Container():
            return replace(resource, owner=desired.owner, stamp=stamp)
        case Pool():
            return replace(resource, owner=desired.owner, stamp=stamp)
        case Schedule():
            return replace(resource, owner=desired.owner, stamp=stamp)
        case Job():
            name, generation = _generation_of(desired, resource)
            return replace(resource, owner=desired.owner, stamp=stamp, name=name, generation=generation)
        case Task():
            return resource


def with_adoptions(plan: Plan, situation: Situation) -> Plan:
    """The plan with a line for each thing that is taken over. What it deletes needs no adoption."""
    desired = situation.desired
    if not situation.adopted:
        return plan
    deleted = {_place_of(c.resource) for c in plan.changes if c.action is Action.DELETE}
    taken = {
        _place_of(as_ours(desired, r)): r for r in situation.adopted if _place_of(as_ours(desired, r)) not in deleted
    }
    wanted = {_place_of(r): r for r in desired.resources}
    lines = [_adoption(desired, found, wanted.get(key)) for key, found in taken.items()]
    # A blob's marks and content are one request: what differs in it is said in the same line.
    rest = [c for c in plan.changes if not (isinstance(c.resource, Blob) and _place_of(c.resource) in taken)]
    return replace(plan, changes=ordered_changes((*lines, *rest)))


def _adoption(desired: Desired, found: Resource, wanted: Resource | None) -> Change:
    if isinstance(found, Blob) and wanted is not None:
        changed = field_changes(found, wanted)
        said = (why_uploaded(found, wanted),) if changed and isinstance(wanted, Blob) else ()
        return Change(
            action=Action.ADOPT, before=found, after=wanted, fields=changed, reasons=(_whose_it_is(found), *said)
        )
    ours = as_ours(desired, found)
    if isinstance(ours, Stamped) and isinstance(wanted, Stamped):
        ours = replace(ours, stamp=wanted.stamp)
    return Change(action=Action.ADOPT, before=found, after=ours, reasons=(_whose_it_is(found),))


def _is_adoptable(desired: Desired, resource: Resource) -> bool:
    if _has_ended(resource):
        return False
    if isinstance(resource, Stamped) and _is_from_elsewhere(desired, resource):
        return True
    if isinstance(resource, Task) or resource.owner == desired.owner:
        return False
    if isinstance(resource, Job):
        return _generation_of(desired, resource)[1] > 0
    return _place_of(resource) in {_place_of(r) for r in desired.resources}


def _is_from_elsewhere(desired: Desired, resource: Stamped) -> bool:
    return resource.owner == desired.owner and resource.stamp.origin not in ("", desired.origin)


def _has_ended(resource: Resource) -> bool:
    return isinstance(resource, Job) and resource.state in ENDING


def _generation_of(desired: Desired, job: Job) -> tuple[str, int]:
    """(name, generation) of a job by its id; generation 0 if it is none of the job that we want."""
    if job.owner == desired.owner:
        return job.name, job.generation
    for wanted in desired.resources:
        if isinstance(wanted, Job):
            found = re.fullmatch(rf"{re.escape(wanted.name)}(?:-g([1-9][0-9]*))?", job.id, re.IGNORECASE)
            if found:
                return wanted.name, int(found[1] or 1)
    return job.name, 0


def _whose_it_is(found: Resource) -> str:
    owner = None if isinstance(found, Task) else found.owner
    place = f", {found.stamp.origin}" if isinstance(found, Stamped) and found.stamp.origin else ""
    return f"adopted: it belongs to the spec {owner!r}{place}" if owner else "adopted: it bears no mark of batchctl"


def _place_of(resource: Resource) -> tuple[str, str]:
    name = label_of(resource)
    return resource.kind, name if isinstance(resource, Blob) else name.lower()
