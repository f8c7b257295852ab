"""The run as it is seen now, one value: what was heard of it so far, folded. Asks no clock: the time is handed in."""

from dataclasses import replace
from datetime import timedelta

from batchctl.cloud_answers import Counts
from batchctl.frozen import dataclass
from batchctl.reconcile.events import (
    Applied,
    Awaited,
    Begun,
    Broken,
    Cause,
    ComingHome,
    Event,
    Expanded,
    Failed,
    Fetched,
    Halted,
    JobNotice,
    Laggard,
    Looked,
    NotFetched,
    PoolNotice,
    PoolSeen,
    Progress,
    Spent,
    TaskFailed,
    UnderWay,
)
from batchctl.render.events import words_of
from batchctl.render.live.pace import Track, time_left, tracked
from batchctl.render.text import shown_size
from batchctl.sights import Place
from batchctl.words import one_line, plural

KEYS = 9
"""Logs that a key shows."""

NOTICES = 2
"""So many of what was said of a pool stay in view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done just now, since that second; `ahead` 0: nobody knows how much it is."""

    says: str
    since: float
    done: int = 0
    ahead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Whose standard streams tell of what matters; `mark` is what it is that matters."""

    mark: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`wanted` and `added` are those of `Awaited`; `notices`: what was last said of the pool; `logs`: whose
    can be shown, the first by the key 1: a number keeps its place."""

    title: str = ""
    step: Step | None = None
    wanted: int = 0
    added: int | None = None
    counts: Counts | None = None
    track: Track = ()
    pool: PoolSeen | None = None
    spent: Spent | None = None
    looked: Looked = Looked()
    logs: tuple[Log, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def total(self) -> int | None:
        """Tasks that are waited for, once that is certain."""
        if self.counts is None or self.added is None:
            return None
        return max(self.added, self.counts.unfinished + self.counts.ended)

    @property
    def blocked(self) -> int:
        """Tasks that wait in vain; counts come from another poll than who is blocked."""
        found = self.looked.blocked.count if self.looked.blocked else 0
        return min(found, self.counts.active) if self.counts else 0

    def left(self, at: float) -> timedelta | None:
        """How long it may take. Once none waits any more, the pace slows down and tells nothing of those that run."""
        if self.counts is None or self.total is None or self.counts.active <= self.blocked:
            return None
        return time_left(self.track, at, self.total - self.counts.ended - self.blocked)

    @property
    def up_to_date(self) -> int:
        return max(0, self.wanted - self.total) if self.total is not None else 0


def heard(seen: Seen, event: Event, at: float) -> Seen:
    """The run as it is seen after an event that came at that second."""
    match event:
        case Begun(names=names):
            return replace(seen, step=Step(says=_begun_words(event), since=at, ahead=len(names)))
        case Applied() | Failed() | Fetched() | NotFetched():
            step = seen.step and replace(seen.step, done=min(seen.step.done + 1, seen.step.ahead or 1))
            return replace(seen, step=step)
        case Expanded(tasks=tasks):
            return replace(seen, added=None, step=Step(says=f"adding {plural(tasks, 'task')}", since=at))
        case UnderWay(jobs=jobs):
            return replace(seen, title=seen.title or one_line(f"job {', '.join(jobs)}"))
        case Awaited(wanted=wanted, added=added):
            return replace(seen, wanted=wanted, added=added, counts=None, track=(), step=None, looked=Looked())
        case Progress(counts=counts):
            is_over = not counts.unfinished and counts.ended
            step = Step(says="reading what became of the tasks", since=at) if is_over else None
            # Why nothing ran is over once something runs.
            runs_now = counts.running > 0 and not (seen.counts and seen.counts.running)
            notices = () if runs_now else seen.notices
            track = tracked(seen.track, at, counts.ended)
            return replace(seen, counts=counts, track=track, step=step, notices=notices)
        case Looked():
            return replace(seen, looked=event, logs=_with_logs(seen.logs, event))
        case PoolSeen():
            return replace(seen, pool=event)
        case Spent():
            return replace(seen, spent=event)
        case PoolNotice(pool=pool, says=said):
            news = tuple(one_line(f"pool {pool}: {line}") for line in said)
            return replace(seen, notices=(*seen.notices, *news)[-NOTICES:])
        case JobNotice(job=job, says=said):
            news = tuple(one_line(f"job {job}: {line}") for line in said)
            return replace(seen, notices=(*seen.notices, *news)[-NOTICES:])
        case Halted(why=why):
            return replace(seen, notices=(*seen.notices, one_line(f"ended: {why}"))[-NOTICES:])
        case TaskFailed():
            return replace(seen, step=seen.step and replace(seen.step, done=seen.step.done + 1))
        case ComingHome(blobs=blobs, size=size):
            says = f"bringing {plural(blobs, 'blob')} home, {shown_size(size)}"
            return replace(seen, step=Step(says=says, since=at, ahead=blobs))
        case _:
            return seen


def _with_logs(logs: tuple[Log, ...], found: Looked) -> tuple[Log, ...]:
    known = {log.mark for log in logs}
    matters: tuple[Cause | Broken | Laggard, ...] = (*found.causes, *found.nodes, *found.laggards)
    marked = [(mark_of(one), place_of(one)) for one in matters]
    return (*logs, *(Log(mark=mark, place=place) for mark, place in marked if mark not in known))[:KEYS]


def mark_of(one: Cause | Broken | Laggard) -> tuple[str, ...]:
    """By what it is known again when more was seen of it."""
    match one:
        case Cause(tasks=tasks, job=job):
            return "cause", job, tasks[0]
        case Broken(node=node):
            return "node", node
        case Laggard(task=task, job=job):
            return "task", job, task


def place_of(one: Cause | Broken | Laggard) -> Place:
    match one:
        case Cause(tasks=tasks, job=job):
            return Place(above=job, id=tasks[0])
        case Broken(node=node, pool=pool):
            return Place(above=pool, id=node, is_task=False)
        case Laggard(task=task, job=job):
            return Place(above=job, id=task)


def _begun_words(event: Begun) -> str:
    name = one_line(event.names[0]) if len(event.names) == 1 else ""
    what = f"{event.kind} {name}" if name else plural(len(event.names), event.kind)
    size = f", {shown_size(event.size)}" if event.size else ""
    return f"{words_of(event)[0]} {what}{size}"
