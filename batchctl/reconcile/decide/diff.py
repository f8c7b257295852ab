"""What is wanted against what is held, as changes with reasons. Pure; prints nothing, does nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.dependents import Reasons
from batchctl.reconcile.decide.generations import schedule_tasks
from batchctl.reconcile.decide.runs import LEAVING
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.plan import Action, Change, FieldChange, Plan, field_changes, ordered_changes
from batchctl.resources import ENDING, KINDS, Blob, Container, Job, Pool, Resource, Schedule, Task, of_kind, sorted_out
from batchctl.rules import Rule
from batchctl.words import plural, some

Identity = tuple[str, ...]
"""Kind and name, as the service tells one object from another; of a blob, of which there are very many, its place."""


def diff(
    desired: Desired, held: Sequence[Resource], fetches: Sequence[Fetch] = (), choices: Choices = Choices()
) -> Plan:
    """What must be done so that `held` becomes `desired`. Does not depend on the order of `held`."""
    stays = _there_as_wanted(desired, held)
    wanted = _by_identity(r for r in desired.resources if id(r) not in stays)
    found = _concerned(desired, wanted, held, stays)
    foreign = {key: found[key] for key in wanted if key in found and _owner_of(found[key]) != desired.owner}
    compared = [change_needed(r, found.get(key)) for key, r in wanted.items() if key not in foreign]
    jobs = schedule_tasks(desired, held, choices)
    staying = frozenset(_kept_pools(desired, held, jobs.changes))
    gone, notes = _what_left_the_spec(desired, wanted, {k: r for k, r in found.items() if k not in staying})
    changes = [*(c for c in compared if c), *gone, *jobs.changes]
    return Plan(
        owner=desired.owner,
        changes=ordered_changes(changes),
        later=jobs.later,
        refusals=(*map(_not_ours, foreign.values()), *jobs.refusals, *_under_their_hands(changes, jobs.strays)),
        notes=(*sorted(notes), *jobs.notes),
        waits=jobs.waits,
        fetches=tuple(fetches),
        unchanged=len(stays) + compared.count(None) + jobs.kept,
    )


def _there_as_wanted(desired: Desired, held: Sequence[Resource]) -> Set[int]:
    """By `id`, the uploads for which the very blobs that are held stand (`spec.outside.stocktaking`): of very many,
    most do, and nothing more is asked of them."""
    # Of the uploads alone: of blobs that are there, and are those of others, there may be a million.
    return set(map(id, desired.of(Blob))).intersection(map(id, of_kind(held, Blob)))


def _by_identity(resources: Iterable[Resource]) -> dict[Identity, Resource]:
    """All but jobs and tasks, which are looked at by their generations."""
    kinds = sorted_out(resources).by_kind
    return {_identity(r): r for kind in KINDS if kind not in (Job, Task) for r in kinds.get(kind, ())}


def _concerned(
    desired: Desired, wanted: Mapping[Identity, Resource], held: Sequence[Resource], stays: Set[int]
) -> dict[Identity, Resource]:
    """What is held, without the blobs that stay, and those of others that are in nobody's way: of each there may be a
    million."""
    kinds = sorted_out(held)
    uploads = {blob.container for blob in desired.of(Blob)}
    ours = (c for c in of_kind(kinds, Container) if c.owner == desired.owner)
    leaving = {container.name for container in ours if _identity(container) not in wanted}
    blobs = [
        blob
        for blob in of_kind(kinds, Blob)
        if id(blob) not in stays
        and (
            blob.owner == desired.owner
            or blob.container in leaving
            or (blob.container in uploads and _identity(blob) in wanted)
        )
    ]
    return _by_identity([*(r for kind in (Container, Pool, Schedule) for r in kinds.by_kind.get(kind, ())), *blobs])


def diff_to_destroy(desired: Desired, held: Sequence[Resource]) -> Plan:
    """What a destroy takes away: all that is ours but what the spec keeps. What stays is not counted."""
    return replace(diff(kept_by_destroy(desired, held), _ending_as_wanted(desired, held)), unchanged=0)


def _ending_as_wanted(desired: Desired, held: Sequence[Resource]) -> list[Resource]:
    """What is held, pools with what the spec says by now of the tasks that run there."""
    asked = {r.name.lower(): r.node_deallocation_option for r in desired.of(Pool)}
    return [
        replace(r, node_deallocation_option=asked[r.name.lower()])
        if isinstance(r, Pool) and r.name.lower() in asked
        else r
        for r in held
    ]


def change_needed(wanted: Resource, found: Resource | None) -> Change | None:
    """The change that one object needs, or None."""
    if found is None:
        return Change(action=Action.CREATE, after=wanted)
    if isinstance(found, Pool | Schedule) and found.state == "deleting":
        return Change(action=Action.CREATE, after=wanted, reasons=("the old one is still being deleted: waits for it",))
    changed = field_changes(found, wanted)
    if isinstance(found, Schedule):
        return _changed_schedule(found, wanted, changed)
    if isinstance(found, Pool) and isinstance(wanted, Pool) and found.rebooting and not _empties_the_pool(changed):
        half = "an apply ended before all nodes had restarted with the start task of the spec: goes on with it"
        again = replace(wanted, by_reboot=True)
        return Change(action=Action.UPDATE, before=found, after=again, fields=changed, reasons=(half,))
    if not changed:
        return None
    action = Action.REPLACE if any(f.rule is Rule.REPLACE for f in changed) else Action.UPDATE
    return Change(action=action, before=found, after=wanted, fields=changed)


def _changed_schedule(found: Schedule, wanted: Resource, changed: tuple[FieldChange, ...]) -> Change | None:
    """One that has ended takes no change any more (REST: JobScheduleCompleted)."""
    if not changed:
        return None
    ended = found.state in ("terminating", "completed")
    renewed = ended or any(f.rule is Rule.REPLACE for f in changed)
    reasons = ("it has ended: what is to run again is made anew",) if ended else ()
    action = Action.REPLACE if renewed else Action.UPDATE
    return Change(action=action, before=found, after=wanted, fields=changed, reasons=reasons)


def _empties_the_pool(changed: Iterable[FieldChange]) -> bool:
    return any(f.rule is Rule.WHEN_EMPTY for f in changed)


def kept_by_destroy(desired: Desired, held: Sequence[Resource]) -> Desired:
    """What a destroy leaves: containers with `keep`, and all that is in them."""
    containers = {r.name for r in desired.of(Container) if r.keep}
    ours = tuple(r for r in held if _owner_of(r) == desired.owner and _container_of(r) in containers)
    return Desired(owner=desired.owner, resources=ours, external=desired.external)


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


def _what_left_the_spec(
    desired: Desired, wanted: Mapping[Identity, Resource], found: Mapping[Identity, Resource]
) -> tuple[list[Change], list[str]]:
    """What is ours and no longer wanted goes; notes say what stays all the same, because of what others put there."""
    ours = [r for key, r in found.items() if key not in wanted and _owner_of(r) == desired.owner]
    containers = [r for r in ours if isinstance(r, Container) and r.name not in desired.external]
    emptied: dict[str, list[Blob]] = {container.name: [] for container in containers}
    for blob in found.values():
        if isinstance(blob, Blob) and blob.container in emptied:
            emptied[blob.container].append(blob)
    notes: list[str] = []
    gone = [_gone(r, tuple(_why_gone(r))) for r in ours if isinstance(r, Pool | Schedule)]
    for container in containers:
        blobs = emptied[container.name]
        if any(b.owner != desired.owner or b.snapshots for b in blobs):
            if foreign := sorted(b.path for b in blobs if b.owner != desired.owner):
                notes.append(_kept_for_others(container.name, foreign))
            gone += [_gone(b) for b in blobs if b.owner == desired.owner and not b.snapshots]
        else:
            gone.append(_gone(container, (plural(len(blobs), "blob"),) if blobs else ()))
    # An output stays where it is; an upload that left the spec takes its blob with it.
    uploads = [r for r in ours if isinstance(r, Blob) and r.task is None and r.container not in emptied]
    gone += [_gone(blob, ("no longer uploaded by the spec",)) for blob in uploads if not blob.snapshots]
    leaving = [*uploads, *(b for blobs in emptied.values() for b in blobs if b.owner == desired.owner)]
    notes += kept_for_snapshots([b for b in leaving if b.snapshots])
    return gone, notes


def kept_for_snapshots(blobs: Sequence[Blob]) -> Iterator[str]:
    """Blobs that would go, and stay because a snapshot that somebody made of them would go along."""
    if blobs:
        names = some(sorted(blob.name for blob in blobs))
        yield (
            f"{plural(len(blobs), 'blob')} kept for snapshots that we did not make ({names}): with the snapshots "
            f"deleted, destroy or apply again"
        )


def _kept_pools(desired: Desired, held: Sequence[Resource], changes: Iterable[Change]) -> Iterator[Identity]:
    """Auto pools that outlive their jobs, and stay: that of the newest generation, and those of jobs that run."""
    keeps = any(r.auto_pool and r.auto_pool.keep_alive for r in desired.of(Job))
    jobs = {r.id.lower(): r for r in of_kind(held, Job) if r.owner == desired.owner}
    made = [c.after for c in changes if c.action is Action.CREATE]
    newest = max((r.generation for r in (*jobs.values(), *made) if isinstance(r, Job)), default=0)
    for pool in (r for r in of_kind(held, Pool) if r.of_job):
        job = jobs.get(pool.of_job.lower())
        if job and (job.state not in ENDING or (keeps and job.generation == newest)):
            yield _identity(pool)


def _why_gone(gone: Pool | Schedule) -> Iterator[str]:
    if isinstance(gone, Pool) and gone.of_job:
        yield f"was made for job {gone.of_job}"
    if gone.state == "deleting":
        yield LEAVING


def _gone(resource: Resource, reasons: Reasons = ()) -> Change:
    return Change(action=Action.DELETE, before=resource, reasons=reasons)


def _identity(resource: Resource) -> Identity:
    """Batch ids are compared without regard to case; blob names are not."""
    if isinstance(resource, Blob):
        return resource.kind, resource.container, resource.path
    return resource.kind, resource.name.lower()


def _owner_of(resource: Resource) -> str | None:
    return None if isinstance(resource, Task) else resource.owner


def _container_of(resource: Resource) -> str | None:
    match resource:
        case Container():
            return resource.name
        case Blob():
            return resource.container
        case _:
            return None


def _not_ours(resource: Resource) -> str:
    owner = _owner_of(resource)
    whose = f"it belongs to the spec {owner!r}" if owner else "it bears no mark of batchctl"
    return (
        f"{resource.kind} {resource.name!r} exists already and is not ours: {whose}. Give it another name in the spec, "
        f"remove it yourself, or take it over with --adopt"
    )


def _kept_for_others(container: str, foreign: list[str]) -> str:
    held = f"{plural(len(foreign), 'blob')} that we did not put there ({some(foreign)})"
    return f"container {container!r} is kept: it holds {held}"
