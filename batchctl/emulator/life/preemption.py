"""Tasks of jobs that allow it give way to jobs of higher priority (allowTaskPreemption): they go back to the queue."""

from collections.abc import Iterable

from batchctl.emulator.life import task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import Job, Node, Pool, Task


def make_room(service: Service, pool: Pool, nodes: Iterable[Node], job: Job, task: Task) -> None:
    """Requeues as few tasks on one node as give `task` its place; none if room is on its way already."""
    yielding = {
        other.key: other
        for other in service.store.jobs.values()
        if other.spec["allowTaskPreemption"] and other.spec["priority"] < job.spec["priority"] and other.at_work
    }
    if not yielding or task.instances is not None:
        return
    free = {node: pool.spec["taskSlotsPerNode"] - node.slots_used for node in nodes}
    going = {node: sum(one.slots for one in node.busy.values() if _is_going(service, one)) for node in free}
    # What was interrupted a moment ago still holds its slots: without this each look would end more tasks.
    if any(free[node] + going[node] >= task.slots for node in free):
        return
    for node, slots in free.items():
        victims = _victims(node, task.slots - slots, yielding)
        for one in victims:
            task_life.interrupt_task(service, yielding[one.job.lower()], one, KillReason.REQUEUE)
        if victims:
            return


def _victims(node: Node, wanted: int, yielding: dict[str, Job]) -> list[Task]:
    """The youngest tasks of the lowest priority that free so many slots; none if all of them are not enough."""
    can = [one for one in node.busy.values() if one.job.lower() in yielding]
    chosen: list[Task] = []
    for one in sorted(can, key=lambda one: (yielding[one.job.lower()].spec["priority"], -one.seq)):
        if sum(task.slots for task in chosen) >= wanted:
            break
        chosen.append(one)
    return chosen if sum(task.slots for task in chosen) >= wanted else []


def _is_going(service: Service, task: Task) -> bool:
    run = service.runs.get(task)
    return run is not None and run.killed is not None
