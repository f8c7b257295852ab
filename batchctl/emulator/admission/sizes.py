"""The sizes of a pool that mixes them, and its zones, at the gate (2026-10-01, as specified: wire/versions.py)."""

import re

from batchctl.emulator.records import Json
from batchctl.emulator.refusals import bad_value
from batchctl.emulator.wire.vm_sizes import MIX, cores_of_size, family_of_size

SIZE = re.compile(r"(standard|basic)_[a-z0-9_-]+", re.IGNORECASE)
"""What names of VM sizes look like."""
_PATH = "vmSkuProfile.vmSizes"


def check_mix(spec: Json) -> None:
    """`vmSize` is Mix where a profile names sizes, and nowhere else; all have as many cores and are of one family."""
    profile = spec.get("vmSkuProfile")
    if profile is None and spec["vmSize"] != MIX:
        return
    if profile is None:
        raise bad_value("vmSize", spec["vmSize"], "a mix of sizes needs a vmSkuProfile")
    if spec["vmSize"] != MIX:
        raise bad_value("vmSize", spec["vmSize"], "must be Mix where vmSkuProfile is given")
    sizes = profile.get("vmSizes")
    if not sizes:
        raise bad_value(_PATH, len(sizes or ()), "1 to 5 sizes are wanted")
    for size in sizes:
        if not SIZE.fullmatch(size["name"]):
            raise bad_value(f"{_PATH}.name", size["name"], "no size of virtual machines has such a name")
        if ("rank" in size) != (profile["allocationStrategy"] == "prioritized"):
            why = "wanted with the strategy prioritized, and with no other"
            raise bad_value(f"{_PATH}.rank", size.get("rank", ""), why)
    for alike, what in ((cores_of_size, "as many vCPUs"), (family_of_size, "the same VM family")):
        if len({alike(size["name"]) for size in sizes}) > 1:
            names = ", ".join(size["name"] for size in sizes)
            raise bad_value(_PATH, names, f"all sizes must have {what}")


def check_zones(machine: Json) -> None:
    """Zones are chosen by one of two properties, and only what is chosen automatically is limited."""
    if "placement" in machine and "nodePlacementConfiguration" in machine:
        raise bad_value("placement", "", "nodePlacementConfiguration is given too")
    if "resiliencyPolicy" in machine and "placement" not in machine:
        raise bad_value("resiliencyPolicy", "", "placement.zonePlacementPolicy must be Auto")
