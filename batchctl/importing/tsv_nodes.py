"""Text of tab-separated values to nodes: each column a list, by what its head says."""

import csv

from batchctl.errors import SpecError
from batchctl.spec.reading.compose import Node
from batchctl.spec.source import Place, Source


def tsv_nodes(source: Source) -> Node:
    """Raises SpecError with the place of an empty line, of one too short or too long, or of a head twice."""
    lines = source.text.splitlines()
    reader = csv.reader(lines, delimiter="\t")
    head = next(reader, [])
    columns = [Node("sequence", Place(1, _column(head, at), 0, len(name))) for at, name in enumerate(head)]
    if twice := next((name for name in head if head.count(name) > 1), None):
        raise SpecError([source.here(Place(1, 1, 0, 1), f"{twice!r} heads two columns", "duplicate-key")])
    for row in reader:
        at = Place(reader.line_num, 1, 0, 1)
        if not row:
            raise SpecError([source.here(at, "an empty line: the tool takes no file with one", "syntax")])
        if len(row) != len(head):
            raise SpecError([source.here(at, f"{len(row)} values, and {len(head)} columns", "syntax")])
        for number, (text, column) in enumerate(zip(row, columns, strict=True)):
            place = Place(reader.line_num, _column(row, number), 0, len(text))
            column.items.append(Node("scalar", place, text, False))
    keys = [Node("scalar", column.place, name, False) for name, column in zip(head, columns, strict=True)]
    return Node("mapping", Place(1, 1, 0, 1), entries=list(zip(keys, columns, strict=True)))


def _column(row: list[str], number: int) -> int:
    return sum(map(len, row[:number])) + number + 1
