"""A value of a file that is imported: what it holds, where it stands, and what becomes of it."""

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from batchctl.errors import SpecError
from batchctl.frozen import dataclass
from batchctl.importing.report import UNKNOWN, Line, Report, Row, Verdict
from batchctl.spec.reading.compose import Node
from batchctl.spec.reading.typed import INTEGER, NOTHING, NUMBER
from batchctl.spec.source import Source, shown

At = tuple[str | int, ...]
Document = dict[str, Any]
"""A spec, or a part of one, in its own words."""


@dataclass(frozen=True, slots=True)
class Found:
    """`at`: its path in the file. What is said of it covers all that is in it."""

    node: Node
    source: Source
    report: Report
    at: At = ()

    @property
    def field(self) -> str:
        """`tasks[0].id`"""
        return dotted(self.at)

    @property
    def is_mapping(self) -> bool:
        return self.node.kind == "mapping"

    @property
    def is_list(self) -> bool:
        return self.node.kind == "sequence"

    @property
    def is_nothing(self) -> bool:
        return self.node.kind == "scalar" and self.node.plain and self.node.text in ("", *NOTHING)

    def wrong(self, why: str, code: str = "import") -> NoReturn:
        """Raises SpecError: the file cannot mean this."""
        where = self.field
        message = f"{where}: {why}" if where else why
        raise SpecError([self.source.here(self.node.place, message, code)])

    # What it holds

    def get(self, *names: str) -> "Found | None":
        """What stands below these names; None where nothing does, or null."""
        found: Found | None = self
        for name in names:
            found = found._child(name) if found is not None else None
        return found

    def _child(self, name: str) -> "Found | None":
        if not self.is_mapping:
            self.wrong(f"this is to be a mapping with {shown(name)} in it", "type")
        values = [value for key, value in self.node.entries if key.text == name]
        if len(values) > 1:
            raise SpecError([self.source.here(values[-1].place, f"{shown(name)} stands twice", "duplicate-key")])
        found = self._at(values[0], name) if values else None
        return None if found is None or found.is_nothing else found

    def need(self, name: str) -> "Found":
        found = self.get(name)
        if found is None:
            self.wrong(f"{shown(name)} is missing", "missing")
        return found

    def entries(self) -> "Iterator[tuple[str, Found]]":
        if not self.is_mapping:
            self.wrong("this is to be a mapping", "type")
        yield from ((key.text, self._at(value, key.text)) for key, value in self.node.entries)

    def names(self) -> frozenset[str]:
        return frozenset(key.text for key, _ in self.node.entries)

    def members(self) -> "list[Found]":
        if not self.is_list:
            self.wrong("this is to be a list", "type")
        return [self._at(node, index) for index, node in enumerate(self.node.items)]

    def inside(self) -> "list[Found]":
        """What a mapping or a list holds."""
        return [found for _, found in self.entries()] if self.is_mapping else self.members() if self.is_list else []

    def _at(self, node: Node, name: str | int) -> "Found":
        return Found(node, self.source, self.report, (*self.at, name))

    def text(self) -> str:
        """A scalar as it is written, a number or a truth value too."""
        if self.node.kind != "scalar":
            self.wrong("this is to be a text", "type")
        return self.node.text

    def whole(self) -> int:
        if self.node.kind != "scalar" or not self.node.plain or not INTEGER.fullmatch(self.node.text):
            self.wrong(f"this is to be a whole number{self._but()}", "type")
        return int(self.node.text)

    def number(self) -> float:
        if self.node.kind != "scalar" or not self.node.plain or not NUMBER.fullmatch(self.node.text):
            self.wrong(f"this is to be a number{self._but()}", "type")
        return float(self.node.text)

    def truth(self) -> bool:
        if self.node.kind != "scalar" or not self.node.plain or self.node.text.lower() not in ("true", "false"):
            self.wrong(f"this is to be true or false{self._but()}", "type")
        return self.node.text.lower() == "true"

    def texts(self) -> list[str]:
        return [member.text() for member in self.members()]

    def plain(self) -> Any:
        """All of it as JSON has it."""
        if self.is_mapping:
            return {name: inner.plain() for name, inner in self.entries()}
        if self.is_list:
            return [member.plain() for member in self.members()]
        return scalar_value(self.node)

    def _but(self) -> str:
        return f", not {shown(self.node.text)}" if self.node.kind == "scalar" else ""

    # What becomes of it

    def carried(self, to: str, why: str = "") -> "Found":
        return self.told(Verdict.CARRIED, to, why)

    def changed(self, to: str, why: str) -> "Found":
        return self.told(Verdict.CHANGED, to, why)

    def dropped(self, why: str) -> "Found":
        return self.told(Verdict.DROPPED, "", why)

    def refused(self, why: str) -> "Found":
        return self.told(Verdict.REFUSED, "", why)

    def told(self, verdict: Verdict, to: str, why: str) -> "Found":
        self.report.told.add(id(self.node))
        place = self.node.place
        self.report.lines.append(Line(self.source.file, place.line, place.column, self.field, verdict, to, why))
        return self

    def covered(self) -> "Found":
        """What is said of something else says all of this as well."""
        self.report.told.add(id(self.node))
        return self

    def known(self, *names: str) -> "Found":
        """What is in it under other names is dropped, for no importer knows it; what is said of it does not cover
        that."""
        for name, inner in self.entries() if self.is_mapping else ():
            if name not in names and not inner.is_nothing and not inner.says_something():
                inner.dropped(UNKNOWN)
        return self

    def leave(self) -> None:
        """Whatever is in it of which nothing was said is dropped: no importer knows it."""
        for left in self.untold():
            if left.is_empty:
                left.covered()
            else:
                left.dropped(UNKNOWN)

    @property
    def is_empty(self) -> bool:
        """Is nothing in it, nor in anything that is in it?"""
        return self.is_nothing or (self.node.kind != "scalar" and all(inner.is_empty for inner in self.inside()))

    def untold(self) -> "Iterator[Found]":
        """What is in it of which nothing was said, as much at once as can be."""
        if id(self.node) in self.report.told or self.is_nothing:
            return
        inner = self.inside()
        if self.at and not any(found.says_something() for found in inner):
            yield self
            return
        for found in inner:
            yield from found.untold()

    def says_something(self) -> bool:
        """Was something said of it, or of anything in it?"""
        if id(self.node) in self.report.told:
            return True
        return any(found.says_something() for found in self.inside())


def scalar_value(node: Node) -> Any:
    """A scalar as JSON has it."""
    if not node.plain:
        return node.text
    if node.text in ("", *NOTHING):
        return None
    if node.text.lower() in ("true", "false"):
        return node.text.lower() == "true"
    if INTEGER.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if NUMBER.fullmatch(node.text) else node.text


NOT_SAID = (Verdict.DROPPED, Verdict.REFUSED)


def dotted(at: At) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return parts.removeprefix(".")


def told_by_table(found: Found, rows: Sequence[Row], verdicts: Sequence[Verdict] = NOT_SAID) -> None:
    """What a table drops or refuses; `field` of each is a path below `found`, `*` for any name or member in it."""
    for row in rows:
        if row.verdict in verdicts:
            for one in below(found, row.field.split(".")):
                for left in one.untold():
                    left.told(row.verdict, row.to, row.why)


def below(found: Found, path: Sequence[str]) -> Iterator[Found]:
    """All values at a path; a part `*` is any name, a part that ends with `[]` all members of a list."""
    if not path:
        yield found
        return
    name, rest = path[0].removesuffix("[]"), path[1:]
    inner = [value for key, value in found.entries() if name in ("*", key)] if found.is_mapping else []
    for value in inner:
        for one in value.members() if path[0].endswith("[]") and value.is_list else (value,):
            yield from below(one, rest)
