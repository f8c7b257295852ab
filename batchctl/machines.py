"""What the machines of a pool are made of, and who and what is on them, as REST (2025-06-01) has it.

What a spec leaves out, the service fills in, and gives back as if it had been asked for.
"""

from datetime import timedelta
from typing import Any

from batchctl.configurations import IdentityReference
from batchctl.frozen import dataclass
from batchctl.rules import JsonText, folded, lower, part, secret, unordered, word


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAssignedIdentity:
    """A managed identity by its resource id, which knows no case (REST: BatchUserAssignedIdentity)."""

    resource_id: str = part(fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolIdentity:
    """The managed identities that the nodes of a pool have (REST: BatchPoolIdentity). `type`: UserAssigned or None."""

    type: str = part("UserAssigned", fold=lower)
    user_assigned_identities: tuple[UserAssignedIdentity, ...] = part((), fold=unordered)


def nobody_is_none(value: PoolIdentity | None) -> Any:
    """A pool whose identity is none has none."""
    return None if value is None or value.type.lower() == "none" else folded(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsConfiguration:
    """REST: WindowsConfiguration."""

    enable_automatic_updates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSecurityProfile:
    """How the disk of a confidential machine is encrypted (REST: BatchVMDiskSecurityProfile)."""

    security_encryption_type: str | None = part(None, fold=lower, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskEncryptionSet:
    """A disk encryption set by its resource id (REST: DiskEncryptionSetParameters)."""

    id: str | None = part(None, fold=lower, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedDisk:
    """REST: ManagedDisk. `storage_account_type`: standard_lrs, premium_lrs or standardssd_lrs."""

    storage_account_type: str | None = part(None, fold=lower, optional=True)
    security_profile: DiskSecurityProfile | None = part(None, optional=True)
    disk_encryption_set: DiskEncryptionSet | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffDiskSettings:
    """An operating system on the node's own disk (REST: DiffDiskSettings)."""

    placement: str | None = part(None, fold=lower, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OSDisk:
    """REST: BatchOsDisk. `disk_size_gb` in GiB; `caching`: none, readonly or readwrite."""

    caching: str | None = part(None, fold=word, optional=True)
    disk_size_gb: int | None = part(None, optional=True)
    managed_disk: ManagedDisk | None = part(None, optional=True)
    ephemeral_os_disk_settings: DiffDiskSettings | None = part(None, optional=True)
    write_accelerator_enabled: bool | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDisk:
    """An empty disk beside that of the operating system, at the logical unit number `lun` (REST: DataDisk)."""

    lun: int
    disk_size_gb: int
    caching: str | None = part(None, fold=word, optional=True)
    managed_disk: ManagedDisk | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerManagedKey:
    """A key of one's own, by the address of one of its versions (REST: DiskCustomerManagedKey)."""

    key_url: str
    identity_reference: IdentityReference | None = part(None, optional=True)
    rotation_to_latest_key_version_enabled: bool | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskEncryptionConfiguration:
    """Which disks are encrypted, osdisk and temporarydisk, by a key of the platform or of one's own (REST:
    DiskEncryptionConfiguration)."""

    targets: tuple[str, ...] = part((), fold=unordered)
    customer_managed_key: CustomerManagedKey | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEndpointSettings:
    """REST: HostEndpointSettings. `mode`: Audit or Enforce."""

    mode: str | None = part(None, fold=lower, optional=True)
    in_vm_access_control_profile_reference_id: str | None = part(None, fold=lower, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAgentSettings:
    """Who may ask the node's metadata service and its wire server (REST: ProxyAgentSettings)."""

    enabled: bool | None = part(None, optional=True)
    imds: HostEndpointSettings | None = part(None, optional=True)
    wire_server: HostEndpointSettings | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UefiSettings:
    """REST: BatchUefiSettings."""

    secure_boot_enabled: bool | None = part(None, optional=True)
    v_tpm_enabled: bool | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityProfile:
    """REST: SecurityProfile. `security_type`: trustedLaunch or confidentialvm."""

    security_type: str | None = part(None, fold=lower, optional=True)
    encryption_at_host: bool | None = part(None, optional=True)
    uefi_settings: UefiSettings | None = part(None, optional=True)
    proxy_agent_settings: ProxyAgentSettings | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension that every machine gets (REST: VMExtension). `settings`: what its publisher says; of these the
    `protected_settings` come back to nobody."""

    name: str
    publisher: str = part(fold=lower)
    type: str = part(fold=lower)
    type_handler_version: str | None = part(None, optional=True)
    auto_upgrade_minor_version: bool | None = part(None, optional=True)
    enable_automatic_upgrade: bool | None = part(None, optional=True)
    settings: JsonText | None = part(None, optional=True)
    protected_settings: JsonText | None = secret()
    provision_after_extensions: tuple[str, ...] = part((), fold=unordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArtifactReference:
    """The version of the image that all pools of a set take, by its resource id (REST: ServiceArtifactReference)."""

    id: str = part(fold=lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticOSUpgradePolicy:
    """REST: AutomaticOsUpgradePolicy."""

    enable_automatic_os_upgrade: bool | None = part(None, optional=True)
    disable_automatic_rollback: bool | None = part(None, optional=True)
    use_rolling_upgrade_policy: bool | None = part(None, optional=True)
    os_rolling_upgrade_deferral: bool | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpgradePolicy:
    """Shares of the nodes are in percent (REST: RollingUpgradePolicy)."""

    enable_cross_zone_upgrade: bool | None = part(None, optional=True)
    max_batch_instance_percent: int | None = part(None, optional=True)
    max_unhealthy_instance_percent: int | None = part(None, optional=True)
    max_unhealthy_upgraded_instance_percent: int | None = part(None, optional=True)
    pause_time_between_batches: timedelta | None = part(None, optional=True)
    prioritize_unhealthy_instances: bool | None = part(None, optional=True)
    rollback_failed_instances_on_policy_breach: bool | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePolicy:
    """How the machines of a pool come to a new image: automatic, manual or rolling (REST: UpgradePolicy)."""

    mode: str = part("manual", fold=lower)
    automatic_os_upgrade_policy: AutomaticOSUpgradePolicy | None = part(None, optional=True)
    rolling_upgrade_policy: RollingUpgradePolicy | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxUserConfiguration:
    """REST: LinuxUserConfiguration. `uid` and `gid` stand together or not at all."""

    uid: int | None = part(None, optional=True)
    gid: int | None = part(None, optional=True)
    ssh_private_key: str | None = secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsUserConfiguration:
    """REST: WindowsUserConfiguration. `login_mode`: batch or interactive."""

    login_mode: str | None = part(None, fold=lower, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccount:
    """An account on every node, as which tasks may run (REST: UserAccount)."""

    name: str
    password: str | None = secret()
    elevation_level: str = part("nonadmin", fold=lower)
    linux_user_configuration: LinuxUserConfiguration | None = part(None, optional=True)
    windows_user_configuration: WindowsUserConfiguration | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureBlobFileSystemConfiguration:
    """A container of a storage account as a directory, by blobfuse (REST: AzureBlobFileSystemConfiguration)."""

    account_name: str
    container_name: str
    relative_mount_path: str
    account_key: str | None = secret()
    sas_key: str | None = secret()
    blobfuse_options: str | None = part(None, optional=True)
    identity_reference: IdentityReference | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NfsMountConfiguration:
    """REST: NfsMountConfiguration."""

    source: str
    relative_mount_path: str
    mount_options: str | None = part(None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CifsMountConfiguration:
    """REST: CifsMountConfiguration."""

    username: str
    source: str
    relative_mount_path: str
    mount_options: str | None = part(None, optional=True)
    password: str | None = secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureFileShareConfiguration:
    """REST: AzureFileShareConfiguration."""

    account_name: str
    azure_file_url: str
    relative_mount_path: str
    mount_options: str | None = part(None, optional=True)
    account_key: str | None = secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class MountConfiguration:
    """A file system on every node, below AZ_BATCH_NODE_MOUNTS_DIR; one of these (REST: MountConfiguration)."""

    azure_blob_file_system_configuration: AzureBlobFileSystemConfiguration | None = None
    nfs_mount_configuration: NfsMountConfiguration | None = None
    cifs_mount_configuration: CifsMountConfiguration | None = None
    azure_file_share_configuration: AzureFileShareConfiguration | None = None
