"""What becomes of each field of a file that is imported. Pure."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import field
from enum import StrEnum
from itertools import chain, count

from batchctl.frozen import dataclass


class Verdict(StrEnum):
    """What became of a field."""

    CARRIED = "carried"
    CHANGED = "changed"
    DROPPED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One field: its place (line and column from 1), its dotted path, where the spec has it ("": nowhere), why."""

    file: str
    line: int
    column: int
    field: str
    verdict: Verdict
    to: str = ""
    why: str = ""


UNKNOWN = "not known"
"""Why a field is dropped of which no importer knows what it means."""


@dataclass(slots=True)
class Report:
    """The lines as they are gathered; `told` are the nodes, by `id()`, of which something was said: with a node, all
    that is in it. `variables`: of the environment, in which secrets are to be, and of what each is."""

    lines: list[Line] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    variables: dict[str, Hashable] = field(default_factory=dict)

    def variable(self, of: Hashable, name: str) -> str:
        """The variable for one secret, by this name or, where another secret has it, with a number."""
        names = chain((name,), (f"{name}_{number}" for number in count(2)))
        return next(free for free in names if self.variables.setdefault(free, of) == of)

    def sorted(self) -> tuple[Line, ...]:
        """In the order of the files, the last word of each field; of what is in a refused one no more is said."""
        last = {(line.file, line.line, line.column, line.field or line.why): line for line in self.lines}
        refused = [line for line in last.values() if line.verdict is Verdict.REFUSED]
        return tuple(sorted(line for line in last.values() if not any(_is_in(line, other) for other in refused)))


def _is_in(line: Line, other: Line) -> bool:
    return line.file == other.file and line.field.startswith((f"{other.field}.", f"{other.field}["))


def counts(lines: Iterable[Line]) -> Iterator[str]:
    """`12 carried`, `2 changed`, for each verdict that there is."""
    found = [line.verdict for line in lines]
    yield from (f"{found.count(verdict)} {verdict}" for verdict in Verdict if verdict in found)


@dataclass(frozen=True, slots=True)
class Row:
    """What a table of an importer says of a field: its path in the tool's words, its verdict, where a spec has it, and
    what it really means."""

    field: str
    verdict: Verdict
    to: str = ""
    why: str = ""
