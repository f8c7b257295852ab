"""Tasks: to REST JSON and back with what is needed of them; `adding` sends many."""

from collections.abc import Iterator, Sequence
from functools import partial

from batchctl.cloud.clients.batch import Json, segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks, task_adding
from batchctl.cloud.resources.durations import duration, limits_body
from batchctl.cloud.resources.files import (
    container_body,
    identity_body,
    output_file_body,
    resource_file_body,
    settings,
    settings_body,
)
from batchctl.cloud.resources.jobs import path
from batchctl.cloud.resources.nodes import tail as file_tail
from batchctl.cloud_answers import Outcome
from batchctl.configurations import ExitConditions, TaskDependencies
from batchctl.errors import CloudError
from batchctl.resources import RETENTION, Job, Task, generation_id
from batchctl.rest import from_rest, to_rest

SELECTED = "id,state,executionInfo,environmentSettings,constraints"
NOT_SUCCEEDED = "state ne 'completed' or executionInfo/result eq 'failure'"
WITH_DEPENDENCIES = f"{SELECTED},dependsOn,exitConditions"


def observe(session: Session, job: Job, *, failed: bool = False) -> tuple[Task, ...]:
    """The job's tasks, or those alone that have not succeeded."""
    query = {"select": WITH_DEPENDENCIES if job.uses_task_dependencies else SELECTED}
    query |= {"filter": NOT_SUCCEEDED} if failed else {}
    # Parsed as they come: what a page says of its tasks is several times larger than what is kept.
    return session.find(lambda: tuple(parse(job, i) for i in session.batch.pages(f"{path(job)}/tasks", **query))) or ()


def unfinished(session: Session, job: Job) -> bool:
    query = {"filter": "state ne 'completed'", "select": "id", "maxresults": "1"}
    found = session.find(lambda: session.batch.get(f"{path(job)}/tasks", **query))
    return bool((found or {}).get("value"))


def create(session: Session, tasks: Sequence[Task], owner: str) -> Iterator[Outcome]:
    """Add all; a task that is there already with the same digest counts as added."""
    return task_adding.add(session, tasks, partial(body, session, owner=owner))


def update(session: Session, pairs: Sequence[tuple[Task, Task]], owner: str) -> Iterator[Outcome]:
    """New limits for tasks that have not ended; nothing else of a task can change."""
    return session.each([wanted for _, wanted in pairs], partial(_limit, session))


def adopt(session: Session, pairs: Sequence[tuple[Task, Task]], owner: str) -> Iterator[Outcome]:
    raise NotImplementedError("tasks come with their job")


def delete(session: Session, tasks: Sequence[Task], owner: str) -> Iterator[Outcome]:
    raise NotImplementedError("tasks go with their job")


def tail(session: Session, task: Task, lines: int) -> tuple[str, ...]:
    job = generation_id(task.job, task.generation or 1)
    file = f"/jobs/{segment(job)}/tasks/{segment(task.id)}/files/{segment('stderr.txt')}"
    return file_tail(session, file)[-lines:]


def body(session: Session, task: Task, owner: str) -> Json:
    """The task as Batch takes it; its digest travels in the environment, tasks have no metadata."""
    mark = {marks.OWNER: owner, marks.TASK: task.id}
    told = {
        "displayName": task.display_name,
        "exitConditions": task.exit_conditions,
        "dependsOn": task.depends_on,
    }
    return {
        "id": task.id,
        "commandLine": task.command_line,
        "resourceFiles": [resource_file_body(session, f) for f in task.resource_files],
        "outputFiles": [output_file_body(session, o, mark) for o in task.output_files],
        "environmentSettings": settings_body((*task.environment, (marks.DIGEST_SETTING, task.digest))),
        "userIdentity": identity_body(task.elevation),
        "requiredSlots": task.required_slots,
        "constraints": _constraints(task),
        **container_body(task.container_settings),
        **{name: to_rest(value) for name, value in told.items() if value is not None},
    }


def _constraints(task: Task) -> Json:
    retention = task.retention_time if task.retention_time != RETENTION else None
    return limits_body(
        maxWallClockTime=task.max_wall_clock_time,
        retentionTime=retention,
        maxTaskRetryCount=task.max_task_retry_count,
    )


def _limit(session: Session, task: Task) -> None:
    job = generation_id(task.job, task.generation or 1)
    try:
        session.ask(
            lambda: session.batch.put(
                f"/jobs/{segment(job)}/tasks/{segment(task.id)}", {"constraints": _constraints(task)}
            )
        )
    except CloudError as error:
        # It has ended meanwhile: there is nothing left to limit.
        if error.code != "TaskCompleted":
            raise


def parse(job: Job, item: Json) -> Task:
    environment, digest = settings(item.get("environmentSettings"))
    run = item.get("executionInfo") or {}
    failure = run.get("failureInfo") or {}
    limits = item.get("constraints") or {}
    said = f"{failure.get('code', '')}: {failure.get('message', '')}".strip(": ")
    return Task(
        job=job.name,
        id=item["id"],
        environment=environment,
        max_wall_clock_time=duration(limits.get("maxWallClockTime")),
        max_task_retry_count=limits.get("maxTaskRetryCount"),
        retention_time=duration(limits.get("retentionTime")) or RETENTION,
        depends_on=from_rest(TaskDependencies, item["dependsOn"]) if item.get("dependsOn") else None,
        exit_conditions=from_rest(ExitConditions, item["exitConditions"]) if item.get("exitConditions") else None,
        digest=digest,
        generation=job.generation,
        state=str(item.get("state", "")).lower(),
        result=str(run["result"]).lower() if "result" in run else None,
        exit_code=run.get("exitCode"),
        failure=said or None,
    )
