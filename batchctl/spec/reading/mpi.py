"""The short form of MPI tasks, `mpi`, as the `multiInstanceSettings` that it stands for. Pure.

Every rule then looks at one form alone, and finds it where the short one stands.
"""

from typing import Any

from batchctl.spec.reading.paths import get_in
from batchctl.spec.source import At, Laid, Source

NOTHING = "/bin/true"
"""What coordinates: MPI on Linux starts what it needs on other nodes by itself."""


def with_mpi_instances(document: Any, source: Source) -> tuple[Any, Source]:
    """The document with the long form beside the short one, and a source that finds it."""
    tasks = get_in(document, "job", "tasks")
    if not isinstance(tasks, list) or not any(isinstance(get_in(task, "mpi"), dict) for task in tasks):
        return document, source
    laid: list[Laid] = []
    made = [_task(task, ("job", "tasks", i), laid) for i, task in enumerate(tasks)]
    return {**document, "job": {**document["job"], "tasks": made}}, source.with_places(laid)


def _task(task: Any, at: At, laid: list[Laid]) -> Any:
    said = get_in(task, "mpi")
    if not isinstance(said, dict) or "multiInstanceSettings" in task:
        return task
    here, there = (*at, "multiInstanceSettings"), (*at, "mpi")
    laid += [(here, there), ((*here, "numberOfInstances"), (*there, "nodes"))]
    files = {"commonResourceFiles": said["commonResourceFiles"]} if "commonResourceFiles" in said else {}
    number = {"numberOfInstances": said["nodes"]} if "nodes" in said else {}
    return {**task, "multiInstanceSettings": {**number, "coordinationCommandLine": NOTHING, **files}}
