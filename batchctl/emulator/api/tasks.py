"""What clients ask of tasks."""

from batchctl.emulator import times
from batchctl.emulator.admission.tasks import full_constraints
from batchctl.emulator.api.jobs import find_job, find_job_for
from batchctl.emulator.life import intake, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import Job, Json, Task, asked_text
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.job_bodies import TASK_COLLECTION
from batchctl.emulator.wire.messages import (
    Answer,
    Call,
    answer_changed,
    answer_made,
    check_conditions,
    entity_headers,
    list_entries,
    list_records,
    show_record,
)
from batchctl.emulator.wire.task_bodies import TASK_UPDATE
from batchctl.emulator.wire.views import TASK as VIEW
from batchctl.emulator.wire.views import subtask_entry, task_url

MOST_BYTES = 1_048_576  # of a request that adds tasks, as the REST pages have it


def find_task(service: Service, call: Call) -> tuple[Job, Task]:
    """The task that the path names, and its job."""
    job = find_job(service, call)
    task = job.tasks.get(call.params["task"].lower())
    if task is None:
        raise Refusal("TaskNotFound")
    return job, task


def create_task(service: Service, call: Call) -> Answer:
    if len(call.content) > MOST_BYTES:
        raise _too_large()
    job = find_job_for(service, call, "add task")
    task = intake.add_task(service, job, call.json())
    return answer_made(task_url(job.id, task.id, call.base), task)


def _too_large() -> Refusal:
    return Refusal("RequestBodyTooLarge", (("MaxLimit", str(MOST_BYTES)),))


def create_tasks(service: Service, call: Call) -> Answer:
    """Each task has a result of its own; a bad one does not stop the others."""
    if len(call.content) > MOST_BYTES:
        raise _too_large()
    job = find_job_for(service, call, "add task")
    results = [_collection_result(service, call, job, asked) for asked in call.body(TASK_COLLECTION)["value"]]
    return Answer(200, {"odata.metadata": f"{call.base}/$metadata#taskaddresult", "value": results})


def _collection_result(service: Service, call: Call, job: Job, asked: object) -> Json:
    name = asked.get("id") if isinstance(asked, dict) else None
    try:
        task = intake.add_task(service, job, asked)
    except Refusal as refusal:
        status = "ClientError" if refusal.status < 500 else "ServerError"
        named = {"taskId": name} if isinstance(name, str) else {}
        return {"status": status, **named, "error": refusal.brief()}
    return {
        "status": "Success",
        "taskId": task.id,
        "eTag": task.etag,
        "lastModified": times.stamp(task.modified),
        "location": task_url(job.id, task.id, call.base),
    }


def get_task(service: Service, call: Call) -> Answer:
    return show_record(call, VIEW, find_task(service, call)[1])


def list_tasks(service: Service, call: Call) -> Answer:
    return list_records(call, VIEW, find_job(service, call).tasks.in_order())


def replace_task(service: Service, call: Call) -> Answer:
    """Only the constraints of a task can change; a task that was read before may be sent back whole."""
    job, task = find_task(service, call)
    check_conditions(call, task)
    given = call.json()
    change = TASK_UPDATE({"constraints": given.get("constraints")} if isinstance(given, dict) else given)
    if task.state == "completed":
        raise Refusal("TaskCompleted")
    retries = job.spec["constraints"]["maxTaskRetryCount"]
    spec = {**task.spec, "constraints": full_constraints(retries, change)}
    service.store.ask(task, asked_text(spec))
    return answer_changed(call, task)


def delete_task(service: Service, call: Call) -> Answer:
    job, task = find_task(service, call)
    check_conditions(call, task)
    task_life.remove_task(service, job, task)
    return Answer(200)


def terminate_task(service: Service, call: Call) -> Answer:
    job, task = find_task(service, call)
    check_conditions(call, task)
    if task.state == "completed":
        raise Refusal("TaskCompleted")
    if task.seq in job.at_work:
        task_life.interrupt_task(service, job, task, KillReason.TERMINATE)
    else:
        task_life.complete_task(service, job, task, task_life.ended_by_user())
    return answer_changed(call, task, 204)


def reactivate_task(service: Service, call: Call) -> Answer:
    job, task = find_task(service, call)
    check_conditions(call, task)
    if task.state != "completed":
        raise Refusal("TaskNotCompleted")
    if not task.failed:
        raise Refusal("TaskSucceeded")
    find_job_for(service, call, "reactivate task")
    task_life.reactivate_task(service, job, task)
    return Answer(204, None, entity_headers(task))


def list_subtasks(service: Service, call: Call) -> Answer:
    """The subtasks of a multi-instance task; other tasks have none."""
    _, task = find_task(service, call)
    return list_entries(
        call, "subtaskinfo", [subtask_entry(entry, call.base) for entry in task.subtasks or ()], frozenset()
    )
