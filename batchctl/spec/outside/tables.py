"""Files of this machine whose lines or rows are items: text lines, CSV, TSV."""

import csv
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from batchctl.spec.inventory import Table
from batchctl.spec.model import Rows
from batchctl.spec.source import is_hidden, shown

MOST_ROWS = 100_001
"""One more than there may be tasks: enough to tell that it is too many."""

LARGEST_ROW = 1 << 20
"""Characters of a line."""


class TableError(Exception):
    """Why a file is no table; the message says it all but the file's name."""


def read_table(path: Path, form: str, wanted: Rows) -> Table:
    """The chosen lines or rows; blank ones do not count. Raises TableError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise TableError("it is not a regular file")
        # As Excel writes it; newlines as they are, for quoted fields may hold some.
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return READERS[form](_bounded(stream), wanted)
    except UnicodeDecodeError as error:
        raise TableError(f"it is not UTF-8: {error.reason} at byte {error.start}") from None
    except (csv.Error, OSError) as error:
        raise TableError(getattr(error, "strerror", None) or str(error)) from None


def _bounded(stream: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        if len(line) > LARGEST_ROW:
            raise TableError(f"line {number} is longer than {LARGEST_ROW >> 20} MiB")
        yield line


def _lines(lines: Iterator[str], wanted: Rows) -> Table:
    filled = ((number, [text]) for number, line in enumerate(lines, 1) if (text := line.rstrip("\r\n")).strip())
    return Table(("line",), tuple(_chosen_rows(filled, 1, wanted)))


def _csv(lines: Iterator[str], wanted: Rows) -> Table:
    return _headed_table(csv.reader(lines, strict=True), wanted)


def _tsv(lines: Iterator[str], wanted: Rows) -> Table:
    return _headed_table(csv.reader(lines, "excel-tab", strict=True), wanted)


def _headed_table(reader: Any, wanted: Rows) -> Table:
    header = next((row for row in reader if row), None)
    if header is None:
        raise TableError("it is empty: its first line names the columns")
    columns = tuple(re.sub(r"\W+", "_", name.strip(), flags=re.ASCII).strip("_") or "_" for name in header)
    for number, name in enumerate(columns):
        if name in columns[:number]:
            raise TableError(f"two of its columns are called {shown(name)}")
    filled = ((reader.line_num, row) for row in reader if row)
    return Table(columns, tuple(_chosen_rows(filled, len(columns), wanted)))


def _chosen_rows(rows: Iterator[tuple[int, list[str]]], length: int, wanted: Rows) -> Iterator[tuple[str, ...]]:
    end = wanted.end if wanted.end is not None else wanted.start - 1 + MOST_ROWS
    for line, row in islice(rows, wanted.start - 1, end):
        if len(row) != length:
            raise TableError(f"line {line} has {len(row)} columns, and the first line names {length}")
        if odd := next((c for text in row for c in text if is_hidden(c)), None):
            raise TableError(f"line {line} has the character U+{ord(odd):04X}, which no command line could carry")
        yield tuple(row)


READERS = {"lines": _lines, "csv": _csv, "tsv": _tsv}
"""How the file of each form is read."""
