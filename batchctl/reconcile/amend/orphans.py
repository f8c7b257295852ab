"""Outputs of tasks that are in the spec no more: they stay, are named, and go only when asked to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.reconcile.decide.diff import kept_for_snapshots
from batchctl.reconcile.plan import Action, Change, Plan, ordered_changes
from batchctl.reconcile.port import Situation
from batchctl.resources import ENDING, Blob, Container, Job, Resource, Schedule, Task, of_kind, sorted_out
from batchctl.words import plural, some

LATER = "no output is pruned while tasks are still to be added: apply again with --prune-outputs when they have run"


def orphaned_outputs(desired: Desired, held: Iterable[Resource]) -> tuple[Blob, ...]:
    """Outputs of ours whose task is not wanted any more and has ended."""
    resources = sorted_out(held)
    outputs = [r for r in of_kind(resources, Blob) if r.owner == desired.owner and r.task is not None]
    if not outputs:
        return ()
    ids = [*(schedule.writer for schedule in desired.of(Schedule)), *(task.id for task in desired.of(Task))]
    wanted = {task_id.lower() for task_id in ids if task_id}
    spoken_for = wanted | _ids_that_may_write(resources)
    found = (b for b in outputs if b.task and not b.is_log and b.task.lower() not in spoken_for)
    return tuple(sorted(found, key=lambda blob: blob.name))


def _ids_that_may_write(resources: Iterable[Resource]) -> set[str]:
    """Tasks that may yet write; what was left in a job that has ended never will."""
    over = {(r.name.lower(), r.generation) for r in of_kind(resources, Job) if r.state in ENDING}
    tasks = (r for r in of_kind(resources, Task) if r.state != "completed")
    return {task.id.lower() for task in tasks if (task.job.lower(), task.generation) not in over}


def with_orphans(plan: Plan, situation: Situation) -> Plan:
    """The plan with what becomes of orphaned outputs; those in a container that goes anyway are told with it.

    While factories wait to be expanded, nobody can say which tasks are wanted no more.
    """
    choices = situation.choices
    if plan.later:
        return replace(plan, notes=(*plan.notes, *((LATER,) if choices.prune_outputs else ())))
    emptied = {c.resource.name for c in plan.of(Container, Action.DELETE)}
    gone = {c.resource.name for c in plan.of(Blob, Action.DELETE)}
    left = [
        b
        for b in orphaned_outputs(situation.desired, situation.held)
        if b.container not in emptied and b.name not in gone
    ]
    if not left:
        return plan
    if not choices.prune_outputs:
        return replace(plan, notes=(*plan.notes, _note_of_what_stays(left)))
    deletes = [
        Change(action=Action.DELETE, before=b, reasons=(f"orphaned: task {b.task!r} is in the spec no more",))
        for b in left
        if not b.snapshots
    ]
    notes = kept_for_snapshots([b for b in left if b.snapshots])
    return replace(plan, changes=ordered_changes((*plan.changes, *deletes)), notes=(*plan.notes, *notes))


def _note_of_what_stays(left: Sequence[Blob]) -> str:
    shown = some([blob.name for blob in left])
    count = plural(len(left), "orphaned output")
    return f"{count} of tasks that are in the spec no more: {shown}; kept unless --prune-outputs is given"
