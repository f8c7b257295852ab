"""Ready tasks to free slots: by priority of the job, then first come first served. Decides; task_life does.

Within a job the oldest ready task goes first and the ones behind it wait, so that a large one is never starved.
"""

import heapq
from collections.abc import Iterable, Sequence

from batchctl.emulator.life import preemption, preparation, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json, Node, Pool, Task

TAKES_TASKS = frozenset({"idle", "running"})


def fill_pool(service: Service, pool: Pool) -> None:
    """Places tasks until no slot or no task is left, or the pool goes."""
    if pool.state == "deleting":
        return
    nodes = [node for node in pool.nodes.values() if takes_tasks(node)]
    jobs = [job for job in service.store.jobs.values() if job.pool == pool.key and job.state == "active" and job.ready]
    # One by one: each task that is placed changes which node is the emptiest, and how many its job may still start.
    while (placement := choose_next(pool, nodes, jobs)) is not None:
        job, task, chosen = placement
        heapq.heappop(job.ready)
        task_life.place_task(service, pool, chosen, job, task)
    if waiting := next_tasks(pool, jobs):
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


def choose_next(pool: Pool, nodes: Sequence[Node], jobs: list[Job]) -> tuple[Job, Task, Sequence[Node]] | None:
    """The next task and its nodes, or None. `jobs` have ready tasks; their heads compete."""
    for job, task in next_tasks(pool, jobs):
        if chosen := nodes_for(pool, nodes, job, task):
            return job, task, chosen
    return None


def nodes_for(pool: Pool, nodes: Sequence[Node], job: Job, task: Task) -> Sequence[Node]:
    """Where the task goes, its primary's node first; nowhere while there is no room for all its instances."""
    primary = best_node(pool, nodes, job, task)
    if primary is None or task.instances is None:
        return () if primary is None else (primary,)
    free = [node for node in nodes if not node.busy and not preparation.preparation_failed(job, node)]
    others = [node for node in free if node is not primary]
    return (primary, *others[: task.instances - 1]) if len(free) >= task.instances else ()


def next_tasks(pool: Pool, jobs: list[Job]) -> list[tuple[Job, Task]]:
    """The next task of each job that may start one, the most urgent first."""
    found = [(-job.spec["priority"], task.seq, job, task) for job in jobs if (task := next_task(pool, job)) is not None]
    return [(job, task) for _, _, job, task in sorted(found, key=lambda one: one[:2])]  # jobs do not compare


def next_task(pool: Pool, job: Job) -> Task | None:
    """The job's oldest ready task; None if it may start no more now.

    Drops what is not ready any longer; what never fits this pool stands aside, so that the others go on.
    """
    while job.ready:
        task = job.ready[0]
        if (manager := _manager_settings(job, task)) and manager["runExclusive"]:
            task.slots = pool.spec["taskSlotsPerNode"]  # it has its node for itself
        if task.state != "active" or task.key not in job.tasks:
            heapq.heappop(job.ready)
        elif _never_fits(pool, task):
            job.unfit.append(heapq.heappop(job.ready))
        else:
            most = job.spec["maxParallelTasks"]
            return None if 0 <= most <= len(job.at_work) else task
    return None


def _never_fits(pool: Pool, task: Task) -> bool:
    """Instances of one task want nodes that may talk to each other, and each of them a node of one slot."""
    slots = pool.spec["taskSlotsPerNode"]
    apart = task.instances is not None and not (pool.spec["enableInterNodeCommunication"] and slots == 1)
    return bool(task.slots > slots or apart)


def best_node(pool: Pool, nodes: Iterable[Node], job: Job, task: Task) -> Node | None:
    """Where the task fits: the emptiest node, or the fullest where the pool packs; its affinity comes first."""
    slots = pool.spec["taskSlotsPerNode"]
    if (manager := _manager_settings(job, task)) and not manager["allowLowPriorityNode"]:
        nodes = [node for node in nodes if node.dedicated]
    free = [
        node
        for node in nodes
        if slots - node.slots_used >= task.slots and not preparation.preparation_failed(job, node)
    ]
    if not free:
        return None
    sign = -1 if pool.spec["taskSchedulingPolicy"]["nodeFillType"].lower() == "pack" else 1
    wanted = task.affinity
    return min(free, key=lambda node: (wanted != node.affinity, sign * node.slots_used, node.seq))


def _manager_settings(job: Job, task: Task) -> Json | None:
    """What the job says of this task, if it is its job manager."""
    manager: Json | None = job.spec.get("jobManagerTask")
    return manager if manager and manager["id"].lower() == task.key else None
