"""What a pool's slots need, and the VM sizes that have it. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from batchctl.configurations import Needs
from batchctl.vm_abilities import sizes_for

MEMORY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([MGT])iB")


def needs_of(said: Mapping[str, Any]) -> Needs | None:
    """None where a part of it is no such thing, or waits for its value."""
    cpus, memory, gpus = _number(said.get("cpus", 0)), _gib(said.get("memory", 0)), said.get("gpus", 0)
    if cpus is None or memory is None or not isinstance(gpus, int):
        return None
    return Needs(cpus=cpus, memory=memory, gpus=gpus)


def sizes_of(pool: Mapping[str, Any], needs: Needs) -> tuple[str, ...]:
    """The sizes that suffice for all slots of a node, the least first; empty where the table has none."""
    disk = pool.get("osDisk")
    ephemeral = isinstance(disk, Mapping) and "ephemeralOSDiskSettings" in disk
    return sizes_for(needs, pool.get("taskSlotsPerNode", 1), ephemeral=ephemeral)


def _gib(said: Any) -> float | None:
    """`512 MiB` is 0.5, and so is the number."""
    found = MEMORY.fullmatch(said) if isinstance(said, str) else None
    return _number(float(found[1]) * 1024.0 ** ("MGT".index(found[2]) - 1)) if found else _number(said)


def _number(said: Any) -> float | None:
    """A whole number without its point."""
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    return int(said) if said == int(said) else float(said)
