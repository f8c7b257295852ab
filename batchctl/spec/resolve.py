"""Spec and Inventory to Desired: placeholders filled, fan-out expanded, references checked, digests taken. Pure."""

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Iterator
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
from batchctl.spec import shell
from batchctl.spec.fanout import Binding, bindings, task_id
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import At, Commands, Factory, OutputFileSpec, PoolSpec, ResourceFileSpec, Spec, StartTaskSpec
from batchctl.spec.template import Quote, TemplateError, Values, expand

RESERVED = ("AZ_BATCH_", "BATCHCTL_")
"""Beginnings of environment names that Batch and batchctl set themselves."""


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
    problems = list(_references(spec))
    start = _start_task(spec, spec.pool, inventory, problems) if spec.pool else None
    made: list[Pool | Job | Task] = []
    if spec.pool:
        made.append(_pool(spec, start))
    if spec.job:
        made.append(_job(spec, problems))
        made += _tasks(spec, start, inventory, problems)
    downloads = tuple(_downloads(spec, problems))
    if problems:
        raise SpecError(problems)
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
        image=Image(**{"version": None, **pool.image}),
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
    tasks: dict[str, tuple[Task, Binding]] = {}
    for factory in job.tasks:
        if factory.required_slots > _some(spec.pool).task_slots_per_node:
            message = f"no node has {factory.required_slots} slots: the pool's taskSlotsPerNode is less"
            problems.append(spec.problem((*factory.at, "requiredSlots"), message, "too-many-slots"))
        found = bindings(spec, factory.for_each, inventory)
        if not found and factory.for_each and not factory.for_each.allow_empty and inventory.known:
            problems.append(_nothing(spec, factory))
        for binding in found:
            known = len(problems)
            task = _task(spec, factory, binding, inventory, common, scripts, problems)
            if other := tasks.get(task.id.lower()):
                problems.append(_same_id(spec, factory, task, other[1], binding))
            tasks.setdefault(task.id.lower(), (task, binding))
            if len(problems) > known:
                # The same mistake in every task of a factory is one mistake.
                break
    return [task for task, _ in tasks.values()]


def _task(
    spec: Spec,
    factory: Factory,
    binding: Binding,
    inventory: Inventory,
    common: Settings,
    scripts: str,
    problems: list[Problem],
) -> Task:
    fill = Filler(spec, binding.values, problems)
    files = tuple(_resource_file(fill, inventory, f) for f in factory.resource_files)
    outputs = tuple(_output_file(fill, o) for o in factory.output_files)
    environment = _environment(fill, (*factory.at, "environmentSettings"), factory.environment)
    line = _command_line(fill, factory.commands, windows=_some(spec.pool).windows)
    limits = factory.constraints
    parts = {
        "command": _short([line, factory.elevation, factory.required_slots]),
        "environment": _short([common, environment]),
        "inputs": _short([_content(spec, inventory, f) for f in files]),
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
        content=_short([_content(spec, inventory, f) for f in files]) if files else "",
    )


def _command_line(fill: "Filler", commands: Commands, *, windows: bool) -> str:
    """Batch runs a command line without a shell: `commands` get one, `command` is quoted as it is."""
    if commands.argv:
        return shlex.join(fill((*commands.at, "command", i), word) for i, word in enumerate(commands.argv))
    quote = shell.cmd if windows else shell.bash
    lines = [fill((*commands.at, "commands", i), line, quote) for i, line in enumerate(commands.lines)]
    if windows:
        return f'cmd.exe /c "{" && ".join(lines)}"'
    return f"/bin/bash -c {shlex.quote(chr(10).join(['set -e -o pipefail', *lines]))}"


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
        fill.report((*file.at, "blob"), f"{container!r} is not among storage.containers", "unknown-container")
    elif inventory.known and not any(b.path == blob for b in inventory.content(fill.spec.name, container)):
        fill.report((*file.at, "blob"), f"there is no blob {blob!r} in {container!r}, and none is uploaded", "no-blob")
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
        self._values: dict[str, Any] = {**values, "vars": spec.variables}

    def __call__(self, at: At, text: str, quote: Quote | None = None) -> str:
        try:
            return expand(text, self._values, self.spec.environ, quote)
        except TemplateError as error:
            problem = self.spec.problem(at, str(error), "unknown-placeholder", offset=error.offset)
            if problem not in self._problems:
                self._problems.append(problem)
            return text

    def maybe(self, at: At, text: str | None) -> str | None:
        return None if text is None else self(at, text)

    def report(self, at: At, message: str, code: str) -> None:
        self._problems.append(self.spec.problem(at, message, code))


def _content(spec: Spec, inventory: Inventory, file: ResourceFile) -> Any:
    """What a resource file will bring: the blobs with their MD5 (or ETag, where there is none)."""
    if file.container is None:
        return [file.http_url, file.file_path, file.file_mode]
    blobs: Iterable[Blob] = inventory.content(spec.name, file.container)
    chosen = [
        [b.path, b.md5 or b.etag]
        for b in blobs
        if (b.path == file.blob if file.blob is not None else b.path.startswith(file.blob_prefix or ""))
    ]
    return [file.container, chosen, file.file_path, file.file_mode]


def _short(value: Any) -> str:
    """Twelve hex digits over a value of lists, texts and numbers."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:12]


def _references(spec: Spec) -> Iterator[Problem]:
    """Names that must lead somewhere, and names that are not for users to set."""
    for at, container in _used_containers(spec):
        if container not in spec.containers:
            known = ", ".join(sorted(spec.containers)) or "none"
            yield spec.problem(at, f"{container!r} is not among storage.containers ({known})", "unknown-container")
    for at, settings in _all_settings(spec):
        for i, (name, _) in enumerate(settings):
            if name.upper().startswith(RESERVED):
                yield spec.problem((*at, i, "name"), f"{name!r} is set by Batch or batchctl itself", "reserved-name")


def _used_containers(spec: Spec) -> Iterator[tuple[At, str]]:
    for upload in spec.uploads:
        yield (*upload.at, "to"), upload.container
    for download in spec.downloads:
        yield (*download.at, "container"), download.container
    factories = spec.job.tasks if spec.job else ()
    files = [f for factory in factories for f in factory.resource_files]
    if spec.pool and spec.pool.start_task:
        files += spec.pool.start_task.resource_files
    yield from (((*f.at, "container"), f.container) for f in files if f.container is not None)
    for factory in factories:
        yield from (((*o.at, "container"), o.container) for o in factory.output_files)
        if factory.for_each and factory.for_each.form == "blobs":
            yield (*factory.for_each.at, "blobs"), str(factory.for_each.source)


def _all_settings(spec: Spec) -> Iterator[tuple[At, Settings]]:
    if spec.pool and spec.pool.start_task:
        yield (*spec.pool.start_task.at, "environmentSettings"), spec.pool.start_task.environment
    if spec.job:
        yield (*spec.job.at, "commonEnvironmentSettings"), spec.job.environment
        for factory in spec.job.tasks:
            yield (*factory.at, "environmentSettings"), factory.environment


def _nothing(spec: Spec, factory: Factory) -> Problem:
    message = "nothing matches, so there would be no task; `allowEmpty: true` says that this is meant"
    return spec.problem((*factory.at, "forEach"), message, "no-match", at_key=True)


def _same_id(spec: Spec, factory: Factory, task: Task, one: Binding, other: Binding) -> Problem:
    items = f" for {one.key!r} and {other.key!r}" if one.key or other.key else ""
    message = f"two tasks would have the id {task.id!r}{items} (ids are compared without regard to case)"
    return spec.problem((*factory.at, "id"), message, "same-task-id")


T = TypeVar("T")


def _some(value: T | None) -> T:
    if value is None:
        raise AssertionError("the schema asks for a pool where there is a job")
    return value
