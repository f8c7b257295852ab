"""Modules that import each other in a circle, imports for a type checker included."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from tests.house.code import House, Module
from tests.house.layout import NO_TYPING


def found(house: House) -> Iterator[tuple[Module, int, str]]:
    """(module, line, what): one module of each circle with the way round, and imports that may not be for typing."""
    left = {module: set(house.needs(module)) for module in house.values()}
    while circle := _circle(left):
        way = " -> ".join(str(module.path) for module in circle)
        yield circle[0], house.needs(circle[0])[circle[1]].line, f"a circle: {way}"
        left[circle[0]].discard(circle[1])  # the next circle is another one
    for module in house.values():
        if module.path.parts[0] in NO_TYPING:
            lines = sorted({one.line for one in module.imports if one.typing})
            yield from ((module, line, "an import for a type checker alone") for line in lines)


def _circle(graph: dict[Module, set[Module]]) -> list[Module]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
