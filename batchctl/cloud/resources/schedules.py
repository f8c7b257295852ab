"""Job schedules: to and from REST JSON, create, change, delete, and how their last job ended."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.faults import scheduling_error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import as_task, marked_outputs, merged, rest_dialect, travelling_digest, unsaid
from batchctl.cloud.resources.marked import Marked
from batchctl.cloud.resources.tasks import task_body
from batchctl.cloud_answers import Outcome
from batchctl.resources import AS_TASK, Job, Schedule
from batchctl.rest import Dialect
from batchctl.rules import asked_hashes
from batchctl.words import plural


def observe(session: Session) -> Iterator[Schedule]:
    for item in session.ask(lambda: list(session.batch.pages("/jobschedules"))):
        yield read_schedule(session, item)


def create(session: Session, schedules: Sequence[Schedule], owner: str) -> Iterator[Outcome]:
    return session.each(schedules, partial(MARKED.create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Schedule, Schedule]], owner: str) -> Iterator[Outcome]:
    return session.each([wanted for _, wanted in pairs], partial(_update_schedule, session, owner))


def adopt(session: Session, pairs: Sequence[tuple[Schedule, Schedule]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(MARKED.adopt, session, owner))


def delete(session: Session, schedules: Sequence[Schedule], owner: str) -> Iterator[Outcome]:
    """With it go the jobs that it made."""
    return session.each(schedules, partial(MARKED.delete, session, owner))


def with_last_job(schedule: Schedule, ended: frozenset[str]) -> Schedule:
    """`ended`: the ids of jobs that are completed."""
    return replace(schedule, runs=schedule.last_job is not None and schedule.last_job not in ended)


def how_last_job_ended(session: Session, schedule: Schedule) -> str | None:
    """`completed (AllTasksComplete): 2 tasks succeeded, 1 failed`; None where it is gone."""
    path = f"/jobs/{path_segment(schedule.last_job or '')}"
    item = session.find(lambda: session.batch.get(path, select="id,state,executionInfo")) if schedule.last_job else None
    if item is None:
        return None
    info = item.get("executionInfo") or {}
    why = scheduling_error_text(info) or info.get("terminateReason")
    answer = session.find(lambda: session.batch.get(f"{path}/taskcounts")) or {}
    counts = answer.get("taskCounts", answer)
    told = [f"{counts[word]} {word}" for word in ("active", "running", "failed") if counts.get(word)]
    succeeded = f"{plural(counts.get('succeeded', 0), 'task')} succeeded"
    return f"{item['state']}{f' ({why})' if why else ''}: {', '.join([succeeded, *told])}"


def schedule_body(session: Session, schedule: Schedule, owner: str) -> Json:
    """The schedule as `POST /jobschedules` takes it."""
    body = _dialect(session, schedule, owner).write(schedule)
    return {**body, **_changeable(session, body, schedule, owner)}


def _changeable(session: Session, body: Json, schedule: Schedule, owner: str) -> Json:
    """What REST lets change (Job Schedules - Patch Job Schedule), all of it: each part is replaced whole."""
    marked = {**marks.spec_marks(owner, schedule, session.service_clock.now()), **_own_marks(schedule)}
    metadata = marks.to_pairs([*marked.items(), (marks.DIGEST, asked_hashes(schedule)), *schedule.metadata])
    return {"schedule": body.get("schedule", {}), "jobSpecification": body["jobSpecification"], "metadata": metadata}


def _update_schedule(session: Session, owner: str, schedule: Schedule) -> None:
    body = _dialect(session, schedule, owner).write(schedule)
    patch = _changeable(session, body, schedule, owner)
    session.ask(lambda: session.batch.patch(schedule_path(schedule), patch))


def _dialect(session: Session, schedule: Schedule, owner: str) -> Dialect:
    plain = rest_dialect(session)
    return replace(plain, writers={**plain.writers, Job: partial(_specification_body, session, schedule, owner)})


def _specification_body(session: Session, schedule: Schedule, owner: str, job: Job) -> Json:
    """A job that ends with its tasks: while one is open, the schedule makes no other."""
    dialect = rest_dialect(session)
    body = {**dialect.write(job), "onAllTasksComplete": "terminatejob"}
    del body["id"]
    if (own := job.job_manager_task) and (outputs := marked_outputs(session, as_task(job, own), owner)):
        body["jobManagerTask"]["outputFiles"] = outputs
    if schedule.task is not None:
        manager = task_body(session, dialect, owner, schedule.task)
        body["jobManagerTask"] = {**manager, "killJobOnCompletion": False, "runExclusive": False}
    return merged(body, job.raw)


def read_schedule(session: Session, item: Json) -> Schedule:
    metadata = marks.from_pairs(item.get("metadata"))
    plain = rest_dialect(session)
    dialect = replace(plain, readers={**plain.readers, Job: partial(_read_specification, session)})
    digest = travelling_digest(item["jobSpecification"].get("jobManagerTask") or {})
    ours: dict[str, Any] = {
        "metadata": marks.user_labels(item.get("metadata")),
        "owner": metadata.get(marks.OWNER),
        "stamp": marks.read_stamp(metadata),
        "asked": metadata.get(marks.DIGEST, ""),
    }
    found = Schedule(**{**dialect.read(Schedule, item), **ours})
    if not digest.endswith(AS_TASK):
        return found
    return replace(found, digest=digest, job=replace(found.job, job_manager_task=None))


def _read_specification(session: Session, body: Json) -> Job:
    found = rest_dialect(session).read(Job, body)
    labels = marks.user_labels(body.get("metadata"))
    return Job(**{"name": "", "pool": "", **found, "metadata": labels, "raw": unsaid(Job, body)})


def schedule_path(schedule: Schedule) -> str:
    return f"/jobschedules/{path_segment(schedule.name)}"


def _own_marks(_schedule: Schedule) -> dict[str, str]:
    return {}


MARKED = Marked(
    send=lambda session, body: session.batch.post("/jobschedules", body),
    path=schedule_path,
    body=schedule_body,
    own_marks=_own_marks,
    exists="JobScheduleExists",
    being_deleted="JobScheduleBeingDeleted",
)
