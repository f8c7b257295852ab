"""What the name of a VM size says: how many cores it has, and of which series it is. Pure.

Azure's naming convention says it, and a table what it does not (Learn: "Azure virtual machine sizes naming
conventions", and the pages of the sizes of earlier generations).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_NAME = re.compile(
    r"(?P<tier>standard|basic)_(?P<family>[a-z]+)(?P<number>[0-9]+)(?:-(?P<constrained>[0-9]+))?"
    r"(?P<features>[a-z]*)(?:_(?P<version>v[0-9]+))?(?P<more>_[a-z0-9_]+)?",
    re.IGNORECASE,
)
_D = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20}
_A = {0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 5: 2, 6: 4, 7: 8, 8: 8, 9: 16, 10: 8, 11: 16}
_G = {1: 2, 2: 4, 3: 8, 4: 16, 5: 32}
OLD: Mapping[tuple[str, str], Mapping[int, int]] = {
    **dict.fromkeys((("d", ""), ("ds", ""), ("d", "v2"), ("ds", "v2")), _D),
    ("a", ""): _A,
    **dict.fromkeys((("g", ""), ("gs", "")), _G),
}
"""(family, version) -> number in the name -> cores: sizes older than the convention, numbered like shirts."""


def family_of_size(vm_size: str) -> tuple[str, int] | None:
    """`Standard_D16s_v5` is of (`ds_v5`, 16): the cores that are paid, for a constrained size costs what it is made
    of. None for a name of another form."""
    found = _NAME.fullmatch(vm_size)
    cores = cores_of_size(vm_size)
    if found is None or cores is None:
        return None
    paid = int(found["number"]) if found["constrained"] else cores
    told = vm_size.lower()
    start, end = found.start("number"), found.end("constrained") if found["constrained"] else found.end("number")
    return f"{told[:start]}{told[end:]}", paid


def cores_of_size(vm_size: str) -> int | None:
    """`Standard_D16s_v5` has 16, `Standard_E16-4s_v5` 4, `Standard_D3_v2` 4; None for a name of another form."""
    found = _NAME.fullmatch(vm_size)
    if found is None:
        return None
    if found["constrained"]:
        return int(found["constrained"])
    number = int(found["number"])
    return OLD.get((found["family"].lower(), (found["version"] or "").lower()), {}).get(number, number)


class Size(NamedTuple):
    """The parts of a size's name: `Standard_D4as_v5` is `("d", 4, "as", 5)`. `version`: 0 where there is none."""

    family: str
    number: int
    features: str
    version: int


def parts_of_size(vm_size: str) -> Size | None:
    """None for a name of another form."""
    found = _NAME.fullmatch(vm_size.lower())
    if found is None:
        return None
    version = found["version"] or next(iter(re.findall(r"_(v[0-9]+)\b", found["more"] or "")), "v0")
    return Size(found["family"], int(found["number"]), found["features"], int(version[1:]))


def series_of_size(vm_size: str) -> tuple[str, str] | None:
    """(family, version), in small letters: `Standard_D3_v2` is of `("d", "v2")`, `Standard_NC6_Promo` of `("nc", "")`.

    None for a name of another form, and for sizes that name their accelerator (`Standard_NC4as_T4_v3`): each such
    series is one of its own.
    """
    found = _NAME.fullmatch(vm_size)
    if found is None or (found["more"] or "_promo").lower() != "_promo":
        return None
    return found["family"].lower(), (found["version"] or "").lower()
