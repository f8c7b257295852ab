"""Tasks that wait for others: who runs again with whom, who waits in vain, what Batch is told of it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from batchctl.configurations import TaskDependencies
from batchctl.resources import Task

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


def waiting_in_vain(runs: Iterable[Task]) -> dict[str, str]:
    """The tasks of one job that can never run, by id in lower case, and whose end keeps each from it."""
    by_id = {run.id.lower(): run for run in runs}
    blame = {key: run.id for key, run in by_id.items() if run.state == "completed" and not satisfies_dependents(run)}
    found: dict[str, str] = {}
    while True:
        late = {
            key: culprit
            for key, run in by_id.items()
            if run.state == "active" and key not in found and (culprit := _culprit(run, blame))
        }
        if not late:
            return found
        found.update(late)
        blame.update(late)


def stalled_tasks(runs: Sequence[Task]) -> dict[str, str]:
    """Those of `waiting_in_vain`, if all that is left in the job is among them."""
    left = {run.id.lower() for run in runs if run.state != "completed"}
    vain = waiting_in_vain(runs) if left else {}
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


def _culprit(run: Task, blame: Mapping[str, str]) -> str | None:
    waits = run.depends_on
    if waits is None:
        return None
    for task_id in waits.task_ids:
        if task_id.lower() in blame:
            return blame[task_id.lower()]
    inside = (str(n) for r in waits.task_id_ranges for n in range(r.start, r.end + 1)) if blame else ()
    return next((blame[number] for number in inside if number in blame), None)
