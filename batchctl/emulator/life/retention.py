"""The files of completed tasks stay for their retentionTime; nodes that leave with `retaineddata` wait for that."""

import heapq

from batchctl.emulator import times
from batchctl.emulator.life import run_orders
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Node, Task

# How a task says what nearly all of them say: found in its text without parsing it.
_USUAL = '"retentionTime":"P7D"'
_USUAL_SECONDS = 7 * 86400.0


def keep_files(service: Service, task: Task) -> None:
    """The task is completed; its directory goes when its time is over."""
    if task.node is None:
        return
    heapq.heappush(service.kept, (_due_time(task), task.seq, task))
    if service.kept[0][2] is task:  # else an earlier one has set the timer
        _await_next_due(service)


def holds_files(service: Service, node: Node) -> bool:
    """Whether the node has directories of tasks whose time is not over."""
    return any(task.node == node.id and task.state == "completed" for _, _, task in service.kept)


def _discard_due(service: Service) -> None:
    now = service.clock.now()
    while service.kept and service.kept[0][0] <= now:
        _, _, task = heapq.heappop(service.kept)
        job = service.store.jobs.get(task.job.lower())
        # It may have been reactivated or deleted since: what is kept is never taken out of the heap.
        if task.state == "completed" and _due_time(task) <= now and job and job.tasks.get(task.key) is task:
            for directory in run_orders.task_directories(service.settings, task):
                service.discard(directory)
    service.wake(*service.store.pools.values())
    _await_next_due(service)


def _await_next_due(service: Service) -> None:
    """Sweeps when the next one is due."""
    service.cancel("retention")
    if service.kept:
        service.timer("retention", max(0.0, service.kept[0][0] - service.clock.now()), lambda: _discard_due(service))


def _due_time(task: Task) -> float:
    """Parsing a task takes long, and nearly all say nothing of it."""
    usual = _USUAL in task.asked
    return task.state_time + (_USUAL_SECONDS if usual else times.duration(task.spec["constraints"]["retentionTime"]))
