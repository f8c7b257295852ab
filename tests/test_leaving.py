"""A run that is left to itself, what is said of it, and how long a command was at work."""

import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from batchctl.cli.leaving import leave
from batchctl.cli.options import Options
from batchctl.cli.speaking import print_events
from batchctl.cloud_answers import Counts, Outcome, Prices
from batchctl.desired import Limits, Tolerance
from batchctl.errors import BatchctlError, CloudError, Partial, Refused, Stuck, TasksFailed
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.events import Detached, Event, Fetched, Notice, Phase, PoolNotice, Progress, Took, UnderWay
from batchctl.reconcile.explain.unattended import unattended
from batchctl.reconcile.plan import Ending, LaterFactory, Plan
from batchctl.render.printer import Printer
from batchctl.render.stream import JsonPrinter
from batchctl.render.terminal import Terminal
from batchctl.resources import Job, Pool, Resource
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs.carrying_out import over_line
from batchctl.verbs.timing import timed
from batchctl.verbs.watch import watch
from tests import verbs
from tests.clock import START, FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import desired, job, pool
from tests.streams import checked

TWO_TEXTS = (Path(__file__).parent / "cases" / "plans" / "two-texts" / "spec.yaml").read_text(encoding="utf-8")

STAGED = """\
    - id: sum-{item.stem}
      forEach: {outputs: count}
      resourceFiles: [{blob: '{item}'}]
      commands: ['wc -l {item.name} > {item.stem}.n']
      outputFiles: [{filePattern: '{item.stem}.n', container: output}]
wait:"""


SIZE = "Standard_D2s_v5"


def yes(_plan: Plan) -> bool:
    return True


def loaded(folder: Path, *edits: tuple[str, str]) -> Spec:
    text = TWO_TEXTS
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / "texts").mkdir(exist_ok=True)
    for name in ("a", "b"):
        (folder / "texts" / f"{name}.txt").write_text(name)
    (folder / "count.py").write_text("pass\n")
    (folder / "spec.yaml").write_text(text)
    return load(folder / "spec.yaml", {}, {})


def set_going(spec: Spec, cloud: FakeCloud) -> list[Event]:
    return list(verbs.apply(spec, cloud, FakeClock(), yes, wait=False))


def keep(events: list[Event], happening: Iterable[Event]) -> None:
    """Every event, though it raises in the end."""
    for event in happening:
        events.append(event)


# Without waiting.


def test_tasks_that_are_added_are_left_to_themselves(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ("  afterRun: keep\n", "")), FakeCloud()
    *_, took, left = set_going(spec, cloud)
    assert isinstance(took, Took)
    assert [phase for phase, _ in took.phases] == ["changes"]
    assert isinstance(left, Detached)
    assert left.jobs == ("count",)
    assert left.unattended[0].startswith("`batchctl watch` or `apply` brings the outputs home and takes the nodes of")
    assert cloud.jobs["count"].sealed
    assert {run.state for run in cloud.tasks(cloud.jobs["count"])} == {"active"}
    assert cloud.pools["count"].target_dedicated_nodes == 1
    assert cloud.locks[spec.name].holder is None
    # It can be asked for again while they go on, and changes nothing.
    written = list(cloud.writes)
    assert isinstance(set_going(spec, cloud)[-1], Detached)
    assert cloud.writes == written


def test_apply_comes_back_to_them(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ("  afterRun: keep\n", "")), FakeCloud()
    set_going(spec, cloud)
    events = list(verbs.apply(spec, cloud, FakeClock(), yes))
    assert sum(isinstance(event, Fetched) for event in events) == 2
    assert cloud.pools["count"].target_dedicated_nodes == 0
    assert not verbs.plan(spec, cloud)
    # Where nothing runs there is nothing to leave.
    assert set_going(spec, cloud) == []


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (
            (("    - id", "    - factory: count\n      id"), ("wait:", STAGED)),
            "spec.yaml:34:7: --no-wait cannot add all tasks: tasks sum-{item.stem} are known only when",
        ),
        ((("  id: count\n  tasks", "  id: count\n  canary: 1\n  tasks"),), "spec.yaml:25:3: --no-wait cannot add all"),
    ],
)
def test_what_needs_somebody_who_waits_is_refused_at_its_line(
    edits: tuple[tuple[str, str], ...], said: str, tmp_path: Path
) -> None:
    spec, cloud, shown = loaded(tmp_path, *edits), FakeCloud(), list[Plan]()

    def show(plan: Plan) -> bool:
        shown.append(plan)
        return True

    with pytest.raises(Refused) as raised:
        list(verbs.apply(spec, cloud, FakeClock(), show, wait=False))
    assert said in str(raised.value)
    assert shown[0].refusals == raised.value.reasons
    assert cloud.writes == []


# What is said of it.


def test_what_nobody_sees_to() -> None:
    run, machines = job(max_wall_clock_time=timedelta(hours=2)), pool(target_dedicated_nodes=1)
    wanted = replace(
        desired(machines, run), limits=Limits(max_cost=3, max_node_hours=4), max_failures=Tolerance(tasks=1)
    )
    ends = Plan(owner="o", waits=(run,), endings=(Ending(pool=machines.name, does="delete"),))
    assert list(unattended(wanted, ends)) == [
        f"`batchctl watch` or `apply` deletes pool {machines.name!r} once the tasks have ended: until then its nodes "
        "cost",
        "maxFailures, limits.maxCost and limits.maxNodeHours are kept only while `batchctl apply` waits",
        f"job {run.id!r} is ended by the service 2:00:00 after it began (maxWallClockTime)",
    ]


def test_what_is_not_added_yet_and_what_costs() -> None:
    run, machines = job(uses_task_dependencies=True), pool(target_dedicated_nodes=1, after_run="keep")
    later = (LaterFactory(factory="sum", label="sum", after="map"),)
    assert list(unattended(desired(machines, run), Plan(owner="o", waits=(run,), later=later), left=3)) == [
        "the other 3 tasks are added by `batchctl apply` alone, when the first have gone well",
        "tasks sum are added by `batchctl apply` alone, when map is done",
        "tasks that wait for one that fails go on waiting: `batchctl watch` or `apply` ends their job",
        f"the nodes of pool {machines.name!r} cost while they are there (afterRun: keep)",
    ]


def test_the_commands_mean_the_same_spec() -> None:
    options = Options(target="local", var=("n=1 2",), overlay=(Path("prod.yaml"),), only=("job.j",))
    left = leave(Path("a b.yaml"), options)(UnderWay(jobs=("j",)))
    same = "--overlay prod.yaml --var 'n=1 2' --target local"
    assert left.back == f"batchctl watch 'a b.yaml' --only job.j {same}"
    assert left.stop == f"batchctl cancel 'a b.yaml' '*' {same}"
    more = leave(Path("a.yaml"), Options())(UnderWay(jobs=("j",), more=True))
    assert more.back == "batchctl apply a.yaml"


# Ctrl-C.


class Said:
    def __init__(self) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self.printer = Printer(Terminal(file=self._out), Terminal(file=self._err))

    def after(self, *events: Event | type[BaseException]) -> tuple[bool, list[str]]:
        def happen() -> Generator[Event, None, None]:
            for event in events:
                if isinstance(event, type):
                    raise event
                yield event

        left = print_events(happen(), self.printer, leave(Path("s.yaml"), Options()))
        return left, self._err.getvalue().splitlines()


WAITING = (Phase(name="tasks"), UnderWay(jobs=("j",), unattended=("nobody ends it",)))


def test_ctrl_c_while_tasks_are_waited_for_leaves_them() -> None:
    counts = Counts(active=2, running=1)
    left, said = Said().after(*WAITING, Progress(counts=counts), KeyboardInterrupt)
    assert left
    assert said[1:] == [
        "Detached; the tasks of job j go on: 1 running, 2 waiting, 0 succeeded, 0 failed.",
        "  nobody ends it",
        "  To come back: batchctl watch s.yaml",
        "  To stop it:   batchctl cancel s.yaml '*'",
    ]


def test_ctrl_c_before_and_after_that_is_an_interruption() -> None:
    for before in ((Phase(name="changes"),), (*WAITING, Phase(name="downloads"))):
        with pytest.raises(KeyboardInterrupt):
            Said().after(*before, KeyboardInterrupt)


def test_programs_are_told_too() -> None:
    stream = io.StringIO()
    console = Terminal(file=io.StringIO())
    voice = JsonPrinter(stream, Printer(console, console), FakeClock())
    voice.begin("watch")

    def happen() -> Generator[Event, None, None]:
        yield Notice(says=("waits for the tasks of j",))
        yield from WAITING
        yield Progress(counts=Counts(active=2, running=1))
        raise KeyboardInterrupt

    assert print_events(happen(), voice, leave(Path("s.yaml"), Options()))
    voice.event(Took(begun=START, ended=START, seconds=1.5, phases=(("tasks", 1.5),)))
    voice.done("watch", 5)
    kinds = {item["type"]: item for item in checked(stream.getvalue())}
    assert list(kinds) == ["start", "notice", "phase", "underWay", "progress", "detached", "took", "complete"]
    assert kinds["detached"]["counts"] == {"active": 2, "running": 1, "succeeded": 0, "failed": 0}
    assert kinds["detached"]["back"] == "batchctl watch s.yaml"
    assert kinds["complete"]["exitCode"] == 5


# How long it took.


def test_each_part_is_timed() -> None:
    clock = FakeClock()

    def work() -> Generator[Event, None, None]:
        clock.sleep(100)  # somebody thinks about the plan
        yield Phase(name="changes")
        clock.sleep(2)
        yield Phase(name="tasks")
        clock.sleep(30)
        yield Phase(name="changes")
        clock.sleep(3)
        yield Phase(name="tasks")
        clock.sleep(60)
        raise Stuck("nothing can run")

    events = list[Event]()
    with pytest.raises(Stuck):
        keep(events, timed(work(), clock))
    assert events[-1] == Took(
        begun=START + timedelta(seconds=100),
        ended=START + timedelta(seconds=195),
        seconds=95,
        phases=(("changes", 5), ("tasks", 90)),
    )
    said = Said()
    said.printer.event(events[-1])
    assert said.after()[1] == [
        "took 1 min 35 s, 2026-01-01 00:01:40 to 00:03:15 UTC: changes 5.0 s, tasks 1 min 30 s",
    ]


def test_what_did_nothing_took_no_time(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path), FakeCloud()
    events = list(verbs.apply(spec, cloud, FakeClock(), yes))
    assert isinstance(events[-1], Took)
    assert [phase for phase, _ in events[-1].phases] == ["changes", "tasks", "downloads"]
    again = list(verbs.apply(spec, cloud, FakeClock(), yes))
    assert not any(isinstance(event, Took) for event in again)


class Going(FakeCloud):
    """Its tasks never end."""

    def counts(self, job: Job) -> Counts:
        return Counts(running=2)


def test_what_was_used_and_what_goes_on_costing_is_said_after_a_wait_in_vain(tmp_path: Path) -> None:
    rates = {"linux.dedicated": {SIZE.lower(): 0.5}}
    prices = Prices(region="here", currency="USD", made=date(2026, 1, 1), source="a list", rates=rates)
    spec, events = replace(loaded(tmp_path, ("  afterRun: keep\n", "")), prices=prices), list[Event]()
    with pytest.raises(Stuck, match="They go on"):
        keep(events, verbs.apply(spec, Going(), FakeClock(), yes))
    used, goes_on = (event.says[0] for event in events[-3:-1] if isinstance(event, PoolNotice))
    assert used.startswith("used since apply began: 0.33")
    assert used.endswith("0.17 USD by list prices")
    assert goes_on.startswith("1 node keeps running, for 0.50 USD an hour by list prices: `batchctl destroy SPEC")


class Costing(FakeCloud):
    """Its pools cannot be resized or deleted once they are there."""

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        busy = CloudError("busy", status=409, code="PoolBeingResized")
        for held, wanted in changes:
            kept = isinstance(wanted, Pool) and wanted.idle
            yield from [Outcome(resource=wanted, error=busy)] if kept else super().update([(held, wanted)], owner)

    def delete(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        yield from (Outcome(resource=one, error=CloudError("busy", status=409)) for one in resources)


COSTS = "could not be resized to 0 nodes, and goes on costing"


@pytest.mark.parametrize(
    ("fails", "error", "said"), [({}, Partial, ""), ({"count-a": 3}, TasksFailed, "1 of the tasks failed")]
)
@pytest.mark.parametrize("watched", [False, True])
def test_a_pool_that_goes_on_costing_is_told_whatever_else_went_wrong(
    tmp_path: Path, fails: dict[str, int], error: type[BatchctlError], said: str, watched: bool
) -> None:
    spec, cloud, events = loaded(tmp_path, ("  afterRun: keep\n", "")), Costing(), list[Event]()
    cloud.fails = fails
    if watched:
        set_going(spec, cloud)
    happening = watch(spec, cloud, FakeClock()) if watched else verbs.apply(spec, cloud, FakeClock(), yes)
    with pytest.raises(error) as raised:
        keep(events, happening)
    assert PoolNotice(pool="count", says=(f"{COSTS}: busy",)) in events
    assert str(raised.value).startswith(said)
    assert f"pool 'count' {COSTS} (why is told above)" in str(raised.value)


@pytest.mark.parametrize(("does", "ended"), [("delete", "deleted"), ("resizeToZero", "resized to 0 nodes")])
@pytest.mark.parametrize("done", [True, False])
def test_a_limit_tells_what_was_done_and_not_what_was_planned(does: str, ended: str, done: bool) -> None:
    ending, cloud = Ending(pool="pool", does=does), FakeCloud()
    meter = Meter(desired(pool(), job()), cloud, FakeClock())
    line = over_line(meter, Plan(owner="o", endings=(ending,)), 2, () if done else (ending,))
    assert (f"pool 'pool' was {ended}." in line) == done
    assert (f"pool 'pool' could not be {ended}, and goes on costing" in line) != done


class Refusing(FakeCloud):
    """Takes no job."""

    def _create(self, resource: object, owner: str) -> None:
        if type(resource).__name__ == "Job":
            raise CloudError("no more jobs", status=409, code="ActiveJobAndScheduleQuotaReached")
        super()._create(resource, owner)  # type: ignore[arg-type]


def test_what_goes_on_costing_is_said_after_an_error_too(tmp_path: Path) -> None:
    spec, cloud, events = loaded(tmp_path, ("  afterRun: keep\n", "")), Refusing(), list[Event]()
    with pytest.raises(CloudError, match="no more jobs"):
        keep(events, verbs.apply(spec, cloud, FakeClock(), yes))
    notice, took = events[-2:]
    assert isinstance(notice, PoolNotice)
    assert notice.says[0].startswith("1 node keeps running: `batchctl destroy SPEC --only pool.count` ends that")
    assert isinstance(took, Took)
