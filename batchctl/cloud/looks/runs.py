"""How a spec's job and its tasks go: its generations with their counts, and the runs of its tasks."""

from functools import partial
from itertools import islice

from batchctl.cloud.clients.batch import Json, path_segment, task_path
from batchctl.cloud.clients.session import Session
from batchctl.cloud.looks.reading import read_generation, read_run, read_use
from batchctl.cloud.resources.bodies import read_resource_file
from batchctl.cloud.resources.jobs import job_path, read_job
from batchctl.resources import Job
from batchctl.sights import JobSight, JobUse, Place, TaskSight
from batchctl.work import ResourceFile

MOST_INPUTS = 50
"""Files of a task that are told; more are as good as all."""

TELLING = "id,state,creationTime,executionInfo,nodeInfo,requiredSlots"
BRIEFLY = "id,state,executionInfo"
"""A third of it in bytes: where a node is takes many."""


def generations(session: Session, owner: str) -> tuple[JobSight, ...]:
    """The jobs that bear the mark of a spec, oldest first; a request for the list, and one for the counts of each."""
    listed = [(read_job(session, item), item) for item in session.ask(lambda: list(session.batch.pages("/jobs")))]
    ours = sorted(((job, item) for job, item in listed if job.owner == owner), key=lambda pair: pair[0].generation)
    with session.workers() as pool:
        counted = pool.map(lambda pair: _counts(session, pair[0]), ours)
        return tuple(read_generation(job, item, counts) for (job, item), counts in zip(ours, counted, strict=True))


def _counts(session: Session, job: Job) -> Json:
    return session.find(lambda: session.batch.get(f"{job_path(job)}/taskcounts")) or {}


def runs_of(session: Session, job: JobSight, states: str = "", most: int | None = None) -> tuple[TaskSight, ...]:
    """The runs of a generation; `states`: those that this OData filter lets through; `most`: no more, and BRIEFLY."""
    path, query = f"/jobs/{path_segment(job.id)}/tasks", {"select": TELLING} | ({"filter": states} if states else {})
    if most:
        query |= {"maxresults": str(most), "select": BRIEFLY}

    def found() -> tuple[TaskSight, ...]:
        # Parsed as they come: there may be very many.
        items = islice(session.batch.pages(path, **query), most)
        return tuple(read_run(job.id, job.generation, item) for item in items)

    return session.find(found) or ()


def inputs_of(session: Session, job: JobSight) -> dict[str, tuple[ResourceFile, ...]]:
    """What the tasks of a generation took, by their ids in small letters."""
    path, query = f"/jobs/{path_segment(job.id)}/tasks", {"select": "id,resourceFiles"}
    read = partial(read_resource_file, session)
    return (
        session.find(
            lambda: {
                item["id"].lower(): tuple(map(read, (item.get("resourceFiles") or ())[:MOST_INPUTS]))
                for item in session.batch.pages(path, **query)
            }
        )
        or {}
    )


def use_of(session: Session, job: JobSight) -> JobUse | None:
    """What a generation used, as the service sums it up."""
    return read_use(session.find(lambda: session.batch.get(f"/jobs/{path_segment(job.id)}", expand="stats")) or {})


def run_at(session: Session, place: Place) -> TaskSight | None:
    """One task; of which generation its job is, the place does not tell."""
    item = session.find(lambda: session.batch.get(task_path(place.above, place.id), select=TELLING))
    return read_run(place.above, 0, item) if item else None
