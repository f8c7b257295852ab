"""How a task's end counts for others: what its job does, and whether its dependents may run. Pure."""

from batchctl.emulator.records import Json, Task


def job_action(spec: Json, info: Json) -> str:
    """none, disable or terminate: by the exit condition that fits, else terminate for every failure.

    That a user ended the task is none of the conditions (azure-batch's own test_batch_tasks: its job goes on).
    """
    ended = info["result"] == "success" or info.get("failureInfo", {}).get("code") == "TaskEnded"
    default = "none" if ended else "terminate"
    action: str = _options(spec, info).get("jobAction", default)
    return action


def satisfies(task: Task) -> bool:
    """Whether those who depend on the task may run: by the exit condition that fits, else if it succeeded."""
    if task.state != "completed":
        return False
    default = "block" if task.failed else "satisfy"
    if not task.failed and "exitConditions" not in task.asked:
        return True
    return bool(_options(task.spec, task.info).get("dependencyAction", default) == "satisfy")


def _options(spec: Json, info: Json) -> Json:
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
