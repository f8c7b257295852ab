"""The plan: what is wanted against what is held, as changes with reasons. Pure; prints nothing, does nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from batchctl.desired import Desired
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.generations import LEAVING, Schedule, schedule
from batchctl.reconcile.differences import FieldChange, field_changes
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.stages import Later
from batchctl.resources import KINDS, Blob, Container, Job, Pool, Resource, Task
from batchctl.rules import Rule
from batchctl.words import plural, some


class Action(Enum):
    """What is done to an object; the value is its sign in a plan."""

    CREATE = "+"
    UPDATE = "~"
    REPLACE = "-/+"
    DELETE = "-"
    ADOPT = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    action: Action
    before: Resource | None = None
    after: Resource | None = None
    fields: tuple[FieldChange, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        found = self.after or self.before
        assert found is not None  # a change is of something
        return found

    @property
    def kind(self) -> str:
        return self.resource.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that apply does. False when there is nothing to do.

    `later`: factories whose tasks are added once others have succeeded, without asking again. `refusals`: why nothing
    may be done at all. `notes`: what the reader should know. `waits`: generations of the job whose tasks are waited
    for. `fetches`: blobs that are there and not yet at home. `unchanged` counts what stays.
    """

    owner: str
    changes: tuple[Change, ...] = ()
    later: tuple[Later, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waits: tuple[Job, ...] = ()
    fetches: tuple[Fetch, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes or self.waits or self.fetches)

    def of(self, kind: type[Resource], *actions: Action) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if isinstance(c.resource, kind) and c.action in actions)


def diff(
    desired: Desired, held: Sequence[Resource], fetches: Sequence[Fetch] = (), choices: Choices = Choices()
) -> Plan:
    """What must be done so that `held` becomes `desired`. Does not depend on the order of `held`."""
    wanted = {_key(r): r for r in desired.resources if not isinstance(r, Job | Task)}
    found = {_key(r): r for r in held if not isinstance(r, Job | Task)}
    foreign = {key: found[key] for key in wanted if key in found and _owner(found[key]) != desired.owner}
    compared = [compare(r, found.get(key)) for key, r in wanted.items() if key not in foreign]
    gone, notes = _unwanted(desired, wanted, found)
    jobs = schedule_jobs(desired, held, choices)
    changes = [c for c in compared if c]
    changes += [Change(action=Action.DELETE, before=r, reasons=reasons) for r, reasons in (*gone, *jobs.gone)]
    changes += [Change(action=Action.CREATE, after=r, reasons=reasons) for r, reasons in jobs.made]
    changes += [
        Change(action=Action.UPDATE, before=old, after=new, fields=_sealing(old, new) + field_changes(old, new))
        for old, new in jobs.updated
    ]
    changes += [
        Change(action=Action.UPDATE, before=old, after=new, fields=field_changes(old, new)) for old, new in jobs.limited
    ]
    changes += [Change(action=Action.UPDATE, before=old, after=new, reasons=why) for old, new, why in jobs.ended]
    return Plan(
        owner=desired.owner,
        changes=in_order(changes),
        later=jobs.later,
        refusals=(*map(_not_ours, foreign.values()), *jobs.refusals, *_under_their_hands(changes, jobs.strays)),
        notes=(*sorted(notes), *jobs.notes),
        waits=jobs.waits,
        fetches=tuple(fetches),
        unchanged=compared.count(None) + len(jobs.kept),
    )


def compare(wanted: Resource, found: Resource | None) -> Change | None:
    """The change that one object needs, or None."""
    if found is None:
        return Change(action=Action.CREATE, after=wanted)
    if isinstance(found, Pool) and found.state == "deleting":
        return Change(action=Action.CREATE, after=wanted, reasons=("the old one is still being deleted: waits for it",))
    changed = field_changes(found, wanted)
    if isinstance(found, Pool) and isinstance(wanted, Pool) and found.rebooting and not _empties(changed):
        half = "an apply ended before all nodes had restarted with the start task of the spec: goes on with it"
        again = replace(wanted, by_reboot=True)
        return Change(action=Action.UPDATE, before=found, after=again, fields=changed, reasons=(half,))
    if not changed:
        return None
    action = Action.REPLACE if any(f.rule is Rule.REPLACE for f in changed) else Action.UPDATE
    return Change(action=action, before=found, after=wanted, fields=changed)


def _empties(changed: Iterable[FieldChange]) -> bool:
    return any(f.rule is Rule.WHEN_EMPTY for f in changed)


def kept(desired: Desired, held: Sequence[Resource]) -> Desired:
    """What a destroy leaves: containers with `keep`, and all that is in them."""
    containers = {r.name for r in desired.resources if isinstance(r, Container) and r.keep}
    ours = tuple(r for r in held if _owner(r) == desired.owner and _container(r) in containers)
    return Desired(owner=desired.owner, resources=ours, external=desired.external)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """In the order of KINDS, and by name in each."""
    return tuple(sorted(changes, key=_order))


def schedule_jobs(desired: Desired, held: Iterable[Resource], choices: Choices = Choices()) -> Schedule:
    """Jobs and tasks, decided in `generations`."""
    resources = tuple(held)
    return schedule(
        desired.owner,
        next((r for r in desired.resources if isinstance(r, Job)), None),
        [r for r in desired.resources if isinstance(r, Task)],
        [r for r in resources if isinstance(r, Job)],
        [r for r in resources if isinstance(r, Task)],
        [r for r in resources if isinstance(r, Blob) and r.task is not None and r.owner == desired.owner],
        choices,
        desired.stages,
    )


def _under_their_hands(changes: Iterable[Change], strays: Sequence[Task]) -> tuple[str, ...]:
    """What a running task may read is never changed or taken away under it (reliability F53).

    Tasks in the spec are asked one by one, by their digests. What the others read nobody knows any more.
    """
    read = [c.before for c in changes if c.before and (isinstance(c.before, Container) or _is_upload(c.before))]
    if not read or not strays:
        return ()
    names, ids = (sorted(r.name for r in read), sorted(task.id for task in strays))
    return (
        f"tasks that are in the spec no more still run ({some(ids)}) and may read what would be replaced or "
        f"deleted ({some(names)}): wait until they have ended, then apply again",
    )


def _is_upload(resource: Resource) -> bool:
    return isinstance(resource, Blob) and resource.task is None


def _unwanted(
    desired: Desired, wanted: Mapping[tuple[str, str], Resource], found: Mapping[tuple[str, str], Resource]
) -> tuple[list[tuple[Resource, tuple[str, ...]]], list[str]]:
    """What is ours and no longer wanted, and what stays although it is unwanted because of what others put there."""
    gone: list[tuple[Resource, tuple[str, ...]]] = []
    notes: list[str] = []
    ours = {k: r for k, r in found.items() if k not in wanted and _owner(r) == desired.owner}
    inside: dict[str, list[Blob]] = {}
    for blob in found.values():
        if isinstance(blob, Blob):
            inside.setdefault(blob.container, []).append(blob)
    emptied: set[str] = set()
    for resource in ours.values():
        match resource:
            case Container(name=name) if name not in desired.external:
                blobs = inside.get(name, [])
                foreign = sorted(b.path for b in blobs if b.owner != desired.owner)
                emptied.add(name)
                if foreign:
                    notes.append(_kept_for_others(name, foreign))
                    gone += [(b, ()) for b in blobs if b.owner == desired.owner]
                else:
                    gone.append((resource, (plural(len(blobs), "blob"),) if blobs else ()))
            case Pool(state=state):
                gone.append((resource, (LEAVING,) if state == "deleting" else ()))
            case _:
                pass
    for resource in ours.values():
        # An output stays where it is; an upload that left the spec takes its blob with it.
        if isinstance(resource, Blob) and resource.task is None and resource.container not in emptied:
            gone.append((resource, ("no longer uploaded by the spec",)))
    return gone, notes


def _sealing(old: Job, new: Job) -> tuple[FieldChange, ...]:
    if old.sealed or not new.sealed:
        return ()
    return (FieldChange(name="on_all_tasks_complete", old="noaction", new="terminatejob", rule=Rule.IN_PLACE),)


def _key(resource: Resource) -> tuple[str, str]:
    """Batch ids are compared without regard to case; blob names are not."""
    name = resource.name if isinstance(resource, Blob) else resource.name.lower()
    return resource.kind, name


def _owner(resource: Resource) -> str | None:
    return None if isinstance(resource, Task) else resource.owner


def _container(resource: Resource) -> str | None:
    match resource:
        case Container():
            return resource.name
        case Blob():
            return resource.container
        case _:
            return None


def _order(change: Change) -> tuple[int, str, int]:
    resource = change.resource
    generation = resource.generation or 0 if isinstance(resource, Job | Task) else 0
    return KINDS.index(type(resource)), resource.name, generation


def _not_ours(resource: Resource) -> str:
    owner = _owner(resource)
    whose = f"it belongs to the spec {owner!r}" if owner else "it bears no mark of batchctl"
    return (
        f"{resource.kind} {resource.name!r} exists already and is not ours: {whose}. Give it another name in the spec, "
        f"remove it yourself, or take it over with --adopt"
    )


def _kept_for_others(container: str, foreign: list[str]) -> str:
    held = f"{plural(len(foreign), 'blob')} that we did not put there ({some(foreign)})"
    return f"container {container!r} is kept: it holds {held}"
