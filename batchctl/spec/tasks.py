"""Factories to tasks: each item's placeholders filled, its digest taken, and no two tasks in each other's way. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, replace
from typing import Any

from batchctl.desired import Stage
from batchctl.errors import Problem
from batchctl.frozen import dataclass
from batchctl.resources import Blob, Job, Task, task_digest
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
from batchctl.spec.fanout.forms import FORMS, Binding, bindings, count_ahead, legal_task_id
from batchctl.spec.fanout.items import FanoutError
from batchctl.spec.filling.contents import kept_contents, kept_scripts
from batchctl.spec.filling.digests import Digests, common_files, digest_parts, short_hash
from batchctl.spec.filling.filler import (
    Filler,
    command_line,
    filled_output_file,
    filled_resource_files,
    filled_settings,
    filled_texts,
)
from batchctl.spec.filling.rotation import holds_secrets, told, told_settings
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import Factory, ForEach, JobSpec, MultiInstanceSpec, PoolSpec, Spec, WorkSpec
from batchctl.spec.source import At, shown
from batchctl.spec.written_blobs import Place, sure_blobs, wrong_outputs
from batchctl.work import JobPreparationTask, KeptStreams, MultiInstanceSettings, ResourceFile, Settings, StartTask

MOST_TASKS = 100_000
# One for all: nearly every task of very many has nothing to put there.
NOTHING: dict[Any, str] = {}
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


@dataclass(frozen=True, slots=True)
class Frame:
    """What all tasks of a job share. `scripts` is the hash of what is on the nodes before them; `secret`: there are
    secrets, whose values are in no digest. `kept`: see `kept_scripts`."""

    job: JobSpec
    pool: PoolSpec
    common: Settings
    scripts: str
    digests: Digests
    written_before: Mapping[str, frozenset[str]]
    secret: bool = False
    streams: KeptStreams | None = None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Maker:
    """What made a task: a factory, and the key of its item."""

    factory: Factory
    key: str


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
        self._ids: dict[str, Maker] = {}
        self._outputs: dict[Place, Maker] = {}
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
            self._make(factory, bindings(form, inventory), frame, drafts)
            if form and not drafts and not form.allow_empty and (inventory.known or not _is_stored(form)):
                return [_no_task(self._spec, factory)]
        except FanoutError as error:
            at = (*form.at, error.field) if form else factory.at
            return [self._spec.problem(at, error.message, error.code)]
        return self._problems

    def _make(self, factory: Factory, items: Iterable[Binding], frame: Frame, drafts: list[Draft]) -> None:
        mould = _mould(factory, frame)
        for binding in items:
            if self.made == MOST_TASKS:
                self._problems.append(_too_many_tasks(self._spec, factory))
                return
            self.made += 1
            drafts.append(_draft(mould, Filler(self._spec, binding.values, self._problems, self._scripts), binding.key))
            self._meet(factory, drafts[-1].task, binding)
            if len(self._problems) >= MOST_OF_ONE_FACTORY:
                return

    def _meet(self, factory: Factory, task: Task, binding: Binding) -> None:
        maker = Maker(factory, binding.key)
        if task.id.lower() in self._reserved:
            message = (
                f"{self._called(maker)} would have the task id {shown(task.id)}, which is taken by the job's own task"
            )
            self._report((*factory.at, "id"), message, "reserved-id")
        # Batch tells ids apart without regard to case.
        if (other := self._ids.setdefault(task.id.lower(), maker)) is not maker:
            both = f"{self._called(other)} and {self._called(maker)}"
            message = f"{both} would both have the task id {shown(task.id)}; case does not count"
            self._report((*factory.at, "id"), message, "same-task-id")
        if task.streams and task.streams.container not in self._unread:
            self._meet_streams(task, task.streams, maker)
        if not task.output_files:
            return
        at = (*factory.at, "outputFiles")
        for below, message, code in wrong_outputs(task, self._uploads):
            self._report((*at, *below), message, code)
        for blob in sure_blobs(task):
            if (other := self._outputs.setdefault(blob.place, maker)) is not maker:
                both = f"{self._called(other)} and {self._called(maker)}"
                message = f"{both} would both write the blob {shown('/'.join(blob.place))}"
                self._report((*at, blob.number), message, "same-output")

    def _meet_streams(self, task: Task, kept: KeptStreams, maker: Maker) -> None:
        """Where the spec says where they go, other blobs may go there too."""
        for name in ("stdout.txt", "stderr.txt"):
            place = kept.container, f"{task.id}/{name}"
            if place in self._uploads or self._outputs.setdefault(place, maker) is not maker:
                message = f"a standard stream of a task would be {shown('/'.join(place))}, the name of another blob"
                self._report(("logs", "container"), message, "same-output")

    def _called(self, maker: "Maker") -> str:
        if maker.factory.for_each:
            return shown(maker.key)
        source = self._spec.source
        return f"the factory in {source.where(source.values[maker.factory.at])}"

    def _report(self, at: At, message: str, code: str) -> None:
        self._problems.append(self._spec.problem(at, message, code))


@dataclass(frozen=True, slots=True)
class Mould:
    """What all tasks of a factory share. `plain`: the fields of a task that the factory sets, before any is filled;
    `coming`: containers whose blobs may be there only when the task runs."""

    factory: Factory
    frame: Frame
    plain: Mapping[str, Any]
    coming: frozenset[str]


def _mould(factory: Factory, frame: Frame) -> Mould:
    name = factory_name(factory)
    plain = {f.name: v for f in fields(Task) if (v := getattr(factory.wanted, f.name)) != f.default}
    return Mould(factory, frame, plain | {"job": frame.job.wanted.name, "factory": name}, frame.written_before[name])


def _draft(mould: Mould, fill: Filler, key: str) -> Draft:
    factory, frame, several = mould.factory, mould.frame, mould.factory.multi_instance
    files = filled_resource_files(fill, frame.digests.inventory, factory.resource_files, mould.coming)
    task_id = legal_task_id(fill((*factory.at, "id"), factory.id))
    values = {
        **mould.plain,
        # In the order in which problems are told.
        "resource_files": files,
        "output_files": tuple(filled_output_file(fill, o, windows=frame.pool.windows) for o in factory.output_files),
        "streams": frame.streams,
        "environment": filled_settings(fill, (*factory.at, "environmentSettings"), factory.wanted.environment),
        **_run(fill, factory, files, frame.pool),
        **({"multi_instance_settings": _instances(fill, several, frame, mould.coming)} if several else {}),
        **filled_texts(fill, factory.at, factory.wanted),
        "id": task_id,
    }
    told_values = {**values, **_told(mould, told(fill), files)} if frame.secret else values
    taken = (*values["resource_files"], *common_files(values))
    if contents := kept_contents(taken, frame.digests, frame.kept):
        values["contents"] = contents
    parts = digest_parts(told_values, frame.common, frame.scripts, frame.digests)
    if not factory.depends_on:
        values["digest"] = task_digest(parts)
        return Draft(Task(**values), NOTHING, key, NOTHING)
    at = (*factory.at, "dependsOn")
    awaits = {i: legal_task_id(fill((*at, i, "task"), d.task)) for i, d in enumerate(factory.depends_on) if d.task}
    return Draft(Task(**values), parts, key, awaits or NOTHING)


def _run(fill: Filler, factory: Factory, files: tuple[ResourceFile, ...], pool: PoolSpec) -> dict[str, Any]:
    line, script = command_line(fill, factory.commands, on_windows=pool.windows)
    several = factory.multi_instance
    if several and several.launch:
        from batchctl.spec.filling.mpi import mpi_line  # imported late: few tasks are MPI's

        if pool.windows:
            message = (
                "it starts processes on Linux: MS-MPI wants 'multiInstanceSettings', with smpd as what coordinates"
            )
            fill.report(several.at, message, "other-system", at_key=True)
        line = mpi_line(fill, line, several, several.launch, _node_count(fill, several, pool))
    return {"command_line": line, "resource_files": (*files, *script)}


def _instances(fill: Filler, asked: MultiInstanceSpec, frame: Frame, coming: frozenset[str]) -> MultiInstanceSettings:
    """On how many nodes a task runs, and how they find each other."""
    line, script = command_line(fill, asked.commands, on_windows=frame.pool.windows, key="coordinationCommand")
    files = filled_resource_files(fill, frame.digests.inventory, asked.resource_files, coming)
    return MultiInstanceSettings(
        number_of_instances=_node_count(fill, asked, frame.pool),
        coordination_command_line=line,
        common_resource_files=(*files, *script),
    )


def _node_count(fill: Filler, asked: MultiInstanceSpec, pool: PoolSpec) -> int:
    if asked.number is not None:
        return asked.number
    if pool.wanted.auto_scale_formula is not None:
        message = "how many nodes the pool has its formula says, and nobody knows by now: write a number"
        fill.report((*asked.at, "numberOfInstances"), message, "unknown-number")
    return max((pool.wanted.target_dedicated_nodes or 0) + (pool.wanted.target_spot_nodes or 0), 1)


def _told(mould: Mould, fill: Filler, files: tuple[ResourceFile, ...]) -> dict[str, Any]:
    """What the digest tells otherwise than the task has it."""
    factory, inventory = mould.factory, mould.frame.digests.inventory
    elsewhere = [f for f in factory.resource_files if f.http_url or f.storage_container_url]
    urls = filled_resource_files(fill, inventory, elsewhere)
    stored = tuple(f for f in files if not f.http_url and not f.storage_container_url)
    return {
        "output_files": tuple(
            filled_output_file(fill, o, windows=mould.frame.pool.windows) for o in factory.output_files
        ),
        "environment": told_settings(fill, (*factory.at, "environmentSettings"), factory.wanted.environment),
        **_run(fill, factory, (*urls, *stored), mould.frame.pool),
        **filled_texts(fill, factory.at, factory.wanted),
    }


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
