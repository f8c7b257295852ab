"""RESULTS.md read back: so that what is told elsewhere is what stands there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.figures import rows


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as it stands in RESULTS.md; `ours` with its unit, `beside` the peer and theirs."""

    what: str
    ours: str
    beside: str
    ratio: str
    aim: str

    @property
    def number(self) -> float:
        return float(self.ours.split()[0].replace(",", ""))


Results = Mapping[str, tuple[Row, ...]]
"""By the title of the section."""


def read(text: str) -> Results:
    parts = re.split(r"(?m)^## ", text)[1:]
    return {part.split("\n", 1)[0]: tuple(Row(*cells) for cells in rows(part)) for part in parts}


def found(results: Results, title: str, what: str, beside: str = "") -> Row | None:
    """The figure of that name whose peer begins so."""
    return first(row for row in results.get(title, ()) if row.what == what and row.beside.startswith(beside))


def first(some: Iterable[Row]) -> Row | None:
    return next(iter(some), None)
