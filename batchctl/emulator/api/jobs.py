"""What clients ask of jobs."""

from batchctl.emulator.admission.jobs import check_pool_info
from batchctl.emulator.life import intake, job_life, preparation, scheduler
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json
from batchctl.emulator.refusals import Refusal, bad_value
from batchctl.emulator.wire import job_bodies
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.messages import (
    Answer,
    Call,
    answer_changed,
    answer_made,
    check_conditions,
    list_by_id,
    list_entries,
    show_record,
)
from batchctl.emulator.wire.views import JOB as VIEW
from batchctl.emulator.wire.views import PREPARATION_FILTERS, job_url, preparation_entry

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


def find_job(service: Service, call: Call) -> Job:
    """The job that the path names."""
    job = service.store.jobs.get(call.params["job"].lower())
    if job is None:
        raise Refusal("JobNotFound")
    return job


def find_job_for(service: Service, call: Call, verb: str) -> Job:
    """The same, refused where the caller's condition does not hold, and in states that do not know the verb."""
    job = find_job(service, call)
    if "task" not in call.params:  # else the condition is about the task
        check_conditions(call, job)
    if code := REFUSED[verb].get(job.state):
        raise Refusal(code)
    return job


def create_job(service: Service, call: Call) -> Answer:
    spec = call.body(job_bodies.JOB)
    job = intake.add_job(service, spec.pop("id"), spec)
    # The service says this of every job, whatever its id (all 27 recorded creations, 2017 to 2026).
    return answer_made(job_url("job-1", call.base), job)


def get_job(service: Service, call: Call) -> Answer:
    return show_record(call, VIEW, find_job(service, call))


def list_jobs(service: Service, call: Call) -> Answer:
    return list_by_id(call, VIEW, service.store.jobs.values())


def patch_job(service: Service, call: Call) -> Answer:
    return _change_job(service, call, {}, call.body(job_bodies.JOB_PATCH))


def replace_job(service: Service, call: Call) -> Answer:
    given = call.json()
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if name not in job_bodies.READ_ONLY}
    change = job_bodies.JOB_PATCH(given)
    if "poolInfo" not in change:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "poolInfo"),))
    return _change_job(service, call, job_bodies.JOB_UPDATE_DEFAULTS, change)


def _change_job(service: Service, call: Call, defaults: Json, change: Json) -> Answer:
    """Sets what may change; absent properties get their defaults where there are any."""
    job = find_job_for(service, call, "patch")
    ends = {**defaults, **change}.get("onAllTasksComplete")
    if ends == "noaction" and job.spec["onAllTasksComplete"] == "terminatejob":
        raise bad_value("onAllTasksComplete", ends, "a job that is to end by itself cannot be told otherwise")
    pool: Json = change.get("poolInfo") or job.spec["poolInfo"]
    # A job that was read before is sent back whole: the same pool in other letters is no change.
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
    job_life.watch_time(service, job)
    service.wake(job)
    scheduler.look_again(service, job.pool)  # tasks that never fitted the pool before may fit this one
    return answer_changed(call, job)


def delete_job(service: Service, call: Call) -> Answer:
    job = find_job_for(service, call, "delete")
    call.flag("force")
    job_life.delete_job(service, job)
    return Answer(202)


def disable_job(service: Service, call: Call) -> Answer:
    job, asked = _job_and_body(service, call, "disable", job_bodies.DISABLE)
    job_life.disable_job(service, job, asked["disableTasks"])
    return answer_changed(call, job, 202)


def enable_job(service: Service, call: Call) -> Answer:
    job, _ = _job_and_body(service, call, "enable", Shape("Empty"))
    job_life.enable_job(service, job)
    return answer_changed(call, job, 202)


def terminate_job(service: Service, call: Call) -> Answer:
    call.flag("force")
    job, asked = _job_and_body(service, call, "terminate", job_bodies.TERMINATE)
    job_life.terminate_job(service, job, asked.get("terminateReason", "UserTerminate"))
    return answer_changed(call, job, 202)


def _job_and_body(service: Service, call: Call, verb: str, shape: Shape) -> tuple[Job, Json]:
    asked = call.body(shape)
    job = find_job_for(service, call, verb)
    return job, asked


def count_tasks(service: Service, call: Call) -> Answer:
    job = find_job(service, call)
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


def list_preparations(service: Service, call: Call) -> Answer:
    """How preparation and release went on each node."""
    job = find_job(service, call)
    if "jobPreparationTask" not in job.spec and "jobReleaseTask" not in job.spec:
        raise Refusal("JobPreparationTaskOrReleaseTaskNotSpecified")
    notes = [preparation_entry(pool, node, job, call.base) for pool, node in preparation.touched(service, job)]
    return list_entries(call, "jobpreparationandreleasetaskstatuslist", notes, PREPARATION_FILTERS)
