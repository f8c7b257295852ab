"""Why a task waits, and why a pool has no nodes: one cause for each situation, and what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchctl.cloud_answers import BrokenNodes, Counts, PoolHealth, Scaling
from batchctl.configurations import TaskDependencies, TaskIdRange
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.standstill import schedule_reasons
from batchctl.reconcile.explain.why import TaskFacts, what_runs_again, why_failed_run, why_node, why_pool, why_waiting
from batchctl.sights import FailureInfo, JobSight, NodeSight, PoolSight, TaskSight
from tests.reconcile.build import failed, held_job, run, waiting

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ABLE = PoolHealth(steady=True, nodes=(("running", 2),), able=2, wanted=2, slots=4)
GONE = PoolHealth(steady=True, nodes=(), able=0, state="gone")
SEEN = JobSight(id="count", generation=1, state="active", pool="p", counts=Counts(active=5, running=2))
POOL = PoolSight(id="p", state="active", allocation="steady", vm_size="Standard_D2s_v5", slots_per_node=4)
BUSY = NodeSight(id="n1", state="running", running_tasks=2, running_slots=4)
HALF = replace(BUSY, id="n2", running_slots=3)


def facts(**more: Any) -> TaskFacts:
    """Of a task that waits in a job that is active, on a pool of two nodes that are busy."""
    values: dict[str, Any] = {
        "run": TaskSight(job="count", generation=1, id="a", state="active"),
        "task": waiting("a"),
        "job": held_job(),
        "seen": SEEN,
        "others": [waiting("a")],
        "pool": POOL,
        "nodes": [BUSY, BUSY],
        "health": ABLE,
        "spec": "s.yaml",
    }
    return TaskFacts(**values | more)


def after(*ids: str, ranges: tuple[TaskIdRange, ...] = ()) -> Any:
    return replace(waiting("a"), depends_on=TaskDependencies(task_ids=ids, task_id_ranges=ranges))


def scene(health: PoolHealth, **more: Any) -> Scene:
    return Scene(job="count", pool="p", health=health, spec="s.yaml", running=1, **more)


def broken(state: str) -> BrokenNodes:
    return BrokenNodes(count=1, state=state, codes=(), says="x", one="n")


QUOTA = "AccountCoreQuotaReached: no cores"


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({}, "no node has room: 8 of 8 slots are taken, and 4 other tasks of its job wait"),
        (
            {"run": TaskSight(job="count", generation=1, id="a", state="active", slots=2), "nodes": [HALF, BUSY]},
            "no node has room: it takes 2 slots; 7 of 8 slots are taken, and 4 other tasks of its job wait",
        ),
        ({"nodes": [HALF]}, "nothing is in its way: Batch gives it to a node with a free slot any moment"),
        (
            {"nodes": [BUSY, NodeSight(id="n3", state="starting")], "seen": replace(SEEN, counts=Counts(active=1))},
            "no node has room: 4 of 4 slots are taken; 1 node more is coming up",
        ),
        (
            {"task": waiting("a", required_slots=8)},
            "task a takes 8 slots, and a node has 4",
        ),
        ({"seen": replace(SEEN, state="disabled")}, "job count is paused"),
        (
            {"nodes": [NodeSight(id="n3", state="creating")], "health": replace(ABLE, nodes=(("creating", 2),))},
            "its nodes are coming up: 2 creating of 2",
        ),
        (
            {"health": PoolHealth(steady=False, nodes=(), able=0, wanted=2), "nodes": []},
            "its nodes are coming up: none yet of 2",
        ),
        (
            {"seen": replace(SEEN, state="completed", why_ended="JobMaxWallClockTime")},
            "job count has ended (JobMaxWallClockTime): nothing of it runs any more",
        ),
        ({"job": held_job(max_parallel_tasks=2)}, "2 tasks of its job run, and maxParallelTasks is 2"),
        ({"pool": None, "health": GONE}, "pool p is not there any more"),
        ({"health": replace(ABLE, able=0, nodes=(), resize_errors=(QUOTA,))}, f"0 of 2 nodes: {QUOTA}"),
        (
            {"health": PoolHealth(steady=False, nodes=(("starting", 1),), able=0, wanted=2), "nodes": []},
            "its nodes are coming up: 1 starting of 2",
        ),
        (
            {
                "task": after("x", "y"),
                "others": [after("x", "y"), waiting("x"), replace(waiting("y"), state="running"), waiting("z")],
            },
            "it waits for 2 tasks, 1 of which run: y",
        ),
        (
            {"task": after(ranges=(TaskIdRange(start=1, end=3),)), "others": [waiting("002"), waiting("4"), run("1")]},
            "it waits for 1 task, 0 of which run: 002",
        ),
        (
            {"task": after("x"), "others": [after("x"), failed("x")]},
            "task a: depends on x, which failed",
        ),
    ],
)
def test_why_a_task_waits(known: dict[str, Any], says: str) -> None:
    assert why_waiting(facts(**known))[0].says == says


@pytest.mark.parametrize(
    ("health", "waiting", "says"),
    [
        (ABLE, 1, "all of them may run tasks"),
        (
            PoolHealth(steady=True, nodes=(("preempted", 1), ("running", 1)), able=2, wanted=2),
            1,
            "1 preempted: taken back by Azure, which gives others where it has room",
        ),
        (
            PoolHealth(steady=True, nodes=(("unknown", 1),), able=1, wanted=1),
            0,
            "1 unknown: the service hears nothing from there; what runs may go on",
        ),
        (
            PoolHealth(steady=True, nodes=(("creating", 1), ("idle", 1)), able=2, wanted=2),
            0,
            "its nodes are coming up: 1 creating of 2",
        ),
        (PoolHealth(steady=False, nodes=(("idle", 1),), able=1), 0, "all of them may run tasks"),
        (PoolHealth(steady=True, nodes=(), able=0), 0, "it has no nodes, and no task waits for any"),
        (
            PoolHealth(steady=True, nodes=(), able=0, scaling=Scaling(next_evaluation=NOON)),
            0,
            "it has no nodes, and no task waits for any",
        ),
        (PoolHealth(steady=True, nodes=(), able=0), 2, "the pool has no nodes"),
        (PoolHealth(steady=True, nodes=(), able=0, wanted=2, resize_errors=(QUOTA,)), 0, f"0 of 2 nodes: {QUOTA}"),
    ],
)
def test_what_keeps_a_pool_from_running_tasks(health: PoolHealth, waiting: int, says: str) -> None:
    assert [reason.says for reason in why_pool(scene(health), waiting=waiting)] == [says]


def test_a_pool_that_nothing_waits_for_needs_no_mending() -> None:
    (found,) = why_pool(scene(PoolHealth(steady=True, nodes=(), able=0)), waiting=0)
    assert found.remedy == ""


def test_a_held_job_goes_on_by_a_command() -> None:
    (found,) = why_waiting(facts(seen=replace(SEEN, state="disabled")))
    assert found.remedy == "`batchctl resume s.yaml` goes on with it; its nodes cost meanwhile"


def test_the_remedy_names_a_command() -> None:
    (found,) = why_waiting(facts(task=after("x"), others=[after("x"), failed("x")]))
    assert found.remedy == "`batchctl why s.yaml task.x`; `batchctl apply s.yaml` runs both again"


@pytest.mark.parametrize(
    ("health", "says"),
    [
        (
            PoolHealth(steady=True, nodes=(), able=0, scaling=Scaling(next_evaluation=NOON)),
            "its autoscale formula holds it at 0 nodes; the next evaluation comes 2026-01-01 12:00 UTC",
        ),
        (
            PoolHealth(
                steady=True, nodes=(("starttaskfailed", 1),), able=0, wanted=1, broken=(broken("starttaskfailed"),)
            ),
            "1 node starttaskfailed: x",
        ),
        (PoolHealth(steady=True, nodes=(), able=0), "the pool has no nodes"),
    ],
)
def test_why_a_pool_has_no_nodes(health: PoolHealth, says: str) -> None:
    assert [reason.says for reason in why_pool(scene(health), waiting=1)] == [says]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"exit_code": 7}, "exit code 7"),
        ({"exit_code": -9, "retries": 2}, "exit code -9, tried 3 times"),
        (
            {"failure": FailureInfo(category="usererror", code="DiskFull", message="No space."), "requeues": 1},
            "DiskFull: No space., 1 time requeued",
        ),
    ],
)
def test_why_a_run_failed(more: dict[str, Any], says: str) -> None:
    assert why_failed_run(TaskSight(job="j", generation=1, id="a", state="completed", **more)) == says


@pytest.mark.parametrize(
    ("state", "command"),
    [
        *((state, "retry s.yaml a") for state in ("active", "enabling", "disabling", "disabled")),
        *((state, "apply s.yaml") for state in ("terminating", "completed", "deleting")),
    ],
)
def test_what_runs_a_failed_task_again(state: str, command: str) -> None:
    ended = TaskSight(job="count", generation=1, id="a", state="completed", result="failure")
    assert what_runs_again(ended, replace(SEEN, state=state), "s.yaml") == f"`batchctl {command}` runs it again"


def test_who_mends_a_pool_that_the_spec_does_not_make() -> None:
    sick = PoolHealth(steady=True, nodes=(("unusable", 1),), able=0, wanted=1, broken=(broken("unusable"),))
    [own] = why_pool(scene(sick), waiting=1)
    [external] = why_pool(scene(sick, external=True), waiting=1)
    [of_job] = why_pool(scene(sick, made_for="count"), waiting=1)
    assert own.remedy.endswith(
        "should Azure not mend them, `batchctl apply s.yaml --replace pool.p` makes the pool anew"
    )
    assert external.remedy.startswith("the pool is external: whoever owns it mends it; or name another, then ")
    assert of_job.remedy.startswith("mend the spec, then `batchctl apply s.yaml`: job count ends then, with its pool")


@pytest.mark.parametrize(
    ("node", "says", "remedy"),
    [
        (NodeSight(id="n", state="idle"), None, ""),
        (NodeSight(id="n", state="offline"), "offline: somebody keeps tasks away", "`az batch node scheduling enable "),
        (
            NodeSight(id="n", state="starttaskfailed", start_exit_code=3),
            "starttaskfailed: its start task failed with exit code 3",
            "`batchctl logs s.yaml node.n --all` shows what it wrote; ",
        ),
        (
            NodeSight(id="n", state="unusable", errors=("ContainerInvalidImage: x (Message: unauthorized: log in)",)),
            "unusable: ContainerInvalidImage: x (Message: unauthorized: log in)",
            "mend containerRegistries ",
        ),
    ],
)
def test_what_keeps_a_node_from_running_tasks(node: NodeSight, says: str | None, remedy: str) -> None:
    found = why_node(node, "p", "s.yaml")
    assert [(reason.says, reason.remedy.startswith(remedy)) for reason in found] == ([(says, True)] if says else [])


def test_a_task_that_is_tried_again_and_again_says_so() -> None:
    again = replace(facts().run, retries=40, requeues=2)
    job = held_job(max_task_retry_count=-1)
    told = [reason.says for reason in why_waiting(facts(run=again, job=job))][1:]
    assert told == [
        "it failed 40 times before, and is tried again as often as it takes (maxTaskRetryCount)",
        "it went back to the queue 2 times: its node went, broke or restarted",
    ]


def test_a_task_of_a_job_that_is_over_names_the_one_that_kept_it() -> None:
    over = replace(SEEN, state="completed", why_ended="BatchctlGaveUp")
    told = why_waiting(facts(task=after("x"), others=[after("x"), failed("x")], seen=over))
    assert [reason.kind for reason in told] == ["dependencyFailed", "jobEnded"]


def test_a_schedule_that_is_held_makes_no_jobs() -> None:
    (reason,) = schedule_reasons("nightly", "disabled")
    assert reason.line == (
        "schedule nightly is disabled: no job comes of it; `az batch job-schedule enable --job-schedule-id nightly` "
        "lets them come again"
    )
    assert schedule_reasons("nightly", "active") == ()


def test_a_job_that_batch_could_not_start_runs_nothing() -> None:
    (reason,) = why_waiting(facts(seen=replace(SEEN, scheduling_error="AutoPoolCreationFailedWithQuotaReached: x")))
    assert reason.says == "job count cannot be scheduled: AutoPoolCreationFailedWithQuotaReached: x"
    assert not reason.passes
