"""A closer look at a run while it is waited for: who failed and why, who is slow, which nodes are broken.

What it asks is bounded, however many tasks there are: none of it is asked before the counts tell that there is news.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta

from batchctl.clock import Clock
from batchctl.cloud_answers import BROKEN, Counts, PoolHealth
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import FailedRun, blocked_by, grouped, last_line
from batchctl.reconcile.events import Blocked, Broken, FactorySeen, Laggard, Looked
from batchctl.reconcile.port import FAILED, Eyes
from batchctl.resources import Job, Task
from batchctl.sights import JobSight, NodeSight, Place, TaskSight

MOST_RUNS = 250
"""Tasks that one look lists."""

MOST_TAILS = 20
"""Failed tasks whose last line is read, four requests each; where more fail, most fail alike."""

SHOWN = 2
"""Slow tasks, and broken nodes, whose last line is read."""

LINES = 10
"""At the end of a stream, of which the last one that is not blank counts."""

FEWEST = 20
"""Tasks of a factory that must have ended before another one is slow."""

KEPT = 1000
"""Durations of a factory that are remembered."""

OVERLAP = timedelta(seconds=5)
"""What the service told late is asked for once more."""


@dataclass(slots=True, kw_only=True)
class CloseLook:
    """What was seen so far. `tasks` are those that are waited for; `wide`: somebody looks on, so that all that end are
    listed, not only those that fail, and those that run."""

    eyes: Eyes
    clock: Clock
    tasks: Sequence[Task]
    wide: bool = False
    _factories: dict[str, str] = field(default_factory=dict)
    _since: dict[str, datetime] = field(default_factory=dict)
    _ended: dict[str, bool] = field(default_factory=dict)
    _failed: list[FailedRun] = field(default_factory=list)
    _durations: dict[str, deque[timedelta]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT)))
    _nodes: tuple[int, tuple[Broken, ...]] = (0, ())
    _blocked: tuple[int, Blocked | None] = (0, None)
    _tails: int = 0

    def __post_init__(self) -> None:
        # One that the spec does not name has a number; people know it by its first task.
        first = {task.factory: task.id for task in reversed(self.tasks)}
        names = {name: name if name and not name.startswith("#") else task for name, task in first.items()}
        self._factories = {task.id.lower(): names[task.factory] for task in self.tasks}

    def look(self, jobs: Sequence[Job], counts: Counts, pool: str, health: PoolHealth | None) -> Looked:
        """Raises CloudError."""
        if counts.failed < len(self._failed):
            self._forget_failures()
        for job in jobs:
            for run in self._news_of(job):
                self._note(run)
        running = [run for job in jobs for run in self._running(job)] if self.wide and counts.running else []
        return Looked(
            causes=grouped(self._failed),
            unread=max(0, counts.failed - len(self._failed)),
            blocked=self._stuck(),
            nodes=self._broken(pool, health),
            laggards=tuple(self._laggards(running)),
            factories=tuple(self._seen(running)) if self.wide else (),
            partly=self.wide and counts.ended > len(self._ended),
        )

    def _forget_failures(self) -> None:
        """Some of them run again: all that are left are seen anew."""
        self._failed.clear()
        self._since.clear()
        self._tails = 0
        self._ended = {key: is_bad for key, is_bad in self._ended.items() if not is_bad}

    def _news_of(self, job: Job) -> tuple[TaskSight, ...]:
        since = self._since.get(job.name + str(job.generation))
        states = "state eq 'completed'" if self.wide else FAILED
        if since:
            states += f" and stateTransitionTime ge DateTime'{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}'"
        found = self.eyes.runs(_sight_of(job), states, MOST_RUNS)
        newest = max((run.ended.astimezone(UTC) for run in found if run.ended), default=since)
        if newest:
            self._since[job.name + str(job.generation)] = newest
        return found

    def _note(self, run: TaskSight) -> None:
        key = f"{run.job}/{run.id}".lower()
        if key in self._ended or run.state != "completed":
            return
        is_bad = self._ended[key] = run.result == "failure"
        if run.ran and not is_bad:
            self._durations[self._factory(run.id)].append(run.ran)
        if is_bad:
            asked = self._tails < MOST_TAILS
            self._tails += asked
            says = self._last_line(Place(above=run.job, id=run.id)) if asked else None
            self._failed.append(FailedRun(run=run, says=says))

    def _factory(self, task: str) -> str:
        return self._factories.get(task.lower(), task)

    def _running(self, job: Job) -> tuple[TaskSight, ...]:
        return self.eyes.runs(_sight_of(job), "state eq 'running'", MOST_RUNS)

    def _last_line(self, place: Place) -> str:
        return last_line(self.eyes.last_words([place], LINES)[0])

    def _stuck(self) -> Blocked | None:
        """Counted anew when more have failed: to walk the dependencies of very many tasks takes its time."""
        if len(self._failed) != self._blocked[0] and any(task.depends_on for task in self.tasks):
            good = {key.rpartition("/")[2] for key, is_bad in self._ended.items() if not is_bad}
            self._blocked = len(self._failed), blocked_by([one.run for one in self._failed], good, self.tasks)
        return self._blocked[1]

    def is_ailing(self, health: PoolHealth | None) -> bool:
        """Are there other broken nodes than those that were looked at?"""
        return _bad_nodes(health) != self._nodes[0]

    def _broken(self, pool: str, health: PoolHealth | None) -> tuple[Broken, ...]:
        count = _bad_nodes(health)
        if count != self._nodes[0]:
            bad = [node for node in self.eyes.nodes(pool) if node.state in BROKEN]
            self._nodes = count, tuple(self._broken_node(pool, node) for node in bad[:SHOWN])
        return self._nodes[1]

    def _broken_node(self, pool: str, node: NodeSight) -> Broken:
        says = self._last_line(Place(above=pool, id=node.id, is_task=False))
        code = f", exit code {node.start_exit_code}" if node.start_exit_code else ""
        return Broken(node=node.id, pool=pool, why=f"{node.state}{code}", says=says or last_line(node.errors))

    def _laggards(self, running: Sequence[TaskSight]) -> Iterator[Laggard]:
        late: list[tuple[timedelta, timedelta, TaskSight]] = []
        for run in running:
            known = sorted(self._durations[self._factory(run.id)])
            usual = known[len(known) * 99 // 100] if len(known) >= FEWEST else None
            ran = self.clock.now() - run.started if run.started else timedelta()
            if usual is not None and ran > usual:
                late.append((ran, usual, run))
        for ran, usual, run in sorted(late, key=lambda one: one[0], reverse=True)[:SHOWN]:
            says = self._last_line(Place(above=run.job, id=run.id))
            yield Laggard(task=run.id, job=run.job, ran=ran, usual=usual, says=says)

    def _seen(self, running: Sequence[TaskSight]) -> Iterator[FactorySeen]:
        ended = Counter((self._factory(key.rpartition("/")[2]), is_bad) for key, is_bad in self._ended.items())
        now = Counter(self._factory(run.id) for run in running)
        for name, count in Counter(self._factories.values()).items():
            done = ended[name, False], ended[name, True]
            # Of a factory that runs in two generations, more tasks may end than this plan adds.
            most = max(count, sum(done) + now[name])
            yield FactorySeen(name=name, tasks=most, succeeded=done[0], failed=done[1], running=now[name])


def _bad_nodes(health: PoolHealth | None) -> int:
    return sum(count for state, count in health.nodes if state.lower() in BROKEN) if health else 0


def _sight_of(job: Job) -> JobSight:
    return JobSight(id=job.id or job.name, generation=job.generation or 1, state="", pool=job.pool)
