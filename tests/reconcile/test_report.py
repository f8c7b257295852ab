"""A run in figures: on few tasks by hand, on many by counting anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

from batchctl.reconcile.explain.report import Report, Sightings, report_of
from batchctl.sights import FailureInfo, NodeSight, PoolSight, TaskSight

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ran(id: str, start: float, end: float | None, node: str = "a", **more: Any) -> TaskSight:
    """A run that was added at noon; without `end` it goes on."""
    state, result = ("running", None) if end is None else ("completed", "success")
    told = {"job": "j", "generation": 1, "result": result, "exit_code": 0, **more}
    ended = None if end is None else at(end)
    return TaskSight(id=id, state=state, created=NOON, started=at(start), ended=ended, node=node, **told)


def seen(*runs: TaskSight, slots: int = 1, allocated: float = 0, nodes: tuple[str, ...] = ("a",)) -> Report:
    pool = PoolSight(id="p", state="active", allocation="steady", vm_size="Standard_D2s_v5", slots_per_node=slots)
    there = [NodeSight(id=node, state="idle", allocated=at(allocated)) for node in nodes]
    return report_of(Sightings(spec="s", now=at(100), runs=runs, pools=[pool], nodes={"p": there}))


def test_a_percentile_is_one_of_the_spans() -> None:
    report = seen(*(ran(f"t{n}", n, n + n) for n in range(1, 21)))
    assert report.ran is not None
    assert report.waited is not None
    told = [span.total_seconds() for span in (report.ran.median, report.ran.p95, report.ran.longest, report.ran.total)]
    assert (told, report.ran.count) == ([10, 19, 20, 210], 20)
    assert report.waited.median == timedelta(seconds=10)
    assert (report.began, report.ended) == (at(1), at(40))


def test_nothing_is_there_yet() -> None:
    report = report_of(Sightings(spec="s", now=NOON, nodes={}))
    assert (report.ran, report.began, report.utilisation, report.bins, report.steps) == (None, None, None, (), ())


def test_the_newest_run_counts_and_retries_of_all() -> None:
    first = ran("t", 0, 5, result="failure", exit_code=7, retries=2)
    report = seen(first, ran("t", 10, 12, job="j-g2", generation=2, retries=1))
    assert (report.counts, report.failures, report.retries) == ((("succeeded", 1),), (), 3)
    assert [bar.run.job for lane in report.lanes for bar in lane.bars] == ["j", "j-g2"]


def test_slots_in_use() -> None:
    # 100 s of two slots each are offered by the node that is there; a node that is gone counts for nothing.
    runs = ran("t", 0, 50, slots=2), ran("u", 50, 100), ran("v", 0, 100, node="gone")
    assert seen(*runs, slots=2).utilisation == 0.75
    # What ran before the node was allocated, on one of the same name, is none of its time.
    assert seen(ran("t", 0, 100), allocated=50).utilisation == 1.0
    # While something runs the nodes are offered until now.
    assert seen(ran("t", 0, None), ran("u", 0, 10), slots=2).utilisation == 0.55
    assert seen(*runs, nodes=()).utilisation is None


def test_a_lane_holds_what_does_not_overlap() -> None:
    report = seen(ran("t", 0, 10), ran("u", 5, 20), ran("v", 10, 12), ran("w", 12, None), ran("x", 0, 1, node="b"))
    lanes = [(lane.node, lane.slot, [bar.run.id for bar in lane.bars]) for lane in report.lanes]
    assert lanes == [("a", 1, ["t", "v", "w"]), ("a", 2, ["u"]), ("b", 1, ["x"])]
    steps = [((step.moment - NOON).total_seconds(), step.running) for step in report.steps]
    assert steps == [(0, 2), (1, 1), (5, 2), (10, 2), (12, 2), (20, 1)]


def test_a_bar_of_the_histogram_has_its_upper_bound() -> None:
    report = seen(*(ran(f"t{n}", 0, span) for n, span in enumerate((0, 1, 1, 2, 40))))
    bins = {bound.total_seconds(): count for bound, count in report.bins if count}
    assert bins == {2: 4, 40: 1}


def test_failures_by_cause_greatest_first() -> None:
    denied = FailureInfo(category="usererror", code="BlobAccessDenied", message="no")
    code = FailureInfo(category="usererror", code="FailureExitCode", message="it exited")
    report = seen(
        ran("late", 0, 9, result="failure", exit_code=7, failure=code),
        ran("odd", 0, 1, result="failure", exit_code=None, failure=denied),
        ran("early", 0, 3, result="failure", exit_code=7, failure=code),
        ran("other", 0, 2, result="failure", exit_code=8, failure=code),
    )
    assert [[run.id for run in group.runs] for group in report.failures] == [["early", "late"], ["odd"], ["other"]]


def test_the_newest_stretch_of_runs_begins_after_a_long_pause() -> None:
    first, second = ran("t", 0, 5), ran("u", 40, 50, job="j-g2", generation=2)
    # A pause of less than a minute, as between two steps of one apply, is none.
    assert seen(first, second).newest == at(0)
    assert seen(first, ran("u", 90, 95, job="j-g2", generation=2)).newest == at(90)
    # Nothing that overlaps is torn apart, and long runs excuse long pauses.
    assert seen(ran("t", -4000, 93), ran("u", 90, 95)).newest == at(-4000)
    assert seen(ran("t", -900, -500), ran("u", -400, 95)).newest == at(-900)
    assert seen().newest is None
