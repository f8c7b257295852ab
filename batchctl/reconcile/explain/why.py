"""Why a task does not run, or failed, and why a pool has no nodes: causes in words, each with what to do. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from batchctl.cloud_answers import BROKEN, COMING, BrokenNodes, JobStanding, PoolHealth
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import blames, gets_no_more
from batchctl.reconcile.decide.signs import NAMED, Scene
from batchctl.reconcile.decide.standstill import OF_NODES, TROUBLES, Reason, reasons
from batchctl.resources import Job, Task
from batchctl.sights import JobSight, NodeSight, PoolSight, TaskSight
from batchctl.words import plural, some


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What is known of a task and of all that it may wait for. `others`: the tasks of its job as Batch has them;
    `task`: with what it wants of nodes; `unprepared`: how the job's preparation failed, node by node."""

    run: TaskSight
    task: Task
    job: Job
    seen: JobSight
    others: Sequence[Task]
    pool: PoolSight | None
    nodes: Sequence[NodeSight]
    health: PoolHealth
    spec: str
    unprepared: Sequence[str] = ()


def standing_of(seen: JobSight) -> JobStanding:
    return JobStanding(state=seen.state, why=seen.scheduling_error or seen.why_ended or "")


def why_waiting(facts: TaskFacts) -> tuple[Reason, ...]:
    """Why a task that is active does not run; never empty. What keeps it for ever comes first."""
    found = reasons(_scene(facts))
    if lasting := tuple(reason for reason in found if not reason.passes):
        return lasting
    if awaited := tuple(_awaits_others(facts)):
        return awaited
    told = tuple(reason for reason in found if reason.kind not in BESIDE or not _ready(facts))
    if not told and _has_room(facts):
        told = (Reason(says="nothing is in its way: Batch gives it to a node with a free slot any moment"),)
    return (*(told or tuple(_all_busy(facts))), *tried_again(facts.run, facts.job, facts.task))


BESIDE = TROUBLES | {rule.kind for rule in OF_NODES}
"""What does not keep a task from the nodes that take some."""


def _scene(facts: TaskFacts) -> Scene:
    run, pool = facts.run, facts.pool
    vain = blames(facts.others, whole=gets_no_more(facts.job))
    key = run.id.lower()
    return Scene(
        job=facts.seen.id,
        pool=facts.seen.pool,
        health=facts.health,
        standing=standing_of(facts.seen),
        spec=facts.spec,
        running=facts.seen.counts.running,
        most_running=facts.job.max_parallel_tasks,
        waiting=(facts.task,),
        vain={run.id: vain[key]} if key in vain else {},
        unprepared=facts.unprepared,
        external=pool is not None and pool.external,
        made_for=facts.seen.id if pool and pool.of_job else "",
    )


def tried_again(run: TaskSight, job: Job, task: Task) -> Iterator[Reason]:
    """It began before, and failed, or its node was lost to it."""
    if run.retries:
        most = job.max_task_retry_count if task.max_task_retry_count is None else task.max_task_retry_count
        bound = "as often as it takes" if most == -1 else f"{plural(most, 'time')} at most"
        yield Reason(
            says=f"it failed {plural(run.retries, 'time')} before, and is tried again {bound} (maxTaskRetryCount)"
        )
    if run.requeues:
        yield Reason(
            says=f"it went back to the queue {plural(run.requeues, 'time')}: its node went, broke or restarted",
            remedy="dedicated nodes are never taken back (`onFailure` lets them take the place)",
        )


def _awaits_others(facts: TaskFacts) -> Iterator[Reason]:
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


def _ready(facts: TaskFacts) -> list[NodeSight]:
    return [node for node in facts.nodes if node.state in ("idle", "running") and node.scheduling == "enabled"]


def _has_room(facts: TaskFacts) -> bool:
    slots = facts.pool.slots_per_node if facts.pool else 1
    return max((slots - node.running_slots for node in _ready(facts)), default=0) >= facts.run.slots


def _all_busy(facts: TaskFacts) -> Iterator[Reason]:
    """Nodes that may run a task, and slots of theirs that are taken."""
    slots = facts.pool.slots_per_node if facts.pool else 1
    ready = _ready(facts)
    coming = [node for node in facts.nodes if node.state in COMING]
    busy = f"{sum(node.running_slots for node in ready)} of {len(ready) * slots} slots are taken"
    ahead = facts.seen.counts.active - 1
    queue = f", and {plural(ahead, 'other task')} of its job {'waits' if ahead == 1 else 'wait'}" if ahead > 0 else ""
    wants = f"it takes {plural(facts.run.slots, 'slot')}; " if facts.run.slots > 1 else ""
    more = f"; {plural(len(coming), 'node')} more {'is' if len(coming) == 1 else 'are'} coming up" if coming else ""
    held = sum(node.scheduling != "enabled" for node in facts.nodes)
    away = f"; somebody keeps tasks away from {plural(held, 'node')} more" if held else ""
    yield Reason(says=f"no node has room: {wants}{busy}{queue}{more}{away}")


def why_pool(scene: Scene, *, waiting: int) -> tuple[Reason, ...]:
    """What keeps a pool from running tasks, if anything does; never empty. `waiting`: the tasks that wait for it."""
    health = scene.health
    if not (health.count or health.wanted or waiting or health.broken or health.resize_errors):
        return (Reason(says="it has no nodes, and no task waits for any"),)
    return reasons(scene) or (Reason(says="all of them may run tasks"),)


def why_node(node: NodeSight, pool: str, spec: str, *, external: bool = False) -> tuple[Reason, ...]:
    """What keeps a node from running tasks, if anything does."""
    broken = (_broken(node),) if node.errors or node.state in BROKEN else ()
    health = PoolHealth(steady=True, nodes=((node.state, 1),), able=0 if broken else 1, wanted=1, broken=broken)
    found = reasons(Scene(job="", pool=pool, health=health, spec=spec, running=1, external=external))
    return tuple(replace(reason, says=reason.says.removeprefix("1 node ").removeprefix("1 ")) for reason in found)


def _broken(node: NodeSight) -> BrokenNodes:
    failure, said = node.start_failure, list(node.errors)
    if node.state == "starttaskfailed":
        code = f" with exit code {node.start_exit_code}" if node.start_exit_code is not None else ""
        more = f": {failure.code}: {failure.message}" if failure and failure.code != "FailureExitCode" else ""
        said.append(f"its start task failed{code}{more}")
    codes = (*(error.partition(":")[0] for error in node.errors), *((failure.code,) if failure else ()))
    return BrokenNodes(count=1, state=node.state, codes=codes, says="; ".join(said) or "no error given", one=node.id)


def what_runs_again(run: TaskSight, job: JobSight, spec: str) -> str:
    """While its job goes on Batch can try the very task once more; a job that has ended takes none."""
    command = f"retry {spec} {run.id}" if job.goes_on else f"apply {spec}"
    return f"`batchctl {command}` runs it again"


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
