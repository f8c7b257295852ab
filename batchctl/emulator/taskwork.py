"""A task from its first state to its last: placed, run, ended, tried again, requeued, removed."""

import heapq
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.emulator import orders, times
from batchctl.emulator.outcome import Failure, Outcome
from batchctl.emulator.records import Job, Json, Node, Pool, Task

if TYPE_CHECKING:
    from batchctl.emulator.node import Run
    from batchctl.emulator.service import Service

RECENT = 10


def add(service: "Service", job: Job, task: Task) -> None:
    """Takes in a new task."""
    service.store.add(task)
    job.unfinished += 1
    enqueue(service, job, task)


def enqueue(service: "Service", job: Job, task: Task) -> None:
    """The task may run as soon as there is room."""
    heapq.heappush(job.ready, (task.seq, task))
    service.wake(service.store.pools.get(job.pool or ""))


def place(service: "Service", pool: Pool, node: Node, job: Job, task: Task) -> None:
    """Gives the task a place on the node and starts it."""
    now = service.clock.now()
    fresh = not (task.node == node.id and task.info["retryCount"])
    task.pool, task.node, task.directory = pool.id, node.id, orders.work_directory(job, task.id)
    task.move("running", now)
    task.info = {**_kept(task.info), "startTime": times.stamp(now)}
    node.busy[task.seq] = task
    job.at_work[task.seq] = task
    if node.state == "idle":
        node.move("running", now)
    node.tasks_run += 1
    node.recent = [[job.id, task.id], *(one for one in node.recent if one != [job.id, task.id])][:RECENT]
    service.store.touch(task)
    service.store.keep(node)
    start(service, orders.Site(service.settings, service.url, pool, node), job, task, fresh)


def start(service: "Service", site: orders.Site, job: Job, task: Task, fresh: bool) -> None:
    """Runs the task's command line on its node."""
    order = orders.task_order(site, job, task, fresh)
    run = service.run(task, order, partial(_ended, service, job, site.node, task), partial(_spawned, service, task))
    limit = times.duration(constraint(task, "maxWallClockTime"))
    if limit < times.duration(times.UNLIMITED):
        service.timer(task, limit, partial(run.kill, "expired"))


def interrupt(service: "Service", task: Task, why: str) -> None:
    """Ends the task's run: `requeue`, `terminate` or `delete`. What follows is done when it has ended."""
    if run := service.runs.get(task):
        run.kill(why)


def complete(service: "Service", job: Job, task: Task, outcome: Outcome) -> None:
    """The task has ended for good."""
    now = service.clock.now()
    task.move("completed", now)
    info: Json = {**task.info, "endTime": times.stamp(now), "result": "success" if outcome.succeeded else "failure"}
    info.setdefault("startTime", info["endTime"])
    if outcome.exit_code is not None:
        info["exitCode"] = outcome.exit_code
    if outcome.failure:
        info["failureInfo"] = outcome.failure.wire()
    task.info, task.pid = info, None
    job.unfinished -= 1
    service.store.touch(task)
    service.wake(job)


def requeue(service: "Service", job: Job, task: Task, counter: str, time: str) -> None:
    """Back to the queue: after a failure (`retryCount`, `lastRetryTime`) or for a lost node (`requeueCount`, …)."""
    now = service.clock.now()
    task.move("active", now)
    kept = _kept(task.info)
    task.info, task.pid = {**kept, counter: kept[counter] + 1, time: times.stamp(now)}, None
    if counter == "requeueCount":
        task.node = task.pool = task.directory = None
    service.store.touch(task)
    enqueue(service, job, task)


def reactivate(service: "Service", job: Job, task: Task) -> None:
    """A failed task runs again as if it were new."""
    task.move("active", service.clock.now())
    task.info = {"retryCount": 0, "requeueCount": 0}
    task.node = task.pool = task.directory = None
    job.unfinished += 1
    service.store.touch(task)
    enqueue(service, job, task)


def remove(service: "Service", job: Job, task: Task) -> None:
    """Forgets a task and deletes its directory; its run, if it has one, is ended and tells nobody."""
    interrupt(service, task, "delete")
    if task.state != "completed":
        job.unfinished -= 1
    _discard_directory(service, task)
    service.store.drop(task)
    service.wake(job)


def _discard_directory(service: "Service", task: Task) -> None:
    if (directory := directory_of(service, task)) is not None:
        service.discard(directory)


def directory_of(service: "Service", task: Task) -> Path | None:
    """Where the task's files lie; None if it never had a node or the node is gone."""
    pool = service.store.pools.get((task.pool or "").lower())
    node = pool.nodes.get(task.node or "") if pool else None
    return orders.node_root(service.settings, node) / task.directory if node and task.directory else None


def constraint(task: Task, name: str) -> str:
    """A constraint of the task as text."""
    value: str = task.spec["constraints"][name]
    return value


def _spawned(service: "Service", task: Task, run: "Run", pid: int, born: float) -> None:
    if service.runs.get(task) is run:
        task.pid = [pid, born]
        service.store.keep(task)
        service.save_soon()


def _ended(service: "Service", job: Job, node: Node, task: Task, run: "Run", outcome: Outcome) -> None:
    """The node reports the end of a run."""
    service.cancel(task)
    del node.busy[task.seq]
    del job.at_work[task.seq]
    if not node.busy and node.state == "running":
        node.move("idle", service.clock.now())
    service.store.keep(node)
    if job.tasks.get(task.key) is not task:
        if task.key not in job.tasks:
            _discard_directory(service, task)
    elif run.killed == "requeue":
        requeue(service, job, task, "requeueCount", "lastRequeueTime")
    elif retries(task, outcome):
        requeue(service, job, task, "retryCount", "lastRetryTime")
    else:
        node.tasks_succeeded += outcome.succeeded
        complete(service, job, task, outcome)
    service.wake(job, service.store.pools.get(node.pool.lower()))


def retries(task: Task, outcome: Outcome) -> bool:
    """Whether a run that ended so is tried again: only an exit code other than 0 is, while retries are left."""
    if outcome.failure is None or outcome.failure.code != "FailureExitCode":
        return False
    most: int = task.spec["constraints"]["maxTaskRetryCount"]
    return most == -1 or task.info["retryCount"] < most


def ended_by_user() -> Outcome:
    """How a task ends that is terminated before it ran."""
    return Outcome(None, Failure("TaskEnded"))


def _kept(info: Json) -> Json:
    """What of executionInfo survives another try."""
    names = ("retryCount", "lastRetryTime", "requeueCount", "lastRequeueTime")
    return {name: info[name] for name in names if name in info}
