"""Items that do not stand in the spec: the lines or rows of a file (text, CSV, TSV), and what a Python function makes.

Python runs in this process, and only where the command line allows it.
"""

import csv
import importlib.util
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from batchctl.spec.inventory import Generated, Table
from batchctl.spec.model import Rows
from batchctl.spec.source import is_hidden, shown
from batchctl.spec.template import Value, value_text
from batchctl.words import plural

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
    return Table({}, tuple(_chosen_rows(filled, 1, wanted)))


def _csv(lines: Iterator[str], wanted: Rows) -> Table:
    return _headed_table(csv.reader(lines, strict=True), wanted)


def _tsv(lines: Iterator[str], wanted: Rows) -> Table:
    return _headed_table(csv.reader(lines, "excel-tab", strict=True), wanted)


def _headed_table(reader: Any, wanted: Rows) -> Table:
    header = next((row for row in reader if row), None)
    if header is None:
        raise TableError("it is empty: its first line names the columns")
    if len(header) == 1 and (mark := next((m for m in SEPARATORS if m in header[0]), None)):
        asked = SEPARATORS[reader.dialect.delimiter]
        raise TableError(f"its columns seem to be separated by {SEPARATORS[mark]}, and are read by {asked}: {REMEDY}")
    filled = ((reader.line_num, row) for row in reader if row)
    return Table(_columns([name.strip() for name in header]), tuple(_chosen_rows(filled, len(header), wanted)))


SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'", ",": "','"}
REMEDY = "'csv' takes ',' and 'tsv' takes tabs"


def _columns(header: Sequence[str]) -> dict[str, int]:
    """The place of each column by its name, and by the word that this makes (`sample name`: `sample_name`) where it is
    that of one column alone."""
    found = {name: number for number, name in enumerate(header)}
    if len(found) < len(header):
        [(twice, _)] = Counter(header).most_common(1)
        raise TableError(f"two of its columns are called {shown(twice)}")
    words = [re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "_" for name in header]
    uses = Counter(words)
    return {word: number for number, word in enumerate(words) if uses[word] == 1} | found


def _chosen_rows(rows: Iterator[tuple[int, list[str]]], length: int, wanted: Rows) -> Iterator[tuple[str, ...]]:
    end = wanted.end if wanted.end is not None else wanted.start - 1 + MOST_ROWS
    for line, row in islice(rows, wanted.start - 1, end):
        if len(row) != length:
            raise TableError(f"line {line} has {plural(len(row), 'column')}, and the first line names {length}")
        if odd := next((c for text in row for c in text if is_hidden(c)), None):
            raise TableError(f"line {line} has the character U+{ord(odd):04X}, which no command line could carry")
        yield tuple(row)


READERS = {"lines": _lines, "csv": _csv, "tsv": _tsv}
"""How the file of each form is read."""


class GeneratorError(Exception):
    """Why there are no items."""


def generate_items(folder: Path, reference: str, variables: Mapping[str, Value]) -> tuple[Generated, ...]:
    """What `module:function` yields; the module is a file below the folder. Raises GeneratorError.

    The function is called with the spec's variables by name. An item is a text, number or boolean (`{item}`), or a
    mapping of names to these (`{item.NAME}`; its key is what is called `key`, or the first).
    """
    module, _, name = reference.partition(":")
    try:
        made = getattr(_load_module(folder, module), name)(dict(variables))
        # A generator may never end.
        return tuple(_checked_items(islice(made, MOST_ROWS)))
    except GeneratorError:
        raise
    # Whatever the code of a spec raises is a mistake of the spec, and no bug of ours.
    except Exception as error:
        raise GeneratorError(f"{shown(reference)} raised {type(error).__name__}: {error}") from error


def _load_module(folder: Path, name: str) -> Any:
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise GeneratorError(f"there is no file {shown(path.relative_to(folder))} beside the spec")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))  # its imports are looked for beside the spec
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def _checked_items(made: Iterable[Any]) -> Iterator[Generated]:
    for number, item in enumerate(made):
        if isinstance(item, Mapping):
            if not item:
                raise GeneratorError(f"item {number} is empty")
            values = {f"item.{_item_name(name, number)}": _item_value(value, number) for name, value in item.items()}
            yield value_text(values.get("item.key", next(iter(values.values())))), values
        else:
            value = _item_value(item, number)
            yield value_text(value), {"item": value}


def _item_name(name: Any, number: int) -> str:
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        raise GeneratorError(f"item {number} has the name {shown(name)}, which can stand in no placeholder")
    return name


def _item_value(value: Any, number: int) -> Value:
    if not isinstance(value, str | int | float | bool):
        raise GeneratorError(f"item {number} has a {type(value).__name__}; texts, numbers and booleans can be put in")
    if odd := next((c for c in value_text(value) if is_hidden(c)), None):
        raise GeneratorError(f"item {number} has the character U+{ord(odd):04X}, which no command line could carry")
    return value
