"""Tells what is seen of a run beside the counts of its tasks: how the pool is, and what the run has used."""

from collections.abc import Iterator

from batchctl.desired import Desired
from batchctl.frozen import dataclass
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.events import Awaited, Event, PoolSeen, Spent
from batchctl.reconcile.plan import Action, Plan
from batchctl.resources import Task


@dataclass(slots=True, kw_only=True)
class Lookout:
    """What was told last, so that only news is told. `close`: somebody looks on, so that a little more may be asked."""

    close: bool = False
    _pool: PoolSeen | None = None
    _spent: Spent | None = None

    def expect(self, desired: Desired, decided: Plan) -> Iterator[Event]:
        """Waiting for the tasks of a plan begins."""
        if not decided.waits:
            return
        added = decided.of(Task, Action.CREATE)
        is_all = not decided.later and not any(job.job_manager_task for job in decided.waits)
        wanted = sum(isinstance(resource, Task) for resource in desired.resources)
        yield Awaited(wanted=wanted, added=len(added) if is_all else None)

    def look(self, watch: PoolWatch, meter: Meter | None) -> Iterator[Event]:
        """After each poll."""
        if self.close and watch.health is None:
            yield from watch.glance(last=True)
        if (health := (meter and meter.health) or watch.health) is not None:
            seen = PoolSeen(pool=watch.pool, wanted=health.wanted, nodes=health.nodes)
            if seen != self._pool:
                self._pool = seen
                yield seen
        spent = meter.spent() if meter else None
        if spent and spent != self._spent:
            self._spent = spent
            yield spent
