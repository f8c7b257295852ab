"""A run in figures: how long its tasks took and waited, how busy its nodes were, which failures are alike. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil

from batchctl.cloud_answers import Prices
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import FailedRun, alike
from batchctl.reconcile.explain.next_time import Advice, Measured, advice_of
from batchctl.reconcile.explain.node_time import (
    NodeLife,
    NodesSeen,
    NodeStep,
    Resize,
    lives_of,
    nodes_over_time,
    resizes_of,
    total_cost,
    uses_of,
)
from batchctl.reconcile.explain.ran_why import Digests, RunReason, reasons_of
from batchctl.reconcile.explain.rerun import file_label
from batchctl.reconcile.explain.timeline import Lane, Step, lanes_of, newest_since, running_over_time
from batchctl.reconcile.explain.unknown import unknown_of
from batchctl.reconcile.explain.waste import Waste, wastes_of
from batchctl.reconcile.explain.why import why_failed_run
from batchctl.resources import Blob
from batchctl.sensitive import Veil
from batchctl.sights import JobSight, JobUse, NodeSight, NodeUse, PoolSight, TaskSight, newest_runs
from batchctl.work import ResourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """What was seen of a run in one look. `runs`: of all generations; `now`: when it was looked at; `last_lines`: what
    tasks that failed said last, by job and id, as far as it was read.

    `earlier`: nodes as they were before, `wanted`: how many pools wanted; `digests` of the runs, where there is more
    than one generation; `planned`: why the plan had tasks run, and `inputs`: what they took, by their ids in small
    letters, None where they are too many to ask;
    `uses`: of each job that the service has summed up; `signed`: how long what is signed for tasks holds.
    """

    spec: str
    now: datetime
    jobs: Sequence[JobSight] = ()
    runs: Sequence[TaskSight] = ()
    pools: Sequence[PoolSight] = ()
    nodes: Mapping[str, Sequence[NodeSight]]
    earlier: Sequence[NodesSeen] = ()
    wanted: Sequence[Resize] = ()
    outputs: Sequence[Blob] = ()
    last_lines: Mapping[tuple[str, str], str] = field(default_factory=dict)
    digests: Digests = field(default_factory=dict)
    planned: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Sequence[ResourceFile]] | None = None
    veil: Veil = Veil()
    uses: Sequence[JobUse] = ()
    prices: Prices | None = None
    signed: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The spec by which a report was made. `digest`: of its text; `text`: of that with its overlays, as jobs keep it
    (`Stamp`); `commit`: of the checkout that it is in, "" where it
    is in none; `changed`: those of its files that are not as the commit has them, None where nobody can tell.
    `variables`: as they were, without secrets. `now`: was it applied for this very report?"""

    file: str
    digest: str
    text: str = ""
    commit: str = ""
    changed: tuple[str, ...] | None = None
    overlays: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Of many spans: how many, together, and three of them. A percentile is one of the spans (nearest rank)."""

    count: int
    total: timedelta
    median: timedelta
    p95: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Tasks that failed for the same cause, in the order of their ends; `said`: the last lines of one of them."""

    runs: tuple[TaskSight, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`tasks`: of each the newest run; all but `retries`, `requeues`, `lanes`, `steps`, `utilisation`, and what is told
    of nodes, which are of all runs, is of these. `newest`: when the newest stretch of runs began. `utilisation`: the
    part of the slots of the nodes that were looked at which tasks had. `cost`: what all nodes that are known cost, None
    where a price is missing. `unknown`: what nobody can tell any more."""

    spec: str
    made: datetime
    jobs: tuple[JobSight, ...]
    tasks: tuple[TaskSight, ...]
    counts: tuple[tuple[str, int], ...]
    began: datetime | None
    ended: datetime | None
    ran: Spans | None
    waited: Spans | None
    retries: int
    requeues: int
    utilisation: float | None
    outputs: tuple[Blob, ...]
    failures: tuple[FailureGroup, ...]
    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    newest: datetime | None
    bins: tuple[tuple[timedelta, int], ...]
    pools: tuple[PoolSight, ...]
    nodes: tuple[NodeStep, ...]
    resizes: tuple[Resize, ...]
    spent: tuple[NodeUse, ...]
    cost: float | None
    prices: Prices | None
    wastes: tuple[Waste, ...]
    uses: tuple[JobUse, ...]
    reasons: tuple[RunReason, ...]
    inputs: Mapping[str, tuple[str, ...]] | None
    advice: tuple[Advice, ...]
    unknown: tuple[str, ...]
    applied: Applied | None = None


STATUSES = ("succeeded", "failed", "running", "preparing", "waiting")

BINS = 20
"""Bars of the histogram of durations."""


def report_of(seen: Sightings) -> Report:
    """All figures; what cannot be known (no task has run, the nodes are gone) is None."""
    tasks = newest_runs(seen.runs)
    looks = (*seen.earlier, NodesSeen(at=seen.now, nodes=seen.nodes))
    lives = lives_of(looks, seen.now, seen.pools, seen.runs, seen.prices)
    nodes, spent = nodes_over_time(lives, seen.now), uses_of(lives)
    ran = [run.ran for run in tasks if run.ran is not None]
    started = [run.started for run in tasks if run.started]
    ended = [run.ended for run in tasks if run.ended]
    found = [run.status for run in tasks]
    others = sorted({*found} - {*STATUSES})
    return Report(
        spec=seen.spec,
        made=seen.now,
        jobs=tuple(seen.jobs),
        tasks=tasks,
        counts=tuple((status, found.count(status)) for status in (*STATUSES, *others) if status in found),
        began=min(started, default=None),
        ended=max(ended, default=None),
        ran=spans_of(ran),
        waited=spans_of([run.waited for run in tasks if run.waited is not None]),
        retries=sum(run.retries for run in seen.runs),
        requeues=sum(run.requeues for run in seen.runs),
        utilisation=_utilisation(seen, lives),
        outputs=tuple(seen.outputs),
        failures=_groups([run for run in tasks if run.status == "failed"], seen.last_lines),
        lanes=lanes_of(seen.runs, seen.now),
        steps=running_over_time(seen.runs, seen.now),
        newest=newest_since(seen.runs, seen.now),
        bins=_bins(ran),
        pools=tuple(seen.pools),
        nodes=nodes,
        resizes=resizes_of(seen.wanted),
        spent=spent,
        cost=total_cost(use.cost for use in spent) if spent else None,
        prices=seen.prices,
        wastes=wastes_of(lives, seen.runs, seen.pools),
        uses=tuple(seen.uses),
        reasons=reasons_of(seen.runs, seen.digests, why_failed_run, seen.planned),
        inputs=None if seen.inputs is None else _named_inputs(seen.inputs, seen.veil),
        advice=advice_of(
            Measured(
                tasks=tasks,
                lives=lives,
                pools=seen.pools,
                steps=running_over_time(seen.runs, seen.now, slots=True),
                nodes=nodes,
                uses=seen.uses,
                signed=seen.signed,
            )
        ),
        unknown=tuple(unknown_of(seen.runs, lives, seen.pools, spent, seen.prices, seen.uses)),
    )


def _named_inputs(inputs: Mapping[str, Sequence[ResourceFile]], veil: Veil) -> dict[str, tuple[str, ...]]:
    return {task: tuple(file_label(file, veil) for file in files) for task, files in inputs.items() if files}


def spans_of(spans: Sequence[timedelta]) -> Spans | None:
    if not spans:
        return None
    ordered = sorted(spans)
    return Spans(
        count=len(ordered),
        total=sum(ordered, timedelta()),
        median=ordered[ceil(len(ordered) * 0.5) - 1],
        p95=ordered[ceil(len(ordered) * 0.95) - 1],
        longest=ordered[-1],
    )


def _utilisation(seen: Sightings, lives: Sequence[NodeLife]) -> float | None:
    """Task seconds times slots, over node seconds times slots, from a node's allocation to the last end of a task."""
    going = any(run.started and not run.ended for run in seen.runs)
    until = seen.now if going else max((run.ended for run in seen.runs if run.ended), default=seen.now)
    slots = {pool.id: pool.slots_per_node for pool in seen.pools}
    since, offered = {}, 0.0
    for life in lives:
        if life.is_seen and (end := min(until, life.until)) > life.since:
            since[life.id] = life.since
            offered += (end - life.since).total_seconds() * slots.get(life.pool, 1)
    if not offered:
        return None
    taken = 0.0
    for run in seen.runs:
        if run.started and run.node in since:
            end = min(run.ended or until, until)
            taken += max(0.0, (end - max(run.started, since[run.node])).total_seconds()) * run.slots
    return taken / offered


def _groups(failed: Sequence[TaskSight], last_lines: Mapping[tuple[str, str], str]) -> tuple[FailureGroup, ...]:
    runs = (FailedRun(run=run, says=last_lines.get((run.job, run.id))) for run in failed)
    return tuple(FailureGroup(runs=tuple(one.run for one in group)) for group in alike(runs))


def _bins(ran: Sequence[timedelta]) -> tuple[tuple[timedelta, int], ...]:
    """(upper bound, how many took less or as much): bars of one width from 0 to the longest."""
    if not ran:
        return ()
    width = max(max(ran), timedelta(milliseconds=BINS)) / BINS
    counts = [0] * BINS
    for span in ran:
        counts[min(BINS - 1, max(0, ceil(span / width) - 1))] += 1
    return tuple((width * (number + 1), count) for number, count in enumerate(counts))
