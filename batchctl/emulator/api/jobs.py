"""What clients ask of jobs."""

from batchctl.emulator.admission.jobs import check_pool_info
from batchctl.emulator.life import intake, job_life, preparation, scheduler
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json
from batchctl.emulator.refusals import Refusal, bad_value
from batchctl.emulator.wire import job_bodies
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.messages import Answer, Call, changed, check_conditions, entries, listing, made, one
from batchctl.emulator.wire.views import JOB as VIEW
from batchctl.emulator.wire.views import job_url

_ENDING = {"terminating": "JobBeingTerminated", "completed": "JobCompleted", "deleting": "JobBeingDeleted"}
REFUSED: dict[str, dict[str, str]] = {
    "patch": _ENDING,
    "disable": {**_ENDING, "enabling": "OperationInvalidForCurrentState"},
    "enable": {
        **_ENDING,
        "active": "OperationInvalidForCurrentState",
        "enabling": "OperationInvalidForCurrentState",
        "disabling": "OperationInvalidForCurrentState",
    },
    "terminate": _ENDING,
    "delete": {"deleting": "JobBeingDeleted"},
    "add task": _ENDING,
    "reactivate task": {**_ENDING, "disabled": "JobNotActive", "disabling": "JobNotActive", "enabling": "JobNotActive"},
}
"""Verb, state of the job, and the code with which it is refused; what is not here is allowed."""


def find(service: Service, call: Call) -> Job:
    """The job that the path names."""
    job = service.store.jobs.get(call.params["job"].lower())
    if job is None:
        raise Refusal("JobNotFound")
    return job


def find_for(service: Service, call: Call, verb: str) -> Job:
    """The same, refused where the caller's condition does not hold, and in states that do not know the verb."""
    job = find(service, call)
    if "task" not in call.params:  # else the condition is about the task
        check_conditions(call, job)
    if code := REFUSED[verb].get(job.state):
        raise Refusal(code)
    return job


def create(service: Service, call: Call) -> Answer:
    spec = call.body(job_bodies.JOB)
    job = intake.add_job(service, spec.pop("id"), spec)
    return made(job_url(job.id, call.base), job)


def get(service: Service, call: Call) -> Answer:
    return one(call, VIEW, find(service, call))


def list_all(service: Service, call: Call) -> Answer:
    return listing(call, VIEW, service.store.jobs.values())


def patch(service: Service, call: Call) -> Answer:
    return _update(service, call, {}, call.body(job_bodies.JOB_PATCH))


def replace(service: Service, call: Call) -> Answer:
    given = call.json()
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if name not in job_bodies.READ_ONLY}
    change = job_bodies.JOB_PATCH(given)
    if "poolInfo" not in change:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "poolInfo"),))
    return _update(service, call, job_bodies.JOB_UPDATE_DEFAULTS, change)


def _update(service: Service, call: Call, defaults: Json, change: Json) -> Answer:
    """Sets what may change; absent properties get their defaults where there are any."""
    job = find_for(service, call, "patch")
    ends = {**defaults, **change}.get("onAllTasksComplete")
    if ends == "noaction" and job.spec["onAllTasksComplete"] == "terminatejob":
        raise bad_value("onAllTasksComplete", ends, "a job that is to end by itself cannot be told otherwise")
    pool: Json = change.get("poolInfo") or job.spec["poolInfo"]
    if pool != job.spec["poolInfo"] and pool.get("poolId", "").lower() != job.pool:
        if job.state != "disabled":
            raise Refusal("JobNotActive", (("Reason", "poolInfo changes only while the job is disabled"),))
        check_pool_info(pool)
        if "autoPoolSpecification" in pool:
            raise bad_value("poolInfo.autoPoolSpecification", "", "a job that exists takes no auto pool")
        job.pool = pool["poolId"].lower()
    dropped = {"metadata", "networkConfiguration"} if defaults else set()
    kept = {name: value for name, value in job.spec.items() if name not in dropped}
    job.spec = {**kept, **defaults, **change}
    service.store.touch(job)
    job_life.watch(service, job)
    service.wake(job)
    scheduler.look_again(service, job.pool)
    return changed(call, job)


def delete(service: Service, call: Call) -> Answer:
    job = find_for(service, call, "delete")
    call.flag("force")
    job_life.delete(service, job)
    return Answer(202)


def disable(service: Service, call: Call) -> Answer:
    job, asked = _to_change(service, call, "disable", job_bodies.DISABLE)
    job_life.disable(service, job, asked["disableTasks"])
    return changed(call, job, 202)


def enable(service: Service, call: Call) -> Answer:
    job, _ = _to_change(service, call, "enable", Shape("Empty"))
    job_life.enable(service, job)
    return changed(call, job, 202)


def terminate(service: Service, call: Call) -> Answer:
    call.flag("force")
    job, asked = _to_change(service, call, "terminate", job_bodies.TERMINATE)
    job_life.terminate(service, job, asked.get("terminateReason", "UserTerminate"))
    return changed(call, job, 202)


def _to_change(service: Service, call: Call, verb: str, shape: Shape) -> tuple[Job, Json]:
    asked = call.body(shape)
    job = find_for(service, call, verb)
    return job, asked


def task_counts(service: Service, call: Call) -> Answer:
    job = find(service, call)
    names = ("active", "running", "completed", "succeeded", "failed")
    tasks, slots = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for task in job.tasks.values():
        counted = ["running" if task.state == "preparing" else task.state]
        if task.state == "completed":
            counted.append("failed" if task.failed else "succeeded")
        for name in counted:
            tasks[name] += 1
            slots[name] += task.slots
    metadata = f"{call.base}/$metadata#taskcountsresult/@Element"
    return Answer(200, {"odata.metadata": metadata, "taskCounts": tasks, "taskSlotCounts": slots})


def preparation_status(service: Service, call: Call) -> Answer:
    """How preparation and release went on each node."""
    job = find(service, call)
    if "jobPreparationTask" not in job.spec and "jobReleaseTask" not in job.spec:
        raise Refusal("JobPreparationTaskNotSpecified")
    notes = [preparation.status(pool, node, job, call.base) for pool, node in preparation.touched(service, job)]
    return entries(call, "jobpreparationandreleasetaskstatuslist", notes, preparation.FILTERS)
