"""The files of tasks and nodes: listed, read in ranges, deleted; nothing outside their directory."""

import contextlib
import mimetypes
import os
import re
import stat
from pathlib import Path
from urllib.parse import quote

from batchctl.emulator import times
from batchctl.emulator.api import nodes, tasks
from batchctl.emulator.life import run_orders, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.tree import all_below, remove_tree, shown_name
from batchctl.emulator.records import Json, Node
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.messages import Answer, Call, NotModified, Part, header_time, page_answer, page_bounds
from batchctl.emulator.wire.odata import parse_filter

_RANGE = re.compile("bytes=([0-9]{1,18})-([0-9]{0,18})")
FILTERS = frozenset({"name"})


_OUT_OF_REACH = {
    **dict.fromkeys(("creating", "starting", "rebooting", "reimaging", "upgradingos", "unknown"), "NodeNotReady"),
    **dict.fromkeys(("deallocating", "deallocated", "preempted"), "NodeNotReady"),
    "unusable": "NodeStateUnusable",
}
"""State of a node whose files nobody can read, and the code that says so."""


def task_directory(service: Service, call: Call) -> Path:
    """The directory of the task that the path names. Raises Refusal if there is none (any more)."""
    _, task = tasks.find_task(service, call)
    pool = service.store.pools.get((task.pool or "").lower())
    if pool and (node := pool.nodes.get(task.node or "")):
        _check_reachable(node)
    directory = task_life.directory_of(service, task)
    if directory is None or not directory.is_dir():
        raise Refusal("TaskFilesUnavailable" if task.node is None else "TaskFilesCleanedup")
    return directory


def node_directory(service: Service, call: Call) -> Path:
    """The directory of the node that the path names. Raises Refusal if nobody can read it now."""
    node = nodes.find_node(service, call)
    _check_reachable(node)
    return run_orders.node_root(service.settings, node)


def _check_reachable(node: Node) -> None:
    if code := _OUT_OF_REACH.get(node.state):
        raise Refusal(code, (("NodeState", node.state),))


def list_task_files(service: Service, call: Call) -> Answer:
    return _list_files(call, task_directory(service, call))


def list_node_files(service: Service, call: Call) -> Answer:
    return _list_files(call, node_directory(service, call))


def read_task_file(service: Service, call: Call) -> Answer:
    return _read_file(call, task_directory(service, call))


def read_node_file(service: Service, call: Call) -> Answer:
    return _read_file(call, node_directory(service, call))


def delete_task_file(service: Service, call: Call) -> Answer:
    return _delete_file(call, task_directory(service, call))


def delete_node_file(service: Service, call: Call) -> Answer:
    return _delete_file(call, node_directory(service, call))


def _find_file(root: Path, name: str) -> Path:
    """The file of that name below the root; what lies outside, by `..` or by a link, does not exist."""
    # As it is spelled, which may hold a backslash; else with one for each slash, as Windows writes paths.
    for relative in dict.fromkeys((name.strip("/"), name.replace("\\", "/").strip("/"))):
        path = root / relative
        # After links are followed: a task may have made one that leads out of its node.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if relative and path.resolve(strict=True).is_relative_to(root.resolve()):
                return path
    raise Refusal("FileNotFound")


def _list_files(call: Call, root: Path) -> Answer:
    """One level, or with `recursive` all of them, parents before their children."""
    after, most = page_bounds(call)
    text = call.query.get("$filter", "").strip()
    wanted = parse_filter(text, FILTERS) if text else None
    found = sorted(all_below(root) if call.flag("recursive") else root.iterdir()) if root.is_dir() else []
    names = [(path, path.relative_to(root).as_posix()) for path in found]
    if wanted:
        names = [(path, name) for path, name in names if wanted.test({"name": shown_name(name)}.get)]
    page = [entry for path, name in names[after : after + most] if (entry := _file_entry(call, path, name))]
    return page_answer(call, "files", page, str(after + most) if after + most < len(names) else None)


def _file_entry(call: Call, path: Path, name: str) -> Json | None:
    """The entry of a file; its URL has the bytes of its name. None: it went while it was listed."""
    try:
        about = path.lstat()
    except OSError:
        return None
    url = f"{call.base}{call.path}/{quote(os.fsencode(name))}"
    entry: Json = {"name": shown_name(name), "url": url, "isDirectory": os.path.isdir(path)}  # noqa: PTH112 - never raises
    if not entry["isDirectory"]:
        entry["properties"] = {
            "lastModified": times.stamp(about.st_mtime),
            "contentLength": str(about.st_size),
            "contentType": _content_type(path),
            "fileMode": _file_mode(about.st_mode),
        }
    return entry


def _read_file(call: Call, root: Path) -> Answer:
    """The file or the asked range of it; ranges are answered with 200, as the service does."""
    path = _find_file(root, call.params["file"])
    if path.is_dir():
        headers = {"ocp-batch-file-isdirectory": "True", "ocp-batch-file-url": f"{call.base}{call.path}"}
        if call.method == "HEAD":
            return Answer(200, None, headers)
        raise Refusal("FileNotFound", (("Reason", "it is a directory"),))
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise Refusal("FileNotFound", (("Reason", "it is no file: a pipe, a socket or a device"),))
    if not os.access(path, os.R_OK):
        raise Refusal("FileNotFound", (("Reason", "its mode lets nobody read it"),))
    _check_times(call, about.st_mtime)
    start, length = _asked_range(call, about.st_size)
    headers = {
        "Content-Type": _content_type(path),
        "Content-Length": str(length),
        "Last-Modified": times.http_date(about.st_mtime),
        "ocp-batch-file-isdirectory": "False",
        "ocp-batch-file-url": quote(f"{call.base}{call.path}", safe=""),
        "ocp-batch-file-mode": _file_mode(about.st_mode),
    }
    return Answer(200, None, headers, None if call.method == "HEAD" else Part(path, start, length))


def _check_times(call: Call, modified: float) -> None:
    """Files know the two conditions on time alone."""
    since = call.headers.get("if-modified-since")
    if since and int(modified) <= header_time("if-modified-since", since):
        raise NotModified({"Last-Modified": times.http_date(modified)})
    unless = call.headers.get("if-unmodified-since")
    if unless and int(modified) > header_time("if-unmodified-since", unless):
        raise Refusal("ConditionNotMet")


def _asked_range(call: Call, size: int) -> tuple[int, int]:
    """Start and length of what is asked for."""
    text = call.headers.get("ocp-range") or call.headers.get("range")
    if not text or call.method == "HEAD":
        return 0, size
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise Refusal("InvalidHeaderValue", (("HeaderName", "ocp-range"), ("HeaderValue", text[:80])))
    start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if start >= size or end < start:
        raise Refusal("InvalidRange")
    return start, end - start + 1


def _delete_file(call: Call, root: Path) -> Answer:
    path = _find_file(root, call.params["file"])
    if not path.is_dir() or path.is_symlink():
        path.unlink()
    elif call.flag("recursive"):
        remove_tree(path)
    else:
        try:
            path.rmdir()
        except OSError:
            raise Refusal("OperationInvalidForCurrentState", (("Reason", "the directory is not empty"),)) from None
    return Answer(200)


def _content_type(path: Path) -> str:
    return "text/plain" if mimetypes.guess_type(path.name)[0] == "text/plain" else "application/octet-stream"


def _file_mode(mode: int) -> str:
    return f"0o{stat.S_IFMT(mode) | stat.S_IMODE(mode):o}"
