"""The whole surface on one screen: method and path to handler. What is not here is refused by name.

A name in braces is one segment, decoded; `{file}` at the end takes all that follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from batchctl.emulator.api import (
    account,
    clock_routes,
    extensions,
    fault_routes,
    files,
    health,
    jobs,
    node_logs,
    node_users,
    nodes,
    older_versions,
    page_routes,
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
    ("GET", "/supportedimages", account.list_supported_images),
    ("GET", "/nodecounts", account.count_nodes),
    ("GET", "/applications", account.list_applications),
    ("GET", "/applications/{application}", account.get_application),
    ("GET", "/poolusagemetrics", account.list_usage_metrics),
    ("GET", "/_local/status", account.service_status),
    ("GET", "/_local/health", health.tell_health),
    ("HEAD", "/_local/health", health.tell_health),
    ("POST", "/_local/reset", account.reset_account),
    ("POST", "/_local/seed/check", account.check_seed),
    ("GET", "/_local/certificate", account.show_authority),
    ("GET", "/_local/clock", clock_routes.read_clock),
    ("POST", "/_local/clock", clock_routes.set_clock),
    ("POST", "/_local/faults", fault_routes.create_fault),
    ("GET", "/_local/faults", fault_routes.list_faults),
    ("DELETE", "/_local/faults", fault_routes.clear_faults),
    ("DELETE", "/_local/faults/{fault}", fault_routes.clear_fault),
    ("POST", "/_local/pools/{pool}/nodes/{node}", fault_routes.cause_accident),
    ("GET", "/_local/", page_routes.show_page),
    ("POST", "/_local/tokens", page_routes.create_token),
    ("POST", "/_local/page/session", page_routes.open_session),
    ("GET", "/_local/page/account", page_routes.show_account),
    ("DELETE", "/_local/page/faults/{fault}", fault_routes.clear_fault),
    ("GET", "/_local/page/jobs/{job}", page_routes.show_job),
    ("GET", "/_local/page/jobs/{job}/tasks/{task}", page_routes.show_task),
    ("GET", "/_local/page/jobs/{job}/tasks/{task}/files/{file}", files.read_task_file),
    ("GET", "/_local/page/pools/{pool}/nodes/{node}", page_routes.show_node),
    ("GET", "/_local/page/pools/{pool}/nodes/{node}/files/{file}", files.read_node_file),
    ("POST", "/pools", pools.create_pool),
    ("GET", "/pools", pools.list_pools),
    ("GET", "/pools/{pool}", pools.get_pool),
    ("HEAD", "/pools/{pool}", pools.pool_exists),
    ("PATCH", "/pools/{pool}", pools.patch_pool),
    ("DELETE", "/pools/{pool}", pools.delete_pool),
    ("POST", "/pools/{pool}/updateproperties", pools.replace_pool_properties),
    ("POST", "/pools/{pool}/resize", pools.resize_pool),
    ("POST", "/pools/{pool}/stopresize", pools.stop_pool_resize),
    ("POST", "/pools/{pool}/removenodes", pools.remove_pool_nodes),
    ("POST", "/pools/{pool}/enableautoscale", scaling.enable_auto_scale),
    ("POST", "/pools/{pool}/disableautoscale", scaling.disable_auto_scale),
    ("POST", "/pools/{pool}/evaluateautoscale", scaling.evaluate_auto_scale),
    ("GET", "/pools/{pool}/nodes", nodes.list_nodes),
    ("GET", "/pools/{pool}/nodes/{node}", nodes.get_node),
    ("POST", "/pools/{pool}/nodes/{node}/reboot", nodes.reboot_node),
    ("POST", "/pools/{pool}/nodes/{node}/reimage", nodes.reimage_node),
    ("POST", "/pools/{pool}/nodes/{node}/disablescheduling", nodes.disable_scheduling),
    ("POST", "/pools/{pool}/nodes/{node}/enablescheduling", nodes.enable_scheduling),
    ("POST", "/pools/{pool}/nodes/{node}/start", nodes.start_node),
    ("POST", "/pools/{pool}/nodes/{node}/deallocate", nodes.deallocate_node),
    ("GET", "/pools/{pool}/nodes/{node}/remoteloginsettings", node_users.get_remote_login),
    ("POST", "/pools/{pool}/nodes/{node}/uploadbatchservicelogs", node_logs.upload_node_logs),
    ("POST", "/pools/{pool}/nodes/{node}/users", node_users.create_node_user),
    ("PUT", "/pools/{pool}/nodes/{node}/users/{user}", node_users.replace_node_user),
    ("DELETE", "/pools/{pool}/nodes/{node}/users/{user}", node_users.delete_node_user),
    ("GET", "/pools/{pool}/nodes/{node}/extensions", extensions.list_extensions),
    ("GET", "/pools/{pool}/nodes/{node}/extensions/{extension}", extensions.get_extension),
    ("GET", "/pools/{pool}/nodes/{node}/files", files.list_node_files),
    ("GET", "/pools/{pool}/nodes/{node}/files/{file}", files.read_node_file),
    ("HEAD", "/pools/{pool}/nodes/{node}/files/{file}", files.read_node_file),
    ("DELETE", "/pools/{pool}/nodes/{node}/files/{file}", files.delete_node_file),
    ("POST", "/jobschedules", schedules.create_schedule),
    ("GET", "/jobschedules", schedules.list_schedules),
    ("GET", "/jobschedules/{schedule}", schedules.get_schedule),
    ("HEAD", "/jobschedules/{schedule}", schedules.schedule_exists),
    ("PATCH", "/jobschedules/{schedule}", schedules.patch_schedule),
    ("PUT", "/jobschedules/{schedule}", schedules.replace_schedule),
    ("DELETE", "/jobschedules/{schedule}", schedules.delete_schedule),
    ("POST", "/jobschedules/{schedule}/disable", schedules.disable_schedule),
    ("POST", "/jobschedules/{schedule}/enable", schedules.enable_schedule),
    ("POST", "/jobschedules/{schedule}/terminate", schedules.terminate_schedule),
    ("GET", "/jobschedules/{schedule}/jobs", schedules.list_jobs_of_schedule),
    ("POST", "/jobs", jobs.create_job),
    ("GET", "/jobs", jobs.list_jobs),
    ("GET", "/jobs/{job}", jobs.get_job),
    ("PATCH", "/jobs/{job}", jobs.patch_job),
    ("PUT", "/jobs/{job}", jobs.replace_job),
    ("DELETE", "/jobs/{job}", jobs.delete_job),
    ("POST", "/jobs/{job}/disable", jobs.disable_job),
    ("POST", "/jobs/{job}/enable", jobs.enable_job),
    ("POST", "/jobs/{job}/terminate", jobs.terminate_job),
    ("GET", "/jobs/{job}/taskcounts", jobs.count_tasks),
    ("GET", "/jobs/{job}/jobpreparationandreleasetaskstatus", jobs.list_preparations),
    ("POST", "/jobs/{job}/addtaskcollection", tasks.create_tasks),
    ("POST", "/jobs/{job}/tasks", tasks.create_task),
    ("GET", "/jobs/{job}/tasks", tasks.list_tasks),
    ("GET", "/jobs/{job}/tasks/{task}", tasks.get_task),
    ("PUT", "/jobs/{job}/tasks/{task}", tasks.replace_task),
    ("DELETE", "/jobs/{job}/tasks/{task}", tasks.delete_task),
    ("POST", "/jobs/{job}/tasks/{task}/terminate", tasks.terminate_task),
    ("POST", "/jobs/{job}/tasks/{task}/reactivate", tasks.reactivate_task),
    ("GET", "/jobs/{job}/tasks/{task}/subtasksinfo", tasks.list_subtasks),
    ("GET", "/jobs/{job}/tasks/{task}/files", files.list_task_files),
    ("GET", "/jobs/{job}/tasks/{task}/files/{file}", files.read_task_file),
    ("HEAD", "/jobs/{job}/tasks/{task}/files/{file}", files.read_task_file),
    ("DELETE", "/jobs/{job}/tasks/{task}/files/{file}", files.delete_task_file),
)


UNSIGNED = frozenset(
    {
        ("GET", "/_local/certificate"),
        *(("GET", "/_local/health"), ("HEAD", "/_local/health")),
        *(("GET", "/_local"), ("GET", "/_local/")),
        ("POST", "/_local/page/session"),
    }
)
"""What is told without a signature: nothing that a stranger could use. The last takes the token of the page."""

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


def _grow_tree(routes: tuple[tuple[str, str, Handler], ...]) -> _Branch:
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


_TREE = _grow_tree(ROUTES + OLDER)


def find_handler(method: str, raw_path: str) -> tuple[Handler, dict[str, str]]:
    """The handler for a path as it was sent, and the names in it. Raises the refusal for what is not served."""
    branch, params = _TREE, {}
    segments = raw_path.strip("/").split("/")
    for index, segment in enumerate(segments):
        if segment.lower() in branch.fixed:  # clients spell them in any case
            branch = branch.fixed[segment.lower()]
            continue
        if branch.open is None:
            raise _unknown_path(raw_path)
        branch = branch.open
        if branch.name == "file":
            params["file"] = unquote("/".join(segments[index:]), errors="surrogateescape")  # names of files are bytes
            break
        params[branch.name] = unquote(segment)
    if not branch.handlers:
        raise _unknown_path(raw_path)
    if method not in branch.handlers:
        raise Refusal("UnsupportedHttpVerb", (("Method", method),), headers={"Allow": ", ".join(branch.handlers)})
    return branch.handlers[method], params


def _unknown_path(raw_path: str) -> Refusal:
    return Refusal("InvalidUri", (("Path", unquote(raw_path)[:200]),))
