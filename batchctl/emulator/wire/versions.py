"""What answers of one version of the API say otherwise than those of another, as recorded. Pure."""

from typing import Any

NEWEST = "2025-06-01"
_STORAGE = "storageAccountType"


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
        case (("settings" | "resourceTags"), _):  # the caller's own
            return inner
        case _:
            return as_of_version(inner, version)


def _data_disk(disk: dict[str, Any], version: str) -> dict[str, Any]:
    """The kind of storage stands beside the size in older versions, and in `managedDisk` in the newest."""
    managed = disk.get("managedDisk", {})
    kind = managed.get(_STORAGE) or disk.get(_STORAGE, "standard_lrs")
    rest = {name: value for name, value in disk.items() if name not in (_STORAGE, "managedDisk")}
    if version >= NEWEST:
        return {**rest, "managedDisk": {**managed, _STORAGE: kind}}
    return {**rest, _STORAGE: kind}
