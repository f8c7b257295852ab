"""Nodes: how many there are, how they are restarted, and what they say when they cannot run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import isodate

from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.faults import error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud_answers import PoolUse
from batchctl.errors import CloudError
from batchctl.words import plural, some

REBOOTABLE = frozenset({"idle", "running", "starttaskfailed", "unusable", "offline"})
"""States in which a node is asked to restart; in the others it soon leaves them (REST: Nodes - Reboot Node)."""

BROKEN_FILTER = "state eq 'unusable' or state eq 'starttaskfailed'"
"""Nodes that run nothing until somebody mends them."""

TELLING = "id,state,startTaskInfo,errors"
FAILED_START = "starttaskfailed"

SHOWN_CAUSES = 5
SHOWN_NODES = 3
SHOWN_LINES = 20
TAIL_BYTES = 8192


def pool_use(session: Session, pool: str) -> PoolUse:
    """The nodes of a pool, and the tasks that run on them."""
    found = session.ask(lambda: list(session.batch.pages(_nodes_path(pool), select="id,runningTasksCount")))
    return PoolUse(
        nodes=tuple(sorted(node["id"] for node in found)),
        running_tasks=sum(node.get("runningTasksCount", 0) for node in found),
    )


def preempted_nodes(session: Session, pool: str) -> frozenset[str]:
    """Spot nodes that were taken away and are not there again: each by its id and the moment when that was."""
    asked = {"filter": "state eq 'preempted'", "select": "id,stateTransitionTime"}
    found = session.ask(lambda: list(session.batch.pages(_nodes_path(pool), **asked)))
    return frozenset(f"{node['id']} {node.get('stateTransitionTime', '')}" for node in found)


def reboot_nodes(session: Session, pool: str, since: str) -> None:
    """Restart every node that has not since `since` (ISO 8601, of the service's clock); tasks go back to the queue.

    Returns when all have. A node that never booted, or cannot say when, is left alone.
    """

    def renewed() -> bool:
        found = session.ask(lambda: list(session.batch.pages(_nodes_path(pool), select="id,state,lastBootTime")))
        booted = [node for node in found if "lastBootTime" in node]
        old = [node for node in booted if iso_moment(node["lastBootTime"]) < iso_moment(since)]
        for node in old:
            if str(node.get("state", "")).lower() in REBOOTABLE:
                _reboot_node(session, pool, node["id"])
        return not old

    session.until(renewed, f"nodes of pool {pool!r} have not restarted")


def _reboot_node(session: Session, pool: str, node: str) -> None:
    path = f"{_nodes_path(pool)}/{path_segment(node)}/reboot"
    try:
        session.find(lambda: session.batch.post(path, {"nodeRebootOption": "requeue"}))
    except CloudError as error:
        # Its state has changed meanwhile: the next look decides.
        if error.status != 409:
            raise


def _nodes_path(pool: str) -> str:
    return f"/pools/{path_segment(pool)}/nodes"


def iso_moment(text: str) -> datetime:
    found: datetime = isodate.parse_datetime(text)
    return found


def describe_nodes(session: Session, pool: str) -> tuple[str, ...]:
    """Why nodes cannot run: each error once, with who says so, and the end of a failed start task's stderr."""
    alike: dict[str, list[Json]] = {}
    for node in session.ask(lambda: list(session.batch.pages(_nodes_path(pool), select=TELLING))):
        alike.setdefault(_what_it_says(node), []).append(node)
    return tuple(
        line
        for said, nodes in list(alike.items())[:SHOWN_CAUSES]
        for line in (f"{_named(nodes)} {said}", *_ends_of_output(session, pool, nodes[:SHOWN_NODES]))
    )


def _named(nodes: Sequence[Json]) -> str:
    ids = some([node["id"] for node in nodes], SHOWN_NODES)
    return f"node {ids} is" if len(nodes) == 1 else f"{plural(len(nodes), 'node')} ({ids}) are"


def _ends_of_output(session: Session, pool: str, nodes: Sequence[Json]) -> Iterator[str]:
    """Of failed start tasks; what several say is told once."""
    told: set[tuple[str, ...]] = set()
    for node in nodes:
        if str(node.get("state", "")).lower() != FAILED_START:
            continue
        lines = last_words(session, f"{_nodes_path(pool)}/{path_segment(node['id'])}", "startup/", SHOWN_LINES)
        if lines not in told:
            told.add(lines)
            yield from (f"    [{node['id']}] {line}" for line in lines)


def last_words(session: Session, place: str, folder: str, lines: int) -> tuple[str, ...]:
    """The last lines of stderr; of stdout where stderr is blank. `place`: the URL path of the task or node."""
    for stream in ("stderr.txt", "stdout.txt"):
        said = _file_tail(session, f"{place}/files/{path_segment(folder + stream)}")
        if any(line.strip() for line in said):
            return said[-lines:]
    return ()


def _file_tail(session: Session, path: str) -> tuple[str, ...]:
    """The last lines of a file on a node; none where it is not (yet, any more) there."""
    try:
        size = int(session.ask(lambda: session.batch.head(path)).get("Content-Length", 0))
        if not size:
            return ()
        start = max(0, size - TAIL_BYTES)
        content = session.ask(lambda: session.batch.text(path, {"ocp-range": f"bytes={start}-{size - 1}"}))
    except CloudError as error:
        # Not there (yet); its node or task is in no state for it; shorter by now than when we asked.
        if error.status in (404, 409, 416):
            return ()
        raise
    return tuple(content.decode("utf-8", "replace").splitlines())


def broken_nodes(session: Session, pool: str) -> tuple[str, ...]:
    """What is wrong with nodes that run nothing any more, the same told once with how many say so."""
    listed = session.ask(lambda: list(session.batch.pages(_nodes_path(pool), filter=BROKEN_FILTER, select=TELLING)))
    return tuple(f"{plural(count, 'node')} {said}" for said, count in Counter(map(_what_it_says, listed)).items())


def _what_it_says(node: Json) -> str:
    return f"{node.get('state')}: {'; '.join(_node_errors(node)) or 'no error given'}"


def _node_errors(node: Json) -> list[str]:
    errors = [error_text(error) for error in node.get("errors") or ()]
    if str(node.get("state", "")).lower() == FAILED_START:
        info = node.get("startTaskInfo") or {}
        code, failure = info.get("exitCode"), error_text(info.get("failureInfo") or {})
        with_code = f" with exit code {code}" if code is not None else ""
        errors.append(f"its start task failed{with_code}" + (f": {failure}" if failure else ""))
    return errors
