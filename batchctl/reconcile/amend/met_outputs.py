"""Outputs of ours that meet each other: told before the tasks run, refused once they did. Pure.

Which names wildcards make only the node knows: what may meet is told. What did meet would never settle, for whoever
runs again takes the place of another, which then runs again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from batchctl.output_names import BlobNames, blob_names, may_make_several
from batchctl.reconcile.decide.runs import changes_since
from batchctl.reconcile.outputs import Standing, missing_outputs, newest_runs, outputs_by_task
from batchctl.reconcile.overwritten import REMEDY, mark_of_run
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Blob, Container, Task
from batchctl.words import plural, some

MOST_COMPARED = 10_000
"""Pairs of patterns that are looked at, where very many tasks have patterns of their own."""

Makers = Mapping[BlobNames, Set[str]]
"""The ids of the tasks that declare an output with these possible names."""


def with_met_outputs(plan: Plan, situation: Situation) -> Plan:
    """The plan with a note of outputs that may overwrite each other, or refused where they are seen to have."""
    due = [c.after for c in plan.of(Task, Action.CREATE) if isinstance(c.after, Task) and c.after.output_files]
    if not due:
        return plan
    wanted = situation.desired.of(Task)
    known, unclear = _lost(due, wanted, situation)
    if known:
        return replace(plan, refusals=(*plan.refusals, _refusal(known)))
    if unclear:
        plan = replace(plan, notes=(*plan.notes, _note_of_turns(unclear)))
    if not any(may_make_several(output) for task in wanted for output in task.output_files):
        return plan  # names that are known are told apart before anything is planned
    ran = newest_runs(situation.held)
    makers = _makers(wanted)
    meeting = list(may_meet(makers, {task.id for task in due}, {t.id for t in wanted if t.id.lower() in ran}))
    return replace(plan, notes=(*plan.notes, _note(meeting))) if meeting else plan


def may_meet(makers: Makers, due: Set[str], ran: Set[str]) -> Iterator[tuple[BlobNames, BlobNames, Set[str]]]:
    """Possible names that different tasks have in common, one of which is due, with the ids of these tasks. Once two of
    them have run it is known: then what was overwritten is missing."""
    for names, ids in makers.items():
        # Names that are known and equal are refused before anything is planned.
        if names.name is None and len(ids) > 1 and ids & due and len(ids & ran) < 2:
            yield names, names, ids
    for one, other in _near(makers):
        ids = makers[one] | makers[other]
        if len(ids) > 1 and ids & due and len(ids & ran) < 2 and one.may_meet(other):
            yield one, other, ids


def _near(makers: Makers) -> Iterator[tuple[BlobNames, BlobNames]]:
    """Pairs in one container of which one begins as the other does: sorted, these follow each other."""
    above: list[BlobNames] = []
    left = MOST_COMPARED
    for names in sorted(makers, key=lambda n: (n.container, n.beginning, n.only is not None, n.pattern)):
        while above and not (
            names.container == above[-1].container and names.beginning.startswith(above[-1].beginning)
        ):
            above.pop()
        for other in above if left > 0 else ():
            yield other, names
        left -= len(above)
        # Below a name that is known there is nothing.
        if names.only is None:
            above.append(names)


def _makers(tasks: Iterable[Task]) -> Makers:
    makers: dict[BlobNames, set[str]] = {}
    for task in tasks:
        for output in task.output_files:
            makers.setdefault(blob_names(output, task), set()).add(task.id)
    return makers


Lost = list[tuple[Task, Blob]]
"""Tasks that would run for nothing but outputs that are not there, with what stands, or may stand, in their place: the
blob of another task that stays, or that would run for no other reason."""


def _lost(due: Sequence[Task], wanted: Sequence[Task], situation: Situation) -> tuple[Lost, Lost]:
    """(of which it is known that they were overwritten, of which it may be so, in a container that keeps no note)"""
    remembered = {mark for c in situation.held_of(Container) for mark in c.lost}
    newest, forces = newest_runs(situation.held), situation.choices.forces
    again = [
        (task, run)
        for task in due
        if (run := newest.get(task.id.lower())) and _is_as_it_was(task, run) and not forces(task.id)
    ]
    if not again:
        return [], []
    moving = {task.id.lower() for task in due} - {task.id.lower() for task, _ in again}
    ours = [r for r in situation.held_of(Blob) if r.owner == situation.desired.owner and r.task]
    standing = Standing(_still_declared(ours, [task for task in wanted if task.id.lower() not in moving]))
    written = outputs_by_task(ours)
    known, unclear = Lost(), Lost()
    for task, run in again:
        for output in missing_outputs(task, written, run):
            is_known = mark_of_run(output, task, run) in remembered
            if is_known or output.container in situation.desired.external:
                met = standing.met(blob_names(output, task))
                of_others = [(task, blob) for blob in met if (blob.task or "").lower() != task.id.lower()]
                (known if is_known else unclear).extend(of_others)
    return known, unclear


def _is_as_it_was(task: Task, run: Task) -> bool:
    return run.state == "completed" and run.result == "success" and not changes_since(run, task)


def _still_declared(ours: Iterable[Blob], tasks: Sequence[Task]) -> Iterator[Blob]:
    by_id = {task.id.lower(): task for task in tasks}
    for blob in ours:
        if (task := by_id.get((blob.task or "").lower())) and _declares(task, blob):
            yield blob


def _declares(task: Task, blob: Blob) -> bool:
    names = (blob_names(output, task) for output in task.output_files)
    return any(n.container == blob.container and n.fits(blob.path) for n in names)


def _refusal(lost: Sequence[tuple[Task, Blob]]) -> str:
    ids = list(dict.fromkeys(task.id for task, _ in lost))
    instead = list(dict.fromkeys(f"{blob.name} is of task {blob.task!r}" for _, blob in lost))
    them = f"task {ids[0]!r}" if len(ids) == 1 else f"{plural(len(ids), 'task')} ({some(ids)})"
    return (
        f"{them} would run for outputs that another task overwrote, and overwrite its outputs in turn "
        f"({some(instead, 3)}), without end: {REMEDY}; --rerun with each of them runs them all the same"
    )


def _note_of_turns(unclear: Lost) -> str:
    ids = list(dict.fromkeys(task.id for task, _ in unclear))
    names = [f"{blob.name} of task {blob.task!r}" for blob in dict.fromkeys(blob for _, blob in unclear)]
    they, place = ("they run", "their places") if len(ids) > 1 else ("it runs", "its place")
    return (
        f"{some(ids)}: {they} for outputs that are not there, and what others wrote may stand in {place} "
        f"({some(names, 3)}). If so, one runs again after the other, without end: {REMEDY}"
    )


def _note(meeting: Sequence[tuple[BlobNames, BlobNames, Set[str]]]) -> str:
    ids = sorted({name for _, _, of in meeting for name in of})
    patterns = list(dict.fromkeys(str(names) for one, other, _ in meeting for names in (one, other)))
    return (
        f"outputs of {len(ids)} tasks may have the same names ({some(patterns, 3)} of {some(ids, 3)}), and what is "
        f"written last stays: if they do, {REMEDY}"
    )
