"""A part of a plan: what was named, with what it needs; and what that leaves out. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices, Named, named
from batchctl.reconcile.plan import Change, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Blob, Container, Job, Pool, Resource, Schedule, Task, label_of
from batchctl.words import plural, some
from batchctl.work import JobManagerTask, ResourceFile


def only_named(plan: Plan, situation: Situation) -> Plan:
    """The plan without what `--only` leaves out; all of it where nothing was named."""
    choices, held = situation.choices, situation.held
    if not choices.only:
        return plan
    wanted = tuple(map(named, choices.only))
    chosen = _with_needs([c for c in plan.changes if _meets_any(wanted, c.resource)], plan.changes)
    kept = tuple(c for c in plan.changes if id(c) in chosen)
    left = [f"{c.kind} {label_of(c.resource)}" for c in plan.changes if id(c) not in chosen]
    left += [f"tasks {entry.label}" for entry in plan.later]
    running = [r for r in held if isinstance(r, Task) and r.state != "completed" and _meets_any(wanted, r)]
    active = [*running, *(c.after for c in kept if isinstance(c.after, Task))]
    generations = {(task.job.lower(), task.generation or 1) for task in active}
    waits = tuple(job for job in plan.waits if (job.name.lower(), job.generation) in generations)
    return replace(
        plan,
        changes=kept,
        later=(),
        refusals=(*plan.refusals, *_refusals_of_unmet(wanted, (*situation.desired.resources, *held), situation)),
        notes=(*plan.notes, *([_what_is_left_out(left)] if left else [])),
        waits=waits,
        endings=plan.endings if waits else (),
        fetches=tuple(fetch for fetch in plan.fetches if comes_home(fetch.blob, choices)),
    )


def comes_home(blob: Blob, choices: Choices) -> bool:
    """Is this blob among what was named, or all that there is wanted?"""
    return not choices.only or any(named(text).brings(blob) for text in choices.only)


def _meets_any(wanted: Iterable[Named], resource: Resource) -> bool:
    return any(name.meets(resource) for name in wanted)


@dataclass(frozen=True, slots=True)
class Need:
    """What a change waits for: every change of a resource that is like this."""

    kind: type[Resource]
    key: str
    inside: Callable[[Resource], bool] = lambda _resource: True


def _with_needs(chosen: Sequence[Change], changes: Sequence[Change]) -> set[int]:
    """The identities of the chosen changes and of all that they need, directly or not."""
    # By identity and not by name: what is adopted may have two changes of its name.
    by_key: dict[tuple[type[Resource], str], list[Change]] = {}
    for change in changes:
        by_key.setdefault((type(change.resource), _what_is_needed(change.resource)), []).append(change)
    found: set[int] = set()
    asked: set[Need] = set()
    waiting = list(chosen)
    while waiting:
        change = waiting.pop()
        if id(change) in found:
            continue
        found.add(id(change))
        for need in _needs_of(change):
            if need not in asked:
                asked.add(need)
                waiting += [c for c in by_key.get((need.kind, need.key), ()) if need.inside(c.resource)]
    return found


def _what_is_needed(resource: Resource) -> str:
    """By what it is needed: blobs by their container, jobs and their tasks by the id of the generation."""
    match resource:
        case Blob():
            return resource.container
        case Job():
            return resource.id.lower()
        case _:
            return resource.name.lower()


def _needs_of(change: Change) -> Iterator[Need]:
    """What goes needs nothing, what is made needs its surroundings."""
    match change.after:
        case Blob(container=container):
            yield Need(Container, container)
        case Pool(start_task=start):
            yield from _inputs(start.resource_files if start else ())
        case Job(pool=pool, auto_pool=auto, job_preparation_task=preparation, job_release_task=release) as job:
            yield Need(Pool, pool.lower())
            if manager := job.job_manager_task:
                yield Need(Task, f"{job.name}/{manager.id}".lower())
            for task in (preparation, release, auto.pool.start_task if auto else None):
                yield from _inputs(task.resource_files if task else ())
        case Schedule(job=job, task=scheduled):
            yield Need(Pool, job.pool.lower())
            first = scheduled or job.job_manager_task
            for work in (job.job_preparation_task, job.job_release_task, first):
                yield from _inputs(work.resource_files if work is not None else ())
            yield from _outputs(first)
        case Task() as task:
            yield Need(Job, label_of(task).rpartition("/")[0].lower())
            yield from _earlier_tasks(task)
            yield from _inputs(task.all_resource_files)
            yield from _outputs(task)
        case _:
            pass


def _earlier_tasks(task: Task) -> Iterator[Need]:
    """The tasks of the same generation that it waits for."""
    if on := task.depends_on:
        numbers = (str(n) for found in on.task_id_ranges for n in range(found.start, found.end + 1))
        yield from (Need(Task, f"{task.job}/{id}".lower()) for id in (*on.task_ids, *numbers))


def _inputs(files: Iterable[ResourceFile]) -> Iterator[Need]:
    for file in files:
        if file.container:
            yield Need(Container, file.container)
            yield Need(Blob, file.container, _Read(file))


@dataclass(frozen=True, slots=True)
class _Read:
    """Is this blob among those that the resource file brings to a node?"""

    file: ResourceFile

    def __call__(self, resource: Resource) -> bool:
        path = resource.path if isinstance(resource, Blob) else ""
        return path == self.file.blob if self.file.blob else path.startswith(self.file.blob_prefix or "")


def _outputs(task: Task | JobManagerTask | None) -> Iterator[Need]:
    if task is not None:
        yield from (Need(Container, output.container) for output in task.output_files)
        yield from (Need(Container, kept.container) for kept in (task.streams,) if kept)


def _refusals_of_unmet(wanted: Iterable[Named], there: Sequence[Resource], situation: Situation) -> Iterator[str]:
    for name in wanted:
        if (pool := situation.desired.external_pool) and name.meets(pool):
            yield f"--only {name.text}: that pool is external, and batchctl changes nothing of it"
        elif not any(map(name.meets, there)):
            known = sorted({label_of(r) if r.kind != "task" else r.name for r in there if r.kind == name.kind})
            yield f"--only {name.text}: there is no such {name.kind}; there is {some(known) or 'none'}"


def _what_is_left_out(names: Sequence[str]) -> str:
    return f"--only leaves out {plural(len(names), 'change')}: {some(names)}"
