"""What was paid for and brought nothing: nodes that came up, start tasks, idle nodes, work that was lost. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from batchctl.frozen import dataclass
from batchctl.reconcile.explain.node_time import NodeLife, total_cost
from batchctl.sights import PoolSight, TaskSight


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """`what`: a word of WORDS; node time, and what it cost (None where a price is missing). Of work that was lost the
    node time is that of the slots that it took."""

    what: str
    time: timedelta
    cost: float | None
    count: int


WORDS = ("coming up", "start task", "idle", "failed work")


def wastes_of(lives: Sequence[NodeLife], runs: Sequence[TaskSight], pools: Sequence[PoolSight]) -> tuple[Waste, ...]:
    """Of the nodes that were looked at; what their number is not known of is no waste."""
    seen = [life for life in lives if life.is_seen]
    spans: dict[str, Callable[[NodeLife], timedelta]] = {
        "coming up": lambda life: life.started[0] - life.since if life.started else timedelta(),
        "start task": lambda life: life.started[1] - life.started[0] if life.started else timedelta(),
        "idle": idle_time,
    }
    found = [_of_nodes(what, span, seen) for what, span in spans.items()]
    found.append(_lost_work(lives, runs, pools))
    return tuple(waste for waste in found if waste.time)


def idle_time(life: NodeLife) -> timedelta:
    """Since its start task ended, or since it is there."""
    begun = life.started[1] if life.started else life.since
    return max(life.until - begun - life.busy, timedelta())


def _of_nodes(what: str, span: Callable[[NodeLife], timedelta], lives: Sequence[NodeLife]) -> Waste:
    spans = [(life, span(life)) for life in lives]
    return Waste(
        what=what,
        time=sum((time for _, time in spans), timedelta()),
        cost=total_cost(life.cost(time) for life, time in spans if time),
        count=sum(time > timedelta() for _, time in spans),
    )


def _lost_work(lives: Sequence[NodeLife], runs: Sequence[TaskSight], pools: Sequence[PoolSight]) -> Waste:
    slots = {pool.id.lower(): pool.slots_per_node for pool in pools}
    nodes = {life.id: life for life in lives}
    times = [(run, ran * run.slots / slots.get((run.pool or "").lower(), 1)) for run, ran in failed_runs(runs)]
    return Waste(
        what="failed work",
        time=sum((time for _, time in times), timedelta()),
        cost=total_cost(nodes[run.node].cost(time) if run.node in nodes else None for run, time in times if time),
        count=len(times),
    )


def failed_runs(runs: Sequence[TaskSight]) -> Iterator[tuple[TaskSight, timedelta]]:
    """With how long they ran; of one that was tried again the service knows the last try alone."""
    return ((run, run.ran) for run in runs if run.status == "failed" and run.ran)
