"""Counts and lists in words, and texts of others as parts of a line."""

import json
import re
import unicodedata
from collections.abc import Sequence

SHOWN = 10
"""Names that are worth reading one by one."""


def plural(count: int, word: str) -> str:
    """`1 blob`, `2 blobs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def some(names: Sequence[str], most: int = SHOWN) -> str:
    """`a, b`; of very many the first, and that there are more."""
    return ", ".join([*map(one_line, names[:most]), *(["…"] if len(names) > most else [])])


COLOURS = r"\x1b\[[0-?]*[ -/]*[@-~]"
"""What a program says to a terminal about colours and the cursor (ECMA-48: a control sequence)."""


def plain_lines(content: bytes) -> tuple[str, ...]:
    """Lines that a task wrote, for people: without colours. A carriage return ends one, too: progress bars."""
    text = content.decode(errors="replace")
    return tuple((re.sub(COLOURS, "", text) if "\x1b" in text else text).splitlines())


def one_line(text: str) -> str:
    """What others wrote, as a part of a line: whatever ends a line, or is obeyed, is shown (reliability S6)."""
    return text if text.isascii() and text.isprintable() else shown_characters(text, keep="")


def shown_characters(text: str, keep: str) -> str:
    """Characters that a terminal or a log would obey, but for those in `keep`, as `\\u001b`."""
    return "".join(f"\\u{ord(c):04x}" if c not in keep and unicodedata.category(c) in OBEYED else c for c in text)


OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format and surrogate characters and of what separates lines and paragraphs."""


def shown_json(value: object, indent: int | None = None) -> str:
    """JSON in the letters that were meant; characters that a terminal would obey are escapes, which say the same."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    for char in obeyed(text):
        text = text.replace(char, json.dumps(char)[1:-1])
    return text


def obeyed(text: str) -> list[str]:
    """Which characters of a text of lines a terminal would obey."""
    return [] if text.isascii() else [c for c in set(text) if c != "\n" and unicodedata.category(c) in OBEYED]
