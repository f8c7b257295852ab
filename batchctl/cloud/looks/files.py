"""Files on nodes, in the directories of tasks and of nodes: looked at and read by ranges."""

from collections.abc import Sequence

from batchctl.cloud.clients.batch import Json, node_path, path_segment, task_path
from batchctl.cloud.clients.session import Session
from batchctl.cloud.looks.reading import moment
from batchctl.cloud.resources.nodes import last_words
from batchctl.errors import CloudError
from batchctl.sights import FileSight, FileState, Place

OUT_OF_REACH = frozenset({404, 409, 416})
"""It is not there (yet, any more); its node or task is in no state for it; it is shorter by now than when we asked."""


def files_below(session: Session, place: Place) -> tuple[FileSight, ...] | None:
    """Without the directories themselves."""
    try:
        found = session.ask(lambda: list(session.batch.pages(f"{_owner(place)}/files", recursive="true")))
    except CloudError as error:
        if error.status in OUT_OF_REACH:
            return None
        raise
    return tuple(_read_file(item) for item in found if not item.get("isDirectory"))


def _read_file(item: Json) -> FileSight:
    about = item.get("properties") or {}
    return FileSight(
        name=item["name"], size=int(about.get("contentLength", 0)), modified=moment(about.get("lastModified"))
    )


def file_state(session: Session, place: Place, name: str) -> FileState | None:
    """None where nobody can read it now."""
    try:
        found = session.ask(lambda: session.batch.head(_path(place, name)))
    except CloudError as error:
        if error.status in OUT_OF_REACH:
            return None
        raise
    return FileState(size=int(found.get("Content-Length", 0)), made=found.get("ocp-creation-time", ""))


def file_part(session: Session, place: Place, name: str, start: int, end: int) -> bytes:
    """The bytes from `start` to before `end`; nothing where nobody can read them now."""
    if start >= end:
        return b""
    try:
        return session.ask(lambda: session.batch.text(_path(place, name), {"ocp-range": f"bytes={start}-{end - 1}"}))
    except CloudError as error:
        if error.status in OUT_OF_REACH:
            return b""
        raise


def last_words_at(session: Session, places: Sequence[Place], lines: int) -> tuple[tuple[str, ...], ...]:
    """At most four small requests each, many at a time."""

    def of(place: Place) -> tuple[str, ...]:
        return last_words(session, _owner(place), "" if place.is_task else "startup/", lines)

    with session.workers() as pool:
        return tuple(pool.map(of, places))


def _path(place: Place, name: str) -> str:
    return f"{_owner(place)}/files/{path_segment(name)}"


def _owner(place: Place) -> str:
    return (task_path if place.is_task else node_path)(place.above, place.id)
