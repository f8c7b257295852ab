"""What becomes of pools once the tasks have ended, and what while there is nothing to run."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import Outcome, PoolHealth
from batchctl.errors import BatchctlError, CloudError
from batchctl.reconcile.amend.idle_pools import with_endings
from batchctl.reconcile.carry_out.after_run import end_pools
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.events import Event, PoolNotice
from batchctl.reconcile.plan import Ending, Plan
from batchctl.resources import Job, Resource
from batchctl.work import JobReleaseTask
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import OTHER, OWNER, desired, held_job, held_pool, job, pool, run, situation, task, waiting

ENDING = Ending(pool="pool", does="resizeToZero")
TWO = {"target_dedicated_nodes": 2}
FORMULA = {"target_dedicated_nodes": None, "target_spot_nodes": None, "auto_scale_formula": "$TargetDedicatedNodes=1;"}
DONE = [held_job(state="completed"), run()]


class Slow(FakeCloud):
    """Jobs whose release tasks run for `looks` looks, and a service that refuses `refused`."""

    def __init__(self, looks: int = 0, refused: BatchctlError | None = None) -> None:
        super().__init__()
        self.looks, self.refused = looks, refused

    def over(self, job: Job) -> bool:
        self.looks -= 1
        return self.looks < 0

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        yield from (Outcome(resource=wanted, error=self.refused) for _, wanted in changes)


def ended(cloud: FakeCloud, clock: FakeClock, *waits: Job) -> tuple[list[Event], tuple[Ending, ...]]:
    wanted = desired(pool(**TWO), job())
    steps, events = end_pools(Plan(owner=OWNER, endings=(ENDING,), waits=waits), wanted, cloud, clock), list[Event]()
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return events, stop.value


def test_release_tasks_run_before_the_nodes_go() -> None:
    clock, plain = FakeClock(), held_job()
    assert len(ended(Slow(looks=3), clock, plain)[0]) == 1
    assert clock.slept == []
    ended(Slow(looks=3), clock, held_job(job_release_task=JobReleaseTask()))
    assert len(clock.slept) == 3


def test_a_release_task_that_hangs_keeps_no_node() -> None:
    clock = FakeClock()
    ended(Slow(looks=10**9), clock, held_job(job_release_task=JobReleaseTask(max_wall_clock_time=timedelta(minutes=2))))
    assert 120 < clock.monotonic() < 240


def test_what_could_not_be_done_is_told() -> None:
    events, failed = ended(Slow(refused=CloudError("no", status=409, code="No")), FakeClock())
    said = "could not be resized to 0 nodes, and goes on costing: no"
    assert (events, failed) == ([PoolNotice(pool="pool", says=(said,))], (ENDING,))


class Unseen(Slow):
    """Neither pools nor jobs can be looked at."""

    def health(self, pool: str) -> PoolHealth:
        raise CloudError("forbidden", status=403)

    def over(self, job: Job) -> bool:
        raise CloudError("forbidden", status=403)


def test_what_cannot_be_looked_at_keeps_no_output_away() -> None:
    events, failed = ended(Unseen(), FakeClock(), held_job(job_release_task=JobReleaseTask()))
    assert failed == (ENDING,)
    assert [event.says for event in events if isinstance(event, PoolNotice)] == [
        ("could not be resized to 0 nodes, and goes on costing: forbidden",)
    ]


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        pytest.param(TWO, [], (ENDING,), id="tasks are to run"),
        pytest.param(TWO, [held_pool(**TWO), held_job(), waiting()], (ENDING,), id="tasks are under way"),
        pytest.param(TWO, [held_pool(**TWO), held_job(), run(), waiting("gone")], (ENDING,), id="strays go on"),
        pytest.param({}, [], (), id="it has no nodes"),
        pytest.param({**TWO, "after_run": "keep"}, [], (), id="it stays"),
        pytest.param({"after_run": "delete"}, [], (Ending(pool="pool", does="delete"),), id="it goes"),
        pytest.param(FORMULA, [], (), id="a formula"),
        pytest.param(TWO, [held_pool(**TWO), *DONE], (), id="nothing is to run"),
    ],
)
def test_what_becomes_of_a_pool(wanted: dict[str, Any], held: list[Resource], expected: tuple[Ending, ...]) -> None:
    everything = desired(pool(**wanted), job(), task())
    assert with_endings(diff(everything, held), situation(everything, held)).endings == expected


@pytest.mark.parametrize(
    ("wanted", "held", "changes"),
    [
        pytest.param(TWO, [held_pool(**TWO)], ["UPDATE 0"], id="it has nodes"),
        pytest.param(TWO, [held_pool()], [], id="it has none"),
        pytest.param(TWO, [], ["CREATE 0"], id="it is not there"),
        pytest.param(TWO, [held_pool(owner=OTHER, **TWO)], [], id="it is not ours"),
        pytest.param(TWO, [held_pool(state="deleting", **TWO)], ["CREATE 0"], id="it is being deleted"),
        pytest.param({**TWO, "task_slots_per_node": 2}, [held_pool(**TWO)], ["UPDATE 0"], id="it changes as well"),
        pytest.param({**TWO, "after_run": "delete"}, [held_pool()], ["DELETE -"], id="it is to go"),
        pytest.param({**TWO, "after_run": "keep"}, [held_pool()], ["UPDATE 2"], id="it is to stay"),
        pytest.param(FORMULA, [held_pool(**FORMULA)], [], id="a formula"),
        pytest.param(TWO, [held_pool(**FORMULA)], ["UPDATE 0"], id="no formula any more"),
    ],
)
def test_a_pool_with_nothing_to_run(wanted: dict[str, Any], held: list[Resource], changes: list[str]) -> None:
    everything, there = desired(pool(**wanted), job(), task()), [*held, *DONE]
    decided = with_endings(diff(everything, there), situation(everything, there))
    found = [f"{c.action.name} {getattr(c.after, 'target_dedicated_nodes', '-')}" for c in decided.changes]
    assert found == changes
    assert decided.unchanged == 3 - len(changes) - (held != [] and held[0].owner == OTHER)


def test_a_pool_without_a_job_has_its_nodes() -> None:
    everything = desired(pool(**TWO))
    [change] = with_endings(diff(everything, []), situation(everything)).changes
    assert change.after == pool(**TWO)
