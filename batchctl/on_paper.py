"""What the local service takes and gives back and does nothing about, by REST's names for it."""

from collections.abc import Mapping

from batchctl.resources import MACHINE

NETWORK = "networkConfiguration"
ADDRESSES = f"{NETWORK}.publicIPAddressConfiguration"

ON_PAPER: Mapping[str, tuple[str, ...]] = {
    "pool": (
        *(f"{MACHINE}.{name}" for name in ("osDisk", "dataDisks", "securityProfile", "diskEncryptionConfiguration")),
        *(f"{MACHINE}.{name}" for name in ("windowsConfiguration", "licenseType", "serviceArtifactReference")),
        f"{MACHINE}.nodePlacementConfiguration",
        f"{MACHINE}.containerConfiguration.containerImageNames",
        *(f"{NETWORK}.{name}" for name in ("subnetId", "dynamicVNetAssignmentScope", "enableAcceleratedNetworking")),
        *(f"{ADDRESSES}.{name}" for name in ("provision", "ipAddressIds", "ipTags")),
        "upgradePolicy",
        "identity",
        "taskSchedulingPolicy.jobDefaultOrder",
        "startTask.userIdentity",
    ),
    "job": (NETWORK, "jobPreparationTask.userIdentity", "jobReleaseTask.userIdentity"),
    "task": ("userIdentity",),
}


def is_on_paper(kind: str, rest: str) -> bool:
    """Is this property of a pool, job or task, or one that it stands in, among them?"""
    return any(rest == name or rest.startswith(f"{name}.") for name in ON_PAPER.get(kind, ()))
