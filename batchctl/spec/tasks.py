"""Factories to tasks: each item's placeholders filled, its digest taken, and no two tasks in each other's way. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from batchctl.desired import Stage
from batchctl.errors import Problem
from batchctl.resources import Blob, Job, Task, id_key
from batchctl.spec.fanout.dependencies import (
    Draft,
    ProblemsError,
    connected_tasks,
    factories_in_order,
    factories_in_stages,
    factory_name,
    source_factory,
    written_before,
)
from batchctl.spec.fanout.forms import FORMS, Binding, bindings, count_ahead
from batchctl.spec.fanout.items import FanoutError
from batchctl.spec.filling.contents import kept_scripts
from batchctl.spec.filling.digests import Digests, short_hash
from batchctl.spec.filling.filler import (
    Filler,
    command_line,
    filled_settings,
)
from batchctl.spec.filling.rotation import holds_secrets, told, told_settings
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import Factory, ForEach, JobSpec, PoolSpec, Spec, WorkSpec
from batchctl.spec.moulds import Frame, Mould, mentions
from batchctl.spec.source import At, shown
from batchctl.spec.written_blobs import Place, names_of, sure_blobs, wrong_outputs
from batchctl.work import JobPreparationTask, KeptStreams, StartTask

MOST_TASKS = 100_000
MOST_OF_ONE_FACTORY = 5
"""The same mistake in every task of a factory is one mistake; a few of them show what they have in common."""


def make_tasks(
    spec: Spec,
    job: JobSpec,
    pool: PoolSpec,
    start: StartTask | None,
    asked: Job,
    inventory: Inventory,
    problems: list[Problem],
    scripts: dict[str, Blob],
) -> tuple[list[Task], tuple[Stage, ...]]:
    """The tasks of all factories, in order, and what of them comes later; what is wrong goes to `problems`, the .cmd
    files that they run to `scripts`. `start` and `asked`: what is on the nodes before them."""
    plain, secret = Filler(spec, {}, []), holds_secrets(spec)
    at, common = (*job.at, "commonEnvironmentSettings"), job.wanted.environment
    common = told_settings(told(plain), at, common) if secret else filled_settings(plain, at, common)
    before, digests = scripts_before(spec, start, asked), Digests(inventory)
    kept = kept_scripts(before, digests)
    streams = KeptStreams(container=spec.logs.container, upload_condition=spec.logs.condition) if spec.logs else None
    frame = Frame(job, pool, common, scripts_digest(before), digests, written_before(job), secret, streams, kept)
    made = Made(spec, scripts, {(blob.container, blob.path) for blob in inventory.uploads})
    stages = dict(factories_in_stages(job))
    for factory in factories_in_order(job):
        name, source = factory_name(factory), source_factory(factory)
        if source:
            wrote = written_by(inventory, spec, {d.task.id.lower() for d in made.drafts.get(source, ())})
            inventory = replace(inventory, outputs={**inventory.outputs, source: wrote})
        wrong = made.of(factory, inventory, frame)
        if wrong and name in stages:
            # What is there now may not be what will be: it counts only if nothing comes before it any more.
            made.drafts[name] = []
            stages[name] = replace(stages[name], wrong=tuple(map(_as_line, wrong)))
        else:
            problems += wrong
    if problems:
        return [], ()
    late = frozenset(name for name, stage in stages.items() if not made.drafts[name])
    try:
        return connected_tasks(spec, job, pool, made.drafts, frame.digests, late), tuple(stages.values())
    except ProblemsError as error:
        problems += error.problems
        return [], ()


def written_by(inventory: Inventory, spec: Spec, ids: Set[str]) -> tuple[Blob, ...]:
    """The blobs that tasks of ours with these ids (in lower case) wrote, by container and path."""
    found = (b for name in sorted(inventory.contents) for b in inventory.contents[name].values())
    return tuple(b for b in found if b.owner == spec.name and b.task and not b.is_log and b.task.lower() in ids)


def _as_line(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}: {problem.message}"


NodeStart = StartTask | JobPreparationTask


def scripts_before(spec: Spec, start: StartTask | None, job: Job) -> dict[str, tuple[str, NodeStart]]:
    """The start task and the job's preparation, each with its command line as digests tell it."""
    before = {"start": start, "preparation": job.job_preparation_task}
    asked = {
        "start": spec.pool.start_task if spec.pool else None,
        "preparation": spec.job.job_preparation_task if spec.job else None,
    }
    secret = holds_secrets(spec)
    return {
        name: (_told_line(spec, work) if secret and (work := asked[name]) else made.command_line, made)
        for name, made in before.items()
        if made
    }


def scripts_digest(before: Mapping[str, tuple[str, NodeStart]]) -> str:
    """The hash of what the start task, and the job's preparation, bring to the nodes."""
    return short_hash([[line, made.content] for line, made in before.values()])


def _told_line(spec: Spec, work: WorkSpec[Any]) -> str:
    on_windows = spec.pool is not None and spec.pool.windows
    return command_line(told(Filler(spec, {}, [])), work.commands, on_windows=on_windows)[0]


def reserved_ids(job: JobSpec | None) -> Set[str]:
    """The ids of the job's own tasks (REST: TaskIdSameAsJobPreparationTask, TaskIdSameAsJobReleaseTask)."""
    preparation, release = (job.job_preparation_task, job.job_release_task) if job else (None, None)
    ids = {(preparation.wanted.id or "jobpreparation").lower()} if preparation else set()
    return ids | ({(release.wanted.id or "jobrelease").lower()} if release else set())


class Made:
    """Tasks as they are made, and what two of them must not share."""

    def __init__(self, spec: Spec, scripts: dict[str, Blob], uploads: Set[Place]) -> None:
        self._scripts = scripts
        self.drafts: dict[str, list[Draft]] = {}
        self.made = 0
        self._spec = spec
        self._problems: list[Problem] = []
        self._factories = {factory_name(f): f for f in spec.job.tasks} if spec.job else {}
        self._ids: dict[str, Draft] = {}
        self._outputs: dict[Place, Draft] = {}
        self._uploads, self._unread = uploads, spec.unread
        self._reserved = reserved_ids(spec.job)

    def of(self, factory: Factory, inventory: Inventory, frame: Frame) -> list[Problem]:
        """Make the tasks of a factory; returns what is wrong with them."""
        self._problems = []
        form = factory.for_each
        drafts = self.drafts.setdefault(factory_name(factory), [])
        try:
            if form and count_ahead(form, inventory) > MOST_TASKS - self.made:
                return [_too_many_tasks(self._spec, factory)]
            self._make(factory, bindings(form, inventory, hashed=mentions(factory, "hash8")), frame, drafts)
            if form and not drafts and not form.allow_empty and (inventory.known or not _is_stored(form)):
                return [_no_task(self._spec, factory)]
        except FanoutError as error:
            at = (*form.at, error.field) if form else factory.at
            return [self._spec.problem(at, error.message, error.code)]
        return self._problems

    def _make(self, factory: Factory, items: Iterable[Binding], frame: Frame, drafts: list[Draft]) -> None:
        mould = Mould(factory, frame)
        for binding in items:
            if self.made == MOST_TASKS:
                self._problems.append(_too_many_tasks(self._spec, factory))
                return
            self.made += 1
            drafts.append(mould.draft(Filler(self._spec, binding.values, self._problems, self._scripts), binding.key))
            self._meet(factory, drafts[-1])
            if len(self._problems) >= MOST_OF_ONE_FACTORY:
                return

    def _meet(self, factory: Factory, draft: Draft) -> None:
        task, key = draft.task, id_key(draft.task.id)
        if key in self._reserved:
            message = (
                f"{self._called(draft)} would have the task id {shown(task.id)}, which is taken by the job's own task"
            )
            self._report((*factory.at, "id"), message, "reserved-id")
        # Batch tells ids apart without regard to case.
        if (other := self._ids.setdefault(key, draft)) is not draft:
            both = f"{self._called(other)} and {self._called(draft)}"
            message = f"{both} would both have the task id {shown(task.id)}; case does not count"
            self._report((*factory.at, "id"), message, "same-task-id")
        if task.streams and task.streams.container not in self._unread:
            self._meet_streams(task.streams, draft)
        if not task.output_files:
            return
        at, names = (*factory.at, "outputFiles"), names_of(task)
        for below, message, code in wrong_outputs(task, names, self._uploads):
            self._report((*at, *below), message, code)
        for blob in sure_blobs(names):
            if (other := self._outputs.setdefault(blob.place, draft)) is not draft:
                both = f"{self._called(other)} and {self._called(draft)}"
                message = f"{both} would both write the blob {shown('/'.join(blob.place))}"
                self._report((*at, blob.number), message, "same-output")

    def _meet_streams(self, kept: KeptStreams, draft: Draft) -> None:
        """Where the spec says where they go, other blobs may go there too."""
        for name in ("stdout.txt", "stderr.txt"):
            place = kept.container, f"{draft.task.id}/{name}"
            if place in self._uploads or self._outputs.setdefault(place, draft) is not draft:
                message = f"a standard stream of a task would be {shown('/'.join(place))}, the name of another blob"
                self._report(("logs", "container"), message, "same-output")

    def _called(self, draft: Draft) -> str:
        factory = self._factories[draft.task.factory]
        if factory.for_each:
            return shown(draft.key)
        source = self._spec.source
        return f"the factory in {source.where(source.values[factory.at])}"

    def _report(self, at: At, message: str, code: str) -> None:
        self._problems.append(self._spec.problem(at, message, code))


def _is_stored(form: ForEach) -> bool:
    """Are its items, or some of them, in containers?"""
    return any(FORMS[simple.form].stored for simple in form.simple)


def _too_many_tasks(spec: Spec, factory: Factory) -> Problem:
    return spec.problem(
        (*factory.at, "forEach"), f"more than {MOST_TASKS:,} tasks in all", "too-many-tasks", at_key=True
    )


def _no_task(spec: Spec, factory: Factory) -> Problem:
    message = "nothing matches, so there would be no task; `allowEmpty: true` says that this is meant"
    return spec.problem((*factory.at, "forEach"), message, "no-match", at_key=True)
