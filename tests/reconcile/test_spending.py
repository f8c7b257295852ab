"""What a run uses while it is waited for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import Counts, PoolHealth, Prices
from batchctl.desired import Limits
from batchctl.reconcile.carry_out.follow import Bounds, wait_for_tasks
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.events import Halted
from batchctl.resources import Job
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import desired, held_job, job, pool

RATES = {"linux.dedicated": {"standard_d2s_v5": 0.1}, "linux.spot": {"standard_d2s_v5": 0.02}}
PRICES = Prices(region="westeurope", currency="USD", made=date(2026, 1, 1), source="a test", rates=RATES)
NO_PRICES = Prices(region="westeurope", currency="USD", made=date(2026, 1, 1), source="a test", rates={})


class Counted(FakeCloud):
    """Has so many dedicated and spot nodes, look by look; the last answer stays."""

    def __init__(self, nodes: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.said, self.looks = list(nodes), 0

    def health(self, pool: str) -> PoolHealth:
        self.looks += 1
        paid = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return PoolHealth(steady=True, nodes=(("running", sum(paid)),), able=1, paid=paid)

    def counts(self, job: Job) -> Counts:
        return Counts(running=1)

    def unfinished(self, job: Job) -> bool:
        return True


def meter(cloud: FakeCloud, clock: FakeClock, **more: Any) -> Meter:
    return Meter(desired(pool(target_dedicated_nodes=2), job(), **more), cloud, clock)


def test_node_time_is_counted_look_by_look_and_never_too_low() -> None:
    clock, cloud = FakeClock(), Counted([(0, 0), (2, 10), (1, 0)])
    found = meter(cloud, clock, prices=PRICES)
    for seconds in (1800, 3600, 3600):
        clock.sleep(seconds)
        found.look(held_job())
    # Nothing, two hours with as many as came, and two with as many as went.
    assert found.told() == "24 node-hours, 0.80 USD by list prices"
    assert found.over == ""


def test_without_limits_and_prices_nobody_is_asked() -> None:
    cloud = Counted([(2, 0)])
    found = meter(cloud, FakeClock())
    assert (found.look(held_job()), found.told(), cloud.looks) == ("", "", 0)


@pytest.mark.parametrize(
    ("limits", "prices", "over", "after"),
    [
        (Limits(max_duration=timedelta(hours=1)), None, "limits.maxDuration: 1:00:00 are over", 1.0),
        (Limits(max_node_hours=4), None, "limits.maxNodeHours: 4 are used", 2.0),
        (Limits(max_cost=0.5), PRICES, "limits.maxCost: 0.5 USD are spent", 2.5),
        (Limits(max_cost=9, max_node_hours=1), PRICES, "limits.maxNodeHours: 1 are used", 0.5),
    ],
)
def test_the_first_limit_ends_the_run(limits: Limits, prices: Prices | None, over: str, after: float) -> None:
    clock, cloud = FakeClock(), Counted([(2, 0)])
    cloud.jobs["count"] = held_job()
    found = meter(cloud, clock, limits=limits, prices=prices)
    events = list(wait_for_tasks([held_job()], cloud, clock, Bounds(meter=found)))
    assert [event.why for event in events if isinstance(event, Halted)] == [over]
    assert found.over == over
    assert after * 3600 <= clock.monotonic() <= after * 3600 + 15
    assert cloud.jobs["count"].state == "completed"


def test_no_price_is_made_up() -> None:
    clock = FakeClock()
    found = meter(Counted([(2, 0)]), clock, limits=Limits(max_cost=0.01), prices=NO_PRICES)
    clock.sleep(3600)
    assert (found.look(held_job()), found.cost, found.told()) == ("", None, "2 node-hours")
