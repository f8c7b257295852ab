"""A schedule with the job that it makes, and the one task that each such job begins with. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

from batchctl.resources import AS_TASK, Job, Resource, Schedule, Stamp, Task
from batchctl.rules import folded
from batchctl.spec.filling.digests import short_hash
from batchctl.work import ResourceFile

OF_A_RUN = frozenset({"inputs", "scripts"})
"""The parts of a task's digest that tell of content, of which every job finds what is there by then."""

OUTLIVED = (
    "a schedule outlives the seven days of a signature: give the spec an 'identity', which opens containers without one"
)

LIMITS = frozenset(f.name for f in fields(Task) if "rule" in f.metadata) - {"digest"}


def scheduled(schedule: Schedule, made: Iterable[Resource]) -> Schedule:
    """`made`: the job and its task, as they would be without a schedule."""
    asked = tuple(made)
    job = next((r for r in asked if isinstance(r, Job)), schedule.job)
    task = next((r for r in asked if isinstance(r, Task)), None)
    nameless = replace(job, name="", owner=None, stamp=Stamp(), sealed=False)
    if task is None:
        return replace(schedule, job=nameless)
    digest = _standing_digest(task)
    if manager := nameless.job_manager_task:
        return replace(schedule, job=replace(nameless, job_manager_task=replace(manager, content=digest)))
    digest += AS_TASK
    # Jobs of a schedule have no generations.
    return replace(schedule, job=nameless, task=replace(task, digest=digest, generation=None), digest=digest)


def files_of(resource: Resource) -> Iterator[ResourceFile]:
    """What a job, or its task, brings to the nodes."""
    match resource:
        case Job():
            for work in (resource.job_preparation_task, resource.job_release_task):
                yield from work.resource_files if work else ()
        case Task():
            yield from resource.all_resource_files


def _standing_digest(task: Task) -> str:
    """What the task is, whatever its files hold at the time."""
    parts = [part for part in task.digest.split(";") if part.partition("=")[0] not in OF_A_RUN]
    files = short_hash([repr(folded(file)) for file in task.all_resource_files])
    limits = short_hash([str(getattr(task, name)) for name in sorted(LIMITS)])
    return ";".join([*parts, f"files={files}", f"limits={limits}"])
