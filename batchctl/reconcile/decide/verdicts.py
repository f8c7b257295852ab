"""Which tasks run now, and why; which go on, and which are in the way. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.dependents import NEW, Reasons, with_dependents
from batchctl.reconcile.decide.runs import Runs, changes_since, is_in_the_way
from batchctl.reconcile.outputs import Written, missing_line, missing_outputs
from batchctl.reconcile.plan import Action, Change, field_changes
from batchctl.resources import ENDING, Job, Task, changed_parts
from batchctl.rules import Rule, field_differences
from batchctl.words import some
from batchctl.work import HANDLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a task runs now (nothing: it does not), the job in which it has not ended yet, and its run if that is in the
    way there.

    `limited`: the change of its limits while it has not ended; `as_before`: what else changed comes with its next run;
    `put_off`: it would run if `--rerun failed` did not hold it back.
    """

    task: Task
    reasons: Reasons = ()
    open_in: Job | None = None
    in_the_way: Task | None = None
    limited: Change | None = None
    as_before: bool = False
    put_off: bool = False


def verdicts_on(tasks: Sequence[Task], runs: Runs, written: Written, choices: Choices) -> list[Verdict]:
    """One for each wanted task that does not merely stay as it is, and for a manager; those among them that run because
    what they depend on does."""
    judged = [_verdict_on(task, runs, written, choices) for task in tasks]
    if choices.failed_alone:
        judged = [verdict and _put_off(verdict, runs, choices) for verdict in judged]
    if any(task.depends_on for task in tasks):
        judged = list(_with_dependents(tasks, judged, runs))
    return [verdict for verdict in judged if verdict]


def why_failed(run: Task) -> str:
    """One phrase for a run that did not succeed."""
    if run.exit_code is not None and run.exit_code != 0:
        return f"failed with exit code {run.exit_code}"
    return f"failed: {run.failure or 'unknown'}"


def _verdict_on(task: Task, runs: Runs, written: Written, choices: Choices) -> Verdict | None:
    run = runs.newest.get(task.id.lower())
    if run is None:
        return Verdict(task=task, reasons=NEW)
    changed = changes_since(run, task)
    if run.state != "completed":
        return _verdict_on_unfinished(task, run, runs, changed)
    if run.result != "success":
        return Verdict(task=task, reasons=(why_failed(run), *changed))
    # Of outputs that are declared otherwise by now, the run says nothing.
    asked = () if "outputs changed" in changed else missing_outputs(task, written, run)
    missing = tuple(f"output {missing_line(o, task, written)}" for o in asked)
    forced = f"forced by {option}" if (option := choices.forces(task.id)) else None
    if changed or missing or forced or task.manager:
        return Verdict(task=task, reasons=(*changed, *missing) or ((forced,) if forced else ()))
    return None  # it stays: of very many, most do


def _verdict_on_unfinished(task: Task, run: Task, runs: Runs, changed: Reasons) -> Verdict:
    held = runs.job_of(run)
    if held.state in ENDING:
        when = "before it ran" if run.state == "active" else "while it ran"
        return Verdict(task=task, reasons=(f"its job ended {when}", *changed))
    return Verdict(
        task=task,
        open_in=held,
        in_the_way=run if is_in_the_way(runs.job, held, run, task) else None,
        limited=None if task.manager else _change_of_limits(run, task),
        as_before=HANDLING in changed_parts(run.digest, task.digest),
    )


def _change_of_limits(run: Task, task: Task) -> Change | None:
    """REST: Task - Replace Task changes the constraints of a task that has not ended, and nothing else of it."""
    changed = {d.name: d.new for d in field_differences(run, task) if d.rule is Rule.IN_PLACE}
    if not changed:
        return None
    limited = replace(run, **changed)
    return Change(action=Action.UPDATE, before=run, after=limited, fields=field_changes(run, limited))


def _put_off(verdict: Verdict, runs: Runs, choices: Choices) -> Verdict:
    """The verdict where only what failed runs, and what waited for it in vain, or is asked for by name."""
    run = runs.newest.get(verdict.task.id.lower())
    stands = run is not None and (run.state != "completed" or run.result != "success")
    if stands or not verdict.reasons or choices.forces(verdict.task.id):
        return verdict
    return replace(verdict, reasons=(), put_off=True)


def _with_dependents(tasks: Sequence[Task], verdicts: Sequence[Verdict | None], runs: Runs) -> Iterator[Verdict | None]:
    found = with_dependents(tasks, {v.task.id.lower(): v.reasons for v in verdicts if v and v.reasons})
    for task, verdict in zip(tasks, verdicts, strict=True):
        reasons = found.get(key := task.id.lower())
        again = reasons and _with_reasons(verdict or Verdict(task=task), reasons, runs.newest.get(key))
        yield again or verdict


def _with_reasons(verdict: Verdict, reasons: Reasons, run: Task | None) -> Verdict:
    """A task that has not ended and waits in an open job for what runs again elsewhere is in the way."""
    if verdict.open_in is None:
        if verdict.reasons == reasons and not verdict.put_off:
            return verdict
        return replace(verdict, reasons=reasons, put_off=False)
    return replace(verdict, in_the_way=verdict.in_the_way or run)


def refusals_of_busy(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """What has not ended and is not what the spec says now: one line for each job."""
    by_job: dict[str, list[Task]] = {}
    for verdict in verdicts:
        if verdict.in_the_way and verdict.open_in:
            by_job.setdefault(verdict.open_in.id, []).append(verdict.in_the_way)
    for job, runs in by_job.items():
        ids = [run.id for run in runs]
        told = f"task {ids[0]!r} is still {runs[0].state}" if len(ids) == 1 else f"{len(ids)} tasks ({some(ids)}) go on"
        it, has = ("it", "it has") if len(ids) == 1 else ("them", "they have")
        way_out = f"wait until {has} ended, or let --force end {it} and run {it} anew"
        yield f"{told} in job {job!r} with what the spec said before: {way_out}"
