"""How many cores a VM size has, by Azure's naming convention and a table of the sizes that are older than it."""

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"(?:standard|basic)_([a-z]+)(\d+)(?:-(\d+))?[a-z]*((?:_\w+)*)", re.IGNORECASE | re.ASCII)

_SHIRTS = {
    "d ds": "1:1 2:2 3:4 4:8 5:16 11:2 12:4 13:8 14:16 15:20",
    "a": "0:1 1:1 2:2 3:4 4:8 5:2 6:4 7:8 8:8 9:16 10:8 11:16",
    "g gs": "1:2 2:4 3:8 4:16 5:32",
}
"""Families whose number is a size like that of shirts: number:cores. Of A and G only without a version."""
_CORES: dict[tuple[str, int], int] = {
    (family, int(number)): int(cores)
    for families, pairs in _SHIRTS.items()
    for family in families.split()
    for number, cores in (pair.split(":") for pair in pairs.split())
}
_CLOUD_SERVICES = {"extrasmall": 1, "small": 1, "medium": 2, "large": 4, "extralarge": 8}


MIX = "mix"
"""The vmSize of a pool whose nodes are of several sizes, which its vmSkuProfile names (2026-10-01)."""


def sizes_of(spec: Mapping[str, Any]) -> list[str]:
    """The sizes that nodes of a pool may have, as they are read: of a mix in the order in which they are taken."""
    if spec["vmSize"] != MIX:
        return [spec["vmSize"]]
    sizes = spec["vmSkuProfile"]["vmSizes"]
    return [size["name"].lower() for size in sorted(sizes, key=lambda size: size.get("rank", 0))]


def cores_of(spec: Mapping[str, Any]) -> int:
    """The cores of a node of a pool: all sizes of a mix have as many."""
    return cores_of_size(sizes_of(spec)[0])


def family_of_size(vm_size: str) -> str:
    """The letters before the number: `d` of `Standard_D8s_v5` and of `Standard_D8as_v6`."""
    found = _NAME.fullmatch(vm_size.lower())
    return found[1] if found else vm_size.lower()


def cores_of_size(vm_size: str) -> int:
    """`Standard_D16s_v5` has 16, `Standard_E16-4s_v5` has 4, `Standard_D3_v2` has 4; a name of another form has 1."""
    name = vm_size.lower()
    found = _NAME.fullmatch(name)
    if found is None:
        return _CLOUD_SERVICES.get(name, 1)
    family, number, constrained, rest = found.groups()
    if constrained:
        return int(constrained)
    old = not re.search(r"_v[0-9]", rest) or (family in ("d", "ds") and rest.startswith("_v2"))
    return _CORES.get((family, int(number)), int(number)) if old else int(number)
