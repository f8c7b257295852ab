"""Tells what is seen of a run beside the counts of its tasks: how the pool is, what was used, who failed and why."""

from collections.abc import Iterator, Sequence

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, PoolHealth
from batchctl.desired import Desired
from batchctl.errors import CloudError
from batchctl.frozen import dataclass
from batchctl.reconcile.carry_out.closer import CloseLook
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.events import Awaited, Event, Looked, PoolSeen, Spent
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Eyes
from batchctl.resources import Job, Task

SHORTEST, LONGEST = 5.0, 60.0
"""Seconds between two closer looks; they grow with the wait."""


SHARE = 40
"""A look takes one part in so many of the time."""


@dataclass(slots=True, kw_only=True)
class Lookout:
    """What was told last, so that only news is told. `close`: somebody looks on, so that more may be asked."""

    clock: Clock
    eyes: Eyes | None = None
    close: bool = False
    _pool: PoolSeen | None = None
    _spent: Spent | None = None
    _looked: Looked = Looked()
    _counts: Counts = Counts()
    _look: CloseLook | None = None
    _begun: float = 0.0
    _next: float = 0.0

    def expect(self, desired: Desired, decided: Plan) -> Iterator[Event]:
        """Waiting for the tasks of a plan begins."""
        if not decided.waits:
            return
        wanted = [resource for resource in desired.resources if isinstance(resource, Task)]
        added = [change.after for change in decided.of(Task, Action.CREATE) if isinstance(change.after, Task)]
        is_all = not decided.later and not any(job.job_manager_task for job in decided.waits)
        if self.eyes:
            tasks = wanted if len(decided.waits) > 1 or not added else added
            self._look = CloseLook(eyes=self.eyes, clock=self.clock, tasks=tasks, wide=self.close)
            self._begun = self._next = self.clock.monotonic()
        yield Awaited(wanted=len(wanted), added=len(added) if is_all else None)

    def look(self, jobs: Sequence[Job], counts: Counts, watch: PoolWatch, meter: Meter | None) -> Iterator[Event]:
        """After each poll."""
        if self.close and watch.health is None:
            yield from watch.glance(last=True)
        health = (meter and meter.health) or watch.health
        if health is not None:
            seen = PoolSeen(pool=watch.pool, wanted=health.wanted, nodes=health.nodes)
            if seen != self._pool:
                self._pool = seen
                yield seen
        spent = meter.spent() if meter else None
        if spent and spent != self._spent:
            self._spent = spent
            yield spent
        yield from self._look_closer(jobs, counts, watch.pool, health)

    def _look_closer(
        self, jobs: Sequence[Job], counts: Counts, pool: str, health: PoolHealth | None
    ) -> Iterator[Event]:
        """Where the counts tell that there is news, and not too often; a service that does not answer, later."""
        now = self.clock.monotonic()
        if self._look is None or now < self._next or not self._is_news(counts, health):
            return
        try:
            looked = self._look.look(jobs, counts, pool, health)
        except CloudError:
            looked = self._looked
        self._counts = counts
        # Of very many tasks a look takes its time: it is to be a small part of the whole.
        took = self.clock.monotonic() - now
        self._next = now + min(LONGEST, max(SHORTEST, (now - self._begun) / 10, SHARE * took))
        if looked != self._looked:
            self._looked = looked
            yield looked

    def _is_news(self, counts: Counts, health: PoolHealth | None) -> bool:
        failed = counts.failed != self._counts.failed or bool(self._look and self._look.is_ailing(health))
        return failed or (self.close and (counts != self._counts or counts.running > 0))
