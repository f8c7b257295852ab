"""What the figures of a run say for the next one: advice, each with the numbers that it rests on. Pure.

Where the numbers are missing there is no advice.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil, floor

from batchctl.frozen import dataclass
from batchctl.reconcile.explain.node_time import NodeLife, NodeStep, hours_text
from batchctl.reconcile.explain.timeline import Step
from batchctl.reconcile.explain.waste import idle_time
from batchctl.sights import JobUse, PoolSight, TaskSight
from batchctl.vm_sizes import cores_of_size
from batchctl.words import plural

FEWEST = 10
"""Tasks that ended, below which a percentile says little."""

SLACK = 2.0
"""How much longer than the 95th percentile a task may take before it is taken for one that hangs."""

WORTH_IT, LEAST = 0.2, timedelta(minutes=6)
"""The part of the node time, and the node time, from which on a cause of waste is worth a word."""

LONG_WAIT = timedelta(minutes=1)
"""In a queue; who waited less would not gain anything by more nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`about`: wall clock, signatures, nodes, slots, start task, idle nodes. `numbers`: what it rests on."""

    about: str
    says: str
    numbers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What advice is given by. `steps`: how many slots were taken, `nodes`: how many nodes there were; `signed`: how
    long what is signed for tasks holds, None where nothing is."""

    tasks: Sequence[TaskSight]
    lives: Sequence[NodeLife]
    pools: Sequence[PoolSight]
    steps: Sequence[Step]
    nodes: Sequence[NodeStep]
    uses: Sequence[JobUse]
    signed: timedelta | None


def advice_of(seen: Measured) -> tuple[Advice, ...]:
    found = (about(seen) for about in (_wall_clock, _signatures, _slots, _nodes, _coming_up, _idle))
    return tuple(advice for advices in found for advice in advices)


def _wall_clock(seen: Measured) -> Iterator[Advice]:
    ran = sorted(run.ran for run in seen.tasks if run.ran is not None and run.status == "succeeded")
    if len(ran) < FEWEST:
        return
    p95, longest = ran[ceil(len(ran) * 0.95) - 1], ran[-1]
    limit = _rounded(max(p95 * SLACK, longest * 1.2, timedelta(minutes=1)))
    yield Advice(
        about="wall clock",
        says=f"constraints.maxWallClockTime: PT{limit}M for a task ends one that hangs, and none that ran here",
        numbers=f"{len(ran)} tasks succeeded: 95 of 100 within {_told(p95)}, the longest {_told(longest)}",
    )


def _rounded(span: timedelta) -> int:
    """Minutes."""
    return ceil(span.total_seconds() / 60)


def _told(span: timedelta) -> str:
    """`0.12 s`, `41 s`, `1.5 min`, `2.3 h`, `7 d`."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"


def _signatures(seen: Measured) -> Iterator[Advice]:
    spans = [run.ended - run.created for run in seen.tasks if run.ended and run.created]
    if seen.signed is None or not spans:
        return
    longest, left = max(spans), seen.signed - max(spans)
    short = longest > seen.signed / 2
    yield Advice(
        about="signatures",
        says="tasks that wait longer find their signatures expired: give the spec an `identity:`, or add fewer at once"
        if short
        else "what is signed for tasks lasts long enough",
        numbers=f"it holds {_told(seen.signed)}; the last task ended {_told(longest)} after it was added"
        + (f", {_told(left)} before that" if short and left > timedelta() else ""),
    )


def _slots(seen: Measured) -> Iterator[Advice]:
    """Tasks that leave most of a core alone."""
    pool = _only_pool(seen)
    cores = cores_of_size(pool.vm_size) if pool else None
    wall = sum((use.wall for use in seen.uses), timedelta())
    cpu = [use.cpu for use in seen.uses if use.cpu]
    if not pool or not cores or not wall or len(cpu) != len(seen.uses):
        return
    each = sum(cpu, timedelta()) / wall
    fitting = max(1, min(floor(cores / each), 4 * cores, 256))
    if each <= 0 or fitting == pool.slots_per_node:
        return
    yield Advice(
        about="slots",
        says=f"pool.taskSlotsPerNode: {fitting} would use the cores of {pool.vm_size} as far as they go; memory is not "
        "measured",
        numbers=f"a task used {each:.2f} cores on average, a node has {cores} and {pool.slots_per_node} slots",
    )


def _only_pool(seen: Measured) -> PoolSight | None:
    return seen.pools[0] if len(seen.pools) == 1 else None


def _nodes(seen: Measured) -> Iterator[Advice]:
    """Slots that were never taken, and tasks that waited for slots."""
    pool = _only_pool(seen)
    there = max((step.nodes for step in seen.nodes), default=0)
    waited = sorted(run.waited for run in seen.tasks if run.waited is not None)
    ran = sorted(run.ran for run in seen.tasks if run.ran is not None)
    if not pool or not waited or not ran or not all(life.is_seen for life in seen.lives):
        return
    most, offered = max((step.running for step in seen.steps), default=0), there * pool.slots_per_node
    slots = plural(pool.slots_per_node, "slot") + (" each" if there > 1 else "")
    numbers = f"{plural(there, 'node')} at a time with {slots}; at most {most} of {offered} slots were taken"
    enough = ceil(most / pool.slots_per_node)
    if 0 < enough < there:
        yield Advice(about="nodes", says=f"{enough} of the {there} nodes would have been enough", numbers=numbers)
    elif most >= offered and waited[len(waited) // 2] > max(ran[len(ran) // 2], LONG_WAIT):
        yield Advice(
            about="nodes",
            says="more nodes end it sooner, for about as many node-hours",
            numbers=f"{numbers}; half of the tasks waited {_told(waited[len(waited) // 2])} or longer, and half ran "
            f"{_told(ran[len(ran) // 2])} or longer",
        )


def _coming_up(seen: Measured) -> Iterator[Advice]:
    own = [life for life in seen.lives if life.started]
    spent = sum((life.time for life in own), timedelta())
    starts = sorted(life.started[1] - life.started[0] for life in own if life.started)
    if _is_much(sum(starts, timedelta()), spent):
        yield Advice(
            about="start task",
            says="an image that has already what the start task installs, or fewer nodes for longer, saves most of it",
            numbers=f"it took {_told(starts[len(starts) // 2])} on half of the nodes or longer, together "
            f"{hours_text(sum(starts, timedelta()))} of {hours_text(spent)} node-hours",
        )


def _is_much(part: timedelta, whole: timedelta) -> bool:
    return part >= LEAST and part / whole >= WORTH_IT


def _idle(seen: Measured) -> Iterator[Advice]:
    own = [life for life in seen.lives if life.is_seen]
    spent = sum((life.time for life in own), timedelta())
    idle = sum((idle_time(life) for life in own), timedelta())
    if _is_much(idle, spent):
        yield Advice(
            about="idle nodes",
            says="pool.scale, or afterRun: resizeToZero, gives nodes back that have nothing to do",
            numbers=f"{hours_text(idle)} of {hours_text(spent)} node-hours without a task",
        )
