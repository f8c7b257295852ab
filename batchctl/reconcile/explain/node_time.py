"""How long nodes were there and what they did, which is what is paid for. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batchctl.cloud_answers import Prices
from batchctl.frozen import dataclass
from batchctl.sights import NodeSight, NodeUse, PoolSight, TaskSight

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesSeen:
    """Nodes by pool at one moment: a node that is gone later on is known by this."""

    at: datetime
    nodes: Mapping[str, Sequence[NodeSight]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLife:
    """A node from `since` to `until`. `kind`: dedicated or spot, "" where nobody knows it any more.

    `is_whole`: nothing is missing of it; of a node that is gone it is told up to the last look at it, or between the
    first start and the last end of its tasks. `is_seen`: it was looked at, so that its idle time is known.
    `price` of an hour, None where none is known. `busy`: how long at least one task ran on it.
    """

    id: str
    pool: str
    kind: str
    since: datetime
    until: datetime
    is_whole: bool
    is_seen: bool
    price: float | None
    busy: timedelta
    started: Interval | None = None

    @property
    def time(self) -> timedelta:
        return max(self.until - self.since, timedelta())

    def cost(self, time: timedelta) -> float | None:
        """What so much of its time costs."""
        return None if self.price is None else self.price * hours(time)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStep:
    """From `moment` on there are `nodes` that are known."""

    moment: datetime
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """From `moment` on, a look at the pool found that it wants so many nodes."""

    moment: datetime
    pool: str
    wanted: int


def resizes_of(looks: Sequence[Resize]) -> tuple[Resize, ...]:
    """Those looks at which another number was wanted than at the one before."""
    known: dict[str, int] = {}
    found = []
    for look in looks:
        if known.get(look.pool) != look.wanted:
            found.append(look)
        known[look.pool] = look.wanted
    return tuple(found)


KINDS = {"d": "dedicated", "p": "spot"}
"""How the ids of nodes end that Batch gives."""


def hours(time: timedelta) -> float:
    return time.total_seconds() / 3600


def hours_text(time: timedelta) -> str:
    """`2.31`, `1,200`: three digits, or all before the point."""
    found = hours(time)
    return f"{found:,.0f}" if found >= 100 else f"{found:.3g}"


def lives_of(
    looks: Sequence[NodesSeen],
    now: datetime,
    pools: Sequence[PoolSight],
    runs: Sequence[TaskSight],
    prices: Prices | None,
) -> tuple[NodeLife, ...]:
    """Every node that is known, by the newest look at it (`looks` are in their order, the last of them is at `now`), or
    by its tasks alone. Nodes of external pools are left out: they are there for others as well, and somebody else pays
    for them."""
    kept = {pool.id.lower(): pool for pool in pools}
    by_node: dict[str, list[TaskSight]] = {}
    for run in runs:
        if run.started and run.node:
            by_node.setdefault(run.node, []).append(run)
    seen = {node.id: (look.at, pool, node) for look in looks for pool, nodes in look.nodes.items() for node in nodes}
    found = [
        _seen_life(at, pool, node, by_node.get(node.id, ()), is_there=at == now)
        for at, pool, node in seen.values()
        if node.allocated
    ]
    found += [_told_life(node, own, now) for node, own in by_node.items() if node not in seen]
    ours = (life for life in found if not (life.pool.lower() in kept and kept[life.pool.lower()].external))
    priced = (_with_price(life, kept.get(life.pool.lower()), prices) for life in ours)
    return tuple(sorted(priced, key=lambda life: (life.since, life.id)))


def _seen_life(at: datetime, pool: str, node: NodeSight, runs: Sequence[TaskSight], *, is_there: bool) -> NodeLife:
    # Batch keeps a node that was taken away in its list; from then on it costs nothing.
    gone = node.state == "preempted"
    since = node.allocated or at
    until = node.since if gone and node.since else at
    begun = node.start_began
    # The last start of a node that was restarted tells nothing of how it came up.
    is_first = begun is not None and begun >= since and not any(run.started and run.started < begun for run in runs)
    return NodeLife(
        id=node.id,
        pool=pool,
        kind="spot" if node.spot else "dedicated",
        since=since,
        until=until,
        is_whole=is_there or gone,
        is_seen=True,
        price=None,
        busy=_busy(runs, since, until),
        started=(begun, min(node.start_ended or until, until)) if begun and is_first else None,
    )


def _told_life(node: str, runs: Sequence[TaskSight], now: datetime) -> NodeLife:
    since = min(run.started for run in runs if run.started)
    until = max(run.ended or now for run in runs)
    return NodeLife(
        id=node,
        pool=next((run.pool for run in runs if run.pool), ""),
        kind=KINDS.get(node.rpartition("_")[2], "") if node.startswith("tvm") else "",
        since=since,
        until=until,
        is_whole=False,
        is_seen=False,
        price=None,
        busy=_busy(runs, since, until),
    )


def _with_price(life: NodeLife, pool: PoolSight | None, prices: Prices | None) -> NodeLife:
    if prices is None or pool is None or not life.kind:
        return life
    return replace(life, price=prices.of(pool.vm_size, pool.system, life.kind))


def _busy(runs: Sequence[TaskSight], since: datetime, until: datetime) -> timedelta:
    spans = ((max(r.started, since), min(r.ended or until, until)) for r in runs if r.started)
    return sum((end - start for start, end in joined(spans)), timedelta())


def joined(spans: Iterable[Interval]) -> Iterator[Interval]:
    """The same time in spans of which none meets another."""
    begun: Interval | None = None
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if begun and start <= begun[1]:
            begun = begun[0], max(begun[1], end)
        else:
            if begun:
                yield begun
            begun = start, end
    if begun:
        yield begun


def uses_of(lives: Sequence[NodeLife]) -> tuple[NodeUse, ...]:
    """By kind, those of which it is not known at the end."""
    return tuple(_use(kind, own) for kind in ("dedicated", "spot", "") if (own := [x for x in lives if x.kind == kind]))


def _use(kind: str, lives: Sequence[NodeLife]) -> NodeUse:
    return NodeUse(
        kind=kind,
        nodes=len(lives),
        time=sum((life.time for life in lives), timedelta()),
        at_least=not all(life.is_whole for life in lives),
        cost=total_cost(life.cost(life.time) for life in lives),
    )


def total_cost(costs: Iterable[float | None]) -> float | None:
    """None as soon as one of them is not known."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def nodes_over_time(lives: Sequence[NodeLife], now: datetime) -> tuple[NodeStep, ...]:
    """Every moment at which their number changes."""
    changes: dict[datetime, int] = {}
    for life in lives:
        changes[life.since] = changes.get(life.since, 0) + 1
        if life.until < now:
            changes[life.until] = changes.get(life.until, 0) - 1
    steps, nodes = [], 0
    for moment in sorted(changes):
        nodes += changes[moment]
        steps.append(NodeStep(moment=moment, nodes=nodes))
    return tuple(steps)
