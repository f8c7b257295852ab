"""Looks at a job and its pool while tasks are waited for: tells what is wrong, and when they wait for nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, JobStanding, PoolHealth
from batchctl.errors import BatchctlError, Stuck
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.preemptions import switch_line
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.sizes import as_it_is, going_on, size_after_refusal, size_instead
from batchctl.reconcile.decide.standstill import POOLS, TROUBLES, VARYING, Reason, reasons
from batchctl.reconcile.events import Event, JobNotice, NodesWaiting, PoolNotice
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Pool, Task
from batchctl.words import one_line, plural

BETWEEN = 60.0
"""Seconds between two looks while all goes well: a look is two requests."""
SOONER = 15.0
"""The same where preemptions are counted: a node that is there again is not seen to have gone."""

TOLD_BY_NODES = "nodesComeUp"
"""What NodesWaiting says already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a pool before it is looked at. `before`: how it was before this apply changed anything;
    `external`: it is not ours to mend; `wanted`: it is ours, as the spec has it."""

    before: PoolHealth | None = None
    external: bool = False
    wanted: Pool | None = None


NOTHING_KNOWN = Known()


@dataclass(slots=True, kw_only=True)
class PoolWatch:
    """A job with its pool, and what was told of them. `endless`: the wait has no end of its own; `spec`: the spec's
    path. `health`: at the last look; `wanted`: the pool as it was asked for last. `puzzled`: nothing runs, and nothing
    that was seen explains it.
    """

    job: Job
    cloud: Cloud
    clock: Clock
    known: Known = NOTHING_KNOWN
    endless: bool = False
    spec: str = "SPEC"
    health: PoolHealth | None = None
    wanted: Pool | None = field(init=False)
    puzzled: bool = False
    _looked: float = field(init=False)
    _changed: float = field(init=False)
    _nodes: object = None
    _shown: object = None
    _told: set[str] = field(default_factory=set)
    _doubted: bool = False
    _preempted: frozenset[str] = frozenset()
    _waiting: tuple[int, tuple[Task, ...]] = (-1, ())
    _made: str | None = None

    @property
    def pool(self) -> str:
        return self.job.pool or self._made or f"of job {self.job.id}"

    @property
    def doubts(self) -> bool:
        """Must the next look agree with this one before anything is believed?"""
        return self._doubted or self.puzzled

    def __post_init__(self) -> None:
        self.wanted = self.known.wanted
        self._looked = self._changed = self.clock.monotonic()

    def glance(self, *, last: bool = False) -> Iterator[Event]:
        """While tasks run or move, and when they have ended: say what is wrong all the same."""
        self._doubted = self.puzzled = False
        between = SOONER if self._counts_preemptions else BETWEEN
        if last or self.clock.monotonic() - self._looked >= between:
            scene = self._scene(Counts(running=1), JobStanding())
            if self.job.max_task_retry_count == -1 and not last:
                scene = replace(scene, retried=self.cloud.retried(self.job))
            yield from self._tell(reason for reason in reasons(scene) if reason.kind in {*TROUBLES, "retried"})
            if not last:
                yield from self._mind_preemptions(scene.health)

    def examine(self, counts: Counts, standing: JobStanding) -> Iterator[Event]:
        """While nothing runs: say why. Raises Stuck as soon as nothing can."""
        scene = self._scene(counts, standing)
        found = reasons(scene)
        closer = not found and self.puzzled
        if closer:
            found = reasons(self._closer(scene, counts))
        self.puzzled = not found or closer
        hopeless = [reason for reason in found if not reason.passes]
        # Counts of nodes lag behind the pool: only the second look in a row is believed.
        if hopeless and (self._doubted or closer):
            if self.wanted and (size := size_instead(self.wanted, scene.health)):
                yield from self._take(self.wanted, scene.health, size)
                return
            raise Stuck(stuck_line(hopeless, scene, counts.active))
        self._doubted = bool(hopeless)
        health = scene.health
        if health.nodes != self._shown and not health.nodes_idle:
            yield NodesWaiting(pool=self.pool, nodes=health.nodes)
            self._shown = health.nodes
        if not hopeless:
            yield from self._tell(reason for reason in found if reason.kind != TOLD_BY_NODES)
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

    def _scene(self, counts: Counts, standing: JobStanding) -> Scene:
        health, now = self._look(), self.clock.monotonic()
        if health.nodes != self._nodes:
            self._nodes, self._changed = health.nodes, now
        return Scene(
            job=self.job.id,
            pool=self.pool,
            health=health,
            standing=standing,
            spec=self.spec,
            running=counts.running,
            before=self.known.before,
            external=self.known.external,
            made_for="" if self.job.pool else self.job.id,
            unchanged=timedelta(seconds=now - self._changed),
            endless=self.endless,
        )

    def _closer(self, scene: Scene, counts: Counts) -> Scene:
        """Nodes wait for tasks, and tasks for nodes: what do these want, and how did the job's preparation go?"""
        if self._waiting[0] != counts.active:
            self._waiting = (counts.active, self.cloud.waiting(self.job))
        prepares = self.job.job_preparation_task is not None
        return replace(
            scene,
            waiting=self._waiting[1],
            unprepared=self.cloud.failed_preparations(self.job) if prepares else (),
        )

    def _look(self) -> PoolHealth:
        self._looked = self.clock.monotonic()
        if not self.job.pool and self._made is None:
            self._made = self.cloud.pool_of(self.job)
        known = self.job.pool or self._made
        # A pool that the service is still to make will have nodes.
        self.health = self.cloud.health(known) if known else PoolHealth(steady=False, nodes=(), able=0)
        return self.health

    def _tell(self, found: Iterable[Reason]) -> Iterator[Event]:
        """Each once, whatever its numbers are by then."""
        told = [(reason.kind if reason.kind in VARYING else reason.says, reason) for reason in found]
        news = [reason for key, reason in told if key not in self._told]
        self._told.update(key for key, _ in told)
        if of_pool := tuple(reason.line for reason in news if reason.kind in POOLS):
            yield PoolNotice(pool=self.pool, says=of_pool)
        if of_job := tuple(reason.line for reason in news if reason.kind not in POOLS):
            yield JobNotice(job=self.job.id, says=of_job)


def stuck_line(hopeless: Iterable[Reason], scene: Scene, waiting: int) -> str:
    """Who cannot run what, why, and what mends it."""
    listed = list(hopeless)
    tasks = plural(waiting, "waiting task")
    who = f"pool {scene.pool!r} cannot run the {tasks}"
    if not all(reason.kind in POOLS for reason in listed):
        who = f"job {scene.job!r} cannot run its {tasks}"
    causes = "\n".join((*(reason.says for reason in listed), *scene.health.last_words))
    remedies = [f"  -> {remedy}" for remedy in dict.fromkeys(reason.remedy for reason in listed) if remedy]
    return "\n".join((f"{who}: {causes}", *remedies, "The tasks stay in the job."))
