"""Nodes: their start task to and from REST JSON, and what they say when they cannot run."""

from batchctl.cloud.batch import Json, segment
from batchctl.cloud.files import node_task, node_task_body
from batchctl.cloud.session import Session
from batchctl.errors import CloudError
from batchctl.resources import StartTask

SHOWN_NODES = 3
SHOWN_LINES = 20
TAIL_BYTES = 8192


def start_task_body(session: Session, task: StartTask) -> Json:
    return {
        **node_task_body(session, task),
        "maxTaskRetryCount": task.max_task_retry_count,
        "waitForSuccess": task.wait_for_success,
    }


def start_task(session: Session, item: Json) -> StartTask:
    return StartTask(
        **node_task(session, item),
        wait_for_success=item.get("waitForSuccess", True),
        max_task_retry_count=item.get("maxTaskRetryCount", 0),
    )


def describe_nodes(session: Session, pool: str) -> tuple[str, ...]:
    """Why nodes cannot run: their errors, and the end of a failed start task's stderr."""
    path = f"/pools/{segment(pool)}/nodes"
    query = {"select": "id,state,startTaskInfo,errors", "maxresults": "100"}
    nodes = session.ask(lambda: session.batch.get(path, **query)).get("value", [])
    return tuple(line for node in nodes[:SHOWN_NODES] for line in _describe(session, path, node))


def tail(session: Session, path: str) -> tuple[str, ...]:
    """The last lines of a file on a node; none where it is not (yet, any more) there."""
    try:
        size = int(session.ask(lambda: session.batch.head(path)).get("Content-Length", 0))
        if not size:
            return ()
        start = max(0, size - TAIL_BYTES)
        content = session.ask(lambda: session.batch.text(path, {"ocp-range": f"bytes={start}-{size - 1}"}))
    except CloudError as error:
        if error.status in (404, 409, 416):
            return ()
        raise
    return tuple(content.decode("utf-8", "replace").splitlines())


def _describe(session: Session, path: str, node: Json) -> tuple[str, ...]:
    errors = [f"{e.get('code')}: {e.get('message')}" for e in node.get("errors") or ()]
    info = node.get("startTaskInfo") or {}
    lines: tuple[str, ...] = ()
    if str(node.get("state", "")).lower() == "starttaskfailed":
        failure = (info.get("failureInfo") or {}).get("message", "")
        errors.append(f"its start task failed with exit code {info.get('exitCode')} {failure}".rstrip())
        stderr = tail(session, f"{path}/{segment(node['id'])}/files/{segment('startup/stderr.txt')}")
        lines = tuple(f"    {line}" for line in stderr[-SHOWN_LINES:])
    return (f"node {node['id']} is {node.get('state')}: {'; '.join(errors) or 'no error given'}", *lines)
