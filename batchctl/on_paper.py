"""What the local service takes and gives back and does nothing about, by REST's names for it."""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

from batchctl.resources import MACHINE, Resource
from batchctl.rest import REST, written_entries

NETWORK = "networkConfiguration"
ADDRESSES = f"{NETWORK}.publicIPAddressConfiguration"

ON_PAPER: Mapping[str, tuple[str, ...]] = {
    "pool": (
        *(f"{MACHINE}.{name}" for name in ("osDisk", "dataDisks", "securityProfile", "diskEncryptionConfiguration")),
        *(f"{MACHINE}.{name}" for name in ("windowsConfiguration", "licenseType", "serviceArtifactReference")),
        f"{MACHINE}.nodePlacementConfiguration",
        *(
            f"{MACHINE}.imageReference.{name}ImageId"
            for name in ("virtualMachine", "sharedGallery", "communityGallery")
        ),
        f"{MACHINE}.containerConfiguration.containerImageNames",
        *(f"{NETWORK}.{name}" for name in ("subnetId", "dynamicVNetAssignmentScope", "enableAcceleratedNetworking")),
        *(f"{ADDRESSES}.{name}" for name in ("provision", "ipAddressIds", "ipTags")),
        "upgradePolicy",
        "taskSchedulingPolicy.jobDefaultOrder",
        "startTask.userIdentity",
    ),
    "job": (NETWORK, *(f"{task}.userIdentity" for task in ("jobManagerTask", "jobPreparationTask", "jobReleaseTask"))),
    "task": ("userIdentity",),
}


def is_on_paper(kind: str, rest: str) -> bool:
    """Is this property of a pool, job or task, or one that it stands in, among them?"""
    return _on_paper(kind, rest) is not None


def _on_paper(kind: str, rest: str) -> str | None:
    return next((name for name in ON_PAPER.get(kind, ()) if rest == name or rest.startswith(f"{name}.")), None)


def kept_on_paper(resource: Resource) -> tuple[str, ...]:
    """What a resource asks for of all this, by the names of the table."""
    found = _asked(resource.kind, resource, "") if resource.kind in ON_PAPER else ()
    return tuple(dict.fromkeys(name.removeprefix(f"{MACHINE}.") for name in found))


def _asked(kind: str, value: Any, above: str) -> Iterator[str]:
    cls: Any = type(value)
    for entry in written_entries(cls, REST):
        inner, path = getattr(value, entry.name), f"{above}{'.'.join(entry.path)}"
        if inner is None or inner == () or inner == entry.default:
            continue
        if name := _on_paper(kind, path):
            yield name
        elif is_dataclass(inner):
            yield from _asked(kind, inner, f"{path}.")
