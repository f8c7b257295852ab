"""The vocabulary: what a spec wants and what the service holds, in the same frozen words.

A field is compared (with the Rule that says what its change means), sent (the service is given it; of a task, its
digest tells that it changed), policy (what batchctl needs to know beside) or observed (the service alone says it).
A secret is a field of a kind of its own (`rules.secret`), which nobody shows, keeps or compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from batchctl.configurations import (
    ApplicationPackageReference,
    ContainerConfiguration,
    ExitConditions,
    JobNetworkConfiguration,
    Needs,
    NetworkConfiguration,
    NodePlacementConfiguration,
    OnFailure,
    Scale,
    TaskDependencies,
    TaskSchedulingPolicy,
)
from batchctl.frozen import dataclass
from batchctl.machines import (
    DataDisk,
    DiskEncryptionConfiguration,
    Extension,
    MountConfiguration,
    OSDisk,
    PoolIdentity,
    SecurityProfile,
    ServiceArtifactReference,
    UpgradePolicy,
    UserAccount,
    WindowsConfiguration,
    nobody_is_none,
)
from batchctl.rules import (
    JsonText,
    Rule,
    as_compared,
    compared,
    default_is_none,
    identity,
    lower,
    observed,
    part,
    policy,
    sent,
    told_json,
    unordered,
    word,
)
from batchctl.work import (
    HANDLING,
    RETENTION,
    JobManagerTask,
    JobPreparationTask,
    JobReleaseTask,
    KeptStreams,
    MultiInstanceSettings,
    OutputFile,
    ResourceFile,
    Settings,
    StartTask,
    Work,
    told_instances,
)


def lower_image(image: "Image") -> tuple[str | None, ...]:
    """An image's reference as the service compares it; the newest is asked for as `latest`, or by saying nothing."""
    if image.id is not None:
        return (image.id.lower(),)
    version = lower(image.version)
    newest = version in (None, "latest")
    return image.publisher.lower(), image.offer.lower(), image.sku.lower(), None if newest else version


MACHINE = "virtualMachineConfiguration"
"""Where REST has what a spec says of the pool itself."""


KEEP, RESIZE_TO_ZERO, DELETE = "keep", "resizeToZero", "delete"
"""What a spec may want of a pool once its tasks have ended (`afterRun`)."""


REQUEUE = "requeue"
"""What becomes of tasks whose nodes go, where nothing else is said (REST: NodeDeallocationOption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A platform image of the Azure Marketplace (`version` None: the newest), or one of somebody's own: a managed or
    gallery image by its resource id, or one of a gallery that is shared, or open to everybody."""

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    version: str | None = None
    virtual_machine_image_id: str | None = None
    shared_gallery_image_id: str | None = None
    community_gallery_image_id: str | None = None

    @property
    def id(self) -> str | None:
        """By which one of somebody's own is named."""
        return self.virtual_machine_image_id or self.shared_gallery_image_id or self.community_gallery_image_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportedImage:
    """An image that Batch supports, with the node agent that goes with it (`GET /supportedimages`).

    `end_of_life`: when it takes no more pools of it, where that is known.
    """

    image: Image
    node_agent_sku_id: str
    os_type: str
    verified: bool
    capabilities: tuple[str, ...] = ()
    end_of_life: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What an object tells of the spec that made it, beside its name: `origin` is the spec's place (`spec_origin`),
    `expires` the moment from which `gc` may take it away, `text` what the spec said (`Source.trace`; jobs alone keep
    it). Wanted: `expires_after` its making."""

    origin: str = ""
    expires: datetime | None = None
    expires_after: timedelta | None = None
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A blob container. `keep`: destroy leaves it and all that is in it. `lost`: the marks of outputs that another task
    overwrote (`reconcile/overwritten.py`)."""

    kind: ClassVar[str] = "container"
    name: str
    keep: bool = compared(Rule.IN_PLACE, False)
    owner: str | None = observed()
    stamp: Stamp = observed(Stamp())
    leased: bool = observed(False)
    lost: tuple[str, ...] = observed(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A blob. `md5` is 32 hex digits. `source` is the local file it is uploaded from; `text` what is uploaded without
    one.

    `task` names the task that wrote it (its output), `output` for which declaration in which run
    (`output_names.written_mark`), `snapshots` counts those of it; a blob of ours without a task is an upload.
    `is_log`: a task's standard stream, kept for people.
    """

    kind: ClassVar[str] = "blob"
    container: str
    path: str
    md5: str | None = compared(Rule.IN_PLACE, None)
    size: int = policy(0)
    source: Path | None = policy(None)
    text: str | None = policy(None)
    owner: str | None = observed()
    task: str | None = observed()
    output: str | None = observed()
    is_log: bool = observed(False)
    etag: str | None = observed()
    modified: datetime | None = observed()
    leased: bool = observed(False)
    snapshots: int = observed(0)

    @property
    def name(self) -> str:
        return f"{self.container}/{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of nodes. Defaults are those of the service; which field needs an empty pool is said by the REST
    page "Pool - Patch Pool" (2025-06-01). A start task may be patched at any time, but only nodes that join or
    restart run the new one: so that no task meets an old node, it waits for an empty pool here.

    With `auto_scale_formula` the targets are None: the formula sets them. `metadata` has the user's labels, ours stand
    beside them. `raw`: what has no field, as REST has it, merged last; `raw_properties`: where such things may be.
    `asked`: what we last asked of each field (`rules.asked_hashes`). `nodes`: how many there are.
    `node_deallocation_option`: what becomes of tasks on nodes that we take away, None for requeue; the service asks for
    it each time, so our mark keeps it. `created`: when, as the service writes it, which tells a pool from a later one
    of its name.
    `of_job`: the id of the job for which the service made it, where it outlives that one.
    `vm_sizes`: all that it may have, in the order in which they are tried, if these are several; `needs`: what they
    were chosen for.
    `by_reboot`: the start task comes to the nodes by rebooting them; `rebooting`: that was begun and is not done.
    `asked_again`: an earlier resize gave less than the targets, which are asked for once more. `after_run`: what
    becomes of it once its tasks have ended, None for what `ending` says; `scale`: what the formula was written from;
    `idle`: nothing is to run on it, so its nodes leave as soon as what others run there has ended. `switched`:
    dedicated nodes take the place of its spot nodes, of which as many are asked for as before.
    """

    kind: ClassVar[str] = "pool"
    raw_properties: ClassVar[tuple[str, ...]] = (MACHINE,)
    name: str = identity(key="id")
    vm_size: str = compared(Rule.WHEN_EMPTY, fold=lower)
    image: Image = compared(Rule.WHEN_EMPTY, fold=lower_image, rest=f"{MACHINE}.imageReference")
    node_agent_sku_id: str | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, fold=lower, rest=f"{MACHINE}.nodeAgentSKUId"
    )
    container_configuration: ContainerConfiguration | None = compared(
        Rule.WHEN_EMPTY, None, rest=f"{MACHINE}.containerConfiguration"
    )
    target_dedicated_nodes: int | None = compared(Rule.IN_PLACE, 0, optional=True)
    target_spot_nodes: int | None = compared(Rule.IN_PLACE, 0, optional=True, rest="targetLowPriorityNodes")
    auto_scale_formula: str | None = compared(Rule.IN_PLACE, None)
    auto_scale_evaluation_interval: timedelta | None = compared(Rule.IN_PLACE, None)
    resize_timeout: timedelta | None = sent(None)
    node_deallocation_option: str | None = compared(Rule.IN_PLACE, None, fold=word, rest="")
    task_slots_per_node: int = compared(Rule.WHEN_EMPTY, 1)
    task_scheduling_policy: TaskSchedulingPolicy = compared(Rule.WHEN_EMPTY, TaskSchedulingPolicy())
    enable_inter_node_communication: bool = compared(Rule.WHEN_EMPTY, False)
    network_configuration: NetworkConfiguration | None = compared(Rule.WHEN_EMPTY, None, fold=default_is_none)
    node_placement_configuration: NodePlacementConfiguration | None = compared(
        Rule.WHEN_EMPTY, None, fold=default_is_none, rest=f"{MACHINE}.nodePlacementConfiguration"
    )
    os_disk: OSDisk | None = compared(Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.osDisk")
    data_disks: tuple[DataDisk, ...] | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.dataDisks"
    )
    security_profile: SecurityProfile | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.securityProfile"
    )
    disk_encryption_configuration: DiskEncryptionConfiguration | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.diskEncryptionConfiguration"
    )
    extensions: tuple[Extension, ...] | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.extensions"
    )
    windows_configuration: WindowsConfiguration | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.windowsConfiguration"
    )
    license_type: str | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, fold=lower, rest=f"{MACHINE}.licenseType"
    )
    service_artifact_reference: ServiceArtifactReference | None = compared(
        Rule.WHEN_EMPTY, None, optional=True, resets=True, rest=f"{MACHINE}.serviceArtifactReference"
    )
    upgrade_policy: UpgradePolicy | None = compared(Rule.WHEN_EMPTY, None, optional=True)
    display_name: str | None = compared(Rule.WHEN_EMPTY, None, optional=True)
    start_task: StartTask | None = compared(Rule.WHEN_EMPTY, None, key="")
    identity: PoolIdentity | None = compared(Rule.WHEN_EMPTY, None, optional=True, resets=True, fold=nobody_is_none)
    user_accounts: tuple[UserAccount, ...] = compared(Rule.WHEN_EMPTY, ())
    mount_configuration: tuple[MountConfiguration, ...] = compared(Rule.WHEN_EMPTY, ())
    application_package_references: tuple[ApplicationPackageReference, ...] = compared(
        Rule.WHEN_EMPTY, (), fold=unordered
    )
    metadata: Settings = compared(Rule.IN_PLACE, (), fold=unordered)
    raw: JsonText | None = compared(Rule.WHEN_EMPTY, None, optional=True, resets=True, fold=told_json, rest="")
    owner: str | None = observed()
    stamp: Stamp = observed(Stamp())
    asked: str = observed("")
    created: str | None = observed(rest="creationTime")
    state: str | None = observed(rest="state", fold=word)
    nodes: int = observed(0)
    of_job: str = observed("")
    rebooting: bool = observed(False)
    by_reboot: bool = policy(False)
    asked_again: bool = policy(False)
    vm_sizes: tuple[str, ...] = policy(())
    needs: Needs | None = policy(None, key=None, shown=True)
    after_run: str | None = policy(None, key=None)
    on_failure: OnFailure | None = policy(None, key=None, shown=True)
    switched: bool = policy(False)
    scale: Scale | None = policy(None, key=None, shown=True)
    idle: bool = policy(False)

    @property
    def made_as(self) -> "Pool":
        """A pool that scales with its tasks has its first nodes by number: its formula, which would find no task and
        give it none, comes when the first tasks are in."""
        if self.scale is None:
            return self
        nodes, spot = self.scale.first, self.scale.spot
        return replace(
            self,
            auto_scale_formula=None,
            auto_scale_evaluation_interval=None,
            target_dedicated_nodes=0 if spot else nodes,
            target_spot_nodes=nodes if spot else 0,
        )

    @property
    def ending(self) -> str:
        """What becomes of it once its tasks have ended: a pool that a formula scales is left to the formula."""
        return self.after_run or (RESIZE_TO_ZERO if self.auto_scale_formula is None else KEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPool:
    """A pool that the service makes for a job, under an id that it gives itself, and deletes when the job has ended.

    `pool` has no name. `keep_alive`: it stays then, and bears our marks.
    """

    pool_lifetime_option: str = part(..., fold=word, key="lifetime", rest="poolLifetimeOption")
    keep_alive: bool = part(False)
    auto_pool_id_prefix: str | None = part(None)
    pool: Pool = part(..., fold=as_compared, key="", rest="pool")


ENDING = frozenset({"terminating", "completed", "deleting"})
"""States in which a job takes no more tasks (REST: BatchJobState)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, seen over its generations: `name` is the id that the spec gives, `generation` counts from 1.

    `pool` is "" where it has an `auto_pool`; `made_pool`: the id that this was given.
    `sealed`: it ends by itself when its tasks have ended.
    """

    kind: ClassVar[str] = "job"
    raw_properties: ClassVar[tuple[str, ...]] = ()
    name: str = identity(key="id")
    pool: str = compared(Rule.NEW_GENERATION, fold=lower, key="", rest="poolInfo.poolId")
    auto_pool: AutoPool | None = compared(Rule.NEW_GENERATION, None, key="", rest="poolInfo.autoPoolSpecification")
    priority: int = compared(Rule.IN_PLACE, 0)
    max_parallel_tasks: int = compared(Rule.IN_PLACE, -1)
    allow_task_preemption: bool = compared(Rule.IN_PLACE, False)
    max_wall_clock_time: timedelta | None = compared(Rule.IN_PLACE, None, key="constraints.maxWallClockTime")
    max_task_retry_count: int = compared(Rule.IN_PLACE, 0, key="constraints.maxTaskRetryCount")
    environment: Settings = compared(Rule.NEW_GENERATION, (), fold=unordered, key="commonEnvironmentSettings")
    display_name: str | None = compared(Rule.NEW_GENERATION, None, optional=True)
    on_task_failure: str = compared(Rule.NEW_GENERATION, "noaction", fold=word)
    job_preparation_task: JobPreparationTask | None = compared(Rule.NEW_GENERATION, None, key="")
    job_release_task: JobReleaseTask | None = compared(Rule.NEW_GENERATION, None, key="")
    job_manager_task: JobManagerTask | None = compared(Rule.NEW_GENERATION, None, key="")
    network_configuration: JobNetworkConfiguration | None = compared(Rule.NEW_GENERATION, None)
    uses_task_dependencies: bool = compared(Rule.NEW_GENERATION, False, key="")
    metadata: Settings = compared(Rule.IN_PLACE, (), fold=unordered)
    raw: JsonText | None = compared(Rule.NEW_GENERATION, None, optional=True, resets=True, fold=told_json, rest="")
    generation: int = observed(1)
    owner: str | None = observed()
    stamp: Stamp = observed(Stamp())
    asked: str = observed("")
    made_pool: str | None = observed(rest="executionInfo.poolId")
    state: str | None = observed(rest="state", fold=word)
    sealed: bool = observed(False)

    @property
    def id(self) -> str:
        """The job's id in the service."""
        return generation_id(self.name, self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Work):
    """A task of `job`. What `digest` says differs, runs again in the next generation (D6); only the limits of a task
    that has not ended change in place (REST: Task - Replace Task).

    `max_task_retry_count` None: what the job says.
    `digest` is written by `task_digest`: one short hash per part, so that a plan can say which part changed.
    `contents`: what its files hold (`spec/filling/contents.py`), which is compared with nothing.
    `manager`: Batch makes it with its job.
    `generation`: as wanted, the first, or None. `factory`: which of the spec's factories made it. `ended`: when it
    came into its state, as the service writes it.
    `depends_on`: as wanted, all the ids; in a plan, those that run in the same generation, as Batch takes them.
    """

    kind: ClassVar[str] = "task"
    job: str = identity()
    id: str = identity(key="id")
    output_files: tuple[OutputFile, ...] = sent((), key="", rest="")  # each bears a mark of ours
    streams: KeptStreams | None = policy(None, key="")
    required_slots: int = sent(1, digest="command", always=True)
    max_wall_clock_time: timedelta | None = compared(Rule.IN_PLACE, None, key="constraints.maxWallClockTime")
    max_task_retry_count: int | None = compared(Rule.IN_PLACE, None, optional=True, key="constraints.maxTaskRetryCount")
    retention_time: timedelta = compared(Rule.IN_PLACE, RETENTION, key="constraints.retentionTime")
    application_package_references: tuple[ApplicationPackageReference, ...] = sent((), digest="command", fold=unordered)
    multi_instance_settings: MultiInstanceSettings | None = sent(None, digest="command", fold=told_instances, key="")
    raw: JsonText | None = sent(None, digest="command", fold=told_json, rest="")
    affinity_id: str | None = sent(None, digest=HANDLING, fill=True, key="affinityInfo.affinityId")
    display_name: str | None = sent(None, digest=HANDLING, always=True, fill=True)
    exit_conditions: ExitConditions | None = sent(None, digest=HANDLING, always=True)
    depends_on: TaskDependencies | None = sent(None, key="")
    factory: str = policy("")
    contents: str = policy("", key="")
    manager: bool = policy(False)
    digest: str = compared(Rule.NEW_GENERATION, "", key="", rest="")
    generation: int | None = observed()
    state: str | None = observed(rest="state", fold=word)
    result: str | None = observed(rest="executionInfo.result", fold=word)
    exit_code: int | None = observed(rest="executionInfo.exitCode")
    failure: str | None = observed()
    ended: str | None = observed(rest="stateTransitionTime")

    @property
    def name(self) -> str:
        return f"{self.job}/{self.id}"

    @property
    def all_resource_files(self) -> tuple[ResourceFile, ...]:
        """Its own, and those that all its instances have."""
        several = self.multi_instance_settings
        return (*self.resource_files, *several.common_resource_files) if several else self.resource_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job schedule: it makes a job like `job`, which has no name, at each of its times (REST: Job Schedules).

    Batch copies no tasks into such jobs: `task` is their job manager task, of which `digest` is compared, unless `job`
    has one of its own.
    `next_run`: when its next job comes; `last_job`: the id of its newest job, `runs` while that has not ended.
    """

    kind: ClassVar[str] = "schedule"
    name: str = identity(key="id")
    do_not_run_until: datetime | None = compared(Rule.IN_PLACE, None, rest="schedule.doNotRunUntil")
    do_not_run_after: datetime | None = compared(Rule.IN_PLACE, None, rest="schedule.doNotRunAfter")
    start_window: timedelta | None = compared(Rule.IN_PLACE, None, rest="schedule.startWindow")
    recurrence_interval: timedelta | None = compared(Rule.IN_PLACE, None, rest="schedule.recurrenceInterval")
    display_name: str | None = compared(Rule.REPLACE, None, optional=True)
    metadata: Settings = compared(Rule.IN_PLACE, (), fold=unordered)
    job: Job = compared(Rule.NEXT_JOB, fold=as_compared, key="", rest="jobSpecification")
    digest: str = compared(Rule.NEXT_JOB, "", key="", rest="")
    task: Task | None = policy(None)
    owner: str | None = observed()
    stamp: Stamp = observed(Stamp())
    asked: str = observed("")
    state: str | None = observed(rest="state", fold=word)
    next_run: datetime | None = observed(rest="executionInfo.nextRunTime")
    last_job: str | None = observed(rest="executionInfo.recentJob.id")
    runs: bool = observed(False)

    @property
    def writer(self) -> str | None:
        """The id of the task that its jobs begin with."""
        manager = self.task or self.job.job_manager_task
        return manager.id if manager else None


AS_TASK = ";as=task"
"""How the digest of a task of a spec ends that is the manager of a schedule's jobs."""


Resource = Container | Blob | Pool | Job | Schedule | Task

Stamped = Container | Pool | Job | Schedule
"""What bears our whole mark."""

R = TypeVar("R", Container, Blob, Pool, Job, Schedule, Task)


class Resources(tuple[Resource, ...]):
    """Very many, of which those of a kind are asked for again and again: sorted out once."""

    @cached_property
    def by_kind(self) -> Mapping[type, Sequence[Any]]:
        found: dict[type, list[Resource]] = {}
        for resource in self:
            found.setdefault(resource.__class__, []).append(resource)
        return found


def sorted_out(resources: Iterable[Resource]) -> Resources:
    """Ready to be asked by kind, if it is not."""
    return resources if isinstance(resources, Resources) else Resources(resources)


def of_kind(resources: Iterable[Resource], kind: type[R]) -> Sequence[R]:
    """Those of a kind, in their order."""
    if isinstance(resources, Resources):
        return resources.by_kind.get(kind, ())
    return [resource for resource in resources if isinstance(resource, kind)]


KINDS: tuple[type[Resource], ...] = (Container, Blob, Pool, Job, Schedule, Task)
"""The only order: made in this order, unmade in reverse."""


def label_of(resource: Resource) -> str:
    """How a resource is called in plans and messages: jobs and tasks by the id that the service knows."""
    match resource:
        case Job():
            return resource.id
        case Task():
            return f"{generation_id(resource.job, resource.generation or 1)}/{resource.id}"
        case _:
            return resource.name


def id_key(text: str) -> str:
    """An id as ids are told apart: without regard to case. It is the text itself where that is no other, so that very
    many are not held twice."""
    key = text.lower()
    return text if key == text else key


def generation_id(job: str, generation: int) -> str:
    """The service's id of a generation: `id`, `id-g2`, `id-g3`, …"""
    return job if generation == 1 else f"{job}-g{generation}"


def task_digest(parts: dict[str, str]) -> str:
    """`{"command": "ab12…", "inputs": "…"}` as `command=ab12…;inputs=…`."""
    return ";".join(f"{part}={value}" for part, value in parts.items())


def changed_parts(old: str, new: str) -> tuple[str, ...]:
    """Which parts of two task digests differ, in the order of the new one."""
    if old == new:
        return ()  # nearly always, and asked of every task
    before, after = (dict(part.split("=", 1) for part in text.split(";") if "=" in part) for text in (old, new))
    return tuple(part for part in {**after, **before} if before.get(part) != after.get(part))
