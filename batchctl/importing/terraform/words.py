"""The fields of `azurerm_batch_pool`: where a spec has each, and what the provider (004146b) sends to Batch of it."""

from batchctl.importing.report import Row, Verdict
from batchctl.importing.terraform.reading import (
    Blocks,
    Reader,
    Said,
    Word,
    Words,
    json_text,
    lowered,
    mixed,
    pairs,
    rows,
    secret,
    secret_json,
    text,
    texts,
    truth,
    url,
    whole,
)

POOL = "azurerm_batch_pool"


def _enabled(said: Said) -> bool | str:
    return said.hidden(why) if (why := said.why_hidden) else said.found.text().lower() == "enabled"


def _retries(said: Said) -> int | str:
    if why := said.why_hidden:
        return said.hidden(why)
    number = said.found.whole()
    if number > 0:
        return number
    said.found.changed(said.to, f"1: the provider sends {number} as that")
    return 1


def _ports(said: Said) -> list[str]:
    found = texts(said)
    if found not in ([], ["*"]):
        said.found.changed(said.to, "the provider did not send them: every port was let in there")
    return found


def _range(said: Said) -> tuple[int, int]:
    first, _, last = said.found.text().partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        said.found.wrong("a range is 4000-4100")
    return int(first), int(last)


def _first(said: Said) -> int:
    return _range(said)[0]


def _last(said: Said) -> int:
    return _range(said)[1]


def _identities(said: Said) -> list[dict[str, str]]:
    return [{"resourceId": one} for one in texts(said)]


def _targets(said: Said) -> list[str]:
    blocks = [block.known("disk_encryption_target") for block in said.found.members()]
    return [block.need("disk_encryption_target").text().lower() for block in blocks]


REGISTRY = (
    Word("registry_server", "registryServer", text, usual="docker.io"),
    Word("user_name", "username", text),
    Word("password", "password", secret, "`${env:NAME}`"),
    Word("user_assigned_identity_id", "identityReference.resourceId", text),
)
CONTAINER = "start_task.container"
FILES = (
    Word("auto_storage_container_name", "autoStorageContainerName", text),
    Word("storage_container_url", "storageContainerUrl", url, "without its signature"),
    Word("http_url", "httpUrl", url, "without its signature"),
    Word("blob_prefix", "blobPrefix", text),
    Word("file_path", "filePath", text),
    Word("file_mode", "fileMode", text),
    Word("user_assigned_identity_id", "identityReference.resourceId", text),
)
RULES: Words = (
    Word("priority", "priority", whole),
    Word("access", "access", lowered),
    Word("source_address_prefix", "sourceAddressPrefix", text),
    Word("source_port_ranges", "sourcePortRanges", _ports, "the provider did not send them", usual=["*"]),
)
ENDPOINTS: Words = (
    Word("name", "name", text),
    Word("protocol", "protocol", lowered),
    Word("backend_port", "backendPort", whole),
    Word("frontend_port_range", "frontendPortRangeStart", _first),
    Word("frontend_port_range", "frontendPortRangeEnd", _last),
    Blocks("network_security_group_rules", "networkSecurityGroupRules", RULES),
)
ACCOUNTS = (
    Word("name", "name", text),
    Word("password", "password", secret, "`${env:NAME}`"),
    Word("elevation_level", "elevationLevel", lowered, usual="nonadmin"),
    Word("linux_user_configuration.uid", "linuxUserConfiguration.uid", whole, absent=0),
    Word("linux_user_configuration.gid", "linuxUserConfiguration.gid", whole, absent=0),
    Word("linux_user_configuration.ssh_private_key", "linuxUserConfiguration.sshPrivateKey", secret, "`${env:NAME}`"),
    Word("windows_user_configuration.login_mode", "windowsUserConfiguration.loginMode", lowered),
)


def _mounted(block: str, configuration: str, **words: tuple[str, Reader]) -> tuple[Word, ...]:
    return tuple(
        Word(f"{block}.{field}", f"{configuration}.{to}", read, "`${env:NAME}`" if read is secret else "")
        for field, (to, read) in words.items()
    )


MOUNTS = (
    *_mounted(
        "azure_blob_file_system",
        "azureBlobFileSystemConfiguration",
        account_name=("accountName", text),
        container_name=("containerName", text),
        relative_mount_path=("relativeMountPath", text),
        account_key=("accountKey", secret),
        sas_key=("sasKey", secret),
        identity_id=("identityReference.resourceId", text),
        blobfuse_options=("blobfuseOptions", text),
    ),
    *_mounted(
        "azure_file_share",
        "azureFileShareConfiguration",
        account_name=("accountName", text),
        azure_file_url=("azureFileUrl", url),
        account_key=("accountKey", secret),
        relative_mount_path=("relativeMountPath", text),
        mount_options=("mountOptions", text),
    ),
    *_mounted(
        "cifs_mount",
        "cifsMountConfiguration",
        user_name=("username", text),
        password=("password", secret),
        source=("source", text),
        relative_mount_path=("relativeMountPath", text),
        mount_options=("mountOptions", text),
    ),
    *_mounted(
        "nfs_mount",
        "nfsMountConfiguration",
        source=("source", text),
        relative_mount_path=("relativeMountPath", text),
        mount_options=("mountOptions", text),
    ),
)
DISKS = (
    Word("lun", "lun", whole),
    Word("disk_size_gb", "diskSizeGB", whole),
    Word("caching", "caching", lowered, "readonly without it", absent="readonly"),
    Word("storage_account_type", "managedDisk.storageAccountType", lowered, "standard_lrs without it", "standard_lrs"),
)
EXTENSIONS = (
    Word("name", "name", text),
    Word("publisher", "publisher", text),
    Word("type", "type", text),
    Word("type_handler_version", "typeHandlerVersion", text),
    Word("auto_upgrade_minor_version", "autoUpgradeMinorVersion", truth),
    Word("automatic_upgrade_enabled", "enableAutomaticUpgrade", truth),
    Word("settings_json", "settings", json_text),
    Word("protected_settings", "protectedSettings", secret_json, "each of its values as `${env:NAME}`"),
    Word("provision_after_extensions", "provisionAfterExtensions", texts),
)
NETWORK, ADDRESSES = "networkConfiguration", "networkConfiguration.publicIPAddressConfiguration"

WORDS: Words = (
    Word("display_name", "displayName", text),
    Word("vm_size", "vmSize", text),
    Word("storage_image_reference.publisher", "image.publisher", text),
    Word("storage_image_reference.offer", "image.offer", text),
    Word("storage_image_reference.sku", "image.sku", text),
    Word("storage_image_reference.version", "image.version", text, usual="latest"),
    Word("storage_image_reference.id", "image.virtualMachineImageId", text, "or that of a gallery that is shared"),
    Word("node_agent_sku_id", "nodeAgentSKUId", text),
    Word("fixed_scale.target_dedicated_nodes", "targetDedicatedNodes", whole, "1 without it", absent=1, usual=0),
    Word("fixed_scale.target_low_priority_nodes", "targetSpotNodes", whole, usual=0),
    Word("fixed_scale.resize_timeout", "resizeTimeout", text, usual="PT15M"),
    Word("fixed_scale.node_deallocation_method", "nodeDeallocationOption", lowered, usual="requeue"),
    Word("auto_scale.formula", "autoScaleFormula", text),
    Word("auto_scale.evaluation_interval", "autoScaleEvaluationInterval", text, usual="PT15M"),
    Word("max_tasks_per_node", "taskSlotsPerNode", whole, usual=1),
    Word("task_scheduling_policy.node_fill_type", "taskSchedulingPolicy.nodeFillType", lowered, usual="spread"),
    Word(
        "inter_node_communication",
        "enableInterNodeCommunication",
        _enabled,
        "the provider's own default is `Enabled`, which a plan has",
        usual=False,
    ),
    Word("container_configuration.type", "containerConfiguration.type", mixed, usual="dockerCompatible"),
    Word("container_configuration.container_image_names", "containerConfiguration.containerImageNames", texts),
    Word("start_task.command_line", "startTask.commandLine", text),
    Word("start_task.wait_for_success", "startTask.waitForSuccess", truth, "false without it", False, True),
    Word("start_task.task_retry_maximum", "startTask.maxTaskRetryCount", _retries, "1 without it, and for 0", 1, 0),
    Word("start_task.common_environment_properties", "startTask.environmentSettings", pairs),
    Word("start_task.user_identity.user_name", "startTask.userIdentity.username", text),
    Word("start_task.user_identity.auto_user.elevation_level", "startTask.elevationLevel", lowered, usual="nonadmin"),
    Word(
        "start_task.user_identity.auto_user.scope",
        "startTask.userIdentity.autoUser.scope",
        lowered,
        "task without it",
        "task",
        "pool",
    ),
    Word(f"{CONTAINER}.image_name", "startTask.containerSettings.imageName", text),
    Word(f"{CONTAINER}.run_options", "startTask.containerSettings.containerRunOptions", text),
    Word(
        f"{CONTAINER}.working_directory",
        "startTask.containerSettings.workingDirectory",
        mixed,
        usual="taskWorkingDirectory",
    ),
    *(
        Word(
            f"{CONTAINER}.registry.{word.field}", f"startTask.containerSettings.registry.{word.to}", word.read, word.why
        )
        for word in REGISTRY
    ),
    Word("network_configuration.subnet_id", f"{NETWORK}.subnetId", text),
    Word(
        "network_configuration.dynamic_vnet_assignment_scope",
        f"{NETWORK}.dynamicVNetAssignmentScope",
        lowered,
        usual="none",
    ),
    Word(
        "network_configuration.accelerated_networking_enabled",
        f"{NETWORK}.enableAcceleratedNetworking",
        truth,
        usual=False,
    ),
    Word("network_configuration.public_ips", f"{ADDRESSES}.ipAddressIds", texts),
    Word(
        "network_configuration.public_address_provisioning_type",
        f"{ADDRESSES}.provision",
        lowered,
        usual="batchmanaged",
    ),
    Word("identity.type", "identity.type", text),
    Word("identity.identity_ids", "identity.userAssignedIdentities", _identities),
    Word("node_placement.policy", "nodePlacementConfiguration.policy", lowered, usual="regional"),
    Word("os_disk_placement", "osDisk.ephemeralOSDiskSettings.placement", lowered),
    Blocks("data_disks", "dataDisks", DISKS),
    Word("disk_encryption", "diskEncryptionConfiguration.targets", _targets),
    Blocks("extensions", "extensions", EXTENSIONS),
    Word("license_type", "licenseType", text),
    Word("security_profile.host_encryption_enabled", "securityProfile.encryptionAtHost", truth),
    Word("security_profile.security_type", "securityProfile.securityType", text),
    Word("security_profile.secure_boot_enabled", "securityProfile.uefiSettings.secureBootEnabled", truth),
    Word("security_profile.vtpm_enabled", "securityProfile.uefiSettings.vTpmEnabled", truth),
    Word("windows.enable_automatic_updates", "windowsConfiguration.enableAutomaticUpdates", truth),
    Blocks("user_accounts", "userAccounts", ACCOUNTS),
    Blocks("mount", "mountConfiguration", MOUNTS),
    Word("metadata", "metadata", pairs),
)
BELOW: tuple[tuple[str, Blocks], ...] = (
    ("container_configuration", Blocks("container_registries", "containerConfiguration.containerRegistries", REGISTRY)),
    ("start_task", Blocks("resource_file", "startTask.resourceFiles", FILES)),
    (
        "network_configuration",
        Blocks("endpoint_configuration", f"{NETWORK}.endpointConfiguration.inboundNATPools", ENDPOINTS),
    ),
)
"""Blocks inside a block."""

NO_CERTIFICATES = "Batch has no certificates any more: secrets come by ${keyvault:VAULT/NAME}"
BOTH_KINDS = "off: dedicated and spot nodes do not speak to each other, and there are both"
OTHERS = (
    Row("id", Verdict.DROPPED, "", "what Azure says of it"),
    Row("account_name", Verdict.DROPPED, "", "the environment or `account:` names it"),
    Row("resource_group_name", Verdict.DROPPED, "", "the account is named by its address"),
    Row("certificate", Verdict.REFUSED, "", NO_CERTIFICATES),
    Row("target_node_communication_mode", Verdict.DROPPED, "", "Batch has it no more"),
    Row("stop_pending_resize_operation", Verdict.DROPPED, "", "work of the client, not of Batch"),
    Row("timeouts", Verdict.DROPPED, "", "how long Terraform waits"),
)

FIELDS = (
    Row(f"{POOL}.name", Verdict.CARRIED, "pool.id"),
    *rows(f"{POOL}.", WORDS, "pool"),
    *(row for name, blocks in BELOW for row in rows(f"{POOL}.{name}.", (blocks,), "pool")),
    *(Row(f"{POOL}.{row.field}", row.verdict, row.to, row.why) for row in OTHERS),
)
