"""Ready tasks to free slots: by priority of the job, then first come first served. Decides; taskwork does.

Within a job the oldest ready task goes first and the ones behind it wait, so that a large one is never starved.
"""

import heapq
from collections.abc import Iterable

from batchctl.emulator.life import multi_instance, preemption, preparation, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json, Node, Pool, Task

TAKES_TASKS = frozenset({"idle", "running"})


def fill(service: Service, pool: Pool) -> None:
    """Places tasks until no slot or no task is left, or the pool goes."""
    if pool.state == "deleting":
        return
    nodes = [node for node in pool.nodes.values() if takes_tasks(node)]
    jobs = [job for job in service.store.jobs.values() if job.pool == pool.key and job.state == "active" and job.ready]
    while (placement := choose(pool, nodes, jobs)) is not None:
        job, task, node = placement
        heapq.heappop(job.ready)
        task_life.place(service, pool, multi_instance.gather(service, nodes, job, task, node), job, task)
    if waiting := heads(pool, jobs):
        preemption.make_room(service, pool, nodes, *waiting[0])


def look_again(service: Service, pool_key: str | None) -> None:
    """The pool is another one, or looks different: what did not fit it may fit now."""
    for job in service.store.jobs.values():
        if job.unfit and job.pool == pool_key:
            job.ready, job.unfit = job.ready + job.unfit, []
            heapq.heapify(job.ready)
    service.wake(service.store.pools.get(pool_key or ""))


def takes_tasks(node: Node) -> bool:
    """Whether new tasks may go to this node."""
    return node.state in TAKES_TASKS and node.scheduling == "enabled" and node.after is None


def choose(pool: Pool, nodes: Iterable[Node], jobs: list[Job]) -> tuple[Job, Task, Node] | None:
    """The next task and its node, or None. `jobs` have ready tasks; their heads compete."""
    for job, task in heads(pool, jobs):
        node = best_node(pool, nodes, job, task)
        if node is not None and multi_instance.fits(nodes, job, task):
            return job, task, node
    return None


def heads(pool: Pool, jobs: list[Job]) -> list[tuple[Job, Task]]:
    """The next task of each job that may start one, the most urgent first."""
    found = [(-job.spec["priority"], task.seq, job, task) for job in jobs if (task := head(pool, job)) is not None]
    return [(job, task) for _, _, job, task in sorted(found, key=lambda one: one[:2])]


def head(pool: Pool, job: Job) -> Task | None:
    """The job's oldest ready task; None if it may start no more now.

    Drops what is not ready any longer; what never fits this pool stands aside, so that the others go on.
    """
    while job.ready:
        task = job.ready[0][1]
        if (manager := _manager(job, task)) and manager["runExclusive"]:
            task.slots = pool.spec["taskSlotsPerNode"]  # it has its node for itself
        if task.state != "active" or task.key not in job.tasks:
            heapq.heappop(job.ready)
        elif task.slots > pool.spec["taskSlotsPerNode"] or not multi_instance.possible(pool, task):
            job.unfit.append(heapq.heappop(job.ready))
        else:
            most = job.spec["maxParallelTasks"]
            return None if 0 <= most <= len(job.at_work) else task
    return None


def best_node(pool: Pool, nodes: Iterable[Node], job: Job, task: Task) -> Node | None:
    """Where the task fits: the emptiest node, or the fullest where the pool packs; its affinity comes first."""
    slots = pool.spec["taskSlotsPerNode"]
    if (manager := _manager(job, task)) and not manager["allowLowPriorityNode"]:
        nodes = [node for node in nodes if node.dedicated]
    free = [node for node in nodes if slots - node.slots_used >= task.slots and not preparation.failed(job, node)]
    if not free:
        return None
    sign = -1 if pool.spec["taskSchedulingPolicy"]["nodeFillType"] == "pack" else 1
    wanted = task.affinity
    return min(free, key=lambda node: (wanted != node.affinity, sign * node.slots_used, node.seq))


def _manager(job: Job, task: Task) -> Json | None:
    """What the job says of this task, if it is its job manager."""
    manager: Json | None = job.spec.get("jobManagerTask")
    return manager if manager and manager["id"].lower() == task.key else None
