"""A checked spec as frozen values: the pool, job and tasks that it wants, and beside them what is filled, found or
expanded only later. `at` says where something stands."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from batchctl.cloud_answers import Prices
from batchctl.configurations import IdentityReference
from batchctl.desired import Limits, Tolerance
from batchctl.errors import Problem
from batchctl.frozen import dataclass
from batchctl.resources import AutoPool, Job, Pool, Schedule, Task
from batchctl.sensitive import FROM_OUTSIDE, Hidden
from batchctl.spec.source import At, Source
from batchctl.spec.template import Value
from batchctl.work import JobManagerTask, JobPreparationTask, JobReleaseTask, Settings, StartTask, Work

OUTSIDE = tuple(f"${{{beginning}" for beginning in FROM_OUTSIDE)
"""How placeholders begin whose values come from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    batch: str | None = None
    storage: str | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """`streams`: made by batchctl, for the standard streams of tasks alone."""

    keep: bool = False
    external: bool = False
    streams: bool = False


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
    """`lines` for a shell, or `argv` for none, or the whole `line` as it stands; one of them is set. None of them, and
    an empty line: a container runs what its image says. `before`: lines of ours that come before those of the spec."""

    at: At
    before: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFileSpec:
    at: At
    container: str | None = None
    blob_prefix: str | None = None
    blob: str | None = None
    blobs: str | None = None
    http_url: str | None = None
    storage_container_url: str | None = None
    auto_storage_container_name: str | None = None
    file_path: str | None = None
    file_mode: str | None = None
    identity_reference: IdentityReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFileSpec:
    """Where they go: one of `container` and `container_url`."""

    at: At
    file_pattern: str
    container: str = ""
    container_url: str | None = None
    identity_reference: IdentityReference | None = None
    path: str | None = None
    upload_condition: str = "taskSuccess"
    optional: bool = False


W = TypeVar("W", bound=Work)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSpec(Generic[W]):
    """What a node runs, as the spec says it: `wanted` has all that goes over as it is, its placeholders not filled."""

    at: At
    wanted: W
    commands: Commands
    resource_files: tuple[ResourceFileSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """`wanted` is the pool but for its start task, whose files and commands are not known yet.

    `auto`: it is made for the job and with it, and its `pool` is not filled in yet.
    `external`: somebody else's, of which nothing is known but its name until it is looked at (`external.on_pool`).
    """

    at: At
    wanted: Pool
    start_task: WorkSpec[StartTask] | None = None
    external: bool = False
    auto: AutoPool | None = None

    @property
    def is_made(self) -> bool:
        """Does the spec make the pool itself?"""
        return not self.external and self.auto is None

    @property
    def windows(self) -> bool:
        """Do commands run in cmd.exe? Told by the image's publisher and the node agent."""
        image, agent = self.wanted.image, self.wanted.node_agent_sku_id
        return "windows" in f"{image.publisher} {image.offer} {agent or ''}".lower()


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


LONGEST_IN_CONTAINER = 40
"""Characters of a spec's name in the name of a container, which has 63 at most."""

AXES = ("product", "zip")
"""Forms of `forEach` that are made of others."""


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
class Launch:
    """How MPI starts a task's command: so many `processes` on each node. `runtime` is a row of mpi.STARTED."""

    processes: int = 1
    runtime: str = "openmpi"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstanceSpec:
    """A task on several nodes: `number` of them, None for all that the pool has. `launch`: MPI starts its command."""

    at: At
    number: int | None
    commands: Commands
    resource_files: tuple[ResourceFileSpec, ...] = ()
    launch: Launch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory(WorkSpec[Task]):
    """An item of `job.tasks`: one task, or one for each binding of `for_each`. `name` is what others call it."""

    name: str = ""
    for_each: ForEach | None = None
    depends_on: tuple[DependsOn, ...] = ()
    output_files: tuple[OutputFileSpec, ...] = ()
    multi_instance: MultiInstanceSpec | None = None

    @property
    def id(self) -> str:
        """The pattern of its tasks' ids."""
        return self.wanted.id


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """`wanted` is the job but for what nodes run before and after its tasks, and its pool. `job_manager_task`: what of
    the manager no other task has; else it is the last of `tasks`."""

    at: At
    wanted: Job
    tasks: tuple[Factory, ...]
    job_preparation_task: WorkSpec[JobPreparationTask] | None = None
    job_release_task: WorkSpec[JobReleaseTask] | None = None
    job_manager_task: JobManagerTask | None = None
    max_failures: Tolerance | None = None
    canary: int | None = None

    @property
    def works(self) -> Iterator[WorkSpec[Any]]:
        """All that runs on nodes for this job."""
        yield from (work for work in (self.job_preparation_task, self.job_release_task) if work)
        yield from self.tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSpec:
    at: At
    container: str
    to: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsSpec:
    """Where the standard streams of tasks are kept ("": in a container of their own), and of which: taskSuccess,
    taskFailure or taskCompletion."""

    container: str = ""
    condition: str = "taskCompletion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole spec. `folder` is where its relative paths start; `containers` are those of `storage`.
    `allow_python`: a generator may run.
    `prices` by which it is told what a run costs; `region` of the account, "" where none is told.
    `origin` is where it comes from, told the same on every machine.

    `identity`: the managed identity by which nodes reach what else would be signed for.
    `values` are what `{vars.NAME}`, `${env:NAME}` and `${keyvault:VAULT/NAME}` stand for: `{"vars.words": 3,
    "env:USER": "ada"}`; `given` those of its variables that do not come of the spec, as `--var` takes them.
    """

    name: str
    folder: Path
    origin: str = ""
    source: Source = field(repr=False, compare=False)
    account: Account | None = None
    identity: IdentityReference | None = None
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    given: Settings = field(default=(), repr=False)
    containers: Mapping[str, ContainerSpec] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    pool: PoolSpec | None = None
    job: JobSpec | None = None
    schedule: Schedule | None = None
    wait_timeout: timedelta | None = None
    logs: LogsSpec | None = None
    expires_after: timedelta | None = None
    downloads: tuple[DownloadSpec, ...] = ()
    allow_python: bool = False
    limits: Limits | None = None
    prices: Prices | None = field(default=None, repr=False, compare=False)
    region: str = ""

    @property
    def works(self) -> Iterator[WorkSpec[Any]]:
        """All that runs on nodes."""
        yield from self.job.works if self.job else ()
        if self.pool and self.pool.start_task:
            yield self.pool.start_task

    @property
    def script_container(self) -> str:
        """Where the .cmd files are that command lines on Windows run."""
        return self._own_container("scripts")

    @property
    def logs_container(self) -> str:
        """Where the standard streams of tasks are kept unless the spec names another."""
        return self._own_container("logs")

    @property
    def unread(self) -> frozenset[str]:
        """Containers that hold nothing which a plan asks for."""
        return frozenset(name for name, container in self.containers.items() if container.streams)

    def _own_container(self, of: str) -> str:
        plain = re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")
        if plain == self.name and len(plain) <= LONGEST_IN_CONTAINER:
            return f"{plain}-{of}"
        # Names that differ stay different.
        told = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"{plain[:LONGEST_IN_CONTAINER].strip('-')}-{told}-{of}"

    @property
    def settings(self) -> Settings:
        """All that nodes find in their environment, before it is filled."""
        common = self.job.wanted.environment if self.job else ()
        return (*common, *(setting for work in self.works for setting in work.wanted.environment))

    @property
    def hidden_settings(self) -> frozenset[str]:
        """The names of environment settings whose values come from outside or are said to be sensitive."""
        return frozenset(name for name, value in self.settings if isinstance(value, Hidden) or _is_outside(value))

    def problem(
        self, at: At, message: str, code: str, *, at_key: bool = False, offset: int = 0, width: int | None = None
    ) -> Problem:
        """A problem at a value or key; `offset` and `width` mark a part of the scalar's value."""
        return self.source.problem(at, message, code, at_key=at_key, offset=offset, width=width)


def _is_outside(text: str) -> bool:
    return any(beginning in text for beginning in OUTSIDE)
