"""What a run uses while it is waited for: node time as the service counts nodes, look by look, and what it costs."""

from datetime import timedelta
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.desired import Desired, Limits
from batchctl.prices import hourly
from batchctl.reconcile.decide.sizes import as_it_is
from batchctl.reconcile.events import Spent
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Pool

if TYPE_CHECKING:
    from batchctl.cloud_answers import PoolHealth

HOUR = 3600.0


class Meter:
    """Counts from its making on. Between two looks there were as many nodes as at the one that had more: what was used
    is never told too low. `over`: which limit was reached, and how; "" as long as none is. `health`: of the pool,
    at the last look."""

    def __init__(self, desired: Desired, cloud: Cloud, clock: Clock) -> None:
        pools = [r for r in desired.resources if isinstance(r, Pool)]
        self._cloud, self._clock = cloud, clock
        self._limits, self._prices = desired.limits or Limits(), desired.prices
        self._pool = pools[0] if pools else None
        self._begun = self._looked = clock.monotonic()
        self._nodes = (0, 0)
        self._used = (0.0, 0.0)
        self.health: PoolHealth | None = None
        self.over = ""

    def look(self, job: Job) -> str:
        """Count the nodes of the job's pool; returns `over`."""
        if self._pool and (self._limits != Limits() or self._prices):
            self.health = self._cloud.health(job.pool)
            self._pool = as_it_is(self._pool, self.health)
            self._count(self.health.paid)
        self.over = self.over or self._why_over()
        return self.over

    def _count(self, nodes: tuple[int, int]) -> None:
        now = self._clock.monotonic()
        hours, self._looked = (now - self._looked) / HOUR, now
        dedicated, spot = (
            used + max(*pair) * hours for used, *pair in zip(self._used, self._nodes, nodes, strict=True)
        )
        self._used, self._nodes = (dedicated, spot), nodes

    def _why_over(self) -> str:
        limits, cost = self._limits, self.cost
        if limits.max_duration is not None and self.time >= limits.max_duration:
            return f"limits.maxDuration: {limits.max_duration} are over"
        if limits.max_node_hours is not None and sum(self._used) >= limits.max_node_hours:
            return f"limits.maxNodeHours: {limits.max_node_hours:g} are used"
        if limits.max_cost is not None and cost is not None and cost >= limits.max_cost:
            return f"limits.maxCost: {limits.max_cost:g} {self._currency} are spent"
        return ""

    @property
    def time(self) -> timedelta:
        return timedelta(seconds=self._clock.monotonic() - self._begun)

    @property
    def cost(self) -> float | None:
        """None where no price is known."""
        return hourly(self._prices, self._pool, *self._used) if self._prices and self._pool else None

    @property
    def _currency(self) -> str:
        return self._prices.currency if self._prices else ""

    def spent(self) -> Spent | None:
        """None where nothing was counted."""
        if not any(self._used):
            return None
        limits, cost = self._limits, self.cost
        return Spent(
            node_hours=float(f"{sum(self._used):.3g}"),
            cost=None if cost is None else round(cost, 2),
            currency=self._currency,
            most_node_hours=limits.max_node_hours,
            most_cost=limits.max_cost,
        )

    def told(self) -> str:
        """`0.52 node-hours, 0.19 USD by list prices`, "" where nothing was counted."""
        if not any(self._used):
            return ""
        money = "" if self.cost is None else f", {self.cost:.2f} {self._currency} by list prices"
        return f"{sum(self._used):.3g} node-hours{money}"
