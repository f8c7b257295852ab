"""What nodes took, what of it was waste, why tasks ran, and what is said for the next time: counted by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import Prices
from batchctl.reconcile.explain.node_time import NodesSeen, Resize
from batchctl.reconcile.explain.ran_why import ASKED, FIRST, UNKNOWN
from batchctl.reconcile.explain.report import Report, Sightings, report_of
from batchctl.sights import FailureInfo, JobUse, NodeSight, PoolSight, TaskSight

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRICES = Prices(
    region="westeurope",
    currency="USD",
    made=date(2026, 1, 31),
    source="s",
    rates={"linux.dedicated": {"standard_d2s_v5": 1.0}, "linux.spot": {"standard_d2s_v5": 0.5}},
)
FAILED = FailureInfo(category="usererror", code="FailureExitCode", message="")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def run(id: str, start: float, end: float | None, node: str = "a", **more: Any) -> TaskSight:
    told = {"job": "j", "generation": 1, "state": "completed", "result": "success", "ended": at(end or 0), **more}
    if end is None:
        told |= {"state": "running", "result": None, "ended": None}
    return TaskSight(
        id=id,
        created=NOON,
        started=at(start),
        node=node,
        pool="p",
        **told,
    )


def node(id: str, **more: Any) -> NodeSight:
    return NodeSight(id=id, state="idle", **{"allocated": NOON, **more})


def seen(*runs: TaskSight, nodes: tuple[NodeSight, ...] = (), slots: int = 1, **more: Any) -> Report:
    """Looked at 60 minutes after noon."""
    external = more.pop("external", False)
    pool = PoolSight(
        id="p",
        state="active",
        allocation="steady",
        vm_size="Standard_D2s_v5",
        slots_per_node=slots,
        external=external,
    )
    told = {"prices": PRICES, **more}
    return report_of(Sightings(spec="s", now=at(60), runs=runs, pools=[pool], nodes={"p": nodes}, **told))


def spent(report: Report) -> list[tuple[str, int, float, bool, float | None]]:
    return [(u.kind, u.nodes, u.time.total_seconds() / 60, u.at_least, u.cost) for u in report.spent]


def wasted(report: Report) -> dict[str, tuple[float, float | None]]:
    return {w.what: (w.time.total_seconds() / 60, w.cost) for w in report.wastes}


def test_nodes_that_are_there_are_paid_until_now_and_those_taken_away_until_then() -> None:
    taken = NodeSight(id="c", state="preempted", spot=True, allocated=NOON, since=at(30))
    report = seen(nodes=(node("a"), node("b", spot=True, allocated=at(30)), taken))
    assert spent(report) == [("dedicated", 1, 60, False, 1.0), ("spot", 2, 60, False, 0.5)]
    assert report.cost == 1.5
    assert [(step.moment, step.nodes) for step in report.nodes] == [(at(0), 2), (at(30), 2)]


def test_of_a_node_that_is_gone_the_time_of_its_tasks_counts() -> None:
    runs = run("t", 10, 20, "tvmps_1_p"), run("u", 15, 40, "tvmps_1_p"), run("v", 0, 30, "odd")
    report = seen(*runs)
    assert spent(report) == [("spot", 1, 30, True, 0.25), ("", 1, 30, True, None)]
    assert report.cost is None
    assert wasted(report) == {}
    assert any("2 nodes that are gone" in line for line in report.unknown)
    assert any("whether they were spot" in line for line in report.unknown)


def test_a_node_that_was_looked_at_before_it_went_is_known_until_then() -> None:
    earlier = [NodesSeen(at=at(10), nodes={"p": (node("a"),)}), NodesSeen(at=at(50), nodes={"p": (node("a"),)})]
    report = seen(run("t", 10, 20), earlier=earlier)
    assert spent(report) == [("dedicated", 1, 50, True, pytest.approx(50 / 60))]
    assert wasted(report) == {"idle": (40, pytest.approx(40 / 60))}


def test_an_external_pool_costs_its_owner() -> None:
    report = seen(run("t", 10, 20), nodes=(node("a"),), external=True)
    assert (report.spent, report.cost, report.wastes, report.utilisation) == ((), None, (), None)
    assert any("external" in line for line in report.unknown)


def test_no_price_is_made_up() -> None:
    assert seen(nodes=(node("a"),), prices=None).cost is None
    other = Prices(region="r", currency="USD", made=date(2026, 1, 31), source="s", rates={})
    report = seen(nodes=(node("a"),), prices=other)
    assert report.cost is None
    assert any("no price of their size is known (r)" in line for line in report.unknown)


def test_waste_by_its_cause() -> None:
    came = node("a", start_began=at(5), start_ended=at(15))
    found = wasted(seen(run("t", 20, 30, slots=2), run("u", 25, 40), nodes=(came,), slots=4))
    # 45 minutes after the start task, of which 20 had a task.
    assert found == {
        "coming up": (5, pytest.approx(5 / 60)),
        "start task": (10, pytest.approx(10 / 60)),
        "idle": (25, pytest.approx(25 / 60)),
    }


def test_work_that_failed_is_its_part_of_the_node() -> None:
    bad = run("t", 0, 30, result="failure", exit_code=7, failure=FAILED)
    assert wasted(seen(bad, nodes=(node("a"),), slots=4))["failed work"] == (7.5, pytest.approx(0.125))


def test_the_start_of_a_node_that_was_restarted_tells_nothing_of_how_it_came_up() -> None:
    again = node("a", start_began=at(40), start_ended=at(45))
    assert wasted(seen(run("t", 10, 20), nodes=(again,))) == {"idle": (50, pytest.approx(50 / 60))}


def test_why_each_ran() -> None:
    runs = (
        *(run(id, 0, 1) for id in ("same", "changed", "lost")),
        TaskSight(job="j", generation=1, id="bad", state="completed", result="failure", exit_code=7, failure=FAILED),
        *(run(id, 2, 3, job="j-g2", generation=2) for id in ("same", "changed", "Bad", "lost", "new")),
    )
    digests = {
        ("j", "same"): "command=a;inputs=b",
        ("j-g2", "same"): "command=a;inputs=b",
        ("j", "changed"): "command=a;inputs=b",
        ("j-g2", "changed"): "command=a;inputs=c",
        ("j", "bad"): "command=a;inputs=b",
        ("j-g2", "bad"): "command=b;inputs=b",
    }
    found = {run.id: reason.why for reason in seen(*runs, digests=digests).reasons for run in reason.runs}
    assert found == {
        "same": ASKED,
        "changed": "changed: inputs",
        "Bad": "failed before: exit code 7; changed: command",
        "lost": UNKNOWN,
        "new": FIRST,
    }


def about(report: Report) -> dict[str, str]:
    return {advice.about: f"{advice.says} | {advice.numbers}" for advice in report.advice}


def test_advice_has_its_numbers() -> None:
    runs = [run(f"t{n}", n, n + 5 + n / 10) for n in range(20)]
    nodes = tuple(node(id, start_began=at(0), start_ended=at(20)) for id in ("a", "b", "c", "d", "e"))
    uses = [JobUse(wall=timedelta(hours=2), cpu=timedelta(hours=1))]
    told = about(seen(*runs, nodes=nodes, slots=2, uses=uses, signed=timedelta(days=7)))
    assert told["wall clock"].startswith("constraints.maxWallClockTime: PT14M ")
    assert told["wall clock"].endswith("20 tasks succeeded: 95 of 100 within 6.8 min, the longest 6.9 min")
    assert "it holds 7 d; the last task ended 25.9 min after it was added" in told["signatures"]
    assert told["slots"].endswith("a task used 0.50 cores on average, a node has 2 and 2 slots")
    assert told["slots"].startswith("pool.taskSlotsPerNode: 4 ")
    assert told["nodes"].startswith("4 of the 5 nodes would have been enough | 5 nodes at a time with 2 slots each; ")
    assert told["start task"].endswith("it took 20 min on half of the nodes or longer, together 1.67 of 5 node-hours")
    assert told["idle nodes"].endswith("of 5 node-hours without a task")


def test_without_numbers_there_is_no_advice() -> None:
    assert about(seen()) == {}
    # Processor time that was not measured says nothing of slots; nine tasks say little of others.
    few = [run(f"t{n}", 0, 55) for n in range(9)]
    assert about(seen(*few, nodes=(node("a"),), slots=9, uses=[JobUse(wall=timedelta(hours=2))])) == {}
    # Of nodes that are gone nobody knows how many were there at a time.
    assert "nodes" not in about(seen(*(run(f"t{n}", 0, 5, "tvmps_1_d") for n in range(20))))


def test_tasks_that_waited_long_for_slots_ask_for_nodes() -> None:
    told = about(seen(*(run(f"t{n}", 5 * n, 5 * n + 5) for n in range(12)), nodes=(node("a"),)))
    assert told["nodes"].startswith("more nodes end it sooner")
    assert "at most 1 of 1 slots were taken; half of the tasks waited 30 min or longer" in told["nodes"]


def test_a_resize_is_seen_when_another_number_is_wanted() -> None:
    looks = [
        Resize(moment=at(n), pool=pool, wanted=nodes)
        for n, (pool, nodes) in enumerate([("p", 2), ("q", 2), ("p", 2), ("p", 5)])
    ]
    report = seen(wanted=looks)
    assert [(one.pool, one.wanted, one.moment) for one in report.resizes] == [
        ("p", 2, at(0)),
        ("q", 2, at(1)),
        ("p", 5, at(3)),
    ]


def test_what_was_asked_for_by_name_the_plan_knows() -> None:
    runs = [run("t", 0, 1), run("u", 0, 1), *(run(id, 2, 3, job="j-g2", generation=2) for id in ("T", "u"))]
    digests = {(job, id): "command=a" for job in ("j", "j-g2") for id in ("t", "u")}
    report = seen(*runs, digests=digests, planned={"t": "asked for by --rerun"})
    assert {reason.why: [one.id for one in reason.runs] for reason in report.reasons} == {
        "asked for by --rerun": ["T"],
        ASKED: ["u"],
    }
