"""Why a task does not run, or failed, and why a pool has no nodes: causes in words, each with what to do. Pure."""

from collections.abc import Iterator, Sequence

from batchctl.cloud_answers import PoolHealth
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import waiting_in_vain
from batchctl.reconcile.decide.pool_verdicts import EXTERNAL, pool_notices, pool_troubles, why_no_node
from batchctl.resources import Job, Task
from batchctl.sights import JobSight, NodeSight, PoolSight, TaskSight
from batchctl.words import plural, some

NAMED = 3
"""Tasks that are named of many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause. `remedy`: what to do about it, "" where it passes by itself."""

    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What is known of a task and of all that it may wait for. `others`: the tasks of its job as Batch has them."""

    run: TaskSight
    task: Task
    job: Job
    seen: JobSight
    others: Sequence[Task]
    pool: PoolSight | None
    nodes: Sequence[NodeSight]
    health: PoolHealth
    spec: str


def why_waiting(facts: TaskFacts) -> tuple[Reason, ...]:
    """Why a task that is active does not run; never empty. What keeps it for ever comes first."""
    for cause in (_job_is_over, _awaits_others, _job_is_held, _pool_is_missing, _too_many_slots, _no_nodes, _all_busy):
        if found := tuple(cause(facts)):
            return found
    return (Reason(says="nothing is in its way: Batch gives it to a node with a free slot any moment"),)


def _job_is_over(facts: TaskFacts) -> Iterator[Reason]:
    if facts.seen.state in ("completed", "terminating", "deleting"):
        why = f" ({facts.seen.why_ended})" if facts.seen.why_ended else ""
        yield Reason(
            says=f"job {facts.seen.id} has ended{why}: nothing of it runs any more",
            remedy=f"`batchctl apply {facts.spec}` runs it in the next generation",
        )


def _awaits_others(facts: TaskFacts) -> Iterator[Reason]:
    vain = waiting_in_vain(facts.others)
    if culprit := vain.get(facts.run.id.lower()):
        yield Reason(
            says=f"it depends on {culprit}, which failed or blocks it: nothing will start it",
            remedy=f"`batchctl why {facts.spec} task.{culprit}`; `batchctl apply {facts.spec}` runs both again",
        )
        return
    left = [other for other in facts.others if other.state != "completed" and _is_awaited(other, facts.task)]
    if left:
        running = [other for other in left if other.state == "running"]
        first = some([other.id for other in running or left], NAMED)
        yield Reason(says=f"it waits for {plural(len(left), 'task')}, {len(running)} of which run: {first}")


def _is_awaited(other: Task, task: Task) -> bool:
    waits = task.depends_on
    if waits is None:
        return False
    if other.id.lower() in {task_id.lower() for task_id in waits.task_ids}:
        return True
    # Batch takes `0001` for 1 in ranges.
    return other.id.isdecimal() and any(part.start <= int(other.id) <= part.end for part in waits.task_id_ranges)


def _job_is_held(facts: TaskFacts) -> Iterator[Reason]:
    if facts.seen.state in ("disabled", "disabling"):
        yield Reason(says=f"job {facts.seen.id} is paused", remedy=f"`batchctl resume {facts.spec}` goes on with it")
    if facts.seen.scheduling_error:
        yield Reason(says=f"job {facts.seen.id} cannot be scheduled: {facts.seen.scheduling_error}")
    most = facts.job.max_parallel_tasks
    if 0 < most <= facts.seen.counts.running:
        yield Reason(says=f"{facts.seen.counts.running} tasks of its job run, and maxParallelTasks is {most}")


def _pool_is_missing(facts: TaskFacts) -> Iterator[Reason]:
    if facts.pool is None:
        yield Reason(
            says=f"pool {facts.seen.pool} is not there", remedy=f"`batchctl apply {facts.spec}` makes what is missing"
        )


def _too_many_slots(facts: TaskFacts) -> Iterator[Reason]:
    slots = facts.pool.slots_per_node if facts.pool else facts.run.slots
    if facts.run.slots > slots:
        yield Reason(
            says=f"it takes {plural(facts.run.slots, 'slot')}, and a node has {slots}: it can never run",
            remedy="lower its requiredSlots, or raise the pool's taskSlotsPerNode",
        )


def _no_nodes(facts: TaskFacts) -> Iterator[Reason]:
    if not facts.health.able:
        yield from why_no_nodes(facts.health, facts.pool, facts.spec)


def _all_busy(facts: TaskFacts) -> Iterator[Reason]:
    """Nodes that may run a task, and slots of theirs that are free."""
    slots = facts.pool.slots_per_node if facts.pool else 1
    ready = [node for node in facts.nodes if node.state in ("idle", "running") and node.scheduling == "enabled"]
    free = max((slots - node.running_slots for node in ready), default=0)
    coming = [node for node in facts.nodes if node.state in COMING]
    if free >= facts.run.slots:
        return
    if coming and not ready:
        yield from _coming_up(facts.health)
        return
    busy = f"{sum(node.running_slots for node in ready)} of {len(ready) * slots} slots are taken"
    ahead = facts.seen.counts.active - 1
    queue = f", and {plural(ahead, 'other task')} of its job {'waits' if ahead == 1 else 'wait'}" if ahead > 0 else ""
    wants = f"it takes {plural(facts.run.slots, 'slot')}; " if facts.run.slots > 1 else ""
    more = f"; {plural(len(coming), 'node')} more {'is' if len(coming) == 1 else 'are'} coming up" if coming else ""
    yield Reason(says=f"no node has room: {wants}{busy}{queue}{more}")


COMING = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging"})
"""States of nodes that will run tasks soon."""


LIMBO = {
    "preempted": "Azure took it back, and gives another where it has room",
    "unknown": "the service hears nothing of it; what runs there may go on",
    "offline": "somebody keeps tasks away from it",
    "upgradingOS": "it comes back once its system is up to date",
}
"""States of nodes that run nothing new now, and what is known of them."""


def why_pool(health: PoolHealth, pool: PoolSight, spec: str, *, waiting: int) -> Iterator[Reason]:
    """What keeps a pool from running tasks, if anything does; never empty. `waiting`: the tasks that wait for it."""
    if not (health.count or health.wanted or waiting or any(pool_troubles(health))):
        yield Reason(says="it has no nodes, and no task waits for any")
    elif health.able < max(1, health.wanted):
        yield from why_no_nodes(health, pool, spec)
    else:
        limbo = [Reason(says=f"{count} {state}: {LIMBO[state]}") for state, count in health.nodes if state in LIMBO]
        yield from (*_coming_up(health), *limbo) or (Reason(says="all of them may run tasks"),)


def why_no_nodes(health: PoolHealth, pool: PoolSight | None, spec: str) -> Iterator[Reason]:
    """Why no node of a pool can run a task."""
    coming = tuple(_coming_up(health))
    yield from coming
    told = list(pool_notices(health))
    if not told and (health.details or not coming):
        told = why_no_node(health).split("\n")
    for line in told:
        yield Reason(says=line, remedy=_mending(health, pool, spec) if health.steady else "")


def _coming_up(health: PoolHealth) -> Iterator[Reason]:
    # Counts of nodes have the states of REST's keys: waitingForStartTask.
    coming = [f"{count} {state}" for state, count in health.nodes if state.lower() in COMING]
    if coming or (health.count < health.wanted and not health.steady):
        yield Reason(says=f"its nodes are coming up: {', '.join(coming) or 'none yet'} of {health.wanted}")


def _mending(health: PoolHealth, pool: PoolSight | None, spec: str) -> str:
    if pool and pool.external:
        return f"the pool is external: {EXTERNAL} mends it"
    anew = f" --replace pool.{pool.id}" if pool and health.broken and not pool.of_job else ""
    return f"mend the spec, then `batchctl apply {spec}{anew}`"


def why_failed_run(run: TaskSight) -> str:
    """`exit code 7 after 3.2 s on node tvm…, tried 3 times`."""
    failure = run.failure
    if failure is None or failure.code == "FailureExitCode":
        cause = f"exit code {run.exit_code}"
    else:
        cause = f"{failure.code}: {failure.message}" if failure.message else failure.code
    tries = f", tried {run.retries + 1} times" if run.retries else ""
    requeued = f", {plural(run.requeues, 'time')} requeued" if run.requeues else ""
    return f"{cause}{tries}{requeued}"
