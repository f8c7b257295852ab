"""A new task at the gate: checked against its shape and its job, its defaults filled in."""

import json

from batchctl.emulator import times
from batchctl.emulator.life import dependencies, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json, Task
from batchctl.emulator.refusals import Fault, bad_value
from batchctl.emulator.wire.task_bodies import TASK

_SPECIAL = {
    "jobPreparationTask": "TaskIdSameAsJobPreparationTask",
    "jobReleaseTask": "TaskIdSameAsJobReleaseTask",
}
_MAPPED = ("exitCodes", "exitCodeRanges")
_PLAIN = ("preProcessingError", "fileUploadError", "default")


def admit(service: Service, job: Job, asked: object) -> Task:
    """Checks a task against its shape and its job, and takes it in."""
    spec: Json = TASK(asked)
    task_id = spec.pop("id")
    if task_id.lower() in job.tasks:
        raise Fault("TaskExists")
    _check(job, task_id, spec)
    retries = job.spec["constraints"]["maxTaskRetryCount"]
    spec["constraints"] = constraints(retries, spec)
    task = Task(
        id=task_id,
        job=job.id,
        asked=compact(spec),
        slots=spec["requiredSlots"],
        affinity=spec.get("affinityInfo", {}).get("affinityId"),
        instances=spec.get("multiInstanceSettings", {}).get("numberOfInstances"),
    )
    task_life.add(service, job, task)
    return task


def _check(job: Job, task_id: str, spec: Json) -> None:
    """What the task says against what the job says."""
    check_packages(spec)
    dependencies.check(job, spec)
    check_id(job.spec, task_id)
    for path, options in exit_options(spec):
        if "jobAction" in options and job.spec["onTaskFailure"] == "noaction":
            raise bad_value(f"{path}.jobAction", options["jobAction"], "the job's onTaskFailure is noaction")
        if "dependencyAction" in options and not job.spec["usesTaskDependencies"]:
            raise bad_value(f"{path}.dependencyAction", options["dependencyAction"], "the job has no dependencies")


def check_id(job: Json, task_id: str) -> None:
    """A task has another id than the job's special tasks."""
    for name, code in _SPECIAL.items():
        if task_id.lower() == job.get(name, {}).get("id", "").lower():
            raise Fault(code)


def exit_options(spec: Json) -> list[tuple[str, Json]]:
    """All exit options of a task with their paths."""
    conditions = spec.get("exitConditions", {})
    mapped = [
        (name, entry["exitOptions"]) for name in ("exitCodes", "exitCodeRanges") for entry in conditions.get(name, ())
    ]
    plain = [
        (name, conditions[name]) for name in ("preProcessingError", "fileUploadError", "default") if name in conditions
    ]
    return [(f"exitConditions.{name}", options) for name, options in (*mapped, *plain)]


def constraints(retries: int, spec: Json) -> Json:
    """The task's constraints, with what the job and the service say where it says nothing."""
    defaults = {"maxWallClockTime": times.UNLIMITED, "retentionTime": "P7D", "maxTaskRetryCount": retries}
    return {**defaults, **spec.get("constraints", {})}


def compact(spec: Json) -> str:
    """The text that a task keeps of what it was asked."""
    return json.dumps(spec, ensure_ascii=False, separators=(",", ":"))


def check_packages(spec: Json) -> None:
    """The account has no applications, so that no reference to one can be satisfied."""
    if spec.get("applicationPackageReferences"):
        names = ", ".join(one["applicationId"] for one in spec["applicationPackageReferences"])
        raise Fault("InvalidApplicationPackageReferences", (("ApplicationPackageReferences", names),))
