"""Which tasks run again, and in which generation of the job (design D6). Pure.

A task never runs again under its id in the same job: a finished job takes no tasks, and reused ids mislead
dependents. What must run again runs in the next generation, which holds those tasks alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from posixpath import basename

from batchctl.resources import Blob, Job, OutputFile, Task, changed_parts, generation_id

ENDING = frozenset({"terminating", "completed", "deleting"})
"""States in which a job takes no more tasks."""

Reasons = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What becomes of jobs and tasks. `waits`: generations whose tasks are waited for."""

    made: tuple[tuple[Job | Task, Reasons], ...] = ()
    updated: tuple[tuple[Job, Job], ...] = ()
    gone: tuple[tuple[Job, Reasons], ...] = ()
    kept: tuple[Job | Task, ...] = ()
    waits: tuple[Job, ...] = ()
    refusals: tuple[str, ...] = ()


def schedule(
    owner: str,
    job: Job | None,
    tasks: Sequence[Task],
    held_jobs: Sequence[Job],
    held_tasks: Iterable[Task],
    outputs: Sequence[Blob],
) -> Schedule:
    """Decide for one job and its tasks, given all generations that are held and the outputs that are there."""
    ours = [j for j in held_jobs if j.owner == owner]
    counts = _tasks_per_job(held_tasks)
    gone = tuple(
        (j, _holding(counts.get((j.name.lower(), j.generation), 0)))
        for j in ours
        if (job is None or j.name.lower() != job.name.lower()) and j.state != "deleting"
    )
    if job is None:
        return Schedule(gone=gone)
    generations = {j.generation: j for j in ours if j.name.lower() == job.name.lower()}
    newest = _newest_runs(job, held_tasks, generations)
    verdicts = [(task, *_verdict(task, newest.get(task.id.lower()), generations, outputs)) for task in tasks]
    due = [(task, reasons) for task, reasons, _ in verdicts if reasons]
    busy = [_busy(task, newest[task.id.lower()]) for task, _, is_busy in verdicts if is_busy]
    unfinished = {newest[t.id.lower()].generation for t, reasons, _ in verdicts if not reasons and _open(newest, t)}
    target, made_job, updated = _place(job, [t for t, _ in due], generations, held_tasks)
    refusals = [*busy, *_taken(owner, target, held_jobs)]
    here = [(replace(task, generation=target.generation), reasons) for task, reasons in due]
    waits = {j.generation: j for j in (*([target] if due else []), *(new for _, new in updated))}
    waits |= {g: generations[g] for g in unfinished if g is not None and g not in waits}
    return Schedule(
        made=(*(((target, _again(target)),) if made_job else ()), *here),
        updated=tuple(updated),
        gone=gone,
        kept=(*(() if made_job else (target,)), *(task for task, reasons, _ in verdicts if not reasons)),
        waits=tuple(waits[g] for g in sorted(waits)),
        refusals=tuple(refusals),
    )


def missing_outputs(task: Task, outputs: Iterable[Blob]) -> tuple[OutputFile, ...]:
    """The declared outputs of a task that succeeded and of which no blob bears its mark."""
    written = [b for b in outputs if b.task is not None and b.task.lower() == task.id.lower()]
    return tuple(
        output
        for output in task.output_files
        if not output.optional
        and output.upload_condition.lower() != "taskfailure"
        and not any(_is_of(output, blob) for blob in written)
    )


def why_failed(run: Task) -> str:
    """One phrase for a run that did not succeed."""
    if run.exit_code is not None and run.exit_code != 0:
        return f"failed with exit code {run.exit_code}"
    return f"failed: {run.failure or 'unknown'}"


def _verdict(
    task: Task, run: Task | None, generations: dict[int, Job], outputs: Iterable[Blob]
) -> tuple[Reasons, bool]:
    """Why this task runs now (nothing: it does not), and whether an older run of it is in the way."""
    if run is None:
        return ("new",), False
    changed = tuple(f"{part} changed" for part in changed_parts(run.digest, task.digest))
    if run.state != "completed":
        job = generations.get(run.generation or 0)
        if job is None or job.state in ENDING:
            return ("its job ended before it ran", *changed), False
        return (), bool(changed)
    if run.result != "success":
        return (why_failed(run), *changed), False
    missing = tuple(f"output {o.file_pattern!r} is not in {o.container!r}" for o in missing_outputs(task, outputs))
    return (*changed, *missing), False


def _place(
    job: Job, due: Sequence[Task], generations: dict[int, Job], held_tasks: Iterable[Task]
) -> tuple[Job, bool, list[tuple[Job, Job]]]:
    """The generation that takes the due tasks, whether it must be made, and the jobs to be changed.

    An unsealed job is one that an interrupted apply left: it takes what it does not hold yet, and is sealed.
    """
    updated = [(j, _wanted(job, j)) for j in generations.values() if j.state not in ENDING and _differs(job, j)]
    latest = generations[max(generations)] if generations else None
    if not due:
        return latest or replace(job, generation=1), latest is None, updated
    taken = {t.id.lower() for t in held_tasks if latest and _of(t, latest)}
    if latest and not latest.sealed and latest.state not in ENDING and not taken & {t.id.lower() for t in due}:
        return _wanted(job, latest), False, updated
    return replace(job, generation=latest.generation + 1 if latest else 1), True, updated


def _wanted(job: Job, held: Job) -> Job:
    """The held generation as it should be: what can change in place does, the rest waits for the next."""
    return replace(
        held,
        priority=job.priority,
        max_wall_clock_time=job.max_wall_clock_time,
        max_task_retry_count=job.max_task_retry_count,
        sealed=True,
    )


def _differs(job: Job, held: Job) -> bool:
    return _wanted(job, held) != held


def _newest_runs(job: Job, held_tasks: Iterable[Task], generations: dict[int, Job]) -> dict[str, Task]:
    newest: dict[str, Task] = {}
    for run in held_tasks:
        if run.job.lower() != job.name.lower() or run.generation not in generations:
            continue
        known = newest.get(run.id.lower())
        if known is None or (known.generation or 0) < run.generation:
            newest[run.id.lower()] = run
    return newest


def _tasks_per_job(held_tasks: Iterable[Task]) -> dict[tuple[str, int | None], int]:
    counts: dict[tuple[str, int | None], int] = {}
    for task in held_tasks:
        key = task.job.lower(), task.generation
        counts[key] = counts.get(key, 0) + 1
    return counts


def _open(newest: dict[str, Task], task: Task) -> bool:
    return newest[task.id.lower()].state != "completed"


def _of(task: Task, job: Job) -> bool:
    return task.job.lower() == job.name.lower() and task.generation == job.generation


def _is_of(output: OutputFile, blob: Blob) -> bool:
    """Can this blob be a file of that declaration? (REST: OutputFileBlobContainerDestination.path.)"""
    if blob.container != output.container:
        return False
    pattern = output.file_pattern.replace("\\", "/")
    if not set("*?[") & set(pattern):
        return blob.path == (output.path or basename(pattern))
    prefix = f"{output.path.rstrip('/')}/" if output.path else ""
    return blob.path.startswith(prefix) and fnmatchcase(basename(blob.path), basename(pattern))


def _taken(owner: str, target: Job, held_jobs: Iterable[Job]) -> list[str]:
    """Jobs of others that sit at the id that the next generation needs."""
    return [
        f"job {target.id!r} exists already and is not ours: "
        + (f"it belongs to the spec {j.owner!r}" if j.owner else "it bears no mark of batchctl")
        + ". Give the job another id in the spec, or remove it yourself"
        for j in held_jobs
        if j.owner != owner and j.id.lower() == target.id.lower()
    ]


def _busy(task: Task, run: Task) -> str:
    job = generation_id(run.job, run.generation or 1)
    return (
        f"task {task.id!r} is still {run.state} in job {job!r} with what the spec said before: wait until it has "
        f"ended, or destroy it, then apply again"
    )


def _again(job: Job) -> Reasons:
    return () if job.generation == 1 else (f"generation {job.generation}: a finished job takes no tasks",)


def _holding(count: int) -> Reasons:
    return (f"with {count} task" + ("" if count == 1 else "s"),) if count else ()
