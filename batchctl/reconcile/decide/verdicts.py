"""Which tasks run now, and why; which go on, and which are in the way. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.dependents import NEW, Reasons, with_dependents
from batchctl.reconcile.decide.runs import ENDING, Runs, changes_since, is_in_the_way
from batchctl.reconcile.outputs import Written, missing_outputs
from batchctl.reconcile.plan import Action, Change, field_changes
from batchctl.resources import Job, Task, changed_parts
from batchctl.rules import Rule, field_differences
from batchctl.work import HANDLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a task runs now (nothing: it does not), the job in which it has not ended yet, and what is in the way.

    `limited`: the change of its limits while it has not ended; `as_before`: what else changed comes with its next run.
    """

    task: Task
    reasons: Reasons = ()
    open_in: Job | None = None
    refusal: str | None = None
    limited: Change | None = None
    as_before: bool = False


def verdicts_on(tasks: Sequence[Task], runs: Runs, written: Written, choices: Choices) -> list[Verdict]:
    """One for each wanted task, those among them that run because what they depend on does."""
    return list(_with_dependents([_verdict_on(task, runs, written, choices) for task in tasks]))


def why_failed(run: Task) -> str:
    """One phrase for a run that did not succeed."""
    if run.exit_code is not None and run.exit_code != 0:
        return f"failed with exit code {run.exit_code}"
    return f"failed: {run.failure or 'unknown'}"


def _verdict_on(task: Task, runs: Runs, written: Written, choices: Choices) -> Verdict:
    run = runs.newest.get(task.id.lower())
    if run is None:
        return Verdict(task=task, reasons=NEW)
    changed = changes_since(run, task)
    if run.state != "completed":
        return _verdict_on_unfinished(task, run, runs, changed)
    if run.result != "success":
        return Verdict(task=task, reasons=(why_failed(run), *changed))
    missing = tuple(f"output {o.file_pattern!r} is not in {o.container!r}" for o in missing_outputs(task, written))
    forced = f"forced by {option}" if (option := choices.forces(task.id)) else None
    return Verdict(task=task, reasons=(*changed, *missing) or ((forced,) if forced else ()))


def _verdict_on_unfinished(task: Task, run: Task, runs: Runs, changed: Reasons) -> Verdict:
    held = runs.job_of(run)
    if held.state in ENDING:
        return Verdict(task=task, reasons=("its job ended before it ran", *changed))
    return Verdict(
        task=task,
        open_in=held,
        refusal=_refusal_of_busy(run, held) if is_in_the_way(runs.job, held, run, task) else None,
        limited=_change_of_limits(run, task),
        as_before=HANDLING in changed_parts(run.digest, task.digest),
    )


def _change_of_limits(run: Task, task: Task) -> Change | None:
    """REST: Task - Replace Task changes the constraints of a task that has not ended, and nothing else of it."""
    changed = {d.name: d.new for d in field_differences(run, task) if d.rule is Rule.IN_PLACE}
    if not changed:
        return None
    limited = replace(run, **changed)
    return Change(action=Action.UPDATE, before=run, after=limited, fields=field_changes(run, limited))


def _with_dependents(verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    own = {v.task.id.lower(): v.reasons for v in verdicts if v.reasons}
    found = with_dependents([v.task for v in verdicts], own)
    for verdict in verdicts:
        key = verdict.task.id.lower()
        yield _with_reasons(verdict, found[key]) if key in found else verdict


def _with_reasons(verdict: Verdict, reasons: Reasons) -> Verdict:
    """A task that has not ended and waits in an open job for what runs again elsewhere is in the way."""
    if verdict.open_in is None:
        return replace(verdict, reasons=reasons)
    return replace(verdict, refusal=verdict.refusal or _refusal_of_busy(verdict.task, verdict.open_in))


def _refusal_of_busy(run: Task, job: Job) -> str:
    return (
        f"task {run.id!r} is still {run.state} in job {job.id!r} with what the spec said before: wait until it has "
        f"ended, or destroy it, then apply again"
    )
