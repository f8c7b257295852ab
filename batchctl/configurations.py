"""Values inside pools, jobs and tasks, field by field as the Batch REST API 2025-06-01 names them.

They hold what a spec can set; what the service fills in beside is not read. Defaults are those of the service.
"""

from collections.abc import Container, Iterable, Iterator
from datetime import timedelta

from batchctl.frozen import dataclass
from batchctl.rules import lower, part, secret, unordered, word


def none_is_none(value: str | None) -> str | None:
    """A word that may say `none` in so many letters."""
    return None if value is None or value.lower() == "none" else value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSchedulingPolicy:
    """How tasks are spread over nodes: `spread` or `pack`; `job_default_order`: in which order jobs of one priority
    come, `none` or `creationtime` (REST: BatchTaskSchedulingPolicy)."""

    node_fill_type: str = part("spread", fold=word)
    job_default_order: str | None = part(None, fold=none_is_none, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class IPTag:
    """A tag of the public addresses, such as `FirstPartyUsage` (REST: IPTag)."""

    ip_tag_type: str
    tag: str


def with_ipv4(families: tuple[str, ...]) -> tuple[str, ...]:
    """Families of addresses as the service compares them: IPv4 is there anyway."""
    return tuple(sorted({"ipv4", *map(str.lower, families)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIPAddressConfiguration:
    """REST: BatchPublicIpAddressConfiguration. `provision`: batchmanaged, usermanaged or nopublicipaddresses.
    `ip_families`: IPv4, which is the default, and IPv6."""

    provision: str = part("batchmanaged", fold=word)
    ip_address_ids: tuple[str, ...] = part((), fold=unordered)
    ip_families: tuple[str, ...] = part((), fold=with_ipv4)
    ip_tags: tuple[IPTag, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSecurityGroupRule:
    """Whom an inbound NAT pool lets in (REST: NetworkSecurityGroupRule). `priority`: 150 to 4096, the lowest wins."""

    priority: int
    access: str = part(fold=lower)
    source_address_prefix: str
    source_port_ranges: tuple[str, ...] = part(("*",), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundNATPool:
    """Ports of the public address that lead to `backend_port` of the nodes, one a node (REST: BatchInboundNatPool)."""

    name: str
    protocol: str = part(fold=lower)
    backend_port: int
    frontend_port_range_start: int
    frontend_port_range_end: int
    network_security_group_rules: tuple[NetworkSecurityGroupRule, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEndpointConfiguration:
    """REST: BatchPoolEndpointConfiguration."""

    inbound_nat_pools: tuple[InboundNATPool, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfiguration:
    """REST: NetworkConfiguration. `subnet_id` is an Azure resource id, which knows no case.
    `dynamic_vnet_assignment_scope`: none, which is the default, or job."""

    subnet_id: str | None = part(None, fold=lower)
    dynamic_vnet_assignment_scope: str | None = part(None, fold=none_is_none)
    endpoint_configuration: PoolEndpointConfiguration | None = None
    public_ip_address_configuration: PublicIPAddressConfiguration = PublicIPAddressConfiguration()
    enable_accelerated_networking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlacementConfiguration:
    """Where the nodes of a pool are placed (REST: BatchNodePlacementConfiguration): `regional`, all in one availability
    zone, or `zonal`, over the zones of the region."""

    policy: str = part("regional", fold=word)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityReference:
    """A user-assigned managed identity of the account (REST: ComputeNodeIdentityReference)."""

    resource_id: str = part(fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRegistry:
    """A private registry, entered with a managed identity or a password (REST: ContainerRegistryReference)."""

    registry_server: str = part("docker.io", fold=lower)
    identity_reference: IdentityReference | None = None
    username: str | None = None
    password: str | None = secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerConfiguration:
    """Nodes that can run containers, and the images that they load ahead (REST: ContainerConfiguration)."""

    type: str = part("dockerCompatible", fold=lower)
    container_image_names: tuple[str, ...] = part((), fold=unordered)
    container_registries: tuple[ContainerRegistry, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHostBatchBindMount:
    """A directory of the node that a container sees; with any, it sees no others (REST: ContainerHostBatchBindMounts).
    `source`: Shared, Startup, VfsMounts, Task, JobPrep or Applications."""

    source: str = part(fold=lower)
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPackageReference:
    """A package of an application of the account (REST: BatchApplicationPackageReference). `version` None: the default
    one."""

    application_id: str = part(fold=lower)
    version: str | None = part(None, fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNetworkConfiguration:
    """The subnet that nodes join while they run tasks of the job (REST: BatchJobNetworkConfiguration)."""

    subnet_id: str = part(fold=lower)
    skip_withdraw_from_vnet: bool = part(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContainerSettings:
    """The container that a task runs in (REST: TaskContainerSettings)."""

    image_name: str = part(fill=True)
    container_run_options: str | None = part(None, fill=True)
    working_directory: str = part("taskWorkingDirectory", fold=lower)
    registry: ContainerRegistry | None = None
    container_host_batch_bind_mounts: tuple[ContainerHostBatchBindMount, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIdRange:
    """Tasks whose ids are the whole numbers from `start` to `end`, both included (REST: TaskIdRange)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDependencies:
    """Tasks of the same job that must have succeeded before (REST: TaskDependencies)."""

    task_ids: tuple[str, ...] = ()
    task_id_ranges: tuple[TaskIdRange, ...] = ()

    @classmethod
    def on(cls, ids: Iterable[str], ambiguous: Container[int] = ()) -> "TaskDependencies":
        """On tasks with these ids; those that are plain whole numbers in a row make ranges, but for `ambiguous` ones
        (`padded_numbers`)."""
        texts: list[str] = []
        numbers: list[int] = []
        for task_id in ids:
            if _is_plain_number(task_id) and int(task_id) not in ambiguous:
                numbers.append(int(task_id))
            else:
                texts.append(task_id)
        return cls(task_ids=tuple(texts), task_id_ranges=tuple(_id_ranges(sorted(numbers))))

    @property
    def characters(self) -> int:
        """What Batch counts against its limit of 64,000."""
        return sum(map(len, self.task_ids))


def padded_numbers(ids: Iterable[str]) -> frozenset[int]:
    """The numbers that ids with zeros before them stand for: in a range Batch takes task `0001` for 1, so that a range
    over 1 would name it too."""
    zeros = (i for i in ids if i[:1] == "0" and i != "0" and i.isascii() and i.isdecimal())
    return frozenset(int(i) for i in zeros if len(i.lstrip("0")) < LONGEST_NUMBER)


def _is_plain_number(task_id: str) -> bool:
    """Short, and without zeros before it."""
    number = task_id.isascii() and task_id.isdecimal() and len(task_id) < LONGEST_NUMBER
    return number and (task_id[0] != "0" or task_id == "0")


LONGEST_NUMBER = 10
"""Digits of a number that any 32-bit reader of a range can hold: one less than this."""

LONGEST_RANGE = 1_000_000


def _id_ranges(numbers: list[int]) -> Iterator[TaskIdRange]:
    """Sorted numbers as ranges without gaps."""
    start = end = None
    for number in numbers:
        if start is None or end is None:
            start = end = number
        elif number <= end + 1 and number - start < LONGEST_RANGE:
            end = number
        else:
            yield TaskIdRange(start=start, end=end)
            start = end = number
    if start is not None and end is not None:
        yield TaskIdRange(start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOptions:
    """REST: ExitOptions. `job_action`: none, disable, terminate; `dependency_action`: satisfy, block."""

    job_action: str | None = part(None, fold=lower)
    dependency_action: str | None = part(None, fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCodeMapping:
    code: int
    exit_options: ExitOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCodeRangeMapping:
    start: int
    end: int
    exit_options: ExitOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitConditions:
    """What a task's end means for its job and for those who depend on it (REST: ExitConditions)."""

    exit_codes: tuple[ExitCodeMapping, ...] = part((), fold=unordered)
    exit_code_ranges: tuple[ExitCodeRangeMapping, ...] = part((), fold=unordered)
    pre_processing_error: ExitOptions | None = None
    file_upload_error: ExitOptions | None = None
    default: ExitOptions | None = None

    @property
    def options(self) -> tuple[ExitOptions, ...]:
        """All that it says, whatever the case."""
        codes = (mapping.exit_options for mapping in self.exit_codes)
        ranges = (mapping.exit_options for mapping in self.exit_code_ranges)
        single = (self.pre_processing_error, self.file_upload_error, self.default)
        return (*codes, *ranges, *(options for options in single if options))

    def options_for(self, exit_code: int | None, failure: str | None) -> ExitOptions | None:
        """What it says of this end: by a code, a range, an error by its code, the default.

        `failure`: the code of the task's failure; None: it succeeded, which only a code of its own speaks of.
        """
        for mapping in self.exit_codes:
            if mapping.code == exit_code:
                return mapping.exit_options
        for span in self.exit_code_ranges:
            if exit_code is not None and span.start <= exit_code <= span.end:
                return span.exit_options
        if failure is None:
            return None
        if failure.startswith("FileUpload") and self.file_upload_error:
            return self.file_upload_error
        # That somebody ended it is no error before it began.
        if exit_code is None and failure != "TaskEnded" and self.pre_processing_error:
            return self.pre_processing_error
        return self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFailure:
    """After so many preemptions of spot nodes something is done: `then` is dedicated, nodes that take their place."""

    preemptions: int
    then: str = "dedicated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one task slot needs of its node; `memory` in GiB."""

    cpus: float = 0
    memory: float = 0
    gpus: int = 0

    def times(self, slots: int) -> "Needs":
        """What so many slots need."""
        return Needs(cpus=self.cpus * slots, memory=self.memory * slots, gpus=self.gpus * slots)

    def __str__(self) -> str:
        """`4 cpus, 16 GiB`."""
        told = ((self.cpus, "cpus"), (self.memory, "GiB"), (self.gpus, "gpus"))
        return ", ".join(f"{count:g} {what if count != 1 else what.removesuffix('s')}" for count, what in told if count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Between how many nodes a pool scales with the tasks that want room; batchctl writes the formula.

    `initial`: how many it is made with, None for `min` but at least 1; `idle`: how long nodes stay that nothing needs.
    """

    max: int
    min: int = 0
    initial: int | None = None
    spot: bool = False
    idle: timedelta = timedelta(minutes=10)

    @property
    def first(self) -> int:
        return max(self.min, 1) if self.initial is None else self.initial
