"""Which tasks run again, and in which generation of the job (design D6). Pure.

A task never runs again under its id in the same job: a finished job takes no tasks, and reused ids mislead
dependents. What must run again runs in the next generation, which holds those tasks alone.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import fields
from typing import Any

from batchctl.desired import Desired, Stage
from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.placement import Placement, place_tasks, still_awaited
from batchctl.reconcile.decide.runs import Runs, jobs_that_left, runs_of_job
from batchctl.reconcile.decide.verdicts import Verdict, refusals_of_busy, verdicts_on
from batchctl.reconcile.outputs import outputs_by_task
from batchctl.reconcile.plan import Change, LaterFactory
from batchctl.resources import ENDING, Blob, Job, Resource, Task, of_kind, sorted_out
from batchctl.rest import SPEC, camel, path_of
from batchctl.rules import Difference, Rule, field_differences
from batchctl.words import some


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What becomes of jobs and tasks. So many are `kept` as they are; `waits`: generations whose tasks are waited for.

    `strays`: tasks that have not ended and are in the spec no more.
    """

    changes: tuple[Change, ...] = ()
    kept: int = 0
    waits: tuple[Job, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    strays: tuple[Task, ...] = ()
    later: tuple[LaterFactory, ...] = ()


def schedule_tasks(desired: Desired, held: Iterable[Resource], choices: Choices = Choices()) -> Schedule:
    """Decide for the job and the tasks of a spec, given all that is held."""
    job, tasks = _job_of(desired), desired.of(Task)
    jobs, held_tasks, outputs = _sorted_out(held, desired.owner)
    ours = [j for j in jobs if j.owner == desired.owner]
    left = tuple(jobs_that_left(job, ours, held_tasks))
    if job is None:
        return Schedule(changes=left)
    runs = runs_of_job(job, tasks, ours, held_tasks, force=choices.force)
    judged = verdicts_on(tasks, runs, outputs_by_task(outputs), choices)
    later = factories_that_wait(desired.stages, {v.task.factory for v in judged if v.reasons or v.open_in})
    waiting = {entry.factory for entry in later}
    # What a waiting factory gives now is not all that it will give: none of it runs before it is whole.
    verdicts = [v for v in judged if v.task.factory not in waiting]
    placement, strays = place_tasks(runs, verdicts), runs.strays(tasks)
    return Schedule(
        changes=(*left, *runs.endings, *placement.changes),
        kept=placement.stays + sum(t.factory not in waiting for t in tasks) - sum(bool(v.reasons) for v in verdicts),
        waits=placement.waits,
        refusals=(
            *refusals_of_busy(verdicts),
            *still_awaited(verdicts, placement.target),
            *_refusals_of_two_managers(verdicts, placement),
            *(said for stage in desired.stages if stage.factory not in waiting for said in stage.wrong),
            *_refusals_of_taken_ids(placement.target, jobs, desired.owner),
            *(f"--rerun {pattern}: no task has such an id" for pattern in choices.unmet(t.id for t in tasks)),
        ),
        notes=tuple(_notes_of(runs, placement, verdicts, strays)),
        strays=strays,
        later=later,
    )


def factories_that_wait(stages: Iterable[Stage], unsettled: Set[str]) -> tuple[LaterFactory, ...]:
    """What waits, given the factories of which a task runs or will run. `stages` are in their order."""
    labels = {stage.factory: stage.label for stage in stages}
    found: dict[str, LaterFactory] = {}
    for stage in stages:
        waits = [stage.over] if stage.over in unsettled else []
        waits += [name for name in (stage.over, *stage.after) if name in found]
        if waits:
            after = labels.get(waits[0], waits[0])
            found[stage.factory] = LaterFactory(factory=stage.factory, label=stage.label, after=after)
    return tuple(found.values())


def _job_of(desired: Desired) -> Job | None:
    return next(iter(desired.of(Job)), None)


def _sorted_out(held: Iterable[Resource], owner: str) -> tuple[Sequence[Job], Sequence[Task], list[Blob]]:
    """Jobs, tasks, and the outputs that are ours."""
    resources = sorted_out(held)
    outputs = [r for r in of_kind(resources, Blob) if r.task is not None and r.owner == owner]
    return of_kind(resources, Job), of_kind(resources, Task), outputs


def _refusals_of_two_managers(verdicts: Iterable[Verdict], placement: Placement) -> Iterator[str]:
    for verdict in verdicts:
        if placement.is_new and verdict.task.manager and verdict.open_in and not verdict.in_the_way:
            task, job = verdict.task.id, verdict.open_in.id
            yield f"the manager {task!r} of job {job!r} has not ended: wait until it has, then apply again"


def _refusals_of_taken_ids(target: Job, jobs: Iterable[Job], owner: str) -> Iterator[str]:
    """Jobs of others that sit at the id that the next generation needs."""
    for job in jobs:
        if job.owner != owner and job.id.lower() == target.id.lower():
            whose = f"it belongs to the spec {job.owner!r}" if job.owner else "it bears no mark of batchctl"
            yield (
                f"job {target.id!r} exists already and is not ours: {whose}. Give the job another id in the spec, or "
                f"remove it yourself"
            )


def _notes_of(runs: Runs, placement: Placement, verdicts: Iterable[Verdict], strays: Sequence[Task]) -> Iterator[str]:
    if not placement.is_new:
        yield from _comes_later(runs.job, placement.target)
    if as_before := [v.task.id for v in verdicts if v.as_before]:
        handling = "displayName, affinityInfo and exitConditions"
        said = f"{handling} of tasks that have not ended stay as they are until these run again"
        yield f"{said}: {some(as_before)}"
    if put_off := [v.task.id for v in verdicts if v.put_off]:
        yield f"--rerun failed: what else would run did not fail, and does not: {some(put_off)}"
    for run in strays:
        job = runs.job_of(run)
        yield f"task {run.id!r} is in the spec no more, and is still {run.state} in job {job.id!r}: it goes on"


def _names_of(difference: Difference) -> Iterator[str]:
    """What differs, as a spec has it: of an auto pool its words."""
    if difference.name != "auto_pool":
        yield camel(difference.name)
        return
    old, new = difference.old, difference.new
    if not (old and new):
        # That it has another pool its `pool` says.
        return
    yield from (f"pool.{path_of(f, SPEC)[0]}" for f in fields(new) if f.name != "pool" and _differs(f.name, old, new))
    yield from (f"pool.{camel(inner.name)}" for inner in field_differences(old.pool, new.pool))


def _differs(name: str, old: Any, new: Any) -> bool:
    return bool(getattr(old, name) != getattr(new, name))


def _comes_later(job: Job, held: Job) -> Iterator[str]:
    """What the spec says otherwise and this generation cannot take any more."""
    ended = held.state in ENDING
    differences = [d for d in field_differences(held, job) if ended or d.rule is Rule.NEW_GENERATION]
    names = [name for d in differences for name in _names_of(d)]
    if names:
        yield f"job {held.id!r} keeps its {', '.join(names)}: a change comes with its next generation"
