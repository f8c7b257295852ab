"""Looks at a pool while its tasks are waited for: tells what is wrong with it, and when they wait for nothing."""

from collections.abc import Iterator
from dataclasses import field, replace

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, PoolHealth
from batchctl.errors import BatchctlError, Stuck
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.pool_verdicts import may_come_to_run, pool_notices, pool_troubles, way_out, why_no_node
from batchctl.reconcile.decide.preemptions import switch_line
from batchctl.reconcile.decide.sizes import as_it_is, going_on, size_after_refusal, size_instead
from batchctl.reconcile.events import Event, NodesWaiting, PoolNotice
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Pool
from batchctl.words import one_line, plural

BETWEEN = 60.0
"""Seconds between two looks while all goes well: a look is two requests."""
SOONER = 15.0
"""The same where preemptions are counted: a node that is there again is not seen to have gone."""


@dataclass(slots=True, kw_only=True)
class PoolWatch:
    """The pool of a job, and what was told of it. `before`: how it was before this apply changed anything; `endless`:
    the wait has no end of its own; `external`: the pool is not ours to mend; `health`: at the last look. `wanted`: it
    is ours, as the spec has it.
    """

    job: Job
    cloud: Cloud
    clock: Clock
    before: PoolHealth | None = None
    endless: bool = False
    external: bool = False
    health: PoolHealth | None = None
    wanted: Pool | None = None
    _looked: float = field(init=False)
    _nodes: object = None
    _told: set[str] = field(default_factory=set)
    _doubted: bool = False
    _preempted: frozenset[str] = frozenset()
    _made: str | None = None

    @property
    def pool(self) -> str:
        return self.job.pool or self._made or f"of job {self.job.id}"

    def __post_init__(self) -> None:
        self._looked = self.clock.monotonic()

    def glance(self, *, last: bool = False) -> Iterator[Event]:
        """While tasks run or move, and when they have ended: say what is wrong all the same."""
        self._doubted = False
        between = SOONER if self._counts_preemptions else BETWEEN
        if last or self.clock.monotonic() - self._looked >= between:
            health = self._look()
            yield from self._tell(pool_troubles(health))
            if not last:
                yield from self._mind_preemptions(health)

    def examine(self, counts: Counts) -> Iterator[Event]:
        """While nothing runs: say why. Raises Stuck as soon as nothing can."""
        health = self._look()
        hopeless = not may_come_to_run(health, self.before)
        # Counts of nodes lag behind the pool: only the second look in a row is believed.
        if hopeless and self._doubted:
            if self.wanted and (size := size_instead(self.wanted, health)):
                yield from self._take(self.wanted, health, size)
                return
            raise Stuck(
                f"pool {self.pool!r} cannot run the {plural(counts.active, 'waiting task')}: {why_no_node(health)}\n"
                f"The tasks stay in the job; {self._way_out(health)}."
            )
        self._doubted = hopeless
        if health.nodes != self._nodes and not health.nodes_idle:
            yield NodesWaiting(pool=self.pool, nodes=health.nodes)
            self._nodes = health.nodes
        if not hopeless:
            yield from self._tell(tuple(pool_notices(health, endless=self.endless)))
            yield from self._mind_preemptions(health)

    def _take(self, pool: Pool, health: PoolHealth, size: str) -> Iterator[Event]:
        """Another VM size, which the pool is empty for; or the first after it that Batch takes."""
        yield PoolNotice(pool=pool.name, says=(going_on("; ".join(health.resize_errors), size),))
        held, wanted = as_it_is(pool, health), replace(pool, vm_size=size)
        while error := self._change(held, wanted):
            if (then := size_after_refusal(wanted, error)) is None:
                raise error
            yield PoolNotice(pool=pool.name, says=(going_on(one_line(str(error)), then),))
            wanted = replace(wanted, vm_size=then)
        self._doubted, self._told = False, set()

    @property
    def _counts_preemptions(self) -> bool:
        return self.wanted is not None and self.wanted.on_failure is not None and not self.wanted.switched

    def _mind_preemptions(self, health: PoolHealth) -> Iterator[Event]:
        """Count them, and let dedicated nodes take the place of spot ones when there are as many as the spec has it."""
        pool = self.wanted
        if pool is None or pool.on_failure is None or pool.switched:
            return
        if any(state == "preempted" for state, _ in health.nodes):
            self._preempted |= self.cloud.preempted(pool.name)
        if len(self._preempted) >= pool.on_failure.preemptions and health.steady:
            yield PoolNotice(pool=pool.name, says=(switch_line(pool),))
            held = as_it_is(pool, health)
            self.wanted = replace(held, switched=True)
            if error := self._change(held, replace(self.wanted, asked_again=True)):
                raise error

    def _change(self, held: Pool, wanted: Pool) -> BatchctlError | None:
        outcomes = self.cloud.update([(held, wanted)], self.job.owner or "")
        return next((outcome.error for outcome in outcomes if outcome.error), None)

    def _way_out(self, health: PoolHealth) -> str:
        made_for = None if self.job.pool else self.job.id
        return way_out(self.pool, health, external=self.external, job=made_for)

    def _look(self) -> PoolHealth:
        self._looked = self.clock.monotonic()
        if not self.job.pool and self._made is None:
            self._made = self.cloud.pool_of(self.job)
        known = self.job.pool or self._made
        # A pool that the service is still to make will have nodes.
        self.health = self.cloud.health(known) if known else PoolHealth(steady=False, nodes=(), able=0)
        return self.health

    def _tell(self, said: tuple[str, ...]) -> Iterator[Event]:
        if news := tuple(line for line in said if line not in self._told):
            self._told.update(news)
            yield PoolNotice(pool=self.pool, says=news)
