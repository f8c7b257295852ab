"""What answers of one version of the API say otherwise than those of another, as recorded. Pure."""

from typing import Any

NEWEST = "2025-06-01"
_STORAGE = "storageAccountType"
_SYSTEM_DISK_SINCE = {"ephemeralOSDiskSettings": "2021-06-01.14.0", "managedDisk": "2023-11-01.18.0"}
"""What the service adds to an osDisk, and since when (CHANGELOG of azure-batch, 11.0.0 and 14.1.0; absent in
Azure/azure-sdk-for-python, test_batch_create_pools, 2017-09-01.6.0, 2017-11-07)."""


def as_of_version(found: Any, version: str) -> Any:
    """A pool, or what holds one, in the words of a version; such texts sort by their age.

    Azure/azure-sdk-assets, python/sdk/batch/azure-batch/tests/recordings, test_batch_create_pools: 2024-07-01 of
    2025-03-19 and 2025-06-01 of 2026-01-22.
    """
    if isinstance(found, list):
        return [as_of_version(one, version) for one in found]
    if not isinstance(found, dict):
        return found
    return {name: _property(name, inner, version) for name, inner in found.items()}


def _property(name: str, inner: Any, version: str) -> Any:
    match name, inner:
        case "taskSchedulingPolicy", dict() if version >= NEWEST:
            return {"jobDefaultOrder": "none", **inner}
        case "dataDisks", list():
            return [_data_disk(disk, version) for disk in inner]
        case "osDisk", dict():
            return {part: value for part, value in inner.items() if version >= _SYSTEM_DISK_SINCE.get(part, "")}
        case "containerSettings", dict():
            return container_settings(inner, version)
        case (("settings" | "resourceTags"), _):  # the caller's own
            return inner
        case _:
            return as_of_version(inner, version)


def task_of_version(found: dict[str, Any], version: str) -> dict[str, Any]:
    """The same for a task, of which there are many: most are as they are."""
    if "containerSettings" not in found:
        return found
    return {**found, "containerSettings": container_settings(found["containerSettings"], version)}


def container_settings(found: dict[str, Any], version: str) -> dict[str, Any]:
    """Where a container works is filled in by the newest version (Azure/azure-sdk-assets, net/…/AddTask.json,
    2025-09-04) and was not by 2017-09-01.6.0 (Azure/azure-sdk-for-python, test_batch_tasks, 2017-11-08)."""
    return {"workingDirectory": "taskWorkingDirectory", **found} if version >= NEWEST else found


def _data_disk(disk: dict[str, Any], version: str) -> dict[str, Any]:
    """The kind of storage stands beside the size in older versions, and in `managedDisk` in the newest."""
    managed = disk.get("managedDisk", {})
    kind = managed.get(_STORAGE) or disk.get(_STORAGE, "standard_lrs")
    rest = {name: value for name, value in disk.items() if name not in (_STORAGE, "managedDisk")}
    if version >= NEWEST:
        return {**rest, "managedDisk": {**managed, _STORAGE: kind}}
    return {**rest, _STORAGE: kind}
