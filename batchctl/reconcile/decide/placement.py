"""In which generation of the job the due tasks run, and what becomes of the generations that are there. Pure."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace

from batchctl import frozen
from batchctl.configurations import padded_numbers
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import Reasons, awaited_ids, awaited_in_generation
from batchctl.reconcile.decide.runs import Runs
from batchctl.reconcile.decide.verdicts import Verdict
from batchctl.reconcile.plan import Action, Change, FieldChange, field_changes
from batchctl.resources import ENDING, Job, Task, label_of
from batchctl.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """`target`: the generation that takes what is due, or the newest one if nothing is; `is_new`: it must be made.

    `stays`: it is held, and as it should be. `waits`: generations whose tasks are waited for.
    """

    target: Job
    is_new: bool
    stays: bool
    changes: tuple[Change, ...]
    waits: tuple[Job, ...]


def place_tasks(runs: Runs, verdicts: Sequence[Verdict]) -> Placement:
    """Find the generation for the tasks that run now, and change the open ones to what they should be."""
    due = [v for v in verdicts if v.reasons]
    target, is_new = _generation_for({v.task.id.lower() for v in due}, runs)
    if is_new:
        # A job that is made has its manager, whatever it is made for.
        due += [replace(v, reasons=WITH_JOB) for v in verdicts if v.task.manager and not v.reasons]
    updated = tuple(_updated_jobs(runs))
    made = (Change(action=Action.CREATE, after=target, reasons=_why_new(target, runs)),) if is_new else ()
    waits = {v.open_in.generation: v.open_in for v in verdicts if v.open_in}
    if due:
        waits[target.generation] = target
    return Placement(
        target=target,
        is_new=is_new,
        stays=not is_new and target.id not in {label_of(change.resource) for change in updated},
        changes=(
            *made,
            *_made_tasks(due, target, verdicts, runs.listed),
            *updated,
            *(v.limited for v in verdicts if v.limited),
        ),
        waits=tuple(waits[number] for number in sorted(waits)),
    )


def still_awaited(verdicts: Sequence[Verdict], target: Job) -> Iterator[str]:
    """Batch knows dependencies within a job alone: what has not ended in another one cannot be waited for."""
    elsewhere = {v.task.id.lower(): v.open_in for v in verdicts if v.open_in and v.open_in.id != target.id}
    for verdict in verdicts if elsewhere else ():
        waits = (
            [task_id for task_id in awaited_ids(verdict.task) if task_id.lower() in elsewhere]
            if verdict.reasons
            else []
        )
        if waits:
            yield (
                f"task {verdict.task.id!r} depends on {waits[0]!r}, which has not ended in job "
                f"{elsewhere[waits[0].lower()].id!r}: wait until it has, then apply again"
            )


def _generation_for(due: Set[str], runs: Runs) -> tuple[Job, bool]:
    """The generation that takes the due tasks (ids in lower case), and whether it must be made.

    An unsealed job is one that an interrupted apply left: it takes what it does not hold yet, and is sealed.
    """
    job, latest = runs.job, runs.alive[max(runs.alive)] if runs.alive else None
    if latest and not due:
        return latest, False
    if latest and not latest.sealed and latest.state not in ENDING and _can_become(job, latest):
        taken = {run.id.lower() for run in runs.listed if run.generation == latest.generation}
        if not taken & due:
            return _as_it_should_be(job, latest), False
    # Beyond those that are still being deleted, too: their ids cannot be had yet.
    return replace(job, generation=max(runs.generations, default=0) + 1), True


def _can_become(job: Job, held: Job) -> bool:
    return not any(c.rule is Rule.NEW_GENERATION for c in field_changes(held, job))


def _as_it_should_be(job: Job, held: Job) -> Job:
    """The held generation: what can change in place does, the rest waits for the next."""
    changed = {c.name: c.new for c in field_changes(held, job) if c.rule is Rule.IN_PLACE}
    return replace(held, sealed=True, **changed)


def _updated_jobs(runs: Runs) -> Iterator[Change]:
    for held in runs.alive.values():
        if held.state not in ENDING and (wanted := _as_it_should_be(runs.job, held)) != held:
            fields = _sealing(held, wanted) + field_changes(held, wanted)
            yield Change(action=Action.UPDATE, before=held, after=wanted, fields=fields)


def _sealing(old: Job, new: Job) -> tuple[FieldChange, ...]:
    if old.sealed or not new.sealed:
        return ()
    return (FieldChange(name="on_all_tasks_complete", old="noaction", new="terminatejob", rule=Rule.IN_PLACE),)


def _why_new(job: Job, runs: Runs) -> Reasons:
    """Why the due tasks do not go into the job that there is."""
    if job.generation == 1:
        return ()
    latest = runs.alive[max(runs.alive)] if runs.alive else None
    why = "a finished job takes no tasks"
    if latest and latest.state not in ENDING:
        why = f"{latest.id} still runs, and ends with the tasks that it has" if latest.sealed else OTHERWISE
    return (f"generation {job.generation}: {why}",)


WITH_JOB: Reasons = ("it comes with its job",)
OTHERWISE = "the job that is open holds them already, or was made otherwise"


def _made_tasks(
    due: Iterable[Verdict], target: Job, verdicts: Iterable[Verdict], listed: Iterable[Task]
) -> Iterator[Change]:
    """The due tasks in their generation, waiting for those of their dependencies that run in it."""
    due, there, ambiguous = tuple(due), set[str](), frozenset[int]()
    if any(v.task.depends_on for v in due):
        there = {v.task.id.lower() for v in verdicts if v.reasons or (v.open_in and v.open_in.id == target.id)}
        ambiguous = padded_numbers((*there, *(run.id for run in listed)))
    for verdict in due:
        task = verdict.task
        # The task itself where it is so already: very many would be there twice.
        if task.depends_on or task.generation != target.generation:
            waits = awaited_in_generation(task, there, ambiguous) if task.depends_on else None
            task = frozen.replace(task, generation=target.generation, depends_on=waits)
        yield Change(action=Action.CREATE, after=task, reasons=verdict.reasons)
