"""What somebody does to a run by hand, once it was shown and agreed to: cancel, retry, pause, resume, reboot."""

from collections.abc import Iterator, Sequence

from batchctl.errors import NotThere
from batchctl.frozen import dataclass
from batchctl.reconcile.port import Cloud, Eyes, Hands
from batchctl.sights import JobSight, NodeSight, Place, TaskSight
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.verbs.failures import Numbered, numbered_failures
from batchctl.words import some

GOING = ("waiting", "preparing", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that is done: `name` of what, and what the service said of it. `done` False: it came too late."""

    name: str
    done: bool


def going_tasks(spec: Spec, eyes: Eyes, patterns: Sequence[str]) -> tuple[TaskSight, ...]:
    """The tasks that meet a pattern and have not ended. Raises NotThere if there is none."""
    found = look.tasks(spec, eyes, patterns, GOING)
    if not found:
        raise NotThere(f"no task that waits or runs meets {' or '.join(map(repr, patterns))}")
    return found


def cancel(tasks: Sequence[TaskSight], hands: Hands) -> Iterator[Deed]:
    """End tasks: those that run are stopped, those that wait never begin."""
    for run in tasks:
        yield Deed(name=f"{run.job}/{run.id}", done=hands.end_task(Place(above=run.job, id=run.id)))


def failed_tasks(
    spec: Spec, cloud: Cloud, eyes: Eyes, patterns: Sequence[str], groups: Sequence[int]
) -> tuple[tuple[Numbered, ...], tuple[Numbered, ...]]:
    """(whose job goes on, whose job has ended) of the failed tasks that meet a pattern and are in one of these groups.

    Raises NotThere if there is none.
    """
    failed = tuple(numbered_failures(spec, cloud, eyes))
    most = max((one.group for one in failed), default=0)
    if gone := [number for number in groups if not 1 <= number <= most]:
        raise NotThere(f"there is no group {gone[0]} of failures, but {most or 'none at all'}")
    found = [one for one in failed if look.meets(one.run.id, patterns) and (not groups or one.group in groups)]
    if not found:
        raise NotThere(
            f"no task that failed meets {' or '.join(map(repr, patterns))}" if patterns else "no task failed"
        )
    going = {job.id for job in eyes.generations(spec.name) if job.goes_on}
    return tuple(one for one in found if one.run.job in going), tuple(one for one in found if one.run.job not in going)


def retry(tasks: Sequence[Numbered], hands: Hands) -> Iterator[Deed]:
    """Let failed tasks wait for a node again, each in its job and as it was added."""
    for one in tasks:
        yield Deed(name=f"{one.run.job}/{one.run.id}", done=hands.retry_task(Place(above=one.run.job, id=one.run.id)))


def too_late(ended: Sequence[Numbered], path: str) -> str:
    """What runs those whose job has ended."""
    jobs = list(dict.fromkeys(one.run.job for one in ended))
    they, take = (f"job {jobs[0]} has", "takes") if len(jobs) == 1 else (f"jobs {some(jobs)} have", "take")
    return (
        f"{they} ended, and {take} no task again: `batchctl apply {path} --rerun failed` runs "
        f"{some([one.run.id for one in ended], 3)} in the next generation"
    )


def live_jobs(spec: Spec, eyes: Eyes) -> tuple[JobSight, ...]:
    """The spec's jobs that have not ended. Raises NotThere if there is none."""
    found = tuple(job for job in eyes.generations(spec.name) if job.goes_on)
    if not found:
        raise NotThere("no job of this spec goes on")
    return found


def pause(jobs: Sequence[JobSight], hands: Hands, *, wait: bool) -> Iterator[Deed]:
    """Start no task of these jobs any more; what runs goes back to the queue, or ends first (`wait`)."""
    for job in jobs:
        yield Deed(name=job.id, done=hands.hold_job(job.id, wait=wait))


def resume(jobs: Sequence[JobSight], hands: Hands) -> Iterator[Deed]:
    for job in jobs:
        yield Deed(name=job.id, done=hands.release_job(job.id))


def named_nodes(spec: Spec, eyes: Eyes, patterns: Sequence[str]) -> tuple[tuple[Place, NodeSight], ...]:
    """The nodes whose id or state meets a pattern, or whose id begins so. Raises NotThere if there is none."""
    found = tuple(
        (Place(above=pool, id=node.id, is_task=False), node)
        for pool in look.pools_of(spec, eyes.generations(spec.name))
        for node in eyes.nodes(pool)
        if look.meets(node.state, patterns) or any(look.names(node.id, pattern) for pattern in patterns)
    )
    if not found:
        raise NotThere(f"no node of this run meets {' or '.join(map(repr, patterns))}")
    return found


def reboot(places: Sequence[Place], hands: Hands, *, wait: bool) -> Iterator[Deed]:
    """Restart nodes; what runs there goes back to the queue, or ends first (`wait`)."""
    for place in places:
        yield Deed(name=place.id, done=hands.reboot_node(place, wait=wait))
