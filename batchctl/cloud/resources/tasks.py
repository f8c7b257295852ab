"""Tasks: to REST JSON and back with what is needed of them; `task_adding` sends many."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import partial

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json, task_path
from batchctl.cloud.clients.faults import error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import task_adding
from batchctl.cloud.resources.bodies import (
    give_digest,
    give_user,
    marked_outputs,
    merged,
    rest_dialect,
    travelling_digest,
)
from batchctl.cloud.resources.jobs import job_path
from batchctl.cloud.resources.nodes import last_words
from batchctl.cloud_answers import Outcome
from batchctl.errors import CloudError
from batchctl.frozen import replace
from batchctl.resources import Job, Task, generation_id
from batchctl.rest import Dialect
from batchctl.rules import Rule

MANY_TRIES = 5
"""So often a task fails that is tried without end, until somebody is told."""

SELECTED = "id,state,stateTransitionTime,executionInfo,environmentSettings,constraints"
NOT_SUCCEEDED = "state ne 'completed' or executionInfo/result eq 'failure'"
WITH_DEPENDENCIES = f"{SELECTED},dependsOn,exitConditions"


def observe(session: Session, job: Job, *, failed: bool = False) -> tuple[Task, ...]:
    """The job's tasks, or those alone that have not succeeded."""
    query = {"select": WITH_DEPENDENCIES if job.uses_task_dependencies else SELECTED}
    query |= {"filter": NOT_SUCCEEDED} if failed else {}
    # Parsed as they come: what a page says of its tasks is several times larger than what is kept.
    pages = partial(session.batch.pages, f"{job_path(job)}/tasks", **query)
    # A job that has gone since it was listed has no tasks.
    return session.find(lambda: tuple(map(_reader(session, job), pages()))) or ()


def observe_waiting(session: Session, job: Job) -> tuple[Task, ...]:
    """The job's tasks that are active, with what they want of nodes."""
    query = {"select": "id,state,requiredSlots,multiInstanceSettings", "filter": "state eq 'active'"}
    pages = partial(session.batch.pages, f"{job_path(job)}/tasks", **query)
    return session.find(lambda: tuple(map(_reader(session, job), pages()))) or ()


def retried_tasks(session: Session, job: Job) -> tuple[str, ...]:
    """By id, those that run and have failed MANY_TRIES times: a page, for the service does not filter by that."""
    query = {"filter": "state eq 'running'", "select": "id,executionInfo"}
    found = session.find(lambda: session.batch.get(f"{job_path(job)}/tasks", **query)) or {}
    tries = {item["id"]: (item.get("executionInfo") or {}).get("retryCount", 0) for item in found.get("value", ())}
    return tuple(task for task, count in tries.items() if count >= MANY_TRIES)


def has_unfinished_tasks(session: Session, job: Job) -> bool:
    query = {"filter": "state ne 'completed'", "select": "id", "maxresults": "1"}
    found = session.find(lambda: session.batch.get(f"{job_path(job)}/tasks", **query))
    return bool((found or {}).get("value"))


def create(session: Session, tasks: Sequence[Task], owner: str) -> Iterator[Outcome]:
    """Add all; a task that is there already with the same digest counts as added."""
    return task_adding.add_tasks(session, tasks, partial(task_body, session, rest_dialect(session), owner))


def update(session: Session, pairs: Sequence[tuple[Task, Task]], owner: str) -> Iterator[Outcome]:
    """New limits for tasks that have not ended; nothing else of a task can change."""
    return session.each([wanted for _, wanted in pairs], partial(_change_limits, session))


def adopt(session: Session, pairs: Sequence[tuple[Task, Task]], owner: str) -> Iterator[Outcome]:
    raise NotImplementedError("tasks come with their job")


def delete(session: Session, tasks: Sequence[Task], owner: str) -> Iterator[Outcome]:
    raise NotImplementedError("tasks go with their job")


def task_last_words(session: Session, task: Task, lines: int) -> tuple[str, ...]:
    return last_words(session, _task_path(task), "", lines)


def task_files(session: Session, task: Task) -> tuple[str, ...]:
    """The names of a run's files below its directory; none where they cannot be had any more."""
    pages = partial(session.batch.pages, f"{_task_path(task)}/files", recursive="true")
    try:
        return tuple(item["name"] for item in session.ask(lambda: list(pages())) if not item.get("isDirectory"))
    except CloudError as error:
        # Its node has gone, is in no state for it, or has cleaned up.
        if error.status in (404, 409):
            return ()
        raise


def _digest_of_manager(job: Job, item: Json) -> str:
    """What the job says of it, should the task not say it itself."""
    manager = job.job_manager_task
    return manager.content if manager and manager.id.lower() == item["id"].lower() else ""


def _task_path(task: Task) -> str:
    return task_path(generation_id(task.job, task.generation or 1), task.id)


def task_body(session: Session, dialect: Dialect, owner: str, task: Task) -> Json:
    """The task as Batch takes it; what is as Batch has it anyway is left out, for tasks may be very many."""
    # REST wants it even where it is empty: a container's own.
    body = {"commandLine": "", **dialect.write(task, sparse=True)}
    if outputs := marked_outputs(session, task, owner):
        body["outputFiles"] = outputs
    give_user(body)
    give_digest(body, task.digest)
    if task.contents:
        body["environmentSettings"].append({"name": marks.CONTENTS_SETTING, "value": task.contents})
    return merged(body, task.raw)


LIMITS = frozenset(f.name for f in fields(Task) if f.metadata.get("rule") is Rule.IN_PLACE)
"""What may change while the task has not ended (REST: Task - Replace Task)."""


def _change_limits(session: Session, task: Task) -> None:
    # PUT replaces them all: what is left out is as the service has it by default.
    limits = {"constraints": {}, **rest_dialect(session).write(task, only=LIMITS, sparse=True)}
    try:
        session.ask(lambda: session.batch.put(_task_path(task), limits))
    except CloudError as error:
        # It has ended meanwhile: there is nothing left to limit.
        if error.code != "TaskCompleted":
            raise


def _reader(session: Session, job: Job) -> Callable[[Json], Task]:
    """What makes a task of an item of the job's list."""
    dialect, plain = rest_dialect(session), Task(job=job.name, id="", generation=job.generation)

    def read(item: Json) -> Task:
        failure = (item.get("executionInfo") or {}).get("failureInfo")
        # A copy with what is said: to make one of a hundred thousand anew takes twice as long.
        return replace(
            plain,
            **dialect.read(Task, item),
            digest=travelling_digest(item) or _digest_of_manager(job, item),
            failure=(error_text(failure) or None) if failure else None,
        )

    return read
