"""What the page of the account shows of pools, nodes, jobs and tasks. It reads, and changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain, islice
from pathlib import Path
from urllib.parse import quote

from batchctl.emulator import times
from batchctl.emulator.life import run_orders, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.tree import all_below, shown_name
from batchctl.emulator.records import Job, Json, Node, Pool, Task
from batchctl.emulator.wire.vm_sizes import sizes_of

LOOKS: dict[str, Callable[[Task], bool]] = {
    "failed": lambda task: task.state == "completed" and task.failed,
    "running": lambda task: task.state in ("running", "preparing"),
    "active": lambda task: task.state == "active",
    "succeeded": lambda task: task.state == "completed" and not task.failed,
}
"""What tasks are to a reader, those first that want one."""
PAGE = 100
"""Tasks that are shown at a time."""
MOST_FILES = 500
STREAMS = ("stdout.txt", "stderr.txt")
_FACTS = ("startTime", "endTime", "exitCode", "result", "failureInfo", "retryCount", "requeueCount", "containerInfo")
_NO_ERROR: Json = {}


def account(service: Service, since: int) -> Json:
    """Everything at a glance; of the requests those after `since`."""
    store = service.store
    jobs = sorted(store.jobs.values(), key=lambda job: (job.state == "completed", -job.seq))
    return {
        "now": times.stamp(service.clock.now()),
        "account": service.settings.account,
        "pools": [_pool(pool) for pool in sorted(store.pools.values(), key=lambda pool: pool.key)],
        "jobs": [_job(job) for job in jobs],
        "faults": [fault.wire() for fault in service.faults.in_force],
        "requests": [
            {"number": number, "time": times.stamp(came), "method": method, "path": path}
            | {"status": status, "code": code, "seconds": round(took, 4)}
            for number, came, method, path, status, code, took in service.requests.since(since)
        ],
    }


def _pool(pool: Pool) -> Json:
    return {
        "id": pool.id,
        "state": pool.state if pool.state != "active" else pool.allocation,
        "vmSize": ", ".join(sizes_of(pool.spec)),
        "targets": [pool.spec.get("targetDedicatedNodes", 0), pool.spec.get("targetLowPriorityNodes", 0)],
        "scales": bool(pool.spec.get("enableAutoScale")),
        "errors": [_error_words(error) for error in pool.resize_errors],
        "nodes": [[node.id, node.state, len(node.busy)] for node in pool.nodes.values()],
    }


def _job(job: Job) -> Json:
    return {
        "id": job.id,
        "state": job.state,
        "pool": job.spec["poolInfo"].get("poolId") or job.auto_pool,
        "reason": job.reason,
        "error": _error_words(job.scheduling_error) if job.scheduling_error else None,
        "created": times.stamp(job.created),
        "counts": _counts(job),
    }


def _counts(job: Job) -> dict[str, int]:
    """How many tasks of each look. There may be very many: they are gone through as fast as can be."""
    tasks = job.tasks.in_order()
    states = Counter([task.state for task in tasks])
    failed = sum([task.failed for task in tasks if task.state == "completed"])
    return {
        "failed": failed,
        "running": states["running"] + states["preparing"],
        "active": states["active"],
        "succeeded": states["completed"] - failed,
    }


def tasks_of(service: Service, job: Job, look: str, after: int) -> Json:
    """A job and some of its tasks, `after` so many: those of one look, or all, the failed ones first."""
    about, tasks = _job(job), job.tasks.in_order()
    chosen = [look] if look else list(LOOKS)
    shown = chain.from_iterable(filter(LOOKS[one], tasks) for one in chosen)
    return {
        "now": times.stamp(service.clock.now()),
        **about,
        "total": sum(about["counts"][one] for one in chosen),
        "after": after,
        "most": PAGE,
        "tasks": [_row(task) for task in islice(shown, after, after + PAGE)],
    }


def _row(task: Task) -> Json:
    return {
        "id": task.id,
        "state": task.state,
        "look": next(look for look, is_so in LOOKS.items() if is_so(task)),
        "pool": task.pool,
        "node": task.node,
        "failure": task.info.get("failureInfo", _NO_ERROR).get("code"),
        **{name: task.info.get(name) for name in ("startTime", "endTime", "exitCode")},
    }


def task(service: Service, job: Job, task: Task) -> Json:
    """A task with the files of its directory, or why there are none."""
    directory = task_life.directory_of(service, task)
    return {
        "now": times.stamp(service.clock.now()),
        **_row(task),
        "job": job.id,
        "failure": _error_words(task.info.get("failureInfo", _NO_ERROR)),
        "command": task.spec["commandLine"],
        "created": times.stamp(task.created),
        "info": {name: task.info[name] for name in _FACTS if name in task.info},
        "directory": str(directory) if directory else None,
        "files": _files(directory, all_below(directory)) if directory and directory.is_dir() else [],
    }


def node(service: Service, pool: Pool, node: Node) -> Json:
    """A node with what runs on it and what its start task wrote."""
    root = run_orders.node_root(service.settings, node)
    return {
        "now": times.stamp(service.clock.now()),
        "id": node.id,
        "pool": pool.id,
        "state": node.state,
        "since": times.stamp(node.state_time),
        "dedicated": node.dedicated,
        "vmSize": node.size or pool.spec["vmSize"],
        "ip": node.ip,
        "scheduling": node.shown_scheduling,
        "errors": [_error_words(error) for error in node.errors],
        "startTask": node.start,
        "tasksRun": node.tasks_run,
        "tasks": [_row(task) | {"job": task.job} for task in node.busy.values()],
        "directory": str(root),
        "files": _files(root, (root / "startup" / name for name in STREAMS)) if root.is_dir() else [],
    }


def _files(root: Path, found: Iterable[Path]) -> list[Json]:
    """Files with their names and paths in a URL: the streams first, no more than a reader looks through."""
    entries = [entry for path in islice(found, MOST_FILES) if (entry := _file(root, path))]
    return sorted(entries, key=lambda entry: (entry["name"] not in STREAMS, entry["name"] != STREAMS[0], entry["name"]))


def _file(root: Path, path: Path) -> Json | None:
    """None for what is no file, or went meanwhile."""
    try:
        about = path.stat()
        if not path.is_file():
            return None
    except OSError:
        return None
    name = path.relative_to(root)
    return {
        "name": shown_name(str(name)),
        "path": quote(bytes(name)),
        "size": about.st_size,
        "modified": times.stamp(about.st_mtime),
    }


def _error_words(error: Json) -> str:
    """An error of Batch in one line: code, message, and what else it says."""
    told = [f"{one.get('name')}: {one.get('value')}" for one in error.get("details") or error.get("values") or ()]
    words = ": ".join(part for part in (error.get("code"), error.get("message")) if part)
    return f"{words} ({'; '.join(told)})" if told else words
