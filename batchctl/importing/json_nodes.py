"""JSON text to nodes with places, without recursion: what `json` makes of it, and where each value stands."""

import re
from json import JSONDecodeError, decoder
from typing import Any, NoReturn

from batchctl.errors import SpecError
from batchctl.spec.reading.compose import Node
from batchctl.spec.source import Place, Source

DEPTH = 64
SCAN: Any = vars(decoder)["scanstring"]
"""How json reads a text behind its quote: (the text, where it ends)."""
BLANK = re.compile(r"[ \t\n\r]*")
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
OPEN = {"{": "mapping", "[": "sequence"}
CLOSE = {"mapping": "}", "sequence": "]"}


def json_nodes(source: Source) -> Node:
    """The document's root. Raises SpecError with the place where it is no JSON."""
    reader = _Reader(source)
    root = reader.value()
    stack = [root] if root.kind in CLOSE else []
    first = True
    while stack:
        above = stack[-1]
        key = None
        if reader.taken(CLOSE[above.kind]):
            place = above.place
            above.place = Place(place.line, place.column, place.start, reader.at)
            stack.pop()
            first = False
            continue
        if not first:
            reader.want(",", f"',' or '{CLOSE[above.kind]}'")
        if above.kind == "mapping":
            key = reader.key()
        inner = reader.value()
        if key is None:
            above.items.append(inner)
        else:
            above.entries.append((key, inner))
        first = inner.kind in CLOSE
        if first:
            stack.append(inner)
            if len(stack) > DEPTH:
                reader.wrong(f"nested deeper than {DEPTH}")
    reader.end()
    return root


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source, self.text, self.at = source, source.text, 0
        self._blank()

    def value(self) -> Node:
        start, text = self.at, self.text
        if kind := OPEN.get(text[start : start + 1]):
            self._go(start + 1)
            return Node(kind, self._place(start, start + 1))
        if text.startswith('"', start):
            return self._string()
        if found := PLAIN.match(text, start):
            self._go(found.end())
            return Node("scalar", self._place(start, found.end()), found[0], True)
        return self.wrong("a value is missing here" if start < len(text) else "it ends in the middle")

    def key(self) -> Node:
        if not self.text.startswith('"', self.at):
            self.wrong("a name in double quotes is missing here")
        found = self._string()
        self.want(":", "':'")
        return found

    def taken(self, char: str) -> bool:
        if not self.text.startswith(char, self.at):
            return False
        self._go(self.at + 1)
        return True

    def want(self, char: str, said: str) -> None:
        if not self.taken(char):
            self.wrong(f"{said} is missing here" if self.at < len(self.text) else f"it ends where {said} is missing")

    def end(self) -> None:
        if self.at < len(self.text):
            self.wrong("more follows where it should end")

    def wrong(self, why: str, at: int | None = None) -> NoReturn:
        start = self.at if at is None else at
        raise SpecError([self.source.here(self._place(start, start + 1), f"this is not JSON: {why}", "syntax")])

    def _string(self) -> Node:
        start = self.at
        try:
            text, end = SCAN(self.text, start + 1, True)
        except JSONDecodeError as error:
            self.wrong(error.msg[:1].lower() + error.msg[1:], error.pos)
        self._go(end)
        return Node("scalar", self._place(start, end), text, False)

    def _go(self, at: int) -> None:
        self.at = at
        self._blank()

    def _blank(self) -> None:
        found = BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _place(self, start: int, end: int) -> Place:
        return Place(*self.source.position(start), start, end)
