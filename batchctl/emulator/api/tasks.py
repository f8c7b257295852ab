"""What clients ask of tasks."""

from batchctl.emulator import times
from batchctl.emulator.admission.tasks import full_constraints
from batchctl.emulator.api.jobs import find as find_job
from batchctl.emulator.api.jobs import find_for
from batchctl.emulator.life import intake, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import Job, Json, Task, asked_text
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.job_bodies import TASK_COLLECTION
from batchctl.emulator.wire.messages import Answer, Call, changed, check_conditions, entries, listing, made, one
from batchctl.emulator.wire.task_bodies import TASK_UPDATE
from batchctl.emulator.wire.views import TASK as VIEW
from batchctl.emulator.wire.views import subtask, task_url

MOST_BYTES = 1_048_576


def find(service: Service, call: Call) -> tuple[Job, Task]:
    """The task that the path names, and its job."""
    job = find_job(service, call)
    task = job.tasks.get(call.params["task"].lower())
    if task is None:
        raise Refusal("TaskNotFound")
    return job, task


def create(service: Service, call: Call) -> Answer:
    if len(call.content) > MOST_BYTES:
        raise Refusal("RequestBodyTooLarge")
    job = find_for(service, call, "add task")
    task = intake.add_task(service, job, call.json())
    return made(task_url(job.id, task.id, call.base), task)


def create_many(service: Service, call: Call) -> Answer:
    """Each task has a result of its own; a bad one does not stop the others."""
    if len(call.content) > MOST_BYTES:
        raise Refusal("RequestBodyTooLarge")
    job = find_for(service, call, "add task")
    results = [_result(service, call, job, asked) for asked in call.body(TASK_COLLECTION)["value"]]
    return Answer(200, {"odata.metadata": f"{call.base}/$metadata#taskaddresult", "value": results})


def _result(service: Service, call: Call, job: Job, asked: object) -> Json:
    name = asked.get("id") if isinstance(asked, dict) else None
    try:
        task = intake.add_task(service, job, asked)
    except Refusal as refusal:
        status = "clienterror" if refusal.status < 500 else "servererror"
        named = {"taskId": name} if isinstance(name, str) else {}
        return {"status": status, **named, "error": refusal.brief()}
    return {
        "status": "success",
        "taskId": task.id,
        "eTag": task.etag,
        "lastModified": times.stamp(task.modified),
        "location": task_url(job.id, task.id, call.base),
    }


def get(service: Service, call: Call) -> Answer:
    return one(call, VIEW, find(service, call)[1])


def list_all(service: Service, call: Call) -> Answer:
    return listing(call, VIEW, find_job(service, call).tasks.in_order())


def replace(service: Service, call: Call) -> Answer:
    """Only the constraints of a task can change; a task that was read before may be sent back whole."""
    job, task = find(service, call)
    check_conditions(call, task)
    given = call.json()
    change = TASK_UPDATE({"constraints": given.get("constraints")} if isinstance(given, dict) else given)
    if task.state == "completed":
        raise Refusal("TaskCompleted")
    retries = job.spec["constraints"]["maxTaskRetryCount"]
    spec = {**task.spec, "constraints": full_constraints(retries, change)}
    service.store.ask(task, asked_text(spec))
    return changed(call, task)


def delete(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    task_life.remove(service, job, task)
    return Answer(200)


def terminate(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    if task.state == "completed":
        raise Refusal("TaskCompleted")
    if task.seq in job.at_work:
        task_life.interrupt(service, job, task, KillReason.TERMINATE)
    else:
        task_life.complete(service, job, task, task_life.ended_by_user())
    return changed(call, task, 204)


def reactivate(service: Service, call: Call) -> Answer:
    job, task = find(service, call)
    check_conditions(call, task)
    if task.state != "completed":
        raise Refusal("TaskNotCompleted")
    if not task.failed:
        raise Refusal("TaskSucceeded")
    find_for(service, call, "reactivate task")
    task_life.reactivate(service, job, task)
    return changed(call, task, 204)


def subtasks(service: Service, call: Call) -> Answer:
    """The subtasks of a multi-instance task; other tasks have none."""
    _, task = find(service, call)
    return entries(call, "subtasks", [subtask(entry, call.base) for entry in task.subtasks or ()], frozenset())
