"""Which tasks run again, and in which generation of the job (design D6). Pure.

A task never runs again under its id in the same job: a finished job takes no tasks, and reused ids mislead
dependents. What must run again runs in the next generation, which holds those tasks alone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from batchctl.desired import Stage
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.dependents import NEW, ids, in_generation, stalled, with_dependents
from batchctl.reconcile.declared import Written, by_task, missing_outputs
from batchctl.reconcile.differences import field_changes
from batchctl.reconcile.stages import Later, later, wrong
from batchctl.resources import Blob, Job, Task, changed_parts
from batchctl.rest import camel
from batchctl.rules import Rule, field_differences
from batchctl.words import some
from batchctl.work import HANDLING

ENDING = frozenset({"terminating", "completed", "deleting"})
"""States in which a job takes no more tasks."""

LEAVING = "it is being deleted already: waits until it is gone"

STALLED = "ends: what is left in it waits for tasks that failed"
GIVEN_UP = "ends: nothing runs in it, and what waits there is not what the spec says now"

Reasons = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What becomes of jobs and tasks. `waits`: generations whose tasks are waited for.

    `strays`: tasks that have not ended and are in the spec no more. `ended`: jobs in which what is left cannot or shall
    not run, as they are, as they will be, and why.
    """

    made: tuple[tuple[Job | Task, Reasons], ...] = ()
    updated: tuple[tuple[Job, Job], ...] = ()
    limited: tuple[tuple[Task, Task], ...] = ()
    ended: tuple[tuple[Job, Job, Reasons], ...] = ()
    gone: tuple[tuple[Job, Reasons], ...] = ()
    kept: tuple[Job | Task, ...] = ()
    waits: tuple[Job, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    strays: tuple[Task, ...] = ()
    later: tuple[Later, ...] = ()


def schedule(
    owner: str,
    job: Job | None,
    tasks: Sequence[Task],
    held_jobs: Sequence[Job],
    held_tasks: Iterable[Task],
    outputs: Iterable[Blob],
    choices: Choices = Choices(),
    stages: Sequence[Stage] = (),
) -> Schedule:
    """Decide for one job and its tasks, given all generations that are held and the outputs that are there."""
    ours = [j for j in held_jobs if j.owner == owner]
    runs = tuple(held_tasks)
    gone = _gone([j for j in ours if job is None or j.name.lower() != job.name.lower()], runs)
    if job is None:
        return Schedule(gone=gone)
    generations = {j.generation: j for j in ours if j.name.lower() == job.name.lower()}
    alive = {g: j for g, j in generations.items() if j.state != "deleting"}
    ended = tuple(_ended(job, {task.id.lower(): task for task in tasks}, runs, alive.values()))
    alive |= {new.generation: new for _, new, _ in ended}
    generations |= alive
    newest = _newest_runs(job, runs, alive)
    written = by_task(outputs)
    verdicts = [_verdict(job, task, newest.get(task.id.lower()), alive, written, choices) for task in tasks]
    verdicts = _again_with_others(verdicts)
    waiting = later(stages, {v.task.factory for v in verdicts if v.reasons or v.open_in})
    late = {entry.factory for entry in waiting}
    verdicts = [v for v in verdicts if v.task.factory not in late]
    due = [(v.task, v.reasons) for v in verdicts if v.reasons]
    updated = [(j, _wanted(job, j)) for j in alive.values() if j.state not in ENDING and _wanted(job, j) != j]
    target, is_new = _place(job, {task.id.lower() for task, _ in due}, generations, runs)
    unchanged = () if is_new or any(new.id == target.id for _, new in updated) else (target,)
    waits = {v.open_in.generation: v.open_in for v in verdicts if v.open_in}
    if due:
        waits[target.generation] = target
    strays = _strays(newest.values(), alive, {task.id.lower() for task in tasks})
    return Schedule(
        made=(
            *(((target, _again(target)),) if is_new else ()),
            *_placed(due, target, verdicts),
        ),
        updated=tuple(updated),
        ended=ended,
        limited=tuple(v.limited for v in verdicts if v.limited),
        gone=gone,
        kept=(*unchanged, *(v.task for v in verdicts if not v.reasons)),
        waits=tuple(waits[g] for g in sorted(waits)),
        refusals=(
            *(v.refusal for v in verdicts if v.refusal),
            *_still_awaited(verdicts, target),
            *wrong(stages, waiting),
            *_taken(owner, target, held_jobs),
            *(f"--rerun {pattern}: no task has such an id" for pattern in choices.unmet(t.id for t in tasks)),
        ),
        notes=(
            *(() if is_new else _later(job, target)),
            *_as_before(v.task for v in verdicts if v.as_before),
            *(_still_runs(run, alive) for run in strays),
        ),
        strays=strays,
        later=waiting,
    )


def _ended(
    job: Job, wanted: Mapping[str, Task], runs: Sequence[Task], alive: Iterable[Job]
) -> Iterator[tuple[Job, Job, Reasons]]:
    """Generations that take no part any more: as they are, ended, and why."""
    for held in (j for j in alive if j.state not in ENDING):
        reason = STALLED if _is_stalled(held, runs) else GIVEN_UP if _is_given_up(job, held, wanted, runs) else None
        if reason:
            yield held, replace(held, state="terminating"), (reason,)


def _is_given_up(job: Job, held: Job, wanted: Mapping[str, Task], runs: Iterable[Task]) -> bool:
    """Does nothing run in it, and is what waits there not what the spec says now?

    What waits and is still wanted runs in the next generation. So a start task that failed, or a pool that cannot run
    anything, can be mended. What runs is never ended by this.
    """
    unfinished = [run for run in runs if _of(run, held) and run.state != "completed"]
    waiting = all(run.state == "active" for run in unfinished)
    return waiting and any(_in_the_way(job, held, run, wanted.get(run.id.lower())) for run in unfinished)


def _in_the_way(job: Job, held: Job, run: Task, task: Task | None) -> bool:
    """Would this run, were it to go on, do what the spec does not say?"""
    return task is None or bool(_changed(run, task)) or held.pool.lower() != job.pool.lower()


def _changed(run: Task, task: Task) -> tuple[str, ...]:
    return tuple(f"{part} changed" for part in changed_parts(run.digest, task.digest) if part != HANDLING)


def why_failed(run: Task) -> str:
    """One phrase for a run that did not succeed."""
    if run.exit_code is not None and run.exit_code != 0:
        return f"failed with exit code {run.exit_code}"
    return f"failed: {run.failure or 'unknown'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a task runs now (nothing: it does not), the job in which it has not ended yet, and what is in the way.

    `limited`: its limits as they are and as they are wanted; `as_before`: what else changed comes with its next run.
    """

    task: Task
    reasons: Reasons = ()
    open_in: Job | None = None
    refusal: str | None = None
    limited: tuple[Task, Task] | None = None
    as_before: bool = False


def _verdict(
    job: Job, task: Task, run: Task | None, alive: Mapping[int, Job], written: Written, choices: Choices
) -> Verdict:
    if run is None:
        return Verdict(task=task, reasons=NEW)
    changed = _changed(run, task)
    if run.state != "completed":
        held = alive[run.generation or 1]
        if held.state in ENDING:
            return Verdict(task=task, reasons=("its job ended before it ran", *changed))
        return Verdict(
            task=task,
            open_in=held,
            refusal=_busy(run, held) if _in_the_way(job, held, run, task) else None,
            limited=_limited(run, task),
            as_before=HANDLING in changed_parts(run.digest, task.digest),
        )
    if run.result != "success":
        return Verdict(task=task, reasons=(why_failed(run), *changed))
    missing = tuple(f"output {o.file_pattern!r} is not in {o.container!r}" for o in missing_outputs(task, written))
    forced = f"forced by {option}" if (option := choices.forces(task.id)) else None
    return Verdict(task=task, reasons=(*changed, *missing) or ((forced,) if forced else ()))


def _again_with_others(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, with those that run because what they depend on does."""
    own = {v.task.id.lower(): v.reasons for v in verdicts if v.reasons}
    found = with_dependents([v.task for v in verdicts], own)
    return [_because(v, found[key]) if (key := v.task.id.lower()) in found else v for v in verdicts]


def _because(verdict: Verdict, reasons: Reasons) -> Verdict:
    """A task that has not ended and waits in an open job for what runs again elsewhere is in the way."""
    if verdict.open_in is None:
        return replace(verdict, reasons=reasons)
    return replace(verdict, refusal=verdict.refusal or _busy(verdict.task, verdict.open_in))


def _placed(
    due: Iterable[tuple[Task, Reasons]], target: Job, verdicts: Iterable[Verdict]
) -> Iterator[tuple[Task, Reasons]]:
    """The due tasks in their generation, waiting for those of their dependencies that run in it."""
    there = {v.task.id.lower() for v in verdicts if v.reasons or (v.open_in and v.open_in.id == target.id)}
    for task, reasons in due:
        waits = in_generation(task, there) if task.depends_on else None
        yield replace(task, generation=target.generation, depends_on=waits), reasons


def _still_awaited(verdicts: Sequence[Verdict], target: Job) -> Iterator[str]:
    """Batch knows dependencies within a job alone: what has not ended in another one cannot be waited for."""
    elsewhere = {v.task.id.lower(): v.open_in for v in verdicts if v.open_in and v.open_in.id != target.id}
    for verdict in verdicts if elsewhere else ():
        waits = [task_id for task_id in ids(verdict.task) if task_id.lower() in elsewhere] if verdict.reasons else []
        if waits:
            yield (
                f"task {verdict.task.id!r} depends on {waits[0]!r}, which has not ended in job "
                f"{elsewhere[waits[0].lower()].id!r}: wait until it has, then apply again"
            )


def _is_stalled(job: Job, runs: Iterable[Task]) -> bool:
    return job.uses_task_dependencies and bool(stalled([r for r in runs if _of(r, job)]))


def _limited(run: Task, task: Task) -> tuple[Task, Task] | None:
    """REST: Task - Replace Task changes the constraints of a task that has not ended, and nothing else of it."""
    changed = {d.name: d.new for d in field_differences(run, task) if d.rule is Rule.IN_PLACE}
    return (run, replace(run, **changed)) if changed else None


def _strays(newest: Iterable[Task], alive: Mapping[int, Job], wanted: Set[str]) -> tuple[Task, ...]:
    return tuple(
        run
        for run in newest
        if run.state != "completed" and run.id.lower() not in wanted and alive[run.generation or 1].state not in ENDING
    )


def _later(job: Job, held: Job) -> tuple[str, ...]:
    """What the spec says otherwise and this generation cannot take any more."""
    ended = held.state in ENDING
    names = [camel(d.name) for d in field_differences(held, job) if ended or d.rule is Rule.NEW_GENERATION]
    return (f"job {held.id!r} keeps its {', '.join(names)}: a change comes with its next generation",) if names else ()


def _as_before(tasks: Iterable[Task]) -> tuple[str, ...]:
    ids = [task.id for task in tasks]
    said = "displayName and exitConditions of tasks that have not ended stay as they are until these run again"
    return (f"{said}: {some(ids)}",) if ids else ()


def _still_runs(run: Task, alive: Mapping[int, Job]) -> str:
    job = alive[run.generation or 1]
    return f"task {run.id!r} is in the spec no more, and is still {run.state} in job {job.id!r}: it goes on"


def _place(job: Job, due: Set[str], generations: Mapping[int, Job], runs: Iterable[Task]) -> tuple[Job, bool]:
    """The generation that takes the due tasks (ids in lower case), and whether it must be made.

    An unsealed job is one that an interrupted apply left: it takes what it does not hold yet, and is sealed.
    """
    alive = [g for g, j in generations.items() if j.state != "deleting"]
    latest = generations[max(alive)] if alive else None
    if latest and not due:
        return latest, False
    if latest and not latest.sealed and latest.state not in ENDING and _can_become(job, latest):
        taken = {run.id.lower() for run in runs if _of(run, latest)}
        if not taken & due:
            return _wanted(job, latest), False
    return replace(job, generation=max(generations, default=0) + 1), True


def _wanted(job: Job, held: Job) -> Job:
    """The held generation as it should be: what can change in place does, the rest waits for the next."""
    changed = {c.name: c.new for c in field_changes(held, job) if c.rule is Rule.IN_PLACE}
    return replace(held, sealed=True, **changed)


def _can_become(job: Job, held: Job) -> bool:
    return not any(c.rule is Rule.NEW_GENERATION for c in field_changes(held, job))


def _newest_runs(job: Job, runs: Iterable[Task], generations: Mapping[int, Job]) -> dict[str, Task]:
    newest: dict[str, Task] = {}
    for run in runs:
        if run.job.lower() == job.name.lower() and run.generation in generations:
            known = newest.get(run.id.lower(), run)
            newest[run.id.lower()] = max(known, run, key=lambda r: r.generation or 1)
    return newest


def _gone(jobs: Iterable[Job], runs: Iterable[Task]) -> tuple[tuple[Job, Reasons], ...]:
    holds = Counter((run.job.lower(), run.generation) for run in runs)
    return tuple((j, _leaving(j, holds[j.name.lower(), j.generation])) for j in jobs)


def _leaving(job: Job, count: int) -> Reasons:
    if job.state == "deleting":
        return (LEAVING,)
    return (f"with {count} task" + ("" if count == 1 else "s"),) if count else ()


def _of(task: Task, job: Job) -> bool:
    return task.job.lower() == job.name.lower() and task.generation == job.generation


def _taken(owner: str, target: Job, held_jobs: Iterable[Job]) -> list[str]:
    """Jobs of others that sit at the id that the next generation needs."""
    return [
        f"job {target.id!r} exists already and is not ours: "
        + (f"it belongs to the spec {j.owner!r}" if j.owner else "it bears no mark of batchctl")
        + ". Give the job another id in the spec, or remove it yourself"
        for j in held_jobs
        if j.owner != owner and j.id.lower() == target.id.lower()
    ]


def _busy(run: Task, job: Job) -> str:
    return (
        f"task {run.id!r} is still {run.state} in job {job.id!r} with what the spec said before: wait until it has "
        f"ended, or destroy it, then apply again"
    )


def _again(job: Job) -> Reasons:
    return () if job.generation == 1 else (f"generation {job.generation}: a finished job takes no tasks",)
