"""Where lines are written for people: on a terminal by rich, else letter by letter, for which rich is not loaded."""

import io
import os
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from batchctl.render.text import columns_of

Part = tuple[str, str]
"""A part of a line and its style in rich's words; "" is none."""

TAB = 8
UNSEEN = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""Characters that move the cursor of a terminal: rich leaves them out."""
OTHERWISE = ("FORCE_COLOR", "TTY_COMPATIBLE", "JPY_PARENT_PID", "DATABRICKS_RUNTIME_VERSION")
"""Variables for which rich may take for a terminal what the system says is none."""


REMEDY = "\n*** You may need to add PYTHONIOENCODING=utf-8 to your environment ***"
"""What rich says of a stream that does not have all letters."""


class Paper(Protocol):
    """What lines are written on; `width` counts where it is a terminal."""

    @property
    def is_terminal(self) -> bool: ...
    @property
    def width(self) -> int: ...
    def write(self, *parts: Part) -> None:
        """A line, or several, and its end."""

    def captured(self, write: Callable[[], None]) -> str:
        """What would be written while `write` runs, and is not."""


class Plain:
    """A file, a pipe, a log: the letters that rich would write there (tests/test_paper.py)."""

    is_terminal = False
    width = 0

    def __init__(self, *, err: bool = False) -> None:
        self._err = err
        self._kept: io.StringIO | None = None

    def write(self, *parts: Part) -> None:
        said = "".join([text for text, _ in parts]).translate(UNSEEN)
        stream = self._stream()
        try:
            stream.write(f"{_without_tabs(said)}\n")
        except UnicodeEncodeError as error:
            error.reason += REMEDY
            raise
        stream.flush()

    def captured(self, write: Callable[[], None]) -> str:
        self._kept = kept = io.StringIO()
        try:
            write()
        finally:
            self._kept = None
        return kept.getvalue()

    def _stream(self) -> TextIO:
        return self._kept or (sys.stderr if self._err else sys.stdout)


def papers(*, no_color: bool) -> tuple[Paper, Paper]:
    """(stdout, stderr)."""
    return _paper(no_color, err=False), _paper(no_color, err=True)


def _paper(no_color: bool, *, err: bool) -> Paper:
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty() and not any(name in os.environ for name in OTHERWISE):
        return Plain(err=err)
    from batchctl.render.terminal import Terminal  # imported late: what is piped or logged needs no rich

    return Terminal(stderr=err, no_color=no_color or None)


def _without_tabs(text: str) -> str:
    if "\t" not in text:
        return text
    return text.expandtabs(TAB) if text.isascii() else "\n".join(map(_spaced, text.split("\n")))


def _spaced(line: str) -> str:
    """`str.expandtabs` by columns."""
    *parts, last = line.split("\t")
    found, column = "", 0
    for part in parts:
        column += columns_of(part)
        room = TAB - column % TAB
        found, column = f"{found}{part}{' ' * room}", column + room
    return found + last
