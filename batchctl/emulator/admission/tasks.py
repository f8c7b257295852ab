"""A new task at the gate: checked against its shape and its job, its defaults filled in."""

from batchctl.emulator import times
from batchctl.emulator.records import Job, Json
from batchctl.emulator.refusals import Refusal, bad_value
from batchctl.emulator.wire.task_bodies import TASK

_SPECIAL = {
    "jobPreparationTask": "TaskIdSameAsJobPreparationTask",
    "jobReleaseTask": "TaskIdSameAsJobReleaseTask",
}
MOST_CHARACTERS = 64000
"""Of all ids in dependsOn.taskIds together (REST: BatchTaskDependencies)."""
MOST_OF_A_RANGE = 1_000_000
"""Ids in a range of dependsOn: each of them is waited for by itself, which nobody wants of a thousand million."""


def admit_task(job: Job, asked: object) -> Json:
    """A task as the job takes it: its body in full, the id included."""
    spec: Json = TASK(asked)
    if spec["id"].lower() in job.tasks:
        raise Refusal("TaskExists")
    _check_against_job(job, spec)
    spec["constraints"] = full_constraints(job.spec["constraints"]["maxTaskRetryCount"], spec)
    return spec


def _check_against_job(job: Job, spec: Json) -> None:
    """What the task says against what the job says."""
    check_packages(spec)
    _check_dependencies(job, spec)
    check_task_id(job.spec, spec["id"])
    for path, options in _exit_options(spec):
        if "jobAction" in options and job.spec["onTaskFailure"] == "noaction":
            raise bad_value(f"{path}.jobAction", options["jobAction"], "the job's onTaskFailure is noaction")
        if "dependencyAction" in options and not job.spec["usesTaskDependencies"]:
            raise bad_value(f"{path}.dependencyAction", options["dependencyAction"], "the job has no dependencies")


def _check_dependencies(job: Job, spec: Json) -> None:
    """Dependencies that the job allows, and not too many of them."""
    depends = spec.get("dependsOn")
    if not depends:
        return
    if not job.spec["usesTaskDependencies"]:
        raise Refusal("TaskDependenciesNotSpecifiedOnJob")
    if sum(map(len, depends.get("taskIds", ()))) > MOST_CHARACTERS:
        raise Refusal("TaskDependencyListTooLong")
    for one in depends.get("taskIdRanges", ()):
        if not 0 <= one["end"] - one["start"] < MOST_OF_A_RANGE:
            raise bad_value("dependsOn.taskIdRanges", one, f"a range goes up and has less than {MOST_OF_A_RANGE} ids")


def check_task_id(job: Json, task_id: str) -> None:
    """A task has another id than the job's special tasks."""
    for name, code in _SPECIAL.items():
        if task_id.lower() == job.get(name, {}).get("id", "").lower():
            raise Refusal(code)


def _exit_options(spec: Json) -> list[tuple[str, Json]]:
    """All exit options of a task with their paths."""
    conditions = spec.get("exitConditions", {})
    mapped = [
        (name, entry["exitOptions"]) for name in ("exitCodes", "exitCodeRanges") for entry in conditions.get(name, ())
    ]
    plain = [
        (name, conditions[name]) for name in ("preProcessingError", "fileUploadError", "default") if name in conditions
    ]
    return [(f"exitConditions.{name}", options) for name, options in (*mapped, *plain)]


def full_constraints(retries: int, spec: Json) -> Json:
    """The task's constraints, with what the job and the service say where it says nothing."""
    defaults = {"maxWallClockTime": times.UNLIMITED, "retentionTime": "P7D", "maxTaskRetryCount": retries}
    return {**defaults, **spec.get("constraints", {})}


def check_packages(spec: Json) -> None:
    """The account has no applications, so that no reference to one can be satisfied."""
    if spec.get("applicationPackageReferences"):
        names = dict.fromkeys(one["applicationId"].lower() for one in spec["applicationPackageReferences"])
        why = "The specified application package does not exist."
        raise Refusal("InvalidApplicationPackageReferences", tuple((name, why) for name in names))
