"""What rows of the view are made of. Values in, text out."""

from collections.abc import Iterator
from datetime import timedelta

from batchctl.frozen import dataclass
from batchctl.render.text import columns_of

ROWS = 24
INDENT = " " * 7
"""Columns of the word in front of a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, of any width; `style` is rich's."""

    text: str
    style: str = ""


def clock_words(seconds: float) -> str:
    """`0:00:07`"""
    return str(timedelta(seconds=int(seconds)))


def flowed(parts: list[str], lead: str, width: int) -> Iterator[str]:
    """The parts behind one another, on as many rows as it takes; `lead` begins the first, blanks the others."""
    line = lead
    for n, part in enumerate(parts):
        word = part + ("," if n < len(parts) - 1 else "")
        if line.strip() and columns_of(line) + columns_of(word) + 1 > width:
            yield line.rstrip()
            line = " " * len(lead)
        line += word if line.endswith(" ") or not line else f" {word}"
    if line.strip():
        yield line.rstrip()


def bar(done: int, failed: int, whole: int, width: int) -> str:
    """`[=====>xx....]`: done, failed, to come. Never full before all is done, never empty once something is."""
    inside = max(1, width - 2)
    full = inside if done >= whole else min(inside - 1, done * inside // max(1, whole))
    bad = min(inside - full, max(1, failed * inside // max(1, whole))) if failed else 0
    head = "=" * full if not full or done >= whole else "=" * (full - 1) + ">"
    return f"[{head}{'x' * bad}{'.' * (inside - full - bad)}]"


def cut(text: str, width: int) -> str:
    """A row that is not wider than that, in columns."""
    if columns_of(text) <= width:
        return text
    kept = text[:width]
    while columns_of(kept) > max(0, width - 1):
        kept = kept[:-1]
    return f"{kept}…" if width > 0 else ""
