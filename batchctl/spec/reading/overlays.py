"""Overlays: parts of specs, laid over one before it is read; each node keeps its place in its file."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.errors import Problem
from batchctl.spec.reading.compose import Node
from batchctl.spec.source import Source, shown

NAMES = ("factory", "id", "name")
"""What tells items of a list apart; of several the first that both bear."""

NOTHING = ("null", "~")
"""Takes out what is below."""


def laid_over(below: Node, above: Node, source: Source) -> tuple[Node, list[Problem]]:
    """(the spec with an overlay, what is wrong with that); `source`: the text of the overlay."""
    problems: list[Problem] = []
    if above.kind != "mapping":
        message = "an overlay is a mapping, with the keys of a spec that it changes"
        return below, [source.here(above.place, message, "type")]
    return _laid(below, above, source, problems), problems


def _laid(below: Node, above: Node, source: Source, problems: list[Problem], *, raw: bool = False) -> Node:
    """Mappings key by key, lists whose items have names item by item; all else takes the place of what is below."""
    if above.kind == "mapping":
        under = below if below.kind == "mapping" else Node("mapping", above.place)
        return _mapping(under, above, source, problems, raw=raw)
    if above.kind == below.kind == "sequence" and above.items and all(map(_names, (*above.items, *below.items))):
        return _sequence(below, above, source, problems, raw=raw)
    return above


def _mapping(below: Node, above: Node, source: Source, problems: list[Problem], *, raw: bool) -> Node:
    entries, seen = list(below.entries), set[str]()
    for key, value in above.entries:
        at = next((n for n, (other, _) in enumerate(entries) if other.text == key.text), None)
        inside = raw or key.text == "raw"
        if key.text in seen:
            # A key that stands twice is told when the whole is read.
            entries.append((key, value))
        elif value.kind == "scalar" and value.plain and value.text in NOTHING and not (inside and at is None):
            if at is None:
                message = f"there is no {shown(key.text)} to take out"
                problems.append(source.here(key.place, message, "nothing-there"))
            else:
                del entries[at]
        elif at is None:
            entries.append((key, _laid(Node("scalar", value.place), value, source, problems, raw=inside)))
        else:
            laid = _laid(entries[at][1], value, source, problems, raw=inside)
            entries[at] = (key if laid is value else entries[at][0], laid)
        seen.add(key.text)
    # Where nothing was below, the overlay said all of it.
    return replace(below if below.entries else above, entries=entries)


def _sequence(below: Node, above: Node, source: Source, problems: list[Problem], *, raw: bool) -> Node:
    items = list(below.items)
    for item in above.items:
        at = _same(items, item)
        if at is None:
            items.append(_laid(Node("scalar", item.place), item, source, problems, raw=raw))
        else:
            items[at] = _laid(items[at], item, source, problems, raw=raw)
    return replace(below, items=items)


def _same(items: list[Node], item: Node) -> int | None:
    """Which of the items bears the same name."""
    for key, name in _names(item).items():
        for number, other in enumerate(items):
            if _names(other).get(key) == name:
                return number
    return None


def _names(item: Node) -> dict[str, str]:
    said = dict(_scalars(item))
    return {key: said[key] for key in NAMES if key in said}


def _scalars(item: Node) -> Iterator[tuple[str, str]]:
    return ((key.text, value.text) for key, value in item.entries if value.kind == "scalar")
