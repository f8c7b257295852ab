"""Tasks that wait for others: who runs again with whom, who waits in vain, what Batch is told of it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from batchctl.configurations import TaskDependencies
from batchctl.frozen import dataclass
from batchctl.resources import Job, Task

Reasons = tuple[str, ...]

NEW: Reasons = ("new",)

BY_OTHERS = "dependencies changed"
"""The reason that says no more than the ids of those who run again say better."""


def with_dependents(tasks: Sequence[Task], due: Mapping[str, Reasons]) -> dict[str, Reasons]:
    """Why each task runs, by id in lower case: its own reasons, and those whose dependencies run again.

    Tasks of a factory share the list of ids that they wait for, so each list is looked at once a round; there are as
    many rounds as factories stand one behind the other.
    """
    found = dict(due)
    lists = _shared_lists(tasks)
    grew = True
    while grew:
        grew = False
        for wanted, waiting in lists:
            again = [task_id for task_id in wanted if task_id.lower() in found]
            late = [task for task in waiting if task.id.lower() not in found] if again else []
            found.update((task.id.lower(), (_why_with_others(again, found),)) for task in late)
            grew = grew or bool(late)
    for wanted, waiting in lists:
        again = [task_id for task_id in wanted if task_id.lower() in found]
        for task in waiting:
            if BY_OTHERS in due.get(task.id.lower(), ()) and again:
                own = [reason for reason in due[task.id.lower()] if reason != BY_OTHERS]
                found[task.id.lower()] = (*own, _why_with_others(again, found))
    return found


def awaited_in_generation(
    task: Task, there: Collection[str], ambiguous: Collection[int] = ()
) -> TaskDependencies | None:
    """What a task waits for in its generation: those of its dependencies that run there; the others are met."""
    left = [task_id for task_id in awaited_ids(task) if task_id.lower() in there]
    return TaskDependencies.on(left, ambiguous) if left else None


def awaited_ids(task: Task) -> Sequence[str]:
    """All ids that a task as it is wanted waits for."""
    return task.depends_on.task_ids if task.depends_on else ()


def satisfies_dependents(run: Task) -> bool:
    """May those who depend on it run? By the exit condition that fits its end, else if it succeeded (REST:
    ExitOptions.dependencyAction)."""
    if run.state != "completed":
        return False
    failed = run.result == "failure"
    failure = (run.failure or "").partition(":")[0] if failed else None
    fitting = run.exit_conditions.options_for(run.exit_code, failure) if run.exit_conditions else None
    action = (fitting and fitting.dependency_action) or ("block" if failed else "satisfy")
    return action.lower() == "satisfy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Whose end, or absence, keeps a task from running, and how: `failed`, `is not in the job`."""

    culprit: str
    how: str

    @property
    def why(self) -> str:
        return f"depends on {self.culprit}, which {self.how}"


def blames(runs: Iterable[Task], *, whole: bool = False) -> dict[str, Blame]:
    """The tasks of one job that can never run, by id in lower case, and the first cause of it.

    `whole`: the job has all tasks that it gets, so that one which is not there never comes.
    """
    by_id = {run.id.lower(): run for run in runs}
    found: dict[str, Blame] = {}
    known = {
        key: Blame(culprit=run.id, how=_how_it_blocks(run))
        for key, run in by_id.items()
        if run.state == "completed" and not satisfies_dependents(run)
    }
    while True:
        late = {
            key: blame
            for key, run in by_id.items()
            if run.state == "active" and key not in found and (blame := _blame(run, known, by_id if whole else None))
        }
        if not late:
            return found
        found.update(late)
        known.update(late)


def gets_no_more(job: Job) -> bool:
    """Has a job all of its tasks? A manager may add others."""
    return job.sealed and job.job_manager_task is None


def _how_it_blocks(run: Task) -> str:
    return "failed" if run.result == "failure" else f"blocks it by its exit code {run.exit_code}"


def stalled_tasks(runs: Sequence[Task], *, whole: bool = False) -> dict[str, Blame]:
    """Those of `blames`, if all that is left in the job is among them."""
    left = {run.id.lower() for run in runs if run.state != "completed"}
    vain = blames(runs, whole=whole) if left else {}
    return vain if left == set(vain) else {}


def _shared_lists(tasks: Iterable[Task]) -> list[tuple[Sequence[str], list[Task]]]:
    """Each list of ids with the tasks that share it."""
    found: dict[int, tuple[Sequence[str], list[Task]]] = {}
    for task in tasks:
        if wanted := awaited_ids(task):
            found.setdefault(id(wanted), (wanted, []))[1].append(task)
    return list(found.values())


def _why_with_others(again: Sequence[str], due: Mapping[str, Reasons]) -> str:
    first, more = again[0], len(again) - 1
    if more:
        return f"depends on {first} and {more} more, which run too"
    return f"depends on {first}, which {'is new' if due[first.lower()] == NEW else 'runs again'}"


def _blame(run: Task, known: Mapping[str, Blame], there: Mapping[str, Task] | None) -> Blame | None:
    waits = run.depends_on
    if waits is None:
        return None
    for task_id in waits.task_ids:
        if task_id.lower() in known:
            return known[task_id.lower()]
        if there is not None and task_id.lower() not in there:
            return Blame(culprit=task_id, how="is not in the job")
    inside = (str(n) for r in waits.task_id_ranges for n in range(r.start, r.end + 1)) if known else ()
    return next((known[number] for number in inside if number in known), None)
