"""Nodes: how many there are, how they are restarted, and what they say when they cannot run."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import isodate

from batchctl.cloud.clients.batch import Json, node_path, path_segment
from batchctl.cloud.clients.faults import error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud_answers import BrokenNodes, PoolUse
from batchctl.errors import CloudError
from batchctl.words import plain_lines

REBOOTABLE = frozenset({"idle", "running", "starttaskfailed", "unusable", "offline"})
"""States in which a node is asked to restart; in the others it soon leaves them (REST: Nodes - Reboot Node)."""

BROKEN_FILTER = "state eq 'unusable' or state eq 'starttaskfailed'"
"""Nodes that run nothing until somebody mends them."""

TELLING = "id,state,startTaskInfo,errors"
FAILED_START = "starttaskfailed"

SHOWN_CAUSES = 5
SHOWN_LINES = 20
TAIL_BYTES = 8192


def pool_use(session: Session, pool: str) -> PoolUse:
    """The nodes of a pool, and the tasks that run on them."""
    found = session.ask(lambda: list(session.batch.pages(_nodes_path(pool), select="id,runningTasksCount")))
    return PoolUse(
        nodes=tuple(sorted(node["id"] for node in found)),
        running_tasks=sum(node.get("runningTasksCount", 0) for node in found),
    )


def node_counts(session: Session, pool: str) -> Json:
    """How many nodes of a pool are in each state, dedicated and spot (REST: Account - List Pool Node Counts); nothing
    where it is not counted yet."""
    counted = session.ask(lambda: list(session.batch.pages("/nodecounts", filter=f"poolId eq '{pool}'")))
    return counted[0] if counted else {}


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
    path = f"{node_path(pool, node)}/reboot"
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


def words_of_broken(session: Session, pool: str, broken: Sequence[BrokenNodes]) -> tuple[str, ...]:
    """The end of what failed start tasks wrote, of one for each kind of failure; what several say is told once."""
    found: dict[tuple[str, ...], str] = {}
    for nodes in broken[:SHOWN_CAUSES]:
        if nodes.state.lower() == FAILED_START:
            place = node_path(pool, nodes.one)
            found.setdefault(last_words(session, place, "startup/", SHOWN_LINES), nodes.one)
    return tuple(f"    [{node}] {line}" for lines, node in found.items() for line in lines)


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
    return plain_lines(content)


def broken_nodes(session: Session, pool: str) -> tuple[BrokenNodes, ...]:
    """What is wrong with nodes that run nothing any more, the same told once with how many say so."""
    alike: dict[tuple[str, tuple[str, ...], str], list[Json]] = {}
    for node in session.ask(lambda: list(session.batch.pages(_nodes_path(pool), filter=BROKEN_FILTER, select=TELLING))):
        said = "; ".join(_node_errors(node)) or "no error given"
        alike.setdefault((str(node.get("state")), tuple(_codes(node)), said), []).append(node)
    return tuple(
        BrokenNodes(count=len(nodes), state=state, codes=codes, says=said, one=nodes[0].get("id", ""))
        for (state, codes, said), nodes in alike.items()
    )


def _beside_exit_code(failure: Json) -> str:
    """What is told of a failure beside its exit code: nothing, where that is all."""
    return "" if failure.get("code") == "FailureExitCode" else error_text(failure)


def _codes(node: Json) -> Iterator[str]:
    """Of its errors, and of the failure of its start task."""
    failure = (node.get("startTaskInfo") or {}).get("failureInfo") or {}
    for error in (*(node.get("errors") or ()), failure):
        if code := error.get("code"):
            yield str(code)


def _node_errors(node: Json) -> list[str]:
    errors = [error_text(error) for error in node.get("errors") or ()]
    if str(node.get("state", "")).lower() == FAILED_START:
        info = node.get("startTaskInfo") or {}
        code, failure = info.get("exitCode"), _beside_exit_code(info.get("failureInfo") or {})
        with_code = f" with exit code {code}" if code is not None else ""
        errors.append(f"its start task failed{with_code}" + (f": {failure}" if failure else ""))
    return errors
