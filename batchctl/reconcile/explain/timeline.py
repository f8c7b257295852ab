"""When tasks ran, and where: the lanes of the nodes' slots, and how many ran at a time. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush

from batchctl.frozen import dataclass
from batchctl.sights import TaskSight


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A run on a node. `end`: of one that goes on, the moment of the look."""

    run: TaskSight
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Runs on one node, none of which overlaps another. `slot` counts from 1; which slot Batch took it does not say."""

    node: str
    slot: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From `moment` on, `running` tasks run."""

    moment: datetime
    running: int


def bars_of(runs: Sequence[TaskSight], now: datetime) -> list[Bar]:
    """In the order of their starts; of a task that was tried again the service knows the last try alone."""
    begun = [Bar(run=run, start=run.started, end=max(run.ended or now, run.started)) for run in runs if run.started]
    return sorted(begun, key=lambda bar: (bar.start, bar.run.id))


def lanes_of(runs: Sequence[TaskSight], now: datetime) -> tuple[Lane, ...]:
    """A task that takes several slots is drawn in one lane."""
    nodes: dict[str, list[Bar]] = {}
    for bar in bars_of(runs, now):
        nodes.setdefault(bar.run.node or "", []).append(bar)
    return tuple(lane for node, bars in nodes.items() for lane in _lanes(node, bars))


GAP = timedelta(minutes=1)


def newest_since(runs: Sequence[TaskSight], now: datetime) -> datetime | None:
    """When the newest stretch of runs began: before it nothing ran for longer than all of it took, and than GAP."""
    since, until = None, now
    for bar in sorted(bars_of(runs, now), key=lambda bar: bar.end, reverse=True):
        if since is None:
            since, until = bar.start, bar.end
        elif since - bar.end > max(until - since, GAP):
            return since
        since = min(since, bar.start)
    return since


def _lanes(node: str, bars: Sequence[Bar]) -> list[Lane]:
    """Each bar in the first lane that is free when it starts."""
    lanes: list[list[Bar]] = []
    free: list[int] = []
    busy: list[tuple[datetime, int]] = []
    for bar in bars:
        while busy and busy[0][0] <= bar.start:
            heappush(free, heappop(busy)[1])
        if free:
            number = heappop(free)
        else:
            number = len(lanes)
            lanes.append([])
        lanes[number].append(bar)
        heappush(busy, (bar.end, number))
    return [Lane(node=node, slot=number, bars=tuple(found)) for number, found in enumerate(lanes, start=1)]


def running_over_time(runs: Sequence[TaskSight], now: datetime, *, slots: bool = False) -> tuple[Step, ...]:
    """Every moment at which their number, or that of their slots, changes. What goes on is counted at the last one."""
    changes: dict[datetime, int] = {}
    for bar in bars_of(runs, now):
        weight = bar.run.slots if slots else 1
        changes[bar.start] = changes.get(bar.start, 0) + weight
        if bar.run.ended:
            changes[bar.end] = changes.get(bar.end, 0) - weight
    steps, running = [], 0
    for moment in sorted(changes):
        running += changes[moment]
        steps.append(Step(moment=moment, running=running))
    return tuple(steps)
