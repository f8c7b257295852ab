"""Spec and Inventory to Desired: fan-out expanded, placeholders filled, digests taken. Pure."""

import hashlib
import json
import os
from collections import ChainMap
from collections.abc import Iterator
from pathlib import Path
from posixpath import basename
from typing import Any, TypeVar

from batchctl.errors import Problem, SpecError
from batchctl.resources import (
    Blob,
    Container,
    Desired,
    Download,
    Image,
    Job,
    OutputFile,
    Pool,
    ResourceFile,
    Settings,
    StartTask,
    Task,
    task_digest,
)
from batchctl.spec import shell, template
from batchctl.spec.fanout import FORMS, Binding, Values, bindings, task_id
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import Commands, Factory, OutputFileSpec, PoolSpec, ResourceFileSpec, Spec, StartTaskSpec
from batchctl.spec.source import At, shown
from batchctl.spec.template import TemplateError

MOST_TASKS = 100_000
MOST_PROBLEMS = 50
LONGEST_LINE = 32 * 1024
"""Characters of a command line (reliability B68)."""


def outline(spec: Spec) -> Desired:
    """What can be said without looking at files: names, policies, downloads. Enough to observe and to destroy."""
    pool = _pool(spec, None) if spec.pool else None
    job = _job(spec, []) if spec.job else None
    return Desired(
        owner=spec.name,
        resources=(*_containers(spec), *((pool,) if pool else ()), *((job,) if job else ())),
        external=frozenset(name for name, c in spec.containers.items() if c.external),
        downloads=tuple(_downloads(spec, [])),
        wait_timeout=spec.wait_timeout,
    )


def resolve(spec: Spec, inventory: Inventory) -> Desired:
    """Everything that the spec asks for. Raises SpecError with every problem."""
    problems: list[Problem] = []
    start = _start_task(spec, spec.pool, inventory, problems) if spec.pool else None
    made: list[Pool | Job | Task] = []
    if spec.pool:
        made.append(_pool(spec, start))
    if spec.job:
        made.append(_job(spec, problems))
        made += _tasks(spec, start, inventory, problems)
    downloads = tuple(_downloads(spec, problems))
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    return Desired(
        owner=spec.name,
        resources=(*_containers(spec), *sorted(inventory.uploads, key=lambda b: b.name), *made),
        external=frozenset(name for name, c in spec.containers.items() if c.external),
        downloads=downloads,
        wait_timeout=spec.wait_timeout,
    )


def _containers(spec: Spec) -> tuple[Container, ...]:
    return tuple(Container(name=name, keep=c.keep) for name, c in sorted(spec.containers.items()) if not c.external)


def _pool(spec: Spec, start: StartTask | None) -> Pool:
    pool = _some(spec.pool)
    return Pool(
        name=pool.id,
        vm_size=pool.vm_size,
        image=Image(**pool.image),
        node_agent_sku_id=pool.node_agent_sku_id,
        target_dedicated_nodes=pool.target_dedicated_nodes,
        target_spot_nodes=pool.target_spot_nodes,
        task_slots_per_node=pool.task_slots_per_node,
        display_name=pool.display_name,
        start_task=start,
        owner=spec.name,
    )


def _job(spec: Spec, problems: list[Problem]) -> Job:
    job = _some(spec.job)
    at = (*job.at, "commonEnvironmentSettings")
    return Job(
        name=job.id,
        pool=_some(spec.pool).id,
        priority=job.priority,
        max_wall_clock_time=job.constraints.max_wall_clock_time,
        max_task_retry_count=job.constraints.max_task_retry_count or 0,
        environment=_environment(Filler(spec, {}, problems), at, job.environment),
        display_name=job.display_name,
        owner=spec.name,
    )


def _tasks(spec: Spec, start: StartTask | None, inventory: Inventory, problems: list[Problem]) -> list[Task]:
    job = _some(spec.job)
    common = _environment(Filler(spec, {}, []), (*job.at, "commonEnvironmentSettings"), job.environment)
    scripts = _short([start.command_line, start.content]) if start else _short([])
    digests = Digests(inventory)
    made = Made(spec, problems)
    for factory in job.tasks:
        form = factory.for_each
        if form and FORMS[form.form].count(form.source) > MOST_TASKS:
            problems.append(spec.problem((*form.at, form.form), f"more than {MOST_TASKS} tasks", "too-many-tasks"))
            continue
        before, count = len(problems), 0
        for binding in bindings(form, inventory):
            count += 1
            made.take(
                factory, _task(Filler(spec, binding.values, problems), factory, digests, common, scripts), binding
            )
            if len(problems) >= before + MOST_OF_ONE_FACTORY or len(made.tasks) > MOST_TASKS:
                break
        if form and not count and not form.allow_empty and (inventory.known or form.form != "blobs"):
            problems.append(_nothing(spec, factory))
    return made.tasks


MOST_OF_ONE_FACTORY = 5
"""The same mistake in every task of a factory is one mistake; a few of them show what they have in common."""


class Made:
    """Tasks as they are made, and what two of them must not share."""

    def __init__(self, spec: Spec, problems: list[Problem]) -> None:
        self.tasks: list[Task] = []
        self._spec, self._problems = spec, problems
        self._ids: dict[str, str] = {}
        self._outputs: dict[tuple[str, str], str] = {}

    def take(self, factory: Factory, task: Task, binding: Binding) -> None:
        what = shown(binding.key) if factory.for_each else f"the factory in line {self._line(factory)}"
        if (other := self._ids.setdefault(task.id.lower(), what)) is not what:
            message = f"{other} and {what} would both have the task id {shown(task.id)}; case does not count"
            self._report((*factory.at, "id"), message, "same-task-id")
        for i, output in enumerate(task.output_files):
            blob = _only_blob(output)
            if blob and (other := self._outputs.setdefault((output.container, blob), what)) is not what:
                message = f"{other} and {what} would both write the blob {shown(f'{output.container}/{blob}')}"
                self._report((*factory.at, "outputFiles", i), message, "same-output")
        self.tasks.append(task)

    def _line(self, factory: Factory) -> int:
        return self._spec.source.values[factory.at].line

    def _report(self, at: At, message: str, code: str) -> None:
        self._problems.append(self._spec.problem(at, message, code))


def _only_blob(output: OutputFile) -> str | None:
    """The one blob that a declaration without wildcards writes."""
    return None if set("*?[") & set(output.file_pattern) else output.path or basename(output.file_pattern)


def _task(fill: "Filler", factory: Factory, digests: "Digests", common: Settings, scripts: str) -> Task:
    spec = fill.spec
    files = tuple(_resource_file(fill, digests.inventory, f) for f in factory.resource_files)
    outputs = tuple(_output_file(fill, o) for o in factory.output_files)
    environment = _environment(fill, (*factory.at, "environmentSettings"), factory.environment)
    line = _command_line(fill, factory.commands, windows=_some(spec.pool).windows)
    limits = factory.constraints
    parts = {
        "command": _short([line, factory.elevation, factory.required_slots]),
        "environment": _short([common, environment]),
        "inputs": _short([digests.content(f) for f in files]),
        "scripts": scripts,
        "outputs": _short([[o.file_pattern, o.container, o.path, o.upload_condition] for o in outputs]),
    }
    return Task(
        job=_some(spec.job).id,
        id=task_id(fill((*factory.at, "id"), factory.id)),
        command_line=line,
        resource_files=files,
        output_files=outputs,
        environment=environment,
        required_slots=factory.required_slots,
        max_wall_clock_time=limits.max_wall_clock_time,
        max_task_retry_count=limits.max_task_retry_count,
        retention_time=limits.retention_time,
        elevation=factory.elevation,
        digest=task_digest(parts),
    )


def _start_task(spec: Spec, pool: PoolSpec, inventory: Inventory, problems: list[Problem]) -> StartTask | None:
    wanted: StartTaskSpec | None = pool.start_task
    if wanted is None:
        return None
    fill = Filler(spec, {}, problems)
    files = tuple(_resource_file(fill, inventory, f) for f in wanted.resource_files)
    return StartTask(
        command_line=_command_line(fill, wanted.commands, windows=pool.windows),
        resource_files=files,
        environment=_environment(fill, (*wanted.at, "environmentSettings"), wanted.environment),
        wait_for_success=wanted.wait_for_success,
        max_task_retry_count=wanted.max_task_retry_count,
        elevation=wanted.elevation,
        content=_short([Digests(inventory).content(f) for f in files]) if files else "",
    )


def _command_line(fill: "Filler", commands: Commands, *, windows: bool) -> str:
    """Batch runs a command line without a shell: `commands` get one, `command` is quoted as it is."""
    field = "command" if commands.argv else "commands"
    try:
        if commands.argv:
            line = shell.argv(commands.argv, fill.values, windows=windows)
        else:
            line = (shell.cmd if windows else shell.bash)(commands.lines, fill.values)
    except shell.LineError as error:
        fill.wrong((*commands.at, field, error.number), error.error)
        return ""
    if len(line) > LONGEST_LINE:
        fill.report(
            (*commands.at, field), f"longer than {LONGEST_LINE} characters; put it in a script", "too-long", at_key=True
        )
    return line


def _resource_file(fill: "Filler", inventory: Inventory, file: ResourceFileSpec) -> ResourceFile:
    path = fill.maybe((*file.at, "filePath"), file.file_path)
    if file.http_url is not None:
        return ResourceFile(
            http_url=fill((*file.at, "httpUrl"), file.http_url), file_path=path, file_mode=file.file_mode
        )
    if file.blob is None:
        prefix = fill.maybe((*file.at, "blobPrefix"), file.blob_prefix)
        return ResourceFile(container=file.container, blob_prefix=prefix, file_path=path, file_mode=file.file_mode)
    container, _, blob = fill((*file.at, "blob"), file.blob).partition("/")
    if container not in fill.spec.containers:
        fill.report((*file.at, "blob"), f"{shown(container)} is not among storage.containers", "unknown-container")
    elif inventory.known and blob not in inventory.content(container):
        fill.report(
            (*file.at, "blob"), f"there is no blob {shown(blob)} in {shown(container)}, and none is uploaded", "no-blob"
        )
    return ResourceFile(container=container, blob=blob, file_path=path or basename(blob), file_mode=file.file_mode)


def _output_file(fill: "Filler", output: OutputFileSpec) -> OutputFile:
    return OutputFile(
        file_pattern=fill((*output.at, "filePattern"), output.file_pattern),
        container=output.container,
        path=fill.maybe((*output.at, "path"), output.path),
        upload_condition=output.upload_condition,
        optional=output.optional,
    )


def _environment(fill: "Filler", at: At, settings: Settings) -> Settings:
    return tuple((name, fill((*at, i, "value"), value)) for i, (name, value) in enumerate(settings))


def _downloads(spec: Spec, problems: list[Problem]) -> Iterator[Download]:
    fill = Filler(spec, {}, problems)
    for download in spec.downloads:
        to = Path(os.path.normpath(spec.folder / fill((*download.at, "to"), download.to)))
        yield Download(container=download.container, to=to, include=download.include, exclude=download.exclude)


class Filler:
    """Fills the placeholders of one task (or of none), and keeps what could not be filled."""

    def __init__(self, spec: Spec, values: Values, problems: list[Problem]) -> None:
        self.spec, self._problems = spec, problems
        self.values: Values = ChainMap(dict(values), dict(spec.values)) if values else spec.values

    def __call__(self, at: At, text: str) -> str:
        try:
            return template.fill(text, self.values)
        except TemplateError as error:
            self.wrong(at, error)
            return text

    def maybe(self, at: At, text: str | None) -> str | None:
        return None if text is None else self(at, text)

    def wrong(self, at: At, error: TemplateError) -> None:
        self._keep(self.spec.problem(at, error.message, error.code, offset=error.start, width=error.width))

    def report(self, at: At, message: str, code: str, *, at_key: bool = False) -> None:
        self._keep(self.spec.problem(at, message, code, at_key=at_key))

    def _keep(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems.append(problem)


class Digests:
    """What resource files will bring: blobs with their MD5 (or ETag, where there is none).

    Containers are summed up once.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._containers: dict[tuple[str, str], str] = {}

    def content(self, file: ResourceFile) -> Any:
        """A value of texts and lists that changes when the file does."""
        if file.container is None:
            return [file.http_url, file.file_path, file.file_mode]
        if file.blob is None:
            return [file.container, self._all(file.container, file.blob_prefix or ""), file.file_path, file.file_mode]
        blob = self.inventory.content(file.container).get(file.blob)
        return [file.container, file.blob, _version(blob) if blob else None, file.file_path, file.file_mode]

    def _all(self, container: str, prefix: str) -> str:
        if (container, prefix) not in self._containers:
            blobs = self.inventory.content(container).items()
            chosen = [[path, _version(blob)] for path, blob in blobs if path.startswith(prefix)]
            self._containers[container, prefix] = _short(chosen)
        return self._containers[container, prefix]


def _version(blob: Blob) -> str | None:
    return blob.md5 or blob.etag


def _short(value: Any) -> str:
    """Twelve hex digits over a value of lists, texts and numbers."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:12]


def _nothing(spec: Spec, factory: Factory) -> Problem:
    message = "nothing matches, so there would be no task; `allowEmpty: true` says that this is meant"
    return spec.problem((*factory.at, "forEach"), message, "no-match", at_key=True)


T = TypeVar("T")


def _some(value: T | None) -> T:
    if value is None:
        raise AssertionError("the schema asks for a pool where there is a job")
    return value
