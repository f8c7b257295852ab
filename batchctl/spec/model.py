"""A checked spec as frozen values, one to one with the schema. Nothing is expanded yet; `at` says where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from batchctl.configurations import (
    ContainerConfiguration,
    ExitConditions,
    NetworkConfiguration,
    TaskContainerSettings,
    TaskSchedulingPolicy,
)
from batchctl.errors import Problem
from batchctl.resources import Settings
from batchctl.sensitive import Hidden
from batchctl.spec.filling.template import Value
from batchctl.spec.reading.source import At, Source

FROM_OUTSIDE = "${env:"
"""How a placeholder begins whose value comes from the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    batch: str | None = None
    storage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    keep: bool = False
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Local files to a container: `source` is a path or glob relative to the spec's folder."""

    at: At
    source: str
    container: str
    path: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """`lines` for a shell, or `argv` for none; one of them is set."""

    at: At
    lines: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFileSpec:
    at: At
    container: str | None = None
    blob_prefix: str | None = None
    blob: str | None = None
    blobs: str | None = None
    http_url: str | None = None
    file_path: str | None = None
    file_mode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFileSpec:
    at: At
    file_pattern: str
    container: str
    path: str | None = None
    upload_condition: str = "taskSuccess"
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    max_wall_clock_time: timedelta | None = None
    max_task_retry_count: int | None = None
    retention_time: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTaskSpec:
    at: At
    commands: Commands
    resource_files: tuple[ResourceFileSpec, ...] = ()
    environment: Settings = ()
    wait_for_success: bool = True
    max_task_retry_count: int = 0
    elevation: str = "nonadmin"
    container_settings: TaskContainerSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPreparationTaskSpec:
    at: At
    commands: Commands
    resource_files: tuple[ResourceFileSpec, ...] = ()
    environment: Settings = ()
    wait_for_success: bool = True
    rerun_on_node_reboot_after_success: bool = True
    elevation: str = "nonadmin"
    container_settings: TaskContainerSettings | None = None
    constraints: Constraints = Constraints()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReleaseTaskSpec:
    at: At
    commands: Commands
    resource_files: tuple[ResourceFileSpec, ...] = ()
    environment: Settings = ()
    elevation: str = "nonadmin"
    container_settings: TaskContainerSettings | None = None
    constraints: Constraints = Constraints()


NodeTaskSpec = StartTaskSpec | JobPreparationTaskSpec | JobReleaseTaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    at: At
    id: str
    vm_size: str
    image: Mapping[str, str]
    node_agent_sku_id: str | None = None
    target_dedicated_nodes: int = 0
    target_spot_nodes: int = 0
    auto_scale_formula: str | None = None
    auto_scale_evaluation_interval: timedelta | None = None
    resize_timeout: timedelta | None = None
    task_slots_per_node: int = 1
    task_scheduling_policy: TaskSchedulingPolicy = TaskSchedulingPolicy()
    enable_inter_node_communication: bool = False
    network_configuration: NetworkConfiguration | None = None
    container_configuration: ContainerConfiguration | None = None
    display_name: str | None = None
    start_task: StartTaskSpec | None = None
    metadata: Settings = ()

    @property
    def windows(self) -> bool:
        """Do commands run in cmd.exe? Told by the image's publisher and the node agent."""
        said = f"{self.image.get('publisher', '')} {self.image.get('offer', '')} {self.node_agent_sku_id or ''}"
        return "windows" in said.lower()


@dataclass(frozen=True, slots=True)
class Rows:
    """Which lines of a file, counted from 1, both ends included; `end` None: up to the last."""

    start: int = 1
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """How much one task is given: `size` items, or as many as have `bytes` together; one of them is set."""

    size: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """`form` is a row of fanout.FORMS; `source` is what stands under that key: for a product or zip, a ForEach for each
    axis, by its name. `sort` is a word of items.SORTS, `group_by` a regular expression."""

    at: At
    form: str
    source: Any
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rows: Rows = Rows()
    sort: str | None = None
    group_by: str | None = None
    group_size: int | None = None
    chunk: Chunk | None = None
    allow_empty: bool = False

    @property
    def simple(self) -> "Iterator[ForEach]":
        """Itself, or its axes."""
        axes = self.source.values() if isinstance(self.source, Mapping) else ()
        found = [axis for axis in axes if isinstance(axis, ForEach)]
        yield from found or [self]


@dataclass(frozen=True, slots=True, kw_only=True)
class DependsOn:
    """What must have succeeded before: all tasks of `factory`, those of the same key (`same`), or one `task`."""

    at: At
    factory: str | None = None
    same: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """An item of `job.tasks`: one task, or one for each binding of `for_each`. `name` is what others call it."""

    at: At
    id: str
    commands: Commands
    name: str = ""
    for_each: ForEach | None = None
    depends_on: tuple[DependsOn, ...] = ()
    resource_files: tuple[ResourceFileSpec, ...] = ()
    output_files: tuple[OutputFileSpec, ...] = ()
    environment: Settings = ()
    constraints: Constraints = Constraints()
    required_slots: int = 1
    elevation: str = "nonadmin"
    display_name: str | None = None
    container_settings: TaskContainerSettings | None = None
    exit_conditions: ExitConditions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    at: At
    id: str
    tasks: tuple[Factory, ...]
    priority: int = 0
    display_name: str | None = None
    constraints: Constraints = Constraints()
    environment: Settings = ()
    max_parallel_tasks: int = -1
    allow_task_preemption: bool = False
    on_task_failure: str = "noaction"
    job_preparation_task: JobPreparationTaskSpec | None = None
    job_release_task: JobReleaseTaskSpec | None = None
    metadata: Settings = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSpec:
    at: At
    container: str
    to: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole spec. `folder` is where its relative paths start; `containers` are those of `storage`.
    `allow_python`: a generator may run.
    `origin` is where it comes from, told the same on every machine.

    `values` are what `{vars.NAME}` and `${env:NAME}` stand for: `{"vars.words": 3, "env:USER": "ada"}`.
    """

    name: str
    folder: Path
    origin: str = ""
    source: Source = field(repr=False, compare=False)
    account: Account | None = None
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    containers: Mapping[str, ContainerSpec] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    pool: PoolSpec | None = None
    job: JobSpec | None = None
    wait_timeout: timedelta | None = None
    expires_after: timedelta | None = None
    downloads: tuple[DownloadSpec, ...] = ()
    allow_python: bool = False

    @property
    def hidden_settings(self) -> frozenset[str]:
        """The names of environment settings whose values come from outside or are said to be sensitive."""
        settings = [*(self.pool.start_task.environment if self.pool and self.pool.start_task else ())]
        if job := self.job:
            special = [task for task in (job.job_preparation_task, job.job_release_task) if task]
            settings += [s for part in (job, *special, *job.tasks) for s in part.environment]
        return frozenset(name for name, value in settings if isinstance(value, Hidden) or FROM_OUTSIDE in value)

    def problem(
        self, at: At, message: str, code: str, *, at_key: bool = False, offset: int = 0, width: int | None = None
    ) -> Problem:
        """A problem at a value or key; `offset` and `width` mark a part of the scalar's value."""
        return self.source.problem(at, message, code, at_key=at_key, offset=offset, width=width)
