"""Values inside pools, jobs and tasks, field by field as the Batch REST API 2025-06-01 names them.

They hold what a spec can set; what the service fills in beside is not read. Defaults are those of the service.
"""

from dataclasses import dataclass

from batchctl.rules import lower, part, unordered


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSchedulingPolicy:
    """How tasks are spread over nodes: `spread` or `pack` (REST: TaskSchedulingPolicy)."""

    node_fill_type: str = part("spread", fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIPAddressConfiguration:
    """REST: PublicIPAddressConfiguration. `provision`: batchmanaged, usermanaged or nopublicipaddresses."""

    provision: str = part("batchmanaged", fold=lower)
    ip_address_ids: tuple[str, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfiguration:
    """REST: NetworkConfiguration. `subnet_id` is an Azure resource id, which knows no case."""

    subnet_id: str | None = part(None, fold=lower)
    public_ip_address_configuration: PublicIPAddressConfiguration = PublicIPAddressConfiguration()
    enable_accelerated_networking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityReference:
    """A user-assigned managed identity of the account (REST: ComputeNodeIdentityReference)."""

    resource_id: str = part(fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRegistry:
    """A private registry, entered with a managed identity: a spec holds no password."""

    registry_server: str = part("docker.io", fold=lower)
    identity_reference: IdentityReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerConfiguration:
    """Nodes that can run containers, and the images that they load ahead (REST: ContainerConfiguration)."""

    type: str = part("dockerCompatible", fold=lower)
    container_image_names: tuple[str, ...] = part((), fold=unordered)
    container_registries: tuple[ContainerRegistry, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContainerSettings:
    """The container that a task runs in (REST: TaskContainerSettings)."""

    image_name: str
    container_run_options: str | None = None
    working_directory: str = part("taskWorkingDirectory", fold=lower)
    registry: ContainerRegistry | None = None


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
