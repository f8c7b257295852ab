"""The files of completed tasks stay for their retentionTime; nodes that leave with `retaineddata` wait for that."""

from batchctl.emulator import times
from batchctl.emulator.life import run_orders
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Node, Task

# How a task says what nearly all of them say: found in its text without parsing it.
_USUAL = '"retentionTime":"P7D"'
_USUAL_SECONDS = 7 * 86400.0


def keep_files(service: Service, task: Task) -> None:
    """The task is completed; its directory goes when its time is over."""
    if task.node is not None and service.kept.add(task, _due_time(task)):
        _await_next_due(service)  # else an earlier one has set the timer


def holds_files(service: Service, node: Node) -> bool:
    """Whether the node has directories of tasks whose time is not over."""
    return any(task.node == node.id and task.state == "completed" for task in service.kept)


def _discard_due(service: Service) -> None:
    now = service.clock.now()
    for task in service.kept.take_due(now):
        # It may have been reactivated or deleted since.
        if task.state == "completed" and _due_time(task) <= now and service.store.has_task(task):
            for directory in run_orders.task_directories(service.settings, task):
                service.discard(directory)
    service.wake(*service.store.pools.values())
    _await_next_due(service)


def _await_next_due(service: Service) -> None:
    """Sweeps when the next one is due."""
    service.cancel("retention")
    if (moment := service.kept.next_moment()) is not None:
        service.timer("retention", max(0.0, moment - service.clock.now()), lambda: _discard_due(service))


def _due_time(task: Task) -> float:
    """Parsing a task takes long, and nearly all say nothing of it."""
    usual = _USUAL in task.asked
    return task.state_time + (_USUAL_SECONDS if usual else times.duration(task.spec["constraints"]["retentionTime"]))
