"""Images of old files: which of them can still be had, and what takes the place of one that cannot. Pure."""

from typing import Any

from batchctl.retirements import IMAGES

WITH_CONTAINERS = {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2404"}
"""An image of today that runs containers."""

PLAIN = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
WINDOWS = {"publisher": "microsoftwindowsserver", "offer": "windowsserver", "sku": "2022-datacenter"}

RUN_CONTAINERS = ("microsoft-azure-batch/", "microsoft-dsvm/ubuntu-hpc/", "microsoftwindowsserver/")
"""How `publisher/offer/sku` begins of images that have a container runtime."""

OF_BATCH = "microsoft-azure-batch/"
STILL_THERE = (
    "canonical/0001-com-ubuntu-server-jammy/",
    "microsoft-dsvm/ubuntu-hpc/2204",
    "microsoftwindowsserver/windowsserver/2016-",
)
"""Images whose end is known and lies ahead."""


def image_of_today(publisher: str, offer: str, sku: str, *, containers: bool) -> tuple[dict[str, Any], str]:
    """(the image, why it is another one; "" where it is not)."""
    name = f"{publisher}/{offer}/{sku}".lower()
    windows = "windows" in name
    if why := _end_of(name):
        other = WINDOWS if windows else WITH_CONTAINERS if containers or name.startswith(OF_BATCH) else PLAIN
        return dict(other), why
    if containers and not name.startswith(RUN_CONTAINERS) and not windows:
        return dict(WITH_CONTAINERS), "it has no container runtime, which the tool installed on each node"
    return {"publisher": publisher, "offer": offer, "sku": sku}, ""


def _end_of(name: str) -> str:
    if name.startswith(STILL_THERE):
        return ""
    gone = next((row for row in IMAGES if name.startswith(row.names)), None)
    if gone is not None:
        return f"{gone.what}: Batch takes no pool of it any more (from {gone.ends})"
    return (
        "Batch's own container images were of Ubuntu 16.04, 20.04 and CentOS 7, which it takes no more"
        if name.startswith(OF_BATCH)
        else ""
    )
