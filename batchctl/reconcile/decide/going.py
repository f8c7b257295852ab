"""Which jobs go on, told by what is held alone. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from batchctl.reconcile.decide.dependents import gets_no_more, stalled_tasks
from batchctl.resources import ENDING, Job, Resource, Task


def jobs_that_go_on(held: Sequence[Resource], owner: str) -> tuple[Job, ...]:
    """Those of ours with tasks that have not ended and may yet run."""
    runs = _runs(held)
    return tuple(
        job
        for job in _open_jobs(held, owner)
        if any(run.state != "completed" for run in runs.get(_key(job), ())) and not _is_stalled(job, runs)
    )


def stalled_jobs(held: Sequence[Resource], owner: str) -> tuple[Job, ...]:
    """Those of ours in which all that is left waits for tasks that failed or are gone."""
    runs = _runs(held)
    return tuple(job for job in _open_jobs(held, owner) if _is_stalled(job, runs))


Key = tuple[str, int]


def _runs(held: Iterable[Resource]) -> Mapping[Key, list[Task]]:
    found: dict[Key, list[Task]] = {}
    for run in held:
        if isinstance(run, Task):
            found.setdefault((run.job.lower(), run.generation or 1), []).append(run)
    return found


def _key(job: Job) -> Key:
    return job.name.lower(), job.generation


def _open_jobs(held: Iterable[Resource], owner: str) -> list[Job]:
    return [r for r in held if isinstance(r, Job) and r.owner == owner and r.state not in ENDING]


def _is_stalled(job: Job, runs: Mapping[Key, Sequence[Task]]) -> bool:
    return job.uses_task_dependencies and bool(stalled_tasks(runs.get(_key(job), ()), whole=gets_no_more(job)))
