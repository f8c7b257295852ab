"""TOML text to nodes, each at the line of its key."""

import re
import tomllib
from typing import Any

from batchctl.errors import SpecError
from batchctl.spec.reading.compose import Node
from batchctl.spec.source import Place, Source

TABLE = re.compile(r"\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?", re.ASCII)
KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*(?:=|\.)""", re.ASCII)
WHERE = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)")


def toml_nodes(source: Source) -> Node:
    """The document's root. Raises SpecError with the place where it is no TOML."""
    try:
        found = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        where = WHERE.search(str(error))
        line, column = (int(where[1]), int(where[2])) if where else (source.text.count("\n") + 1, 1)
        said = WHERE.sub("", str(error)).strip().removesuffix("(at end of document)").strip()
        raise SpecError([source.here(Place(line, column, 0, 1), f"this is not TOML: {said}", "syntax")]) from None
    return _node(found, (), _places(source.text), Place(1, 1, 0, 1))


def _places(text: str) -> dict[tuple[str | int, ...], Place]:
    """Of each key that begins a line, and of each table."""
    found: dict[tuple[str | int, ...], Place] = {}
    counts: dict[str, int] = {}
    above: tuple[str | int, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if table := TABLE.fullmatch(line):
            name = table[2].strip()
            above = tuple(part.strip(" \"'") for part in name.split("."))
            if table[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                above = (*above, counts[name])
            found[above] = Place(number, line.index("[") + 1, 0, len(line))
        elif key := KEY.match(line):
            word = key[1] or key[2] or key[3]
            found.setdefault((*above, word), Place(number, len(line) - len(line.lstrip()) + 1, 0, len(line)))
    return found


def _node(value: Any, at: tuple[str | int, ...], places: dict[tuple[str | int, ...], Place], near: Place) -> Node:
    place = places.get(at, near)
    match value:
        case dict():
            names = ((Node("scalar", place, name, False), inner, name) for name, inner in value.items())
            return Node("mapping", place, entries=[(k, _node(v, (*at, n), places, place)) for k, v, n in names])
        case list():
            return Node("sequence", place, items=[_node(v, (*at, i), places, place) for i, v in enumerate(value)])
        case str():
            return Node("scalar", place, value, False)
        case bool():
            return Node("scalar", place, str(value).lower(), True)
    return Node("scalar", place, str(value), True)
