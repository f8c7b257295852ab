"""Who imports upwards, or sideways, against the rows of `layout.ORDER`."""

from collections.abc import Iterator

from tests.house.code import House, Module
from tests.house.layout import ORDER, OTHERS


def against(house: House) -> Iterator[tuple[Module, int, str]]:
    """(module, line, what) for each import that does not go down."""
    for module in house.values():
        for needed, one in house.needs(module).items():
            for folder in ORDER:
                mine, other = room(folder, module), room(folder, needed)
                if mine and other and mine != other and not _down(folder, mine, other):
                    yield module, one.line, f"{mine} of {folder or 'batchctl'}/ imports {needed.path}"


def room(folder: str, module: Module) -> str:
    """What the module is to this folder: the name of a folder in it with "/" at its end, of a file in it, or ""."""
    if not module.path.is_relative_to(folder or "."):
        return ""
    first, *further = module.path.relative_to(folder or ".").parts
    return f"{first}/" if further else first.removesuffix(".py").replace("__init__", "")


def _down(folder: str, mine: str, other: str) -> bool:
    above, below = _row(folder, mine), _row(folder, other)
    beside = above == below and not (mine.endswith("/") or other.endswith("/"))
    return above < below or beside


def _row(folder: str, name: str) -> int:
    """From above, counted from 0; a module that is not named has the row of OTHERS, a folder is unknown."""
    rows, bare = ORDER[folder], name.removesuffix("/")
    wanted = bare if any(bare in row for row in rows) else OTHERS
    found = [number for number, row in enumerate(rows) if wanted in row]
    return found[0] if found else len(rows)
