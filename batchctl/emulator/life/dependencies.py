"""Tasks that wait for other tasks of their job: who waits for whom, and who may run now."""

from collections.abc import Iterator

from batchctl.emulator.life import task_ends
from batchctl.emulator.records import Job, Json, Task


def wait(job: Job, task: Task) -> bool:
    """Whether the task has to wait; if so, it is noted with each task that it waits for."""
    if '"dependsOn"' not in task.asked:
        return False
    missing = {key for key in _keys(task.spec.get("dependsOn", {})) if not _is_satisfied(job, key)}
    task.unmet = len(missing)
    for key in missing:
        job.waiting.setdefault(key, []).append(task)
    return bool(missing)


def released(job: Job, task: Task) -> Iterator[Task]:
    """The tasks that may run now that this one is completed. One whose task failed for good waits for ever."""
    if not task_ends.satisfies(task):
        return
    for waiting in job.waiting.pop(task.key, ()):
        waiting.unmet -= 1
        if not waiting.unmet and waiting.state == "active":
            yield waiting


def _keys(depends: Json) -> Iterator[str]:
    yield from (name.lower() for name in depends.get("taskIds", ()))
    for one in depends.get("taskIdRanges", ()):
        yield from map(str, range(one["start"], one["end"] + 1))


def _is_satisfied(job: Job, key: str) -> bool:
    task = job.tasks.get(key)
    return task is not None and task_ends.satisfies(task)
