"""The whole surface on one screen: method and path to handler. What is not here is refused by name.

A name in braces is one segment, decoded; `{file}` at the end takes all that follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from batchctl.emulator.api import (
    account,
    extensions,
    fault_routes,
    files,
    jobs,
    node_logs,
    node_users,
    nodes,
    older_versions,
    pools,
    scaling,
    schedules,
    tasks,
)
from batchctl.emulator.life.service import Service
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.messages import Answer, Call

Handler = Callable[[Service, Call], Answer]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/supportedimages", account.supported_images),
    ("GET", "/nodecounts", account.node_counts),
    ("GET", "/applications", account.applications),
    ("GET", "/applications/{application}", account.application),
    ("GET", "/poolusagemetrics", account.usage_metrics),
    ("GET", "/_local/status", account.status),
    ("POST", "/_local/faults", fault_routes.create),
    ("GET", "/_local/faults", fault_routes.list_all),
    ("DELETE", "/_local/faults", fault_routes.clear),
    ("DELETE", "/_local/faults/{fault}", fault_routes.clear_one),
    ("POST", "/_local/pools/{pool}/nodes/{node}", fault_routes.accident),
    ("POST", "/pools", pools.create),
    ("GET", "/pools", pools.list_all),
    ("GET", "/pools/{pool}", pools.get),
    ("HEAD", "/pools/{pool}", pools.exists),
    ("PATCH", "/pools/{pool}", pools.patch),
    ("DELETE", "/pools/{pool}", pools.delete),
    ("POST", "/pools/{pool}/updateproperties", pools.replace_properties),
    ("POST", "/pools/{pool}/resize", pools.resize),
    ("POST", "/pools/{pool}/stopresize", pools.stop_resize),
    ("POST", "/pools/{pool}/removenodes", pools.remove_nodes),
    ("POST", "/pools/{pool}/enableautoscale", scaling.enable),
    ("POST", "/pools/{pool}/disableautoscale", scaling.disable),
    ("POST", "/pools/{pool}/evaluateautoscale", scaling.evaluate),
    ("GET", "/pools/{pool}/nodes", nodes.list_all),
    ("GET", "/pools/{pool}/nodes/{node}", nodes.get),
    ("POST", "/pools/{pool}/nodes/{node}/reboot", nodes.reboot),
    ("POST", "/pools/{pool}/nodes/{node}/reimage", nodes.reimage),
    ("POST", "/pools/{pool}/nodes/{node}/disablescheduling", nodes.disable_scheduling),
    ("POST", "/pools/{pool}/nodes/{node}/enablescheduling", nodes.enable_scheduling),
    ("POST", "/pools/{pool}/nodes/{node}/start", nodes.start),
    ("POST", "/pools/{pool}/nodes/{node}/deallocate", nodes.deallocate),
    ("GET", "/pools/{pool}/nodes/{node}/remoteloginsettings", node_users.remote_login_settings),
    ("POST", "/pools/{pool}/nodes/{node}/uploadbatchservicelogs", node_logs.upload),
    ("POST", "/pools/{pool}/nodes/{node}/users", node_users.create),
    ("PUT", "/pools/{pool}/nodes/{node}/users/{user}", node_users.replace),
    ("DELETE", "/pools/{pool}/nodes/{node}/users/{user}", node_users.delete),
    ("GET", "/pools/{pool}/nodes/{node}/extensions", extensions.list_all),
    ("GET", "/pools/{pool}/nodes/{node}/extensions/{extension}", extensions.get),
    ("GET", "/pools/{pool}/nodes/{node}/files", files.list_node),
    ("GET", "/pools/{pool}/nodes/{node}/files/{file}", files.read_node),
    ("HEAD", "/pools/{pool}/nodes/{node}/files/{file}", files.read_node),
    ("DELETE", "/pools/{pool}/nodes/{node}/files/{file}", files.delete_node),
    ("POST", "/jobschedules", schedules.create),
    ("GET", "/jobschedules", schedules.list_all),
    ("GET", "/jobschedules/{schedule}", schedules.get),
    ("HEAD", "/jobschedules/{schedule}", schedules.exists),
    ("PATCH", "/jobschedules/{schedule}", schedules.patch),
    ("PUT", "/jobschedules/{schedule}", schedules.replace),
    ("DELETE", "/jobschedules/{schedule}", schedules.delete),
    ("POST", "/jobschedules/{schedule}/disable", schedules.disable),
    ("POST", "/jobschedules/{schedule}/enable", schedules.enable),
    ("POST", "/jobschedules/{schedule}/terminate", schedules.terminate),
    ("GET", "/jobschedules/{schedule}/jobs", schedules.list_jobs),
    ("POST", "/jobs", jobs.create),
    ("GET", "/jobs", jobs.list_all),
    ("GET", "/jobs/{job}", jobs.get),
    ("PATCH", "/jobs/{job}", jobs.patch),
    ("PUT", "/jobs/{job}", jobs.replace),
    ("DELETE", "/jobs/{job}", jobs.delete),
    ("POST", "/jobs/{job}/disable", jobs.disable),
    ("POST", "/jobs/{job}/enable", jobs.enable),
    ("POST", "/jobs/{job}/terminate", jobs.terminate),
    ("GET", "/jobs/{job}/taskcounts", jobs.task_counts),
    ("GET", "/jobs/{job}/jobpreparationandreleasetaskstatus", jobs.preparation_status),
    ("POST", "/jobs/{job}/addtaskcollection", tasks.create_many),
    ("POST", "/jobs/{job}/tasks", tasks.create),
    ("GET", "/jobs/{job}/tasks", tasks.list_all),
    ("GET", "/jobs/{job}/tasks/{task}", tasks.get),
    ("PUT", "/jobs/{job}/tasks/{task}", tasks.replace),
    ("DELETE", "/jobs/{job}/tasks/{task}", tasks.delete),
    ("POST", "/jobs/{job}/tasks/{task}/terminate", tasks.terminate),
    ("POST", "/jobs/{job}/tasks/{task}/reactivate", tasks.reactivate),
    ("GET", "/jobs/{job}/tasks/{task}/subtasksinfo", tasks.subtasks),
    ("GET", "/jobs/{job}/tasks/{task}/files", files.list_task),
    ("GET", "/jobs/{job}/tasks/{task}/files/{file}", files.read_task),
    ("HEAD", "/jobs/{job}/tasks/{task}/files/{file}", files.read_task),
    ("DELETE", "/jobs/{job}/tasks/{task}/files/{file}", files.delete_task),
)


OLDER: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/lifetimejobstats", older_versions.job_statistics),
    ("GET", "/lifetimepoolstats", older_versions.pool_statistics),
    ("GET", "/pools/{pool}/nodes/{node}/rdp", older_versions.remote_desktop),
    ("POST", "/pools/{pool}/upgradeos", older_versions.upgrade_os),
)
"""What versions before 2025-06-01 know besides."""


@dataclass(slots=True)
class _Branch:
    """A place in the tree of segments."""

    fixed: "dict[str, _Branch]"
    name: str
    open: "_Branch | None"
    handlers: dict[str, Handler]


def _grow(routes: tuple[tuple[str, str, Handler], ...]) -> _Branch:
    root = _Branch({}, "", None, {})
    for method, path, handler in routes:
        branch = root
        for segment in path.strip("/").split("/"):
            if not segment.startswith("{"):
                branch = branch.fixed.setdefault(segment, _Branch({}, "", None, {}))
                continue
            branch.open = branch.open or _Branch({}, segment.strip("{}"), None, {})
            branch = branch.open
        branch.handlers[method] = handler
    return root


_TREE = _grow(ROUTES + OLDER)


def find(method: str, raw_path: str) -> tuple[Handler, dict[str, str]]:
    """The handler for a path as it was sent, and the names in it. Raises the refusal for what is not served."""
    branch, params = _TREE, {}
    segments = raw_path.strip("/").split("/")
    for index, segment in enumerate(segments):
        if segment.lower() in branch.fixed:
            branch = branch.fixed[segment.lower()]
            continue
        if branch.open is None:
            raise _unknown(raw_path)
        branch = branch.open
        if branch.name == "file":
            params["file"] = unquote("/".join(segments[index:]))
            break
        params[branch.name] = unquote(segment)
    if not branch.handlers:
        raise _unknown(raw_path)
    if method not in branch.handlers:
        raise Refusal("UnsupportedHttpVerb", (("Method", method),), headers={"Allow": ", ".join(branch.handlers)})
    return branch.handlers[method], params


def _unknown(raw_path: str) -> Refusal:
    return Refusal("InvalidUri", (("Path", unquote(raw_path)[:200]),))
