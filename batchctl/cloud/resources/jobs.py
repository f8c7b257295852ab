"""Jobs, one object per generation: to and from REST JSON, create, change, seal, delete, count."""

from collections.abc import Iterator, Sequence
from functools import partial

from batchctl.cloud.clients.batch import Json, segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks
from batchctl.cloud.resources.durations import duration, limits_body
from batchctl.cloud.resources.files import settings, settings_body
from batchctl.cloud.resources.job_tasks import job_tasks_body, preparation_task, release_task
from batchctl.cloud_answers import Counts, Outcome
from batchctl.errors import CloudError, Partial, Refused
from batchctl.resources import Job
from batchctl.rules import asked
from batchctl.words import some

TERMINATING = "terminating"
"""A job that is wanted in this state is ended."""

GIVEN_UP = "BatchctlGaveUp"
"""Why we ended it: what was left in it could never run, or was not to run any more."""


OVER = ("JobBeingTerminated", "JobCompleted")
"""What the service says of a job that takes no more changes because it has ended, or is about to."""


def observe(session: Session) -> Iterator[Job]:
    for item in session.ask(lambda: list(session.batch.pages("/jobs"))):
        yield parse(session, item)


def create(session: Session, jobs: Sequence[Job], owner: str) -> Iterator[Outcome]:
    return session.each(jobs, partial(_create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Job, Job]], owner: str) -> Iterator[Outcome]:
    return session.each([wanted for _, wanted in pairs], partial(_update, session, owner))


def adopt(session: Session, pairs: Sequence[tuple[Job, Job]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(_adopt, session, owner))


def delete(session: Session, jobs: Sequence[Job], owner: str) -> Iterator[Outcome]:
    return session.each(jobs, partial(_delete, session, owner))


def seal(session: Session, job: Job, added: frozenset[str]) -> None:
    """Switch the job to end with its tasks, once it holds what was added (design D7)."""
    listed = session.ask(lambda: list(session.batch.pages(f"{path(job)}/tasks", select="id")))
    missing = added - {item["id"] for item in listed}
    if missing:
        raise Partial(
            f"job {job.id!r} lacks {len(missing)} of the tasks that were added ({some(sorted(missing))}); apply again"
        )
    try:
        session.ask(lambda: session.batch.patch(path(job), {"onAllTasksComplete": "terminatejob"}))
    except CloudError as error:
        # Our own request may have been done although its answer was lost, and the job have ended since.
        if error.code not in OVER or not _is_sealed(session, job):
            raise


def _is_sealed(session: Session, job: Job) -> bool:
    item = session.ask(lambda: session.batch.get(path(job), select="id,onAllTasksComplete"))
    return str(item.get("onAllTasksComplete", "")).lower() == "terminatejob"


def counts(session: Session, job: Job) -> Counts:
    answer = session.ask(lambda: session.batch.get(f"{path(job)}/taskcounts"))
    found = answer.get("taskCounts", answer)
    return Counts(
        active=found.get("active", 0),
        running=found.get("running", 0),
        succeeded=found.get("succeeded", 0),
        failed=found.get("failed", 0),
    )


def ended(session: Session, job: Job) -> str | None:
    """Why the job has ended, None while it has not."""
    item = session.find(lambda: session.batch.get(path(job), select="id,state,executionInfo"))
    if item is None:
        return "it was deleted"
    if str(item.get("state", "")).lower() in ("terminating", "completed", "deleting"):
        return str((item.get("executionInfo") or {}).get("terminateReason", "it was ended"))
    return None


def path(job: Job) -> str:
    return f"/jobs/{segment(job.id)}"


def body(session: Session, job: Job, owner: str) -> Json:
    """The job as `POST /jobs` takes it: open, so that no race ends it before its tasks are in (design D7)."""
    return {
        "id": job.id,
        "poolInfo": {"poolId": job.pool},
        **_in_place(session, job, owner),
        "commonEnvironmentSettings": settings_body(job.environment),
        **job_tasks_body(session, job.job_preparation_task, job.job_release_task),
        "onAllTasksComplete": "noaction",
        "onTaskFailure": job.on_task_failure.lower(),
        "usesTaskDependencies": job.uses_task_dependencies,
        **({"displayName": job.display_name} if job.display_name else {}),
    }


def parse(session: Session, item: Json) -> Job:
    metadata = marks.from_pairs(item.get("metadata"))
    limits = item.get("constraints") or {}
    environment, _ = settings(item.get("commonEnvironmentSettings"))
    return Job(
        name=metadata.get(marks.JOB) or item["id"],
        pool=(item.get("poolInfo") or {}).get("poolId", ""),
        priority=item.get("priority", 0),
        max_wall_clock_time=duration(limits.get("maxWallClockTime")),
        max_task_retry_count=limits.get("maxTaskRetryCount", 0),
        environment=environment,
        display_name=item.get("displayName"),
        max_parallel_tasks=item.get("maxParallelTasks", -1),
        allow_task_preemption=item.get("allowTaskPreemption", False),
        on_task_failure=str(item.get("onTaskFailure", "noaction")).lower(),
        job_preparation_task=preparation_task(session, item.get("jobPreparationTask")),
        job_release_task=release_task(session, item.get("jobReleaseTask")),
        uses_task_dependencies=item.get("usesTaskDependencies", False),
        metadata=marks.labels(item.get("metadata")),
        generation=int(metadata.get(marks.GENERATION, "1")),
        owner=metadata.get(marks.OWNER),
        stamp=marks.stamp(metadata),
        asked=metadata.get(marks.DIGEST, ""),
        state=str(item.get("state", "")).lower(),
        sealed=str(item.get("onAllTasksComplete", "")).lower() == "terminatejob",
    )


def _in_place(session: Session, job: Job, owner: str) -> Json:
    """What may change while the job lives (REST: Job - Patch Job). Our marks go along: they say what was asked last."""
    marked = {
        **marks.stamped(owner, job, session.clock.now()),
        marks.JOB: job.name,
        marks.GENERATION: str(job.generation),
        marks.DIGEST: asked(job),
    }
    return {
        "priority": job.priority,
        "maxParallelTasks": job.max_parallel_tasks,
        "allowTaskPreemption": job.allow_task_preemption,
        "constraints": limits_body(
            maxWallClockTime=job.max_wall_clock_time, maxTaskRetryCount=job.max_task_retry_count
        ),
        "metadata": marks.pairs([*marked.items(), *job.metadata]),
    }


def _create(session: Session, owner: str, job: Job) -> None:
    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post("/jobs", body(session, job, owner)))
        except CloudError as error:
            if error.code == "JobBeingDeleted":
                return False
            # Our own request may have been done although its answer was lost: then our mark and digest are there.
            if error.code != "JobExists" or not _is_ours(session, owner, job):
                raise
        return True

    session.until(attempt, f"job {job.id!r} is still being deleted")


def _update(session: Session, owner: str, job: Job) -> None:
    if job.state == TERMINATING:
        _end(session, job)
    else:
        session.ask(lambda: session.batch.patch(path(job), _in_place(session, job, owner)))


def _end(session: Session, job: Job) -> None:
    """Returns when nothing of it runs any more."""
    try:
        session.find(lambda: session.batch.post(f"{path(job)}/terminate", {"terminateReason": GIVEN_UP}))
    except CloudError as error:
        if error.code not in OVER:
            raise
    session.until(lambda: _state(session, job) != TERMINATING, f"job {job.id!r} has not ended")


def _state(session: Session, job: Job) -> str | None:
    item = session.find(lambda: session.batch.get(path(job), select="id,state"))
    return str(item.get("state", "")).lower() if item else None


def _delete(session: Session, owner: str, job: Job) -> None:
    item = session.find(lambda: session.batch.get(path(job)))
    if item is None:
        return
    if marks.from_pairs(item.get("metadata")).get(marks.OWNER) != owner:
        raise Refused([f"job {job.id!r} does not bear our mark any more"])
    try:
        session.find(lambda: session.batch.delete(path(job)))
    except CloudError as error:
        if error.code != "JobBeingDeleted":
            raise
    session.until(lambda: session.find(lambda: session.batch.get(path(job))) is None, f"job {job.id!r} is not gone")


def _adopt(session: Session, owner: str, job: Job) -> None:
    item = session.ask(lambda: session.batch.get(path(job)))
    ours = {marks.JOB: job.name, marks.GENERATION: str(job.generation)}
    metadata = marks.from_pairs(item.get("metadata")) | ours | marks.stamped(owner, job, session.clock.now())
    session.ask(lambda: session.batch.patch(path(job), {"metadata": marks.pairs(metadata)}))


def _is_ours(session: Session, owner: str, job: Job) -> bool:
    item = session.find(lambda: session.batch.get(path(job)))
    metadata = marks.from_pairs(item.get("metadata")) if item else {}
    return metadata.get(marks.OWNER) == owner and metadata.get(marks.DIGEST) == asked(job)
