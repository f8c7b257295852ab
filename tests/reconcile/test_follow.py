"""Waiting for tasks, and what is said of them at the end."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import BrokenNodes, Counts, JobStanding, PoolHealth, Scaling
from batchctl.desired import Tolerance
from batchctl.errors import Stuck
from batchctl.reconcile.carry_out.follow import (
    EAGER,
    LONGEST,
    MOST_TAILS,
    SHORTEST,
    Bounds,
    runs_to_judge,
    task_failures,
    wait_for_tasks,
)
from batchctl.reconcile.carry_out.pool_watch import Known
from batchctl.reconcile.events import Event, Halted, JobNotice, NodesWaiting, PoolNotice, Progress, TaskFailed
from batchctl.resources import Job, Task
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import TEXT, failed, held_job, output, run, task, waiting

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IDLE = PoolHealth(steady=True, nodes=(("idle", 1),), able=1)
STARTING = PoolHealth(steady=True, nodes=(("starting", 1),), able=1)
RESIZING = PoolHealth(steady=False, nodes=(), able=0)
EMPTY = PoolHealth(steady=True, nodes=(), able=0)
BROKEN = PoolHealth(
    steady=True,
    nodes=(("startTaskFailed", 1),),
    able=0,
    wanted=5,
    resize_errors=("AccountCoreQuotaReached: no cores",),
    broken=(BrokenNodes(count=1, state="startTaskFailed", codes=(), says="its start task failed", one="n1"),),
    last_words=("    [n1] no licence",),
)
SCALED = PoolHealth(steady=True, nodes=(), able=0, wanted=2, scaling=Scaling(next_evaluation=NOON))
QUOTA = "AccountCoreQuotaReached: no cores"
SHORT = PoolHealth(steady=True, nodes=(("running", 15),), able=15, wanted=100, resize_errors=(QUOTA,), resized=NOON)
NO_TARGET = "sets neither $TargetDedicatedNodes nor $TargetLowPriorityNodes"
UNKNOWN = "AutoScalingFormulaEvaluationError: It could not be evaluated. (Reason: x is not known)"
EARLY = "AutoScalingFormulaEvaluationError: Insufficient data from data set: $PendingTasks wanted 70%, received 50%"
DONE = Counts(succeeded=2)
WAITING = Counts(active=2)


class Scripted(FakeCloud):
    """Answers as told, poll by poll; the last answer stays. `ends_at`: the poll from which the jobs have ended."""

    def __init__(
        self, counts: Sequence[Counts], health: Sequence[PoolHealth] = (IDLE,), lag: int = 0, ends_at: int = 10**9
    ) -> None:
        super().__init__()
        self.said, self.nodes_said, self.lag, self.ends_at = list(counts), list(health), lag, ends_at
        self.polls = self.looks = 0

    def counts(self, job: Job) -> Counts:
        self.polls += 1
        return self.said[min(self.polls, len(self.said)) - 1]

    def unfinished(self, job: Job) -> bool:
        return self.polls <= self.lag

    def standing(self, job: Job) -> JobStanding:
        return JobStanding(state="terminating" if self.polls >= self.ends_at else "active")

    def waiting(self, job: Job) -> tuple[Task, ...]:
        return ()

    def health(self, pool: str) -> PoolHealth:
        self.looks += 1
        return self.nodes_said[min(self.looks, len(self.nodes_said)) - 1]


def waited(cloud: FakeCloud, timeout: float | None = None, jobs: Sequence[Job] = ()) -> tuple[list[Event], FakeClock]:
    clock, limit = FakeClock(), None if timeout is None else timedelta(seconds=timeout)
    return list(wait_for_tasks(jobs or [held_job()], cloud, clock, Bounds(timeout=limit))), clock


def test_nothing_to_wait_for_says_nothing_and_asks_nothing() -> None:
    cloud = Scripted([DONE])
    assert list(wait_for_tasks([], cloud, FakeClock())) == []
    assert cloud.polls == 0


def test_done_at_once() -> None:
    events, clock = waited(Scripted([DONE]))
    assert (events, clock.slept) == ([Progress(counts=DONE)], [])


def test_progress_is_told_when_it_moves_and_only_then() -> None:
    steps = [WAITING, WAITING, Counts(running=2), Counts(running=2), Counts(running=1, succeeded=1), DONE]
    events, clock = waited(Scripted(steps))
    assert events == [Progress(counts=c) for c in (steps[0], steps[2], steps[4], steps[5])]
    assert len(clock.slept) == 5


def test_counts_that_lag_do_not_end_the_wait() -> None:
    cloud = Scripted([Counts()], lag=3)
    waited(cloud)
    assert cloud.polls == 4


def test_several_generations_are_counted_together() -> None:
    cloud = Scripted([Counts(succeeded=1), Counts(failed=1)])
    events, _ = waited(cloud, jobs=[held_job(1), held_job(2)])
    assert events == [Progress(counts=Counts(succeeded=1, failed=1))]


def test_polls_grow_slower_and_never_too_slow() -> None:
    _, clock = waited(Scripted([Counts(running=1)] * 300 + [DONE]))
    assert clock.slept[0] == EAGER
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[-1] == LONGEST


def test_two_looks_at_what_does_not_move_are_not_close() -> None:
    _, clock = waited(Scripted([WAITING] * 6 + [DONE]))
    assert min(clock.slept) == SHORTEST


@pytest.mark.parametrize("health", [EMPTY, BROKEN, IDLE], ids=["none come", "broken", "idle"])
def test_two_looks_that_are_to_agree_are_not_close_from_the_first(health: PoolHealth) -> None:
    clock = FakeClock()
    with contextlib.suppress(Stuck):
        list(wait_for_tasks([held_job()], Scripted([WAITING, WAITING, DONE], [health]), clock))
    assert clock.slept
    assert min(clock.slept) == SHORTEST


def test_nodes_that_come_up_are_looked_at_often_at_first_and_soon_no_more() -> None:
    _, clock = waited(Scripted([WAITING] * 12 + [DONE], [STARTING]))
    assert clock.slept[0] == EAGER
    assert clock.slept == sorted(clock.slept)
    assert [seconds for seconds in clock.slept if seconds < SHORTEST] == clock.slept[:6]
    assert clock.slept[-1] == SHORTEST


def test_a_wait_ends_by_its_deadline() -> None:
    clock = FakeClock()
    jobs = [held_job(1), held_job(2)]
    with pytest.raises(Stuck) as raised:
        list(
            wait_for_tasks(jobs, Scripted([Counts(running=1, active=1)]), clock, Bounds(timeout=timedelta(minutes=20)))
        )
    assert str(raised.value) == (
        "waited 0:20:00 and 4 tasks of job 'count', 'count-g2' have not ended (2 running, 2 waiting). They go on; "
        "`batchctl apply SPEC` or `watch` waits on."
    )
    assert 1200 < clock.monotonic() <= 1200 + LONGEST


def test_what_ends_in_the_last_moment_has_ended() -> None:
    events, _ = waited(Scripted([Counts(running=1), DONE]), timeout=0)
    assert events[-1] == Progress(counts=DONE)


def test_nodes_are_told_while_no_task_runs_and_only_when_they_move() -> None:
    health = [RESIZING, RESIZING, STARTING, STARTING, IDLE, IDLE]
    events, _ = waited(Scripted([WAITING] * 6 + [Counts(running=2), DONE], health))
    assert events == [
        Progress(counts=WAITING),
        NodesWaiting(pool="pool", nodes=()),
        NodesWaiting(pool="pool", nodes=(("starting", 1),)),
        Progress(counts=Counts(running=2)),
        Progress(counts=DONE),
    ]


@pytest.mark.parametrize(
    "health",
    [
        [RESIZING] * 50 + [IDLE],
        [STARTING] * 50 + [IDLE],
        [IDLE],
        [EMPTY, IDLE],
        [EMPTY, RESIZING, EMPTY, STARTING],
        [BROKEN, STARTING],
    ],
    ids=["resizing", "starting", "idle", "counts lag", "comes and goes", "repairs itself"],
)
def test_what_may_run_soon_is_not_stuck(health: Sequence[PoolHealth]) -> None:
    events, _ = waited(Scripted([WAITING] * 60 + [DONE], health))
    assert events[-1] == Progress(counts=DONE)


class Idle(Scripted):
    """Counts who asks what its tasks want of nodes."""

    asked = 0

    def waiting(self, job: Job) -> tuple[Task, ...]:
        self.asked += 1
        return (waiting("a"), waiting("b", required_slots=9))


def test_what_tasks_want_is_asked_once_while_nodes_stand_idle() -> None:
    cloud = Idle([WAITING] * 60 + [DONE], [IDLE])
    events, _ = waited(cloud)
    assert (cloud.asked, events[-1]) == (1, Progress(counts=DONE))
    assert [event.says for event in events if isinstance(event, JobNotice)] == [
        (
            "task b takes 9 slots, and a node has 1; lower requiredSlots or raise taskSlotsPerNode: mend the spec, "
            "then `batchctl apply SPEC`",
        )
    ]


def test_a_job_that_is_paused_runs_nothing() -> None:
    class Held(Scripted):
        def standing(self, job: Job) -> JobStanding:
            return JobStanding(state="disabled")

    cloud = Held([WAITING])
    with pytest.raises(Stuck, match="job count is paused\n  -> `batchctl resume SPEC` goes on with it"):
        waited(cloud)
    assert cloud.polls == 2


def test_nothing_but_counts_is_asked_while_tasks_move() -> None:
    short = [Counts(active=9 - done, succeeded=done) for done in range(9)]
    cloud = Scripted([*short, Counts(succeeded=9)], [EMPTY])
    waited(cloud)
    assert (cloud.polls, cloud.looks) == (10, 2)  # the first poll knows of no move yet, and one look is at the end


def test_a_running_task_means_that_the_pool_can_run() -> None:
    cloud = Scripted([Counts(running=1, active=9)] * 5 + [WAITING, Counts(running=1), WAITING, DONE], [EMPTY])
    events, _ = waited(cloud)
    assert events[-1] == Progress(counts=DONE)


@pytest.mark.parametrize(
    ("health", "cause"),
    [
        (EMPTY, "the pool has no nodes"),
        (
            BROKEN,
            f"1 of 5 nodes: {QUOTA}\n1 node startTaskFailed: its start task failed\n    [n1] no licence",
        ),
        (replace(SCALED, scaling=Scaling(sets_target=False)), f"its autoscale formula {NO_TARGET}"),
        (replace(SCALED, scaling=Scaling(error=UNKNOWN)), f"its autoscale formula could not be evaluated: {UNKNOWN}"),
        (replace(SCALED, resize_errors=(QUOTA,)), f"0 of 2 nodes: {QUOTA}"),
        (
            replace(SCALED, wanted=0, scaling=Scaling(may_change=False, next_evaluation=NOON)),
            "its autoscale formula always says 0 nodes",
        ),
    ],
)
def test_a_pool_that_cannot_run_is_told_at_the_second_look(health: PoolHealth, cause: str) -> None:
    cloud = Scripted([WAITING], [health])
    with pytest.raises(Stuck) as raised:
        waited(cloud)
    assert f"pool 'pool' cannot run the 2 waiting tasks: {cause}\n" in str(raised.value)
    assert cloud.looks == 2


def test_what_mends_it_is_told_with_the_spec_as_it_was_named() -> None:
    with pytest.raises(Stuck) as raised:
        list(wait_for_tasks([held_job()], Scripted([WAITING], [BROKEN]), FakeClock(), spec="a/b.yaml"))
    assert str(raised.value).splitlines()[3:] == [
        "  -> ask Azure for a higher quota (`az batch account show` has the numbers), or want fewer or smaller nodes; "
        "then `batchctl apply a/b.yaml` asks for the nodes again",
        "  -> `batchctl logs a/b.yaml node.n1 --all` shows what it wrote; mend the spec unless that was an accident, "
        "then `batchctl apply a/b.yaml --replace pool.pool` makes the pool anew",
        "The tasks stay in the job.",
    ]


HOLDS = "its autoscale formula holds it at 0 nodes; the next evaluation comes 2026-01-01 12:00 UTC"


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (SCALED, (HOLDS,)),
        (
            replace(SCALED, scaling=Scaling(error=EARLY, next_evaluation=NOON)),
            (f"its autoscale formula could not be evaluated yet ({EARLY}); {HOLDS.partition('; ')[2]}",),
        ),
        (replace(SCALED, scaling=Scaling()), (HOLDS.partition(";")[0],)),
        (replace(SCALED, wanted=0, scaling=Scaling(may_change=False)), (HOLDS.partition(";")[0],)),
    ],
    ids=["held at 0", "samples are missing", "not evaluated", "always the same and not evaluated"],
)
def test_a_formula_that_gives_no_node_yet_is_told_once_and_waited_for(
    health: PoolHealth, said: tuple[str, ...]
) -> None:
    events, _ = waited(Scripted([WAITING] * 60 + [Counts(running=2), DONE], [health] * 58 + [IDLE]), timeout=1e6)
    assert events == [
        Progress(counts=WAITING),
        NodesWaiting(pool="pool", nodes=()),
        PoolNotice(pool="pool", says=said),
        Progress(counts=Counts(running=2)),
        Progress(counts=DONE),
    ]


def test_a_resize_that_failed_before_is_made_good_by_the_next_evaluation() -> None:
    old = replace(SCALED, resize_errors=(QUOTA,), resized=NOON)
    cloud = Scripted([WAITING] * 20 + [DONE], [old] * 19 + [IDLE])
    events = list(wait_for_tasks([held_job()], cloud, FakeClock(), known=Known(before=old)))
    asks = HOLDS.replace("holds it at 0 nodes", "asks for 2 nodes")
    ((lack, hope),) = [event.says for event in events if isinstance(event, PoolNotice)]
    assert lack.startswith(f"0 of 2 nodes: {QUOTA} (its resize ended 2026-01-01 12:00 UTC); ask Azure for ")
    assert hope == f"{asks}; no wait.timeout ends this wait"


@pytest.mark.parametrize(
    "later",
    [{"resized": NOON + timedelta(minutes=1)}, {"scaling": Scaling(next_evaluation=NOON + timedelta(minutes=5))}],
    ids=["resized again", "evaluated again"],
)
def test_one_that_fails_again_is_told(later: dict[str, Any]) -> None:
    old = replace(SCALED, resize_errors=(QUOTA,), resized=NOON)
    cloud = Scripted([WAITING], [old, old, old, replace(old, **later)])
    with pytest.raises(Stuck, match=QUOTA):
        list(wait_for_tasks([held_job()], cloud, FakeClock(), known=Known(before=old)))
    assert cloud.looks == 5


def test_what_is_wrong_with_a_pool_that_works_is_told_once() -> None:
    short = replace(SHORT, broken=(BrokenNodes(count=2, state="unusable", codes=(), says="no error given"),))
    events, _ = waited(Scripted([WAITING] + [Counts(running=2)] * 200 + [DONE], [IDLE, short]))
    (told,) = [event for event in events if isinstance(event, PoolNotice)]
    assert [line.partition("; ")[0] for line in told.says] == [
        f"15 of 100 nodes: {QUOTA} (its resize ended 2026-01-01 12:00 UTC)",
        "2 nodes unusable: no error given",
    ]


def test_what_is_wrong_is_told_however_soon_the_tasks_end() -> None:
    events, _ = waited(Scripted([DONE], [SHORT]))
    assert [type(event) for event in events] == [Progress, PoolNotice]


def test_a_pool_that_is_gone_is_told() -> None:
    cloud = FakeCloud()
    cloud.jobs["count"], cloud.added["count"] = held_job(), {"a": waiting()}
    with pytest.raises(Stuck, match="pool pool is not there any more"):
        waited(cloud)


def test_a_job_that_was_ended_early_is_not_waited_for() -> None:
    cloud = Scripted([Counts(running=1, active=1), Counts(active=1, failed=1)], ends_at=2)
    events, _ = waited(cloud)
    assert events[-2:] == [
        Progress(counts=Counts(active=1, failed=1)),
        JobNotice(
            job="count",
            says=(
                "job count has ended: nothing of it runs any more; `batchctl apply SPEC` runs what is left in the next "
                "generation",
            ),
        ),
    ]
    assert cloud.looks == 0


def test_what_still_runs_in_a_job_that_ends_is_waited_for() -> None:
    cloud = Scripted([Counts(running=1)] * 3 + [DONE], ends_at=1)
    waited(cloud)
    assert cloud.polls == 4


def test_a_job_that_was_deleted_is_told() -> None:
    with pytest.raises(Stuck, match=r"job count was deleted; `batchctl apply SPEC` makes it anew"):
        waited(FakeCloud())


# What became of them.


NOT_THERE = "succeeded, but the output 'output/*_OUTPUT.txt' is not there"


def told(*events: TaskFailed) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(e.task.id, e.why, e.stderr) for e in events]


def test_what_did_not_succeed_is_told_with_the_end_of_its_stderr() -> None:
    cloud = FakeCloud()
    cloud.fails["a"] = 3
    wanted = [task("a"), task("b"), task("c"), task("d", output_files=(TEXT,)), task("e", output_files=(TEXT,))]
    runs = [failed("a"), run("b"), waiting("c"), run("d"), run("e"), failed("left-the-spec")]
    assert told(*task_failures(wanted, runs, [output("e_OUTPUT.txt", "e"), output("d", "d")], cloud)) == [
        ("a", "failed with exit code 3", ("it goes", "it breaks")),
        ("c", "did not run: its job has ended", ()),
        ("d", NOT_THERE + " (output/e_OUTPUT.txt was written by task 'e')", ()),
    ]


def test_all_is_well() -> None:
    assert told(*task_failures([task("A")], [run("a")], [], FakeCloud())) == []


def test_the_newest_run_of_a_task_is_the_one_that_counts() -> None:
    runs = [failed("a", 1), run("A", 2), run("b", 1), failed("b", 2, code=7)]
    for order in (runs, runs[::-1]):
        assert told(*task_failures([task("a"), task("b")], order, [], FakeCloud())) == [
            ("b", "failed with exit code 7", ())
        ]


class Counted(FakeCloud):
    """Holds these runs in a job, and counts who asks for what."""

    def __init__(self, *runs: Task) -> None:
        super().__init__()
        self.runs, self.asked = runs, list[str]()

    def tasks(self, job: Job) -> tuple[Task, ...]:
        self.asked.append("all")
        return self.runs

    def failed(self, job: Job) -> tuple[Task, ...]:
        self.asked.append("failed")
        return tuple(run for run in self.runs if run.result != "success")

    def tail(self, task: Task, lines: int) -> tuple[str, ...]:
        self.asked.append("tail")
        return ("it breaks",)


def test_of_a_job_that_went_well_only_what_failed_is_asked_for() -> None:
    wanted = [task("a"), task("b", output_files=(TEXT,))]
    cloud = Counted(run("a"), run("b"))
    assert runs_to_judge([held_job()], wanted, [output("b_OUTPUT.txt", "b")], cloud) == ()
    assert cloud.asked == ["failed"]
    cloud = Counted(failed("a"), run("b"))
    assert runs_to_judge([held_job()], wanted, [output("b_OUTPUT.txt", "b")], cloud) == (failed("a"),)
    assert cloud.asked == ["failed"]


@pytest.mark.parametrize(
    "jobs",
    [[held_job()], [held_job(1), held_job(2)], [held_job(uses_task_dependencies=True)]],
    ids=["an output is missing", "two generations", "dependencies"],
)
def test_else_all_runs_are_asked_for(jobs: list[Job]) -> None:
    cloud = Counted(run("b"))
    outputs = [] if len(jobs) == 1 and not jobs[0].uses_task_dependencies else [output("b_OUTPUT.txt", "b")]
    assert set(runs_to_judge(jobs, [task("b", output_files=(TEXT,))], outputs, cloud)) == {run("b")}
    assert "all" in cloud.asked


def test_where_very_many_fail_the_stderr_of_a_few_is_asked_for() -> None:
    many = MOST_TAILS + 5
    cloud = Counted()
    found = list(task_failures(map(task, map(str, range(many))), map(failed, map(str, range(many))), [], cloud))
    assert [bool(verdict.stderr) for verdict in found] == [True] * MOST_TAILS + [False] * 5
    assert cloud.asked == ["tail"] * MOST_TAILS


def test_outputs_without_a_pattern_match_are_all_named() -> None:
    wanted = task(output_files=(TEXT, replace(TEXT, file_pattern="x.csv")))
    [(_, why, _)] = told(*task_failures([wanted], [run()], [], FakeCloud()))
    assert why == f"{NOT_THERE}; 'output/x.csv' is not there"


@pytest.mark.parametrize(
    ("tolerance", "failed", "ends"),
    [
        (Tolerance(tasks=0), 1, True),
        (Tolerance(tasks=5), 5, False),
        (Tolerance(tasks=5), 6, True),
        (Tolerance(percent=2.0), 2, False),
        (Tolerance(percent=2.5), 3, True),
        (Tolerance(percent=100.0), 99, False),
    ],
    ids=str,
)
def test_more_failures_than_may_be_end_the_job(tolerance: Tolerance, failed: int, ends: bool) -> None:
    cloud = Scripted([Counts(active=100), Counts(running=100 - failed, failed=failed), Counts(succeeded=100 - failed)])
    cloud.jobs["count"] = held_job()
    events = list(wait_for_tasks([held_job()], cloud, FakeClock(), Bounds(tolerance=tolerance)))
    assert [event.jobs for event in events if isinstance(event, Halted)] == [("count",)] * ends
    assert (cloud.jobs["count"].state == "completed") is ends


def test_a_run_that_has_ended_is_not_ended_again() -> None:
    cloud = Scripted([Counts(failed=100)])
    events = list(wait_for_tasks([held_job()], cloud, FakeClock(), Bounds(tolerance=Tolerance(tasks=0))))
    assert not any(isinstance(event, Halted) for event in events)
