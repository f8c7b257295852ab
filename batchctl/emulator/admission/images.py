"""The images that the local service says it supports, in the words of the Marketplace, and which others it takes.

Some are long past their end of life in Azure: published samples and old pools still ask for them.
"""

from batchctl.emulator.records import Json
from batchctl.emulator.refusals import Refusal, bad_value

UBUNTU_24, UBUNTU_22 = "batch.node.ubuntu 24.04", "batch.node.ubuntu 22.04"
UBUNTU_20, UBUNTU_18, UBUNTU_16 = "batch.node.ubuntu 20.04", "batch.node.ubuntu 18.04", "batch.node.ubuntu 16.04"
DEBIAN_12, EL_8, EL_9 = "batch.node.debian 12", "batch.node.el 8", "batch.node.el 9"
AZURE_3, WINDOWS = "batch.node.azurelinux 3.0", "batch.node.windows amd64"
_DOCKER, _GEN_2 = ["DockerCompatible"], ["Generation2VMImage"]

_MPI = [*_DOCKER, "SupportsRDMAOnly", "IntelMPIRuntimeInstalled"]
_MPI_2 = [*_DOCKER, "SupportsRDMAOnly", *_GEN_2, "IntelMPIRuntimeInstalled"]
_CONFIDENTIAL = ["ConfidentialVMCompatible", *_GEN_2]

# The Linux images as listed on 2026-02-03 (Azure/azure-sdk-assets, js/sdk/batch/batch-rest/…/byos_account, 2025-06-01).
_ROWS: tuple[tuple[str, str, str, str, list[str], str], ...] = (
    ("almalinux", "almalinux-arm", "9-arm-gen2", f"{EL_9}-arm64", _GEN_2, "verified"),
    ("almalinux", "almalinux-hpc", "8-hpc-gen1", EL_8, _MPI, "unverified"),
    ("almalinux", "almalinux-hpc", "8-hpc-gen2", EL_8, [*_MPI, *_GEN_2], "unverified"),
    ("almalinux", "almalinux-x86_64", "8-gen1", EL_8, [], "verified"),
    ("almalinux", "almalinux-x86_64", "8-gen2", EL_8, _GEN_2, "verified"),
    ("almalinux", "almalinux-x86_64", "9-gen1", EL_9, [], "verified"),
    ("almalinux", "almalinux-x86_64", "9-gen2", EL_9, _GEN_2, "verified"),
    ("canonical", "0001-com-ubuntu-confidential-vm-jammy", "22_04-lts-cvm", UBUNTU_22, _CONFIDENTIAL, "unverified"),
    ("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", UBUNTU_22, [], "verified"),
    ("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", UBUNTU_22, _GEN_2, "verified"),
    ("canonical", "ubuntu-24_04-lts", "cvm", UBUNTU_24, _CONFIDENTIAL, "unverified"),
    ("canonical", "ubuntu-24_04-lts", "server", UBUNTU_24, _GEN_2, "verified"),
    ("canonical", "ubuntu-24_04-lts", "server-arm64", f"{UBUNTU_24}-arm64", _GEN_2, "verified"),
    ("canonical", "ubuntu-24_04-lts", "server-gen1", UBUNTU_24, [], "verified"),
    ("microsoft-dsvm", "ubuntu-hpc", "2204", UBUNTU_22, _MPI_2, "unverified"),
    ("microsoft-dsvm", "ubuntu-hpc", "2204-rocm", UBUNTU_22, _MPI_2, "unverified"),
    ("microsoft-dsvm", "ubuntu-hpc", "2404", UBUNTU_24, _MPI_2, "verified"),
    ("microsoft-dsvm", "ubuntu-hpc", "2404-arm64", f"{UBUNTU_24}-arm64", _MPI_2, "verified"),
    ("microsoftcblmariner", "azure-linux-3", "azure-linux-3", AZURE_3, [], "verified"),
    ("microsoftcblmariner", "azure-linux-3", "azure-linux-3-arm64", f"{AZURE_3}-arm64", _GEN_2, "verified"),
    ("microsoftcblmariner", "azure-linux-3", "azure-linux-3-gen2", AZURE_3, _GEN_2, "verified"),
    ("microsoftwindowsserver", "windowsserver", "2022-datacenter", WINDOWS, [], "verified"),
    ("microsoftwindowsserver", "windowsserver", "2019-datacenter", WINDOWS, [], "verified"),
    ("microsoftwindowsserver", "windowsserver", "2022-datacenter-core", WINDOWS, [], "verified"),
)

# Not listed any more, and still taken: published samples and old pools ask for them.
_TAKEN: tuple[tuple[str, str, str, str, list[str], str], ...] = (
    ("canonical", "0001-com-ubuntu-server-focal", "20_04-lts", UBUNTU_20, [], "verified"),
    ("canonical", "ubuntuserver", "18.04-lts", UBUNTU_18, [], "verified"),
    ("canonical", "ubuntuserver", "16.04-lts", UBUNTU_16, [], "verified"),
    ("microsoft-azure-batch", "ubuntu-server-container", "20-04-lts", UBUNTU_20, _DOCKER, "unverified"),
    ("debian", "debian-12", "12", DEBIAN_12, [], "verified"),
    ("debian", "debian-12", "12-gen2", DEBIAN_12, _GEN_2, "verified"),
    ("almalinux", "almalinux-hpc", "8_10-hpc-gen2", EL_8, ["SupportsRDMAOnly", *_GEN_2], "verified"),
)


def _image_body(publisher: str, offer: str, sku: str, agent: str, capabilities: list[str], verification: str) -> Json:
    return {
        "nodeAgentSKUId": agent,
        "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
        "osType": "windows" if agent == WINDOWS else "linux",
        "verificationType": verification,
        **({"capabilities": capabilities} if capabilities else {}),
    }


IMAGES = tuple(_image_body(*row) for row in _ROWS)

_AGENTS: dict[tuple[str, ...], str] = {(row[0], row[1], row[2]): row[3] for row in (*_ROWS, *_TAKEN)}
_WITH_DOCKER = frozenset((row[0], row[1], row[2]) for row in (*_ROWS, *_TAKEN) if "DockerCompatible" in row[4])
MARKETPLACE = frozenset({"publisher", "offer", "sku"})
IDS = frozenset({"virtualMachineImageId", "sharedGalleryImageId", "communityGalleryImageId"})
PUBLISHERS = frozenset(row[0] for row in (*_ROWS, *_TAKEN)) | {
    *("batch", "credativ", "microsoftcblmariner", "microsoftwindowsdesktop", "openlogic", "oracle", "redhat"),
    *("resf", "rockylinux", "suse"),
}
"""Who publishes images that Batch supports or once did."""


def check_image(machine: Json) -> None:
    """Refuses an image of nobody, a node agent of another system than that of a supported image, and containers on one
    without Docker, for which the service has the value of `type` wrong (Azure/doAzureParallel, issue 369).

    Examples of the REST pages have Ubuntu 24.04 with the agent of 20.04.
    """
    reference = machine["imageReference"]
    given = reference.keys() & (IDS | MARKETPLACE)
    if not given or (len(given) > 1 and given & IDS):
        raise bad_value("imageReference", ", ".join(sorted(given)), "a publisher, offer and sku, or one id is wanted")
    name = tuple(str(reference.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    if name[0] and name[0] not in PUBLISHERS:
        told = " ".join(f"{part} {reference.get(part, '')}" for part in ("publisher", "offer", "sku"))
        why = f"The specified imageReference with {told} is not supported."
        raise Refusal("InvalidPropertyValue", (("PropertyName", "imageReference"), ("Reason", why)))
    asked: str = machine["nodeAgentSKUId"]
    agent = _AGENTS.get(name, asked)
    if _agent_family(agent) != _agent_family(asked):
        raise bad_value("nodeAgentSKUId", asked, f"the image {':'.join(name)} has {agent}")
    if "containerConfiguration" in machine and name in _AGENTS and name not in _WITH_DOCKER:
        kind = machine["containerConfiguration"]["type"]
        raise bad_value("type", kind, f"the image {':'.join(name)} has no capability DockerCompatible")


def _agent_family(agent: str) -> str:
    """`batch.node.ubuntu 24.04` is of the family `batch.node.ubuntu`."""
    return agent.lower().partition(" ")[0]
