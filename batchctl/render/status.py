"""One screen about a run: its jobs, its pool, and what failed."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime

from batchctl.cloud_answers import Counts, Prices
from batchctl.reconcile.decide.causes import failure_words
from batchctl.reconcile.decide.standstill import Reason
from batchctl.render.spending import spent_words
from batchctl.render.text import shown_moment, shown_span
from batchctl.sights import GIVEN_UP, JobSight, PoolSight, Status, TaskSight
from batchctl.words import one_line, plural, some

SHOWN_JOBS = 3
"""Generations that are told one by one; older ones are counted."""

SHOWN_GROUPS = 8
NAMED = 5


def status_lines(
    found: Status, spec: str, now: datetime, prices: Prices | None = None, standstills: Sequence[Reason] = ()
) -> Iterator[str]:
    """`spec`: as the user wrote it, for the commands that are named; `prices`: those that `spent` is told by. At most
    some twenty lines."""
    if not found.jobs and not found.pools:
        yield f"Nothing of this spec is there: `batchctl apply {spec}` makes it."
        return
    older, shown = found.jobs[:-SHOWN_JOBS], found.jobs[-SHOWN_JOBS:]
    if older:
        yield f"{plural(len(older), 'older job')} of it"
    for job in shown:
        yield from _job_lines(job, now)
    for pool in found.pools:
        yield from _pool_lines(pool, found, spec)
    if found.spent:
        yield f"spent  {spent_words(found.spent, prices)}"
    yield from _standstill_lines(standstills)
    yield from _failed_lines(found.failed, {job.id for job in found.jobs if job.goes_on}, spec)


def _job_lines(job: JobSight, now: datetime) -> Iterator[str]:
    if job.state == "completed" and job.ended:
        took = f" after {shown_span(job.ended - job.created)}" if job.created else ""
        when = f"ended {shown_moment(job.ended)}{took}" + (f" ({_why_ended(job.why_ended)})" if job.why_ended else "")
    else:
        since = f" since {shown_moment(job.created)}, {shown_span(now - job.created)} ago" if job.created else ""
        when = f"{job.state}{since}"
    yield f"job    {job.id}: {when}"
    yield f"       {counts_line(job.counts)}"


def counts_line(counts: Counts) -> str:
    """`7 tasks: 3 succeeded, 1 failed, 2 running, 1 waiting`."""
    told = ("succeeded", counts.succeeded), ("failed", counts.failed), ("running", counts.running)
    parts = [f"{count} {how}" for how, count in (*told, ("waiting", counts.active)) if count]
    total = plural(counts.unfinished + counts.ended, "task")
    return f"{total}: {', '.join(parts)}" if parts else "no tasks"


def _pool_lines(pool: PoolSight, found: Status, spec: str) -> Iterator[str]:
    slots = f", {pool.slots_per_node} slots a node" if pool.slots_per_node > 1 else ""
    yield f"pool   {pool.id}: {pool.vm_size}{slots}; {_nodes_words(pool)}"
    if pool.scaling:
        yield f"       {_scaling_words(pool)}"
    if pool.external:
        yield "       external: whoever owns it pays for its nodes"
    elif found.schedule:
        yield f"       for the jobs of schedule {found.schedule}: `batchctl plan {spec}` tells how the last one went"
    elif pool.there and not any(job.counts.unfinished for job in found.jobs if job.goes_on):
        keep = "1 node keeps" if pool.there == 1 else f"{pool.there} nodes keep"
        yield f"       {keep} costing, and nothing is to run: `batchctl destroy {spec} --only pool.{pool.id}`"


def _nodes_words(pool: PoolSight) -> str:
    wanted = pool.dedicated[1] + pool.spot[1]
    states = f" ({', '.join(f'{count} {state}' for state, count in pool.nodes)})" if pool.nodes else ""
    spot = f", {pool.spot[1]} of them spot" if pool.spot[1] else ""
    moving = "" if pool.allocation == "steady" else f", {pool.allocation}"
    return f"{plural(pool.there, 'node')}{states} of {wanted} wanted{spot}{moving}"


def _scaling_words(pool: PoolSight) -> str:
    scaling = pool.scaling
    if scaling is None or scaling.evaluated is None:
        return "its formula has not been evaluated yet"
    said = f"its formula failed: {scaling.error}" if scaling.error else f"its formula set {scaling.results}"
    return f"{one_line(said)} ({shown_moment(scaling.evaluated)})"


def _standstill_lines(found: Sequence[Reason]) -> Iterator[str]:
    """What lasts until somebody mends it, and what may pass."""
    for reason in found:
        yield f"{'waits ' if reason.passes else 'stuck '} {reason.says}"
        if reason.remedy:
            yield f"       -> {reason.remedy}"


def _failed_lines(failed: Sequence[TaskSight], going: Set[str], spec: str) -> Iterator[str]:
    """Alike ones together, the greatest group first."""
    groups: dict[str, list[TaskSight]] = {}
    for run in failed:
        groups.setdefault(failure_words(run), []).append(run)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    for why, runs in ordered[:SHOWN_GROUPS]:
        yield f"failed {len(runs)} x {one_line(why)}: {some([run.id for run in runs], NAMED)}"
    if len(ordered) > SHOWN_GROUPS:
        yield f"       and {plural(len(ordered) - SHOWN_GROUPS, 'other cause')}"
    if failed:
        again = f"retry {spec} --failed" if all(run.job in going for run in failed) else f"apply {spec}"
        yield f"       `batchctl tasks {spec} --failed` lists them by cause, `batchctl {again}` runs them again"


def _why_ended(reason: str) -> str:
    """Batch's word, or what ours means."""
    return "by batchctl: what was left could never run" if reason == GIVEN_UP else one_line(reason)
