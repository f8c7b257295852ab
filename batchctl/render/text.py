"""Values, sizes, paths and strangers' characters as a reader may see them."""

import re
import textwrap
import unicodedata
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batchctl.rest import camel
from batchctl.rules import JsonText, veiled_json
from batchctl.sensitive import Hidden, is_sensitive, masked
from batchctl.words import plural, shown_characters

HIDDEN = "(sensitive)"


def shown_value(found: Any) -> str:
    """A field's value as a reader of REST would write it."""
    match found:
        case None:
            return "(none)"
        case bool():
            return str(found).lower()
        case datetime():
            return found.isoformat().replace("+00:00", "Z")
        case timedelta():
            import isodate  # imported late: few values are durations

            return str(isodate.duration_isoformat(found))
        case ((str(), str()), *_):
            return "[" + ", ".join(f"{name}={shown_setting(name, setting)}" for name, setting in found) + "]"
        case tuple():
            return "[" + ", ".join(shown_value(item) for item in found) + "]"
        case _ if hasattr(found, "__dataclass_fields__"):
            shown = [(f, getattr(found, f.name)) for f in fields(found) if f.compare]
            said = [f"{camel(f.name)}: {_shown_part(f, inner)}" for f, inner in shown if inner not in (None, (), "")]
            return "{" + ", ".join(said) + "}"
        case Hidden():
            return HIDDEN
        case JsonText():
            return shown_value(str(veiled_json(found, str, lambda _: HIDDEN)))
        case _:
            text = masked(str(found)).replace("\n", "; ")
            return text if len(text) <= 300 else f"{text[:297]}…"


def _shown_part(entry: Any, value: Any) -> str:
    """The value of a field inside another value."""
    return HIDDEN if "secret" in entry.metadata else shown_value(value)


def text_lines(text: str) -> list[str]:
    """The lines of a text, with what has the form of a secret hidden."""
    return masked(text).rstrip("\n").split("\n")


def shown_setting(name: str, found: str) -> str:
    return HIDDEN if is_sensitive(name) else shown_value(found)


def shown_size(count: int) -> str:
    """1536 as `1.5 KB`; units of 1024."""
    amount = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1024:
            return plural(count, "byte") if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def shown_span(span: timedelta) -> str:
    """`0.4 s`, `38 s`, `41 min 7 s`, `3 h 20 min`, `2 d 4 h`: two units at most."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, part, size, inner in (("d", "h", 86400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // inner
            return f"{whole // size} {unit} {rest} {part}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def shown_moment(moment: datetime) -> str:
    """`2026-11-28 10:41:53`, UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def shown_path(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def visible_text(text: str) -> str:
    """Text of several lines, with control and bidi characters shown, not obeyed: stderr comes from strangers."""
    return shown_characters(text, keep="\n\t")


def disarmed(text: str) -> str:
    """A text in which Azure Pipelines and GitHub Actions find no command: they read these two anywhere in a line."""
    if "##" not in text:
        return text
    return re.sub(r"##(?=\[|vso\[)", r"\\u0023#", text, flags=re.IGNORECASE)


NODE_ID = re.compile(r"(tvmp?s_[0-9a-f]{8})[0-9a-f]{16,}(_[dp]\b)?")
"""Ids of nodes, 64 digits of which the first few tell one from another."""


def short_ids(text: str) -> str:
    """A text for people, with the ids of nodes cut; programs are told them whole."""
    return NODE_ID.sub(lambda found: f"{found[1]}…{found[2] or ''}", text) if "tvm" in text else text


def wrapped_line(line: str, width: int) -> str:
    """A line that is wider than a terminal, broken between words, with a hanging indent; `width` 0: as it is."""
    if not width or columns_of(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")) + 6)
    wrap = textwrap.TextWrapper(
        width=width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return wrap.fill(line)


def columns_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if not unicodedata.combining(c))


def excerpt(line: str, column: int) -> tuple[str, str]:
    """(before, from) the column, counted from 1, as they are shown; of a very long line what is around it."""
    before, rest = line[: column - 1], line[column - 1 :]
    before = before if len(before) <= AROUND else f"…{before[-AROUND:]}"
    rest = rest if len(rest) <= AROUND else f"{rest[:AROUND]}…"
    return visible_text(before), visible_text(rest)


AROUND = 200
"""Characters of a line that are shown before and after the place that is meant."""
