"""Many tasks added: a hundred a request, some requests at once, and no more in memory than is on its way."""

import json
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import field
from functools import partial
from itertools import groupby

from batchctl.cloud.clients.batch import Json, path_segment, task_path
from batchctl.cloud.clients.faults import error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import travelling_digest
from batchctl.cloud_answers import Outcome
from batchctl.errors import BatchctlError, CloudError
from batchctl.frozen import dataclass
from batchctl.resources import Task, generation_id

MOST_TASKS = 100
"""Tasks that one `addtaskcollection` takes (REST: Tasks - Create Task Collection)."""

MOST_BYTES = 900_000
"""Bytes of one request; the service refuses more than 1 MB."""

WITHIN = 300.0
"""Seconds over which the service may put off single tasks of a request."""


# json.dumps would make an encoder for each of very many tasks.
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class TaskChunk:
    """Tasks of one job that go in one request, each with its body as JSON."""

    job: str
    tasks: list[Task] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    size: int = 0

    def takes(self, length: int) -> bool:
        return not self.tasks or (len(self.tasks) < MOST_TASKS and self.size + length <= MOST_BYTES)

    def put(self, task: Task, body: bytes) -> None:
        self.tasks.append(task)
        self.bodies.append(body)
        self.size += len(body)


def add_tasks(session: Session, tasks: Sequence[Task], body: Callable[[Task], Json]) -> Iterator[Outcome]:
    """Add all; a task that is there already with the same digest counts as added."""
    with session.workers() as pool:
        for outcomes in session.streamed(pool, partial(_add_chunk, session), task_chunks(tasks, body)):
            yield from outcomes


def task_chunks(tasks: Sequence[Task], body: Callable[[Task], Json]) -> Iterator[TaskChunk]:
    """By count and by bytes. A task that is too large for any request is alone in its chunk."""
    for job, group in groupby(tasks, key=lambda t: generation_id(t.job, t.generation or 1)):
        chunk = TaskChunk(job)
        for task in group:
            wanted = _encoded(body(task)).encode()
            if not chunk.takes(len(wanted)):
                yield chunk
                chunk = TaskChunk(job)
            chunk.put(task, wanted)
        yield chunk


def _add_chunk(session: Session, chunk: TaskChunk) -> list[Outcome]:
    if chunk.size > MOST_BYTES:
        return [Outcome(resource=chunk.tasks[0], error=_too_large(chunk))]
    path = f"/jobs/{path_segment(chunk.job)}/addtaskcollection"
    left = {task.id: (task, body) for task, body in zip(chunk.tasks, chunk.bodies, strict=True)}
    outcomes: list[Outcome] = []

    def attempt() -> bool:
        """Add what is left; what the service could not do just now is left for the next attempt."""
        content = b'{"value":[%s]}' % b",".join(body for _, body in left.values())
        for id, error in _settled(session.ask(lambda: session.batch.post(path, content)), left).items():
            task, _ = left.pop(id)
            outcomes.append(Outcome(resource=task, error=_why_not_added(session, chunk.job, task, error)))
        return not left

    try:
        session.until(attempt, f"job {chunk.job!r} does not take its tasks", within=WITHIN)
    except BatchctlError as error:
        # What was added before stays so, and is told so.
        outcomes += [Outcome(resource=task, error=error) for task, _ in left.values()]
    return outcomes


def _settled(answer: Json, asked: Container[str]) -> dict[str, Json | None]:
    """The tasks that were added, or refused with an error, by their ids. Raises CloudError for what is no answer."""
    results = answer.get("value")
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise CloudError("the service did not say what became of each task, as Azure Batch does")
    settled = (r for r in results if str(r.get("status")).lower() != "servererror")
    return {r["taskId"]: r.get("error") for r in settled if r.get("taskId") in asked}


def _why_not_added(session: Session, job: str, task: Task, error: Json | None) -> BatchctlError | None:
    """Why the service did not take it. That it is there is what we want, if it is ours (reliability F04)."""
    if error is None:
        return None
    if error.get("code") == "TaskExists":
        try:
            held = session.ask(lambda: session.batch.get(task_path(job, task.id)))
        except BatchctlError as unseen:
            return unseen
        if travelling_digest(held) == task.digest:
            return None
    return CloudError(f"task {task.id!r} was refused: {error_text(error)}", status=409, code=error.get("code", ""))


def _too_large(chunk: TaskChunk) -> CloudError:
    return CloudError(
        f"task {chunk.tasks[0].id!r} takes {chunk.size} bytes, more than a request may have; name a container"
    )
