"""`batchctl why`: why a task does not run or failed, why a pool has no nodes. Reads alone."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from batchctl.errors import NotThere, UsageError
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.standstill import Reason
from batchctl.reconcile.explain.why import (
    TaskFacts,
    tried_again,
    what_runs_again,
    why_failed_run,
    why_node,
    why_pool,
    why_waiting,
)
from batchctl.reconcile.outputs import missing_line, missing_outputs, outputs_by_task
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Blob, Task
from batchctl.sights import JobSight, TaskSight, newest_runs
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.verbs.logs import kept_stream, streams_of
from batchctl.verbs.standstills import health_of, held_of
from batchctl.words import plain_lines

TAIL = 8192
"""Bytes at the end of a blob in which its last lines are looked for."""

LAST_LINES = 10
"""Lines that a failed task said last."""

KINDS = ("task", "pool", "node")


def why(spec: Spec, cloud: Cloud, eyes: Eyes, name: str, path: str) -> Iterator[Reason]:
    """The first says how it is, the others why. `path`: the spec's, as the user wrote it.

    Raises NotThere and UsageError.
    """
    kind, _, asked = name.partition(".")
    if kind not in KINDS or not asked:
        raise UsageError(f"{name!r} names nothing: it takes KIND.NAME, where KIND is {', '.join(KINDS)}")
    jobs = eyes.generations(spec.name)
    if kind == "task":
        yield from _why_task(spec, cloud, eyes, asked, path, jobs)
    elif kind == "pool":
        yield from _why_pool(spec, cloud, eyes, asked, path, jobs)
    else:
        yield from _why_node(spec, eyes, asked, path, jobs)


def _why_task(
    spec: Spec, cloud: Cloud, eyes: Eyes, asked: str, path: str, jobs: tuple[JobSight, ...]
) -> Iterator[Reason]:
    runs = {run.id.lower(): run for run in newest_runs([run for job in jobs for run in eyes.runs(job)])}
    run = runs.get(asked.lower())
    if run is None:
        raise NotThere(f"no run of a task {asked!r}: `batchctl plan {path}` says whether one is to come")
    seen = next(job for job in jobs if job.id == run.job)
    job, tasks = held_of(spec, cloud, run.job)
    task = next((r for r in tasks if r.id.lower() == asked.lower()), None)
    if job is None or task is None:
        raise NotThere(f"task {asked!r} has just been deleted, or its job {run.job!r}")
    yield Reason(says=_how_it_is(run))
    if run.status == "failed":
        yield from _what_it_wrote(spec, cloud, eyes, task, path, what_runs_again(run, seen, path))
    elif run.status == "waiting":
        whole = eyes.whole(task)
        several = whole.multi_instance_settings if whole else None
        yield from why_waiting(
            TaskFacts(
                run=run,
                task=replace(task, required_slots=run.slots, multi_instance_settings=several),
                job=job,
                seen=seen,
                others=tasks,
                pool=look.sight_of(spec, eyes, seen.pool) if seen.pool else None,
                nodes=eyes.nodes(seen.pool) if seen.pool else (),
                health=health_of(cloud, seen.pool),
                spec=path,
                unprepared=cloud.failed_preparations(job) if job.job_preparation_task else (),
            )
        )
    elif run.status in ("running", "preparing"):
        yield from tried_again(run, job, task)
    elif lost := _not_written(spec, cloud, eyes, task):
        yield Reason(says=f"but the output {lost}")
        optional = f"`batchctl apply {path}` runs it again unless the spec says `optional`"
        yield from _what_it_wrote(spec, cloud, eyes, task, path, optional)


def _not_written(spec: Spec, cloud: Cloud, eyes: Eyes, run: Task) -> str:
    """The outputs that a run which succeeded left none of. Batch is not told which of them are optional."""
    whole = eyes.whole(run)
    if whole is None:
        return ""
    ours = tuple(output for output in whole.output_files if output.container in spec.containers)
    whole = replace(whole, output_files=ours)
    blobs = chain.from_iterable(map(cloud.blobs, sorted({output.container for output in ours})))
    written = outputs_by_task(blobs)
    return "; ".join(missing_line(output, whole, written) for output in missing_outputs(whole, written, run))


def _how_it_is(run: TaskSight) -> str:
    where = f" on {run.node}" if run.node else ""
    match run.status:
        case "failed":
            return f"{run.job}/{run.id} failed{where}: {why_failed_run(run)}"
        case "waiting":
            return f"{run.job}/{run.id} waits"
        case status:
            return f"{run.job}/{run.id} {'is ' if status != 'succeeded' else ''}{status}{where}"


def _what_it_wrote(spec: Spec, cloud: Cloud, eyes: Eyes, task: Task, path: str, again: str) -> Iterator[Reason]:
    """Its last words, from its node or from where they are kept, and where the others are read, as far as they can."""
    try:
        found = streams_of(spec, eyes, cloud, [task.id], ("stderr", "stdout")).streams
    except NotThere as lost:
        yield Reason(says=str(lost), remedy=again)
        return
    # Its node may have left since it was looked for.
    blobs = (blob for stream in found if (blob := stream.blob or kept_stream(spec, cloud, stream)))
    lines = cloud.tail(task, LAST_LINES) or next(filter(None, (_last_lines(cloud, blob) for blob in blobs)), ())
    yield from (Reason(says=f"  | {line}") for line in lines)
    logs = f"`batchctl logs {path} {task.id} --all` shows all that it wrote; " if lines else ""
    yield Reason(says="" if lines else "it wrote nothing to its standard streams", remedy=f"{logs}{again}")


def _last_lines(cloud: Cloud, blob: Blob) -> tuple[str, ...]:
    lines = plain_lines(look.end_of(blob, TAIL, cloud))
    return tuple(line for line in lines if line.strip())[-LAST_LINES:]


def _why_pool(
    spec: Spec, cloud: Cloud, eyes: Eyes, asked: str, path: str, jobs: tuple[JobSight, ...]
) -> Iterator[Reason]:
    pool = look.sight_of(spec, eyes, asked)
    if pool is None:
        others = [repr(name) for name in look.pools_of(spec, jobs) if name.lower() != asked.lower()]
        raise NotThere(f"there is no pool {asked!r}" + f"; of this spec: {', '.join(others)}" * bool(others))
    health = cloud.health(asked)
    states = ", ".join(f"{count} {state}" for state, count in pool.nodes) or "none"
    yield Reason(says=f"pool {pool.id} wants {health.wanted}, and has {pool.there}: {states}")
    ours = [job.counts for job in jobs if job.pool == pool.id and job.state == "active"]
    waiting, running = sum(counts.active for counts in ours), sum(counts.running for counts in ours)
    made_for = next((job.id for job in jobs if job.pool == pool.id), "") if pool.of_job else ""
    scene = Scene(
        job="", pool=pool.id, health=health, spec=path, running=running, external=pool.external, made_for=made_for
    )
    yield from why_pool(scene, waiting=waiting)


def _why_node(spec: Spec, eyes: Eyes, asked: str, path: str, jobs: tuple[JobSight, ...]) -> Iterator[Reason]:
    found = [
        (pool, node)
        for pool in look.pools_of(spec, jobs)
        for node in eyes.nodes(pool)
        if asked in node.id or look.names(node.id, asked)
    ]
    if not found:
        raise NotThere(f"no node of this run has {asked!r} in its id")
    for pool, node in found:
        yield Reason(
            says=f"node {node.id} is {node.state}"
            + (f", scheduling {node.scheduling}" * (node.scheduling != "enabled"))
        )
        seen = look.sight_of(spec, eyes, pool)
        yield from why_node(node, pool, path, external=seen is not None and seen.external)
        if extensions := eyes.extensions(pool, node.id):
            yield Reason(says=f"extensions: {', '.join(extensions)}")
