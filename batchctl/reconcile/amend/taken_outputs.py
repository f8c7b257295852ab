"""What somebody else put where outputs go: never overwritten without a word. Pure.

Batch uploads without asking whether something is there. Where the name is known, a blob that is not ours is refused as
everywhere; where wildcards leave it open, the blobs that may be met are named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from batchctl.output_names import blob_names
from batchctl.reconcile.outputs import Standing, missing_outputs, newest_runs, outputs_by_task
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Blob, Task
from batchctl.words import plural, some
from batchctl.work import OutputFile

SAME_TIME = timedelta(seconds=1)
"""By so much the clocks of Batch and of the storage may differ; the latter tells whole seconds."""


def with_taken_outputs(plan: Plan, situation: Situation) -> Plan:
    """The plan with what its tasks would, or may, overwrite of others, and with outputs that somebody changed."""
    places = _Places(situation)
    changed = sorted(blob.name for blob in _changed_outputs(situation, places))
    notes = [_note_of_changed(changed)] if changed else []
    taken, maybe = _taken_by(plan, places)
    refusals = []
    if taken and situation.choices.adopt:
        notes.append(f"{plural(len(taken), 'blob')} of others will be overwritten by outputs: {some(taken)}")
    elif taken:
        refusals.append(_refusal(taken))
    if maybe:
        notes.append(_note_of_maybe(maybe))
    return replace(plan, refusals=(*plan.refusals, *refusals), notes=(*plan.notes, *notes))


class _Places:
    """What is held where outputs go, sorted out once for all tasks."""

    def __init__(self, situation: Situation) -> None:
        owner, blobs = situation.desired.owner, situation.held_of(Blob)
        into = {output.container for task in situation.desired.of(Task) for output in task.output_files}
        # Not the inputs: they may be a million.
        self.of_others = Standing(blob for blob in blobs if blob.owner != owner and blob.container in into)
        self.written = outputs_by_task(b for b in blobs if b.owner == owner)
        self._held = situation.held

    @cached_property
    def newest(self) -> Mapping[str, Task]:
        """Of very many tasks nothing is asked where nothing was written."""
        return newest_runs(self._held)

    def took_its_place(self, blob: Blob, output: OutputFile, task: Task) -> bool:
        """Is it where the newest run's output was, and did it come later?"""
        run = self.newest.get(task.id.lower())
        return run is not None and _is_later(blob, run) and output in missing_outputs(task, self.written, run)


def _taken_by(plan: Plan, places: _Places) -> tuple[list[str], list[str]]:
    """The blobs of others that the plan's tasks overwrite, and those that they may."""
    due = [c.after for c in plan.of(Task, Action.CREATE) if isinstance(c.after, Task)] if places.of_others else []
    taken: set[str] = set()
    maybe: set[str] = set()
    for task in due:
        for output in task.output_files:
            names = blob_names(output, task)
            for blob in places.of_others.met(names):
                sure = names.only is not None or places.took_its_place(blob, output, task)
                (taken if sure else maybe).add(blob.name)
    return sorted(taken), sorted(maybe - taken)


def _changed_outputs(situation: Situation, places: _Places) -> Iterator[Blob]:
    """Outputs that bear the mark of a task and were written after it had ended: whoever replaced them kept the mark."""
    wanted = {r.id.lower() for r in situation.desired.of(Task)} if places.written else set()
    for name, blobs in places.written.items():
        run = places.newest.get(name)
        if run is not None and name in wanted:
            yield from (blob for blob in blobs if _is_later(blob, run))


def _is_later(blob: Blob, run: Task) -> bool:
    """Was the blob written when the run had ended, and its uploads with it?"""
    if run.state != "completed" or run.ended is None or blob.modified is None:
        return False
    return blob.modified - datetime.fromisoformat(run.ended) > SAME_TIME


def _refusal(taken: list[str]) -> str:
    return (
        f"{plural(len(taken), 'blob')} that we did not put there would be overwritten by outputs ({some(taken)}): "
        f"remove or rename what is there, give the output another `path`, or let it be overwritten with --adopt"
    )


def _note_of_maybe(maybe: list[str]) -> str:
    has = "has a name" if len(maybe) == 1 else "have names"
    return (
        f"{plural(len(maybe), 'blob')} that we did not put there {has} that outputs may have ({some(maybe)}): a "
        f"file of that name overwrites it"
    )


def _note_of_changed(changed: list[str]) -> str:
    return (
        f"{plural(len(changed), 'output')} changed after the task had ended ({some(changed)}): "
        f"somebody wrote the blob, or its properties, anew; --rerun TASK brings what the task writes"
    )
