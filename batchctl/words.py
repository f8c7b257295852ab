"""Counts and lists in words."""

from collections.abc import Sequence

SHOWN = 10
"""Names that are worth reading one by one."""


def plural(count: int, word: str) -> str:
    """`1 blob`, `2 blobs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def some(names: Sequence[str], most: int = SHOWN) -> str:
    """`a, b`; of very many the first, and that there are more."""
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])])
