"""What is looked at beside the counts while tasks are waited for, and what that asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from batchctl.cloud_answers import Counts, PoolHealth
from batchctl.configurations import TaskDependencies
from batchctl.errors import CloudError
from batchctl.reconcile.carry_out.closer import MOST_RUNS, MOST_TAILS, CloseLook
from batchctl.reconcile.carry_out.follow import wait_for_tasks
from batchctl.reconcile.carry_out.lookout import Lookout
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.decide.causes import FailedRun, blocked_by, folded, grouped
from batchctl.reconcile.events import Awaited, Blocked, Broken, Cause, Event, FactorySeen, Laggard, Looked
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Task
from batchctl.sights import FailureInfo, FileState, JobSight, NodeSight, Place, PoolSight, TaskSight
from tests.clock import START, FakeClock
from tests.reconcile.build import OWNER, desired, held_job, task
from tests.reconcile.test_follow import Scripted

NONE = Counts()
UPLOAD = FailureInfo(category="usererror", code="FileUploadAccessDenied", message="403")


def ran(id: str, code: int = 0, seconds: float = 10, **changed: object) -> TaskSight:
    """A run that has ended."""
    end = START + timedelta(seconds=seconds)
    info = FailureInfo(category="usererror", code="FailureExitCode", message="") if code else None
    found = TaskSight(
        job="count",
        generation=1,
        id=id,
        state="completed",
        result="failure" if code else "success",
        exit_code=code,
        failure=info,
        started=START,
        ended=end,
    )
    return replace(found, **changed)  # type: ignore[arg-type]


@dataclass
class FakeEyes:
    """Sees these tasks and nodes; `said`: files by the id of their task or node. `asked`: every request."""

    tasks: list[TaskSight] = field(default_factory=list)
    running: list[TaskSight] = field(default_factory=list)
    bad_nodes: tuple[NodeSight, ...] = ()
    said: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: bool = False

    def runs(self, job: JobSight, states: str = "", most: int | None = None) -> tuple[TaskSight, ...]:
        self.asked.append(f"{job.id} {states} {most}")
        if self.fails:
            raise CloudError("busy")
        if "running" in states:
            return tuple(self.running)
        return tuple(run for run in self.tasks if "completed" in states or run.result == "failure")[:most]

    def generations(self, owner: str) -> tuple[JobSight, ...]:
        raise AssertionError(owner)

    def run(self, place: Place) -> TaskSight | None:
        raise AssertionError(place)

    def whole(self, task: Task) -> Task | None:
        raise AssertionError(task)

    def pool(self, pool: str) -> PoolSight | None:
        raise AssertionError(pool)

    def nodes(self, pool: str) -> tuple[NodeSight, ...]:
        self.asked.append(f"nodes of {pool}")
        return self.bad_nodes

    def file(self, place: Place, name: str) -> FileState | None:
        raise AssertionError(place, name)

    def part(self, place: Place, name: str, start: int, end: int) -> bytes:
        raise AssertionError(place, name, start, end)

    def last_words(self, places: Sequence[Place], lines: int) -> tuple[tuple[str, ...], ...]:
        self.asked += [f"end of {place.id}" for place in places]
        return tuple(tuple(self.said.get(place.id, b"").decode().splitlines()[-lines:]) for place in places)


def looked(
    eyes: FakeEyes,
    tasks: Sequence[Task] = (),
    counts: Counts = NONE,
    wide: bool = False,
    pool: PoolHealth | None = None,
) -> Looked:
    look = CloseLook(eyes=eyes, clock=FakeClock(), tasks=tasks, wide=wide)
    return look.look([held_job()], counts, "pool", pool)


def test_failures_are_alike_by_their_code_and_their_last_line_without_its_numbers() -> None:
    eyes = FakeEyes([ran("a", 3), ran("b", 3), ran("c", 3), ran("d", 4), ran("e", 1, failure=UPLOAD)])
    eyes.said = {"a": b"x\nbad frame 812 at 0xFF\n\n", "b": b"bad frame 7 at 0x1a\n", "c": b"no space\n", "d": b""}
    assert looked(eyes, counts=Counts(failed=5)).causes == (
        Cause(why="exit code 3", says="bad frame 812 at 0xFF", count=2, tasks=("a", "b"), job="count"),
        Cause(why="exit code 3", says="no space", count=1, tasks=("c",), job="count"),
        Cause(why="exit code 4", says="", count=1, tasks=("d",), job="count"),
        Cause(why="FileUploadAccessDenied", says="", count=1, tasks=("e",), job="count"),
    )


def test_what_was_not_read_joins_the_one_cause_that_has_its_reason_and_no_other() -> None:
    read = [FailedRun(run=ran("a", 3), says="one"), FailedRun(run=ran("b", 4), says="two")]
    more = [*read, FailedRun(run=ran("c", 4), says="three"), *(FailedRun(run=ran(f"d{n}", n)) for n in (3, 4))]
    assert [(cause.why, cause.says, cause.count) for cause in grouped(more)] == [
        ("exit code 3", "one", 2),
        ("exit code 4", "two", 1),
        ("exit code 4", "three", 1),
        ("exit code 4", "", 1),
    ]


def test_numbers_do_not_count() -> None:
    assert folded("frame 12.5 of 0x1F, id 007") == folded("frame 1.25 of 0xabc, id 1")
    assert folded("no space") != folded("no place")


def test_of_very_many_failures_few_are_read_and_the_others_counted() -> None:
    eyes = FakeEyes([ran(f"t{n}", 3) for n in range(MOST_RUNS + 7)])
    found = looked(eyes, counts=Counts(failed=40_000))
    assert (sum(cause.count for cause in found.causes), found.unread) == (MOST_RUNS, 40_000 - MOST_RUNS)
    assert sum(line.startswith("count ") for line in eyes.asked) == 1
    assert len(eyes.asked) == 1 + MOST_TAILS


def test_only_what_is_new_is_asked_for_and_nothing_is_counted_twice() -> None:
    eyes = FakeEyes([ran("a", 3, seconds=100)])
    look = CloseLook(eyes=eyes, clock=FakeClock(), tasks=())
    look.look([held_job()], Counts(failed=1), "pool", None)
    eyes.tasks.append(ran("b", 3, seconds=130))
    found = look.look([held_job()], Counts(failed=2), "pool", None)
    assert [cause.count for cause in found.causes] == [2]
    since = "executionInfo/result eq 'failure' and stateTransitionTime ge DateTime'2026-01-01T00:01:35Z'"
    assert [line for line in eyes.asked if line.startswith("count ")][1] == f"count {since} {MOST_RUNS}"


def test_tasks_that_nothing_will_start_are_told_with_the_one_that_failed() -> None:
    on = TaskDependencies.on(["enc-1", "enc-2"], ())
    tasks = [task("enc-1"), task("enc-2"), task("merge", depends_on=on)]
    last = task("last", depends_on=TaskDependencies.on(["merge"], ()))
    found = looked(FakeEyes([ran("enc-2", 3)]), [*tasks, last], Counts(failed=1))
    assert found.blocked == Blocked(count=2, tasks=("merge", "last"), culprit="enc-2")
    assert blocked_by([], ["enc-1"], tasks) is None


def test_a_task_is_slow_beyond_99_of_100_of_its_factory() -> None:
    tasks = [task(f"enc-{n}", factory="enc") for n in range(30)]
    eyes = FakeEyes([ran(f"enc-{n}", seconds=10 + n) for n in range(25)])
    run = TaskSight(job="count", generation=1, id="enc-29", state="running", started=START)
    eyes.running, eyes.said = [run, replace(run, id="new")], {"enc-29": b"frame= 812\n"}
    look = CloseLook(eyes=eyes, clock=FakeClock(START + timedelta(minutes=5)), tasks=tasks, wide=True)
    found = look.look([held_job()], Counts(running=2, succeeded=25), "pool", None)
    usual = timedelta(seconds=34)
    assert found.laggards == (
        Laggard(task="enc-29", job="count", ran=timedelta(minutes=5), usual=usual, says="frame= 812"),
    )


def test_factories_are_told_to_those_who_look_on() -> None:
    tasks = [task("a-1", factory="a"), task("a-2", factory="a"), task("b", factory="#2")]
    eyes = FakeEyes([ran("a-1"), ran("a-2", 3)])
    eyes.running = [TaskSight(job="count", generation=1, id="b", state="running")]
    found = looked(eyes, tasks, Counts(running=1, succeeded=1, failed=1), wide=True)
    assert found.factories == (
        FactorySeen(name="a", tasks=2, succeeded=1, failed=1, running=0),
        FactorySeen(name="b", tasks=1, succeeded=0, failed=0, running=1),
    )
    assert not found.partly
    assert looked(eyes, tasks, Counts(succeeded=9, failed=1), wide=True).partly


def test_broken_nodes_are_told_with_the_end_of_their_start_task() -> None:
    node = NodeSight(id="n1", state="starttaskfailed", start_exit_code=100)
    eyes = FakeEyes(bad_nodes=(NodeSight(id="n0", state="idle"), node), said={"n1": b"E: no lock\n"})
    health = PoolHealth(steady=True, nodes=(("idle", 1), ("starttaskfailed", 1)), able=1)
    expected = Broken(node="n1", pool="pool", why="starttaskfailed, exit code 100", says="E: no lock")
    assert looked(eyes, pool=health).nodes == (expected,)


def watched(eyes: FakeEyes, polls: Sequence[Counts], close: bool) -> list[Event]:
    clock, cloud, job = FakeClock(), Scripted([Counts()]), held_job()
    lookout, watch = Lookout(clock=clock, eyes=eyes, close=close), PoolWatch(job=job, cloud=cloud, clock=clock)
    plan = Plan(owner=OWNER, waits=(job,), changes=(Change(action=Action.CREATE, after=task("a")),))
    events = list(lookout.expect(desired(task("a")), plan))
    for counts in polls:
        events += lookout.look([job], counts, watch, None)
        clock.sleep(15)
    return [event for event in events if isinstance(event, Looked | Awaited)]


def test_nothing_more_is_asked_of_a_run_in_which_nothing_fails() -> None:
    eyes = FakeEyes()
    assert watched(eyes, [Counts(running=5, succeeded=n) for n in range(40)], close=False) == [
        Awaited(wanted=1, added=1)
    ]
    assert eyes.asked == []


def test_polling_costs_what_it_costs_without() -> None:
    def asked(lookout: Lookout | None) -> tuple[int, int]:
        cloud = Scripted([Counts(running=4, succeeded=n) for n in range(300)] + [Counts(succeeded=304)])
        list(wait_for_tasks([held_job()], cloud, FakeClock(), lookout=lookout))
        return cloud.polls, cloud.looks

    eyes = FakeEyes()
    assert asked(Lookout(clock=FakeClock(), eyes=eyes)) == asked(None)
    assert eyes.asked == []


def test_each_look_comes_after_news_alone_and_the_later_the_seldomer() -> None:
    eyes = FakeEyes([ran("a", 3)])
    watched(eyes, [Counts(running=5, failed=1 + n) for n in range(40)], close=False)
    looks = [line for line in eyes.asked if line.startswith("count ")]
    assert len(looks) < 25, "40 polls in 10 minutes, each with a failure"
    eyes.asked.clear()
    watched(eyes, [Counts(running=5, failed=1)] * 40, close=False)
    assert len([line for line in eyes.asked if line.startswith("count ")]) == 1


def test_a_service_that_does_not_answer_ends_no_wait() -> None:
    eyes = FakeEyes([ran("a", 3)], fails=True)
    assert watched(eyes, [Counts(failed=1)] * 3, close=True) == [Awaited(wanted=1, added=1)]


def test_what_runs_again_has_not_failed() -> None:
    eyes = FakeEyes([ran("a", 3), ran("b", 4)])
    look = CloseLook(eyes=eyes, clock=FakeClock(), tasks=())
    assert len(look.look([held_job()], Counts(failed=2), "pool", None).causes) == 2
    eyes.tasks = [ran("b", 4)]
    assert [cause.tasks for cause in look.look([held_job()], Counts(failed=1), "pool", None).causes] == [("b",)]
    eyes.tasks = [ran("b", 4), ran("a", 3, seconds=99)]
    assert len(look.look([held_job()], Counts(failed=2), "pool", None).causes) == 2
