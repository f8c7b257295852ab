"""What runs beside the tasks of a job, and where its files lie: subtasks, preparation and release on each node."""

from collections.abc import Iterator
from urllib.parse import unquote

from batchctl.cloud.clients.batch import Json, path_segment, task_path
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.sights import Place, SideRun

NONE_ASKED = "JobPreparationTaskOrReleaseTaskNotSpecified"

KINDS = ("preparation", "release")


def subtasks_of(session: Session, place: Place) -> tuple[SideRun, ...]:
    """One request: the list has no pages (REST: Task - List Sub Tasks)."""
    path = f"{task_path(place.above, place.id)}/subtasksinfo"
    found = session.find(lambda: session.batch.get(path)) or {}
    return tuple(
        SideRun(name=str(item["id"]), node=_node(where), folder=_folder(where))
        for item in found.get("value") or ()
        if (where := item.get("nodeInfo") or {}).get("nodeId")
    )


def preparations_of(session: Session, job: str) -> tuple[SideRun, ...]:
    """REST: Job - List Job Preparation And Release Task Status. None of a job without such tasks."""
    path = f"/jobs/{path_segment(job)}/jobpreparationandreleasetaskstatus"
    try:
        found = session.find(lambda: list(session.batch.pages(path)))
    except CloudError as error:
        if error.code == NONE_ASKED:
            return ()
        raise
    return tuple(run for item in found or () for run in _on_node(item))


def _on_node(item: Json) -> Iterator[SideRun]:
    for kind in KINDS:
        info = item.get(f"job{kind.capitalize()}TaskExecutionInfo") or {}
        if folder := _folder(info):
            yield SideRun(name=kind, node=_node(item), folder=folder)


def _node(item: Json) -> Place:
    return Place(above=item["poolId"], id=item["nodeId"], is_task=False)


def _folder(item: Json) -> str:
    """By the URL: the directory itself is spelled as the node's system does."""
    _, found, path = str(item.get("taskRootDirectoryUrl") or "").partition("/files/")
    return unquote(path) if found else str(item.get("taskRootDirectory") or "").replace("\\", "/")
