"""A run of a task with all that Batch was given for it."""

from collections.abc import Iterator

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json, task_path
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import rest_dialect, travelling_contents, travelling_digest
from batchctl.resources import Task, generation_id
from batchctl.work import OutputFile, unsigned


def whole_task(session: Session, task: Task) -> Task | None:
    """One request; None where it is there no more."""
    job = generation_id(task.job, task.generation or 1)
    item = session.find(lambda: session.batch.get(task_path(job, task.id)))
    if item is None:
        return None
    return Task(
        **rest_dialect(session).read(Task, item),
        job=task.job,
        generation=task.generation,
        digest=travelling_digest(item) or task.digest,
        contents=travelling_contents(item),
        output_files=tuple(_read_outputs(session, item)),
    )


def _read_outputs(session: Session, item: Json) -> Iterator[OutputFile]:
    for output in item.get("outputFiles") or ():
        place = output["destination"]["container"]
        if f"x-ms-meta-{marks.LOG}" not in marks.from_pairs(place.get("uploadHeaders")):
            yield _read_output(session, output, place)


def _read_output(session: Session, item: Json, place: Json) -> OutputFile:
    ours = session.sas.place(place["containerUrl"])
    return OutputFile(
        file_pattern=item["filePattern"],
        container=ours[0] if ours else unsigned(place["containerUrl"]) or "",
        path=place.get("path"),
        upload_condition=item["uploadOptions"]["uploadCondition"],
    )
