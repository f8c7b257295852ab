"""Files on nodes, in the directories of tasks and of nodes: looked at and read by ranges."""

from batchctl.cloud.clients.batch import path_segment
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.sights import FileState, Place

OUT_OF_REACH = frozenset({404, 409, 416})
"""It is not there (yet, any more); its node or task is in no state for it; it is shorter by now than when we asked."""


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


def _path(place: Place, name: str) -> str:
    kinds = ("jobs", "tasks") if place.is_task else ("pools", "nodes")
    above, below = (f"/{kind}/{path_segment(name)}" for kind, name in zip(kinds, (place.above, place.id), strict=True))
    return f"{above}{below}/files/{path_segment(name)}"
