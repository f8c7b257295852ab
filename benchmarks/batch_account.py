"""The stub as a Batch account: pools with all their nodes, jobs, and tasks that have succeeded once they are there.

It knows what batchctl asks for. No task meets a filter, for filters ask for those that have not succeeded, and a page
has a thousand tasks, as at Azure. `$select` leaves out what a plan does not read.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.exchange import Answer, Request

Json = dict[str, Any]
KINDS = {"pools": "Pool", "jobs": "Job", "jobschedules": "JobSchedule"}
PAGE = 1000
MOMENT = "2026-01-01T00:00:00Z"
IMAGE = {
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
    "osType": "linux",
    "verificationType": "verified",
}
ENDED = {
    "state": "completed",
    "stateTransitionTime": MOMENT,
    "executionInfo": {"startTime": MOMENT, "endTime": MOMENT, "exitCode": 0, "result": "success", "retryCount": 0},
}
KEPT = ("id", "environmentSettings", "constraints", "dependsOn")


class Account:
    """What is there, and what each request does to it."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Json]] = {kind: {} for kind in KINDS}
        self.tasks: dict[str, dict[str, bytes]] = {}

    def operation(self, request: Request) -> tuple[str, Callable[[Request], Answer]] | None:
        """What the request is called in a tally, and who answers it; None if it is none of Batch."""
        kind, name, rest = request.account, request.container, request.path
        if kind in ("supportedimages", "nodecounts"):
            return {
                "supportedimages": ("List Supported Images", lambda _: _json({"value": [IMAGE]})),
                "nodecounts": ("List Node Counts", lambda _: _json({"value": [*map(_counted, self._pools())]})),
            }[kind]
        if kind not in KINDS:
            return None
        called = KINDS[kind]
        if not name:
            return {
                "GET": (f"List {called}s", partial(self._list, kind)),
                "POST": (f"Add {called}", partial(self._add, kind)),
            }[request.method]
        if rest:
            return self._below(kind, name, rest)
        return {
            "GET": (f"Get {called}", partial(self._get, kind, name)),
            "PATCH": (f"Patch {called}", partial(self._patch, kind, name)),
            "DELETE": (f"Delete {called}", partial(self._delete, kind, name)),
        }[request.method]

    def _below(self, kind: str, name: str, rest: str) -> tuple[str, Callable[[Request], Answer]]:
        below: dict[str, tuple[str, Callable[[Request], Answer]]] = {
            "tasks": ("List Tasks", partial(self._list_tasks, name)),
            "addtaskcollection": ("Add Task Collection", partial(self._add_tasks, name)),
            "taskcounts": ("Get Task Counts", partial(self._task_counts, name)),
            "nodes": ("List Nodes", lambda _: _json({"value": []})),
            "resize": ("Resize Pool", partial(self._patch, kind, name)),
            "terminate": ("Terminate Job", lambda _: Answer(202)),
        }
        return below.get(rest, ("Unknown", lambda _: _refused(400, "InvalidUri")))

    def _pools(self) -> list[Json]:
        return list(self.there["pools"].values())

    def _list(self, kind: str, _request: Request) -> Answer:
        return _json({"value": [_as_it_is(kind, one) for one in self.there[kind].values()]})

    def _add(self, kind: str, request: Request) -> Answer:
        body = json.loads(request.body)
        self.there[kind][body["id"]] = body
        if kind == "jobs":
            self.tasks[body["id"]] = {}
        return Answer(201)

    def _get(self, kind: str, name: str, _request: Request) -> Answer:
        one = self.there[kind].get(name)
        return _json(_as_it_is(kind, one)) if one else _refused(404, f"{KINDS[kind]}NotFound")

    def _patch(self, kind: str, name: str, request: Request) -> Answer:
        self.there[kind][name] |= json.loads(request.body)
        return Answer(200)

    def _delete(self, kind: str, name: str, _request: Request) -> Answer:
        self.tasks.pop(name, None)
        return Answer(202) if self.there[kind].pop(name, None) else _refused(404, f"{KINDS[kind]}NotFound")

    def _add_tasks(self, job: str, request: Request) -> Answer:
        added = json.loads(request.body)["value"]
        for task in added:
            kept = {name: task[name] for name in KEPT if name in task}
            self.tasks[job][task["id"]] = json.dumps(kept | ENDED).encode()
        return _json({"value": [{"status": "Success", "taskId": task["id"]} for task in added]})

    def _list_tasks(self, job: str, request: Request) -> Answer:
        begin = int(request.query.get("$skiptoken", "0"))
        held = {} if "$filter" in request.query else self.tasks.get(job, {})
        names = list(held)[begin : begin + PAGE]
        if request.query.get("$select") == "id":
            items = [json.dumps({"id": name}).encode() for name in names]
        else:
            items = [held[name] for name in names]
        link = b""
        if begin + PAGE < len(held):
            query = "&".join(f"{name}={value}" for name, value in request.query.items() if name != "$skiptoken")
            url = f"http://{request.headers['host']}/jobs/{job}/tasks?{query}&$skiptoken={begin + PAGE}"
            link = b',"odata.nextLink":%s' % json.dumps(url).encode()
        return Answer(200, {"Content-Type": "application/json"}, b'{"value":[%s]%s}' % (b",".join(items), link))

    def _task_counts(self, job: str, _request: Request) -> Answer:
        count = len(self.tasks.get(job, {}))
        counts = {"active": 0, "running": 0, "completed": count, "succeeded": count, "failed": 0}
        return _json({"taskCounts": counts, "taskSlotCounts": counts})


def _as_it_is(kind: str, body: Json) -> Json:
    """With what the service says besides."""
    said: Json = {"creationTime": MOMENT, "lastModified": MOMENT, "stateTransitionTime": MOMENT, "state": "active"}
    if kind == "pools":
        nodes = {f"current{group}Nodes": body.get(f"target{group}Nodes", 0) for group in ("Dedicated", "LowPriority")}
        said |= {"allocationState": "steady", **nodes}
    if kind == "jobs":
        over = str(body.get("onAllTasksComplete", "")).lower() == "terminatejob"
        said |= {"state": "completed" if over else "active", "executionInfo": {"startTime": MOMENT}}
    return body | said


def _counted(pool: Json) -> Json:
    idle, spot = pool.get("targetDedicatedNodes", 0), pool.get("targetLowPriorityNodes", 0)
    return {
        "poolId": pool["id"],
        "dedicated": {"idle": idle, "total": idle},
        "lowPriority": {"idle": spot, "total": spot},
    }


def _json(found: Mapping[str, Any]) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())


def _refused(status: int, code: str) -> Answer:
    said = {"code": code, "message": {"lang": "en-us", "value": code}}
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(said).encode())
