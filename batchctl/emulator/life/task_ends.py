"""What the end of a task means for others: what its job does, and which of the tasks that wait for it may run."""

from collections.abc import Iterator

from batchctl.emulator.records import Job, Json, Task, number_of


def job_action_after(spec: Json, info: Json) -> str:
    """none, disable or terminate: by the exit condition that fits, else terminate for every failure.

    That a user ended the task is none of the conditions (azure-batch's own test_batch_tasks: its job goes on).
    """
    ended = info["result"] == "success" or info.get("failureInfo", {}).get("code") == "TaskEnded"
    default = "none" if ended else "terminate"
    action: str = _exit_options_that_fit(spec, info).get("jobAction", default)
    return action


def satisfies_dependents(task: Task) -> bool:
    """Whether those who depend on the task may run: by the exit condition that fits, else if it succeeded."""
    if task.state != "completed":
        return False
    default = "block" if task.failed else "satisfy"
    if not task.failed and "exitConditions" not in task.asked:  # the text tells, without parsing
        return True
    return bool(_exit_options_that_fit(task.spec, task.info).get("dependencyAction", default) == "satisfy")


def wait_for_others(job: Job, task: Task) -> bool:
    """Whether the task has to wait; if so, it is noted with each task that it waits for."""
    if '"dependsOn"' not in task.asked:  # parsing a task takes long, and most depend on nothing
        return False
    missing = {key for key in _awaited_keys(task.spec.get("dependsOn", {})) if not _is_satisfied(job, key)}
    task.unmet = len(missing)
    for key in missing:
        job.waiting.setdefault(key, []).append(task)
    return bool(missing)


def released_by(job: Job, task: Task) -> Iterator[Task]:
    """The tasks that may run now that this one is completed. One whose task failed for good waits for ever."""
    if not satisfies_dependents(task):
        return
    number = number_of(task.key)
    for key in (task.key, *(() if number is None else (_in_range(number),))):
        for waiting in job.waiting.pop(key, ()):
            waiting.unmet -= 1
            if not waiting.unmet and waiting.state == "active":
                yield waiting


def _exit_options_that_fit(spec: Json, info: Json) -> Json:
    """The exit options of the first condition that fits: a code, a range, an error without a code, the default."""
    conditions: Json = spec.get("exitConditions", {})
    code, failed = info.get("exitCode"), info["result"] == "failure"
    for mapping in conditions.get("exitCodes", ()):
        if mapping["code"] == code:
            return dict(mapping["exitOptions"])
    for mapping in conditions.get("exitCodeRanges", ()):
        if code is not None and mapping["start"] <= code <= mapping["end"]:
            return dict(mapping["exitOptions"])
    failure = info.get("failureInfo", {}).get("code", "")
    if failure.startswith("FileUpload") and "fileUploadError" in conditions:
        return dict(conditions["fileUploadError"])
    if code is None and failure != "TaskEnded" and "preProcessingError" in conditions:
        return dict(conditions["preProcessingError"])
    return dict(conditions.get("default", {})) if failed else {}


def _awaited_keys(depends: Json) -> Iterator[str]:
    yield from (name.lower() for name in depends.get("taskIds", ()))
    for one in depends.get("taskIdRanges", ()):
        yield from (_in_range(str(number)) for number in range(one["start"], one["end"] + 1))


def _in_range(number: str) -> str:
    """What a range waits for: no id, but any that is this number, be it with zeros before it (`0001` is 1 to Batch)."""
    return f"#{number}"


def _is_satisfied(job: Job, key: str) -> bool:
    number = key.removeprefix("#")
    keys = (key,) if number == key else (number, *job.tasks.padded.get(number, ()))
    return any((task := job.tasks.get(key)) and satisfies_dependents(task) for key in keys)
