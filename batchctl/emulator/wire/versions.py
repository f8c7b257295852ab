"""What bodies and answers of one version of the API say otherwise than those of another. Pure.

Up to 2025-06-01 as recorded; 2026-10-01 as specified (Azure/azure-rest-api-specs 0c0b1966,
specification/batch/data-plane/Batch/models.tsp): no SDK speaks it yet, and nothing of it is on record.
"""

import re
from typing import Any

from batchctl.emulator.refusals import bad_body, bad_value

JUNE_2025, OCTOBER_2026 = "2025-06-01", "2026-10-01"
VERSIONS = frozenset(
    {
        *(OCTOBER_2026, JUNE_2025, "2024-07-01.20.0", "2024-02-01.19.0", "2023-11-01.18.0", "2023-05-01.17.0"),
        *("2022-10-01.16.0", "2022-01-01.15.0", "2021-06-01.14.0", "2020-09-01.12.0"),
    }
)
"""Those that are served; such texts sort by their age."""
COMPUTE = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([.-][a-z0-9.-]{1,20})?")
_STORAGE = "storageAccountType"
_SYSTEM_DISK_SINCE = {"ephemeralOSDiskSettings": "2021-06-01.14.0", "managedDisk": "2023-11-01.18.0"}
"""What the service adds to an osDisk, and since when (CHANGELOG of azure-batch, 11.0.0 and 14.1.0; absent in
Azure/azure-sdk-for-python, test_batch_create_pools, 2017-09-01.6.0, 2017-11-07)."""
_SINCE = {
    "maxParallelTasks": "2021-06-01.14.0",
    "virtualMachineInfo": "2021-06-01.14.0",
    "allowTaskPreemption": "2022-01-01.15.0",
    "targetNodeCommunicationMode": "2022-10-01.16.0",
    "enableAcceleratedNetworking": "2023-05-01.17.0",
    "upgradingOS": "2024-02-01.19.0",
    "deallocated": "2024-07-01.20.0",
    "deallocating": "2024-07-01.20.0",
}
"""What the service says by itself, and since when (CHANGELOG of azure-batch, 11.0.0 to 15.0.0b2; Azure/azure-cli,
test_batch_pool_cmd.yaml and test_batch_job_list_cmd.yaml, 2020-09-01.12.0 and 2024-02-01.19.0, have none newer)."""
_OWN = frozenset({"settings", "resourceTags"})
_MACHINE = "virtualMachineConfiguration"
_OF_MACHINES = frozenset({"hardwareProfile", "placement", "resiliencyPolicy"})
_OPTIONS = frozenset({"nodeDeallocationOption", "nodeRebootOption", "nodeReimageOption", "nodeDeallocateOption"})
AGED = (b'"vmSkuProfile"', f'"{_MACHINE}"'.encode(), b"Option")
"""One of these stands in every body that one version takes and another refuses."""


def is_newer(version: str) -> bool:
    """Whether the text is a version, and newer than all that are served."""
    return _DAY.fullmatch(version) is not None and version > max(VERSIONS)


def check_age(found: Any, version: str, path: str = "") -> None:
    """Refuses what came with a later version, or went before this one."""
    if isinstance(found, list):
        for index, one in enumerate(found):
            check_age(one, version, f"{path}[{index}]")
    for name, inner in found.items() if isinstance(found, dict) else ():
        here = f"{path}.{name}".removeprefix(".")
        if version < OCTOBER_2026 and inner is not None and _is_of_october(name, path):
            kind = "Pool" if name == "vmSkuProfile" else "VirtualMachineConfiguration"
            raise bad_body(f"The property '{name}' does not exist on type '{kind}'.")
        if version >= OCTOBER_2026 and name in _OPTIONS and str(inner).lower() == "retaineddata":
            raise bad_value(here, inner, "one of requeue, terminate, taskcompletion is wanted")
        if name not in _OWN:
            check_age(inner, version, here)


def error_of_version(body: dict[str, Any], version: str) -> dict[str, Any]:
    """An error body in the words of a version: before 2024-07-01 no image of a virtual machine was one for a pool.

    Azure/azure-cli, test_batch_pool_cmd.yaml, 2020-09-01 of 2020-12-04 and 2024-02-01 of 2024-04-18.
    """
    if version >= "2024-07" or "values" not in body:
        return body
    values = [{name: _without_images(text) for name, text in pair.items()} for pair in body["values"]]
    return {**body, "values": values}


def _without_images(text: str) -> str:
    before, images, after = text.partition(f"{COMPUTE}/images/{{imageName}}, ")
    return before + after.replace(", or ", " or ") if images else text


def as_of_version(found: Any, version: str) -> Any:
    """A pool, or what holds one, in the words of a version.

    Azure/azure-sdk-assets, python/sdk/batch/azure-batch/tests/recordings, test_batch_create_pools: 2024-07-01 of
    2025-03-19 and 2025-06-01 of 2026-01-22.
    """
    return _as_of_version(found, version, "")


def _as_of_version(found: Any, version: str, path: str) -> Any:
    if isinstance(found, list):
        return [_as_of_version(one, version, path) for one in found]
    if not isinstance(found, dict):
        return found
    old, new = version < OCTOBER_2026, version >= OCTOBER_2026
    return {
        name: _property(name, inner, version, f"{path}.{name}")
        for name, inner in found.items()
        if version >= _SINCE.get(name, "")
        and not (old and _is_of_october(name, path))
        and not (new and name == "usageStats")
        and not (version >= JUNE_2025 and name == "targetNodeCommunicationMode")
    }


def known_by(found: dict[str, Any], version: str) -> dict[str, Any]:
    """An object without what came with a later version."""
    return {name: value for name, value in found.items() if version >= _SINCE.get(name, "")}


def _is_of_october(name: str, path: str) -> bool:
    """Whether the property at that path came with 2026-10-01."""
    return name == "vmSkuProfile" or (name in _OF_MACHINES and path.endswith(_MACHINE))


def _property(name: str, inner: Any, version: str, path: str) -> Any:
    match name, inner:
        case "taskSchedulingPolicy", dict() if version >= JUNE_2025:
            return {"jobDefaultOrder": "none", **inner}
        case "dataDisks", list():
            return [_data_disk(disk, version) for disk in inner]
        case "osDisk", dict():
            return {part: value for part, value in inner.items() if version >= _SYSTEM_DISK_SINCE.get(part, "")}
        case "containerSettings", dict():
            return container_settings(inner, version)
        case _ if name in _OWN:  # the caller's own
            return inner
        case _:
            return _as_of_version(inner, version, path)


def task_of_version(found: dict[str, Any], version: str) -> dict[str, Any]:
    """The same for a task, of which there are many: most are as they are."""
    if "containerSettings" not in found:
        return found
    return {**found, "containerSettings": container_settings(found["containerSettings"], version)}


def container_settings(found: dict[str, Any], version: str) -> dict[str, Any]:
    """Where a container works is filled in by the newest version (Azure/azure-sdk-assets, net/…/AddTask.json,
    2025-09-04) and was not by 2017-09-01.6.0 (Azure/azure-sdk-for-python, test_batch_tasks, 2017-11-08)."""
    return {"workingDirectory": "taskWorkingDirectory", **found} if version >= JUNE_2025 else found


def _data_disk(disk: dict[str, Any], version: str) -> dict[str, Any]:
    """The kind of storage stands beside the size in older versions, and in `managedDisk` since 2025-06-01."""
    managed = disk.get("managedDisk", {})
    kind = managed.get(_STORAGE) or disk.get(_STORAGE, "standard_lrs")
    rest = {name: value for name, value in disk.items() if name not in (_STORAGE, "managedDisk")}
    if version >= JUNE_2025:
        return {**rest, "managedDisk": {**managed, _STORAGE: kind}}
    return {**rest, _STORAGE: kind}
