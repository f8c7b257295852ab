"""What is held of a job: its generations, which of them end now, and the newest run of each task. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import Reasons, gets_no_more, stalled_tasks
from batchctl.reconcile.outputs import newest_runs
from batchctl.reconcile.plan import Action, Change
from batchctl.resources import ENDING, Job, Task, changed_parts
from batchctl.rules import field_differences
from batchctl.words import plural
from batchctl.work import HANDLING

LEAVING = "it is being deleted already: waits until it is gone"

STALLED = "ends: what is left in it waits for tasks that failed"
GIVEN_UP = "ends: nothing runs in it, and what waits there is not what the spec says now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A job as it is wanted, and what is held of it.

    `generations`: all that are ours, by number; `alive`: those that are not being deleted. Of both, those that
    `endings` ends are as they will be then. `newest`: by the task's id in lower case.
    """

    job: Job
    generations: Mapping[int, Job]
    alive: Mapping[int, Job]
    endings: tuple[Change, ...]
    listed: Sequence[Task]
    newest: Mapping[str, Task]

    def strays(self, wanted: Iterable[Task]) -> tuple[Task, ...]:
        """Tasks that have not ended and are in the spec no more."""
        runs_on = [r for r in self.newest.values() if r.state != "completed" and self.job_of(r).state not in ENDING]
        ids = {task.id.lower() for task in wanted} if runs_on else set()
        return tuple(run for run in runs_on if run.id.lower() not in ids)

    def job_of(self, run: Task) -> Job:
        return self.alive[run.generation or 1]


def runs_of_job(
    job: Job, tasks: Iterable[Task], ours: Iterable[Job], held: Iterable[Task], *, force: bool = False
) -> Runs:
    """What is held of the wanted job, given its wanted tasks, all jobs that are ours and all tasks that are held.

    `force`: what runs and is not what the spec says now is ended too."""
    generations = {j.generation: j for j in ours if _same_name(j, job)}
    alive = {number: j for number, j in generations.items() if j.state != "deleting"}
    name = job.name.lower()
    # What a manager adds is its own business.
    managed = {j.generation for j in generations.values() if j.job_manager_task}
    listed = [r for r in held if r.job.lower() == name and (r.digest or r.generation not in managed)]
    going = [j for j in alive.values() if j.state not in ENDING]
    # Of very many tasks none is asked for by its id where nothing goes on.
    ids = {task.id.lower(): task for task in tasks} if going else {}
    endings = tuple(_endings(job, ids, listed, going, force))
    alive |= {ended.generation: ended for change in endings if isinstance(ended := change.after, Job)}
    return Runs(
        job=job,
        generations=generations | alive,
        alive=alive,
        endings=endings,
        listed=listed,
        newest=newest_runs(run for run in listed if run.generation in alive),
    )


def jobs_that_left(job: Job | None, ours: Iterable[Job], held: Iterable[Task]) -> Iterator[Change]:
    """The deletions of all generations of jobs of ours that are in the spec no more."""
    left = [j for j in ours if job is None or not _same_name(j, job)]
    counts = Counter((run.job.lower(), run.generation) for run in held) if left else Counter()
    for gone in left:
        reasons = _why_leaving(gone, counts[gone.name.lower(), gone.generation])
        yield Change(action=Action.DELETE, before=gone, reasons=reasons)


def is_in_the_way(job: Job, held: Job, run: Task, task: Task | None) -> bool:
    """Would this run, were it to go on, do what the spec does not say?"""
    return task is None or bool(changes_since(run, task)) or held.pool.lower() != job.pool.lower()


def changes_since(run: Task, task: Task) -> Reasons:
    """Which parts of a task are not what they were when it ran."""
    if run.digest == task.digest:
        return ()  # of a hundred thousand, most
    return tuple(f"{part} changed" for part in changed_parts(run.digest, task.digest) if part != HANDLING)


def _endings(
    job: Job, wanted: Mapping[str, Task], runs: Sequence[Task], going: Iterable[Job], force: bool
) -> Iterator[Change]:
    """Generations that take no part any more: nothing runs in them, or `force`, and what waits is not as it should be.

    What waits and is still wanted runs in the next generation. So a start task that failed, or a pool that cannot run
    anything, can be mended. What runs is ended only by force.
    """
    for held in going:
        if reason := _why_ended(job, held, wanted, runs, force):
            ended = replace(held, state="terminating")
            yield Change(action=Action.UPDATE, before=held, after=ended, reasons=(reason,))


def _why_ended(job: Job, held: Job, wanted: Mapping[str, Task], runs: Sequence[Task], force: bool) -> str | None:
    if _is_stalled(held, runs):
        return STALLED
    unfinished = [run for run in runs if run.generation == held.generation and run.state != "completed"]
    busy = [run for run in unfinished if run.state != "active"]
    outdated = [run for run in unfinished if is_in_the_way(job, held, run, wanted.get(run.id.lower()))]
    if not busy and _has_another_pool(job, held):
        outdated = unfinished
    if not outdated or (busy and not force):
        return None
    runs_on = f"{plural(len(busy), 'task')} of it {'run' if len(busy) > 1 else 'runs'}"
    return f"ends by --force: {runs_on}" if busy else GIVEN_UP


def _has_another_pool(job: Job, held: Job) -> bool:
    """Was a pool made for it that is not as the spec has it now? No such pool is ever changed."""
    return any(difference.name == "auto_pool" for difference in field_differences(held, job))


def _is_stalled(job: Job, runs: Iterable[Task]) -> bool:
    ours = [r for r in runs if r.generation == job.generation] if job.uses_task_dependencies else []
    return bool(stalled_tasks(ours, whole=gets_no_more(job)))


def _why_leaving(job: Job, count: int) -> Reasons:
    if job.state == "deleting":
        return (LEAVING,)
    return (f"with {count} task" + ("" if count == 1 else "s"),) if count else ()


def _same_name(one: Job, other: Job) -> bool:
    return one.name.lower() == other.name.lower()
