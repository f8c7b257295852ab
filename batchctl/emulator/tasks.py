"""What clients ask of tasks."""

import json

from batchctl.emulator import taskwork, times
from batchctl.emulator.faults import Fault, bad_value
from batchctl.emulator.job_shapes import TASK_COLLECTION
from batchctl.emulator.jobs import find as find_job
from batchctl.emulator.jobs import find_for
from batchctl.emulator.pools import check_packages
from batchctl.emulator.records import Job, Json, Task
from batchctl.emulator.service import Service
from batchctl.emulator.task_shapes import TASK, TASK_UPDATE
from batchctl.emulator.views import TASK as VIEW
from batchctl.emulator.views import task_url
from batchctl.emulator.wire import Answer, Call, changed, check_conditions, listing, made, one

MOST_BYTES = 1_048_576
_MAPPED = ("exitCodes", "exitCodeRanges")
_PLAIN = ("preProcessingError", "fileUploadError", "default")


def find(service: Service, call: Call) -> tuple[Job, Task]:
    """The task that the path names, and its job."""
    job = find_job(service, call)
    task = job.tasks.get(call.params["task"].lower())
    if task is None:
        raise Fault("TaskNotFound")
    return job, task


def create(service: Service, call: Call) -> Answer:
    if len(call.content) > MOST_BYTES:
        raise Fault("RequestBodyTooLarge")
    job = find_for(service, call, "add task")
    task = make(service, job, call.json())
    return made(task_url(job.id, task.id, call.base), task)


def create_many(service: Service, call: Call) -> Answer:
    """Each task has a result of its own; a bad one does not stop the others."""
    if len(call.content) > MOST_BYTES:
        raise Fault("RequestBodyTooLarge")
    job = find_for(service, call, "add task")
    results = [_result(service, call, job, asked) for asked in call.body(TASK_COLLECTION)["value"]]
    return Answer(200, {"odata.metadata": f"{call.base}/$metadata#taskaddresult", "value": results})


def _result(service: Service, call: Call, job: Job, asked: object) -> Json:
    name = asked.get("id") if isinstance(asked, dict) else None
    try:
        task = make(service, job, asked)
    except Fault as fault:
        status = "clienterror" if fault.status < 500 else "servererror"
        return {"status": status, "taskId": name, "error": fault.brief()}
    return {
        "status": "success",
        "taskId": task.id,
        "eTag": task.etag,
        "lastModified": times.stamp(task.modified),
        "location": task_url(job.id, task.id, call.base),
    }


def make(service: Service, job: Job, asked: object) -> Task:
    """Checks a task against its shape and its job, and takes it in."""
    spec: Json = TASK(asked)
    task_id = spec.pop("id")
    if task_id.lower() in job.tasks:
        raise Fault("TaskExists")
    _check(job, task_id, spec)
    retries = job.spec["constraints"]["maxTaskRetryCount"]
    constraints = {"maxWallClockTime": times.UNLIMITED, "retentionTime": "P7D", "maxTaskRetryCount": retries}
    spec["constraints"] = constraints | spec.get("constraints", {})
    task = Task(
        id=task_id,
        job=job.id,
        asked=json.dumps(spec, ensure_ascii=False, separators=(",", ":")),
        slots=spec["requiredSlots"],
        affinity=spec.get("affinityInfo", {}).get("affinityId"),
    )
    taskwork.add(service, job, task)
    return task


def _check(job: Job, task_id: str, spec: Json) -> None:
    """What the task says against what the job says."""
    check_packages(spec)
    if spec.get("dependsOn"):
        raise Fault("TaskDependenciesNotSpecifiedOnJob")
    if spec.get("multiInstanceSettings"):
        raise Fault("NotImplemented", (("Reason", "multiInstanceSettings are not served"),))
    if task_id.lower() == job.spec.get("jobPreparationTask", {}).get("id", "").lower():
        raise Fault("TaskIdSameAsJobPreparationTask")
    for path, options in exit_options(spec):
        if "jobAction" in options and job.spec["onTaskFailure"] == "noaction":
            raise bad_value(f"{path}.jobAction", options["jobAction"], "the job's onTaskFailure is noaction")
        if "dependencyAction" in options and not job.spec["usesTaskDependencies"]:
            raise bad_value(f"{path}.dependencyAction", options["dependencyAction"], "the job has no dependencies")


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


def get(service: Service, call: Call) -> Answer:
    return one(call, VIEW, find(service, call)[1])


def list_all(service: Service, call: Call) -> Answer:
    return listing(call, VIEW, find_job(service, call).tasks.values())


def replace(service: Service, call: Call) -> Answer:
    """Only the constraints of a task can change; a task that was read before may be sent back whole."""
    job, task = find(service, call)
    check_conditions(call, task)
    given = call.json()
    change = TASK_UPDATE({"constraints": given.get("constraints")} if isinstance(given, dict) else given)
    if task.state == "completed":
        raise Fault("TaskCompleted")
    retries = job.spec["constraints"]["maxTaskRetryCount"]
    constraints = {"maxWallClockTime": times.UNLIMITED, "retentionTime": "P7D", "maxTaskRetryCount": retries}
    spec = {**task.spec, "constraints": constraints | change.get("constraints", {})}
    service.store.ask(task, json.dumps(spec, ensure_ascii=False, separators=(",", ":")))
    return changed(call, task)


def delete(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    taskwork.remove(service, job, task)
    return Answer(200)


def terminate(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    if task.state == "completed":
        raise Fault("TaskCompleted")
    if task in service.runs:
        taskwork.interrupt(service, task, "terminate")
    else:
        taskwork.complete(service, job, task, taskwork.ended_by_user())
    return changed(call, task, 204)


def reactivate(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    if task.state != "completed":
        raise Fault("TaskNotCompleted")
    if not task.failed:
        raise Fault("TaskSucceeded")
    find_for(service, call, "reactivate task")
    taskwork.reactivate(service, job, task)
    return changed(call, task, 204)
