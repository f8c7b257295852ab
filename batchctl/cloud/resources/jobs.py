"""Jobs, one object per generation: to and from REST JSON, create, change, seal, delete, count."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.faults import error_text, scheduling_error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import as_task, marked_outputs, merged, rest_dialect, unsaid
from batchctl.cloud.resources.marked import Marked
from batchctl.cloud_answers import Counts, JobStanding, Outcome
from batchctl.errors import CloudError, Partial
from batchctl.resources import Job
from batchctl.rules import Rule, asked_hashes
from batchctl.sights import GIVEN_UP
from batchctl.words import some

TERMINATING = "terminating"
"""A job that is wanted in this state is ended."""

OVER = ("JobBeingTerminated", "JobCompleted")
"""What the service says of a job that takes no more changes because it has ended, or is about to."""


def observe(session: Session) -> Iterator[Job]:
    for item in session.ask(lambda: list(session.batch.pages("/jobs"))):
        yield read_job(session, item)


def create(session: Session, jobs: Sequence[Job], owner: str) -> Iterator[Outcome]:
    return session.each(jobs, partial(MARKED.create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Job, Job]], owner: str) -> Iterator[Outcome]:
    return session.each([wanted for _, wanted in pairs], partial(_update_job, session, owner))


def adopt(session: Session, pairs: Sequence[tuple[Job, Job]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(MARKED.adopt, session, owner))


def delete(session: Session, jobs: Sequence[Job], owner: str) -> Iterator[Outcome]:
    return session.each(jobs, partial(MARKED.delete, session, owner))


def seal_job(session: Session, job: Job, added: frozenset[str]) -> None:
    """Switch the job to end with its tasks, once it holds what was added (design D7)."""
    listed = session.ask(lambda: list(session.batch.pages(f"{job_path(job)}/tasks", select="id")))
    missing = added - {item["id"] for item in listed}
    if missing:
        raise Partial(
            f"job {job.id!r} lacks {len(missing)} of the tasks that were added ({some(sorted(missing))}); apply again"
        )
    try:
        session.ask(lambda: session.batch.patch(job_path(job), {"onAllTasksComplete": "terminatejob"}))
    except CloudError as error:
        if error.code not in OVER:
            raise
        # Our own request may have been done although its answer was lost, and the job have ended since.
        if not _is_sealed(session, job):
            why = job_standing(session, job).why
            said = f"job {job.id!r} ended{f' ({why})' if why else ''} while its tasks were added; apply again"
            raise Partial(said) from error


def _is_sealed(session: Session, job: Job) -> bool:
    item = session.ask(lambda: session.batch.get(job_path(job), select="id,onAllTasksComplete"))
    return str(item.get("onAllTasksComplete", "")).lower() == "terminatejob"


def task_counts(session: Session, job: Job) -> Counts:
    answer = session.ask(lambda: session.batch.get(f"{job_path(job)}/taskcounts"))
    found = answer.get("taskCounts", answer)
    return Counts(
        active=found.get("active", 0),
        running=found.get("running", 0),
        succeeded=found.get("succeeded", 0),
        failed=found.get("failed", 0),
    )


def job_standing(session: Session, job: Job) -> JobStanding:
    item = session.find(lambda: session.batch.get(job_path(job), select="id,state,executionInfo"))
    if item is None:
        return JobStanding(state="gone")
    info = item.get("executionInfo") or {}
    why = scheduling_error_text(info) or str(info.get("terminateReason") or "")
    return JobStanding(state=str(item.get("state", "")).lower(), why=why)


def failed_preparations(session: Session, job: Job) -> tuple[str, ...]:
    """Of each node on which the job's preparation failed for good, how (REST: List Job Preparation And Release Task
    Status)."""
    path = f"{job_path(job)}/jobpreparationandreleasetaskstatus"
    listed = session.find(lambda: list(session.batch.pages(path, select="nodeId,jobPreparationTaskExecutionInfo")))
    infos = (item.get("jobPreparationTaskExecutionInfo") or {} for item in listed or ())
    return tuple(_how_it_failed(info) for info in infos if _has_failed(info))


def _has_failed(info: Json) -> bool:
    return (str(info.get("state", "")).lower(), str(info.get("result", "")).lower()) == ("completed", "failure")


def _how_it_failed(info: Json) -> str:
    failure = info.get("failureInfo") or {}
    code = info.get("exitCode")
    return f"exit code {code}" if code is not None else error_text(failure) or "no error given"


def is_over(session: Session, job: Job) -> bool:
    """Does nothing of it run any more, its release tasks included?"""
    return _job_state(session, job) in (None, "completed")


def pool_of_job(session: Session, job: Job) -> str | None:
    """The pool that the job was given, where the service makes one (REST: JobExecutionInformation.poolId)."""
    item = session.find(lambda: session.batch.get(job_path(job), select="id,executionInfo"))
    found = (item or {}).get("executionInfo", {}).get("poolId")
    return str(found) if found else None


def job_path(job: Job) -> str:
    return f"/jobs/{path_segment(job.id)}"


def job_body(session: Session, job: Job, owner: str) -> Json:
    """The job as `POST /jobs` takes it: open, so that no race ends it before its tasks are in (design D7); but with a
    manager alone, which is in it from the beginning, it may end with that."""
    ends = "terminatejob" if job.sealed and job.job_manager_task else "noaction"
    said = {"id": job.id, "metadata": job_metadata(session, job, owner, asked_hashes(job)), "onAllTasksComplete": ends}
    body = {**rest_dialect(session).write(job), **said}
    if (manager := job.job_manager_task) and (outputs := marked_outputs(session, as_task(job, manager), owner)):
        body["jobManagerTask"]["outputFiles"] = outputs
    if job.auto_pool is not None:
        del body["poolInfo"]["poolId"]
        if job.auto_pool.keep_alive:
            # Nobody else knows whose it is once the job is gone.
            pool = body["poolInfo"]["autoPoolSpecification"]["pool"]
            pool["metadata"] = [*marks.to_pairs(_whose(session, job, owner)), *pool.get("metadata", [])]
    return merged(body, job.raw)


def _whose(session: Session, job: Job, owner: str) -> dict[str, str]:
    text = {marks.TEXT: job.stamp.text} if job.stamp.text else {}
    return {**marks.spec_marks(owner, job, session.service_clock.now()), **_own_marks(job), **text}


def read_job(session: Session, item: Json) -> Job:
    metadata = marks.from_pairs(item.get("metadata"))
    found = rest_dialect(session).read(Job, item)
    name, generation = marks.generation_of(item["id"], metadata)
    ours = {
        "name": name,
        "metadata": marks.user_labels(item.get("metadata")),
        "generation": generation,
        "owner": metadata.get(marks.OWNER),
        "stamp": marks.read_stamp(metadata),
        "asked": metadata.get(marks.DIGEST, ""),
        "raw": unsaid(Job, item),
        "sealed": str(item.get("onAllTasksComplete", "")).lower() == "terminatejob",
    }
    # A job of others may make a pool of its own, which has no id in it.
    return Job(**{"pool": "", **found, **ours})


IN_PLACE = frozenset(f.name for f in fields(Job) if f.metadata.get("rule") is Rule.IN_PLACE)
"""What may change while the job lives (REST: Job - Patch Job)."""


def job_metadata(session: Session, job: Job, owner: str, asked: str) -> list[dict[str, str]]:
    """Our marks, which say what was asked last, and the user's labels."""
    marked = {**_whose(session, job, owner), marks.DIGEST: asked}
    return marks.to_pairs([*marked.items(), *job.metadata])


def _asked_by_now(job: Job) -> str:
    """What was asked of each field of a job that is there: of what no patch changes, as it was made. What the service
    holds of that, nobody may have asked for."""
    first, now = (dict(told.split("=") for told in text.split(";") if told) for text in (job.asked, asked_hashes(job)))
    changed = {name: told for name, told in now.items() if name in IN_PLACE}
    return ";".join(f"{name}={told}" for name, told in (first | changed).items())


def _own_marks(job: Job) -> dict[str, str]:
    return {marks.JOB: job.name, marks.GENERATION: str(job.generation)}


MARKED = Marked(
    send=lambda session, body: session.batch.post("/jobs", body),
    path=job_path,
    body=job_body,
    own_marks=_own_marks,
    exists="JobExists",
    being_deleted="JobBeingDeleted",
)


def _update_job(session: Session, owner: str, job: Job) -> None:
    if job.state == TERMINATING:
        _end_job(session, job)
    else:
        patch = rest_dialect(session).write(job, only=IN_PLACE)
        patch["metadata"] = job_metadata(session, job, owner, _asked_by_now(job))
        session.ask(lambda: session.batch.patch(job_path(job), patch))


def _end_job(session: Session, job: Job) -> None:
    """Returns when nothing of it runs any more."""
    try:
        session.find(lambda: session.batch.post(f"{job_path(job)}/terminate", {"terminateReason": GIVEN_UP}))
    except CloudError as error:
        if error.code not in OVER:
            raise
    session.until(lambda: _job_state(session, job) != TERMINATING, f"job {job.id!r} has not ended")


def _job_state(session: Session, job: Job) -> str | None:
    item = session.find(lambda: session.batch.get(job_path(job), select="id,state"))
    return str(item.get("state", "")).lower() if item else None
