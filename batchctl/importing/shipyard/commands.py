"""What the text of a command does: bash on the node evaluates it behind `docker run … IMAGE`. Pure."""

import re
import shlex
from collections.abc import Iterator

OPERATORS = re.compile(r"&&|\|\||[|&;<>()\n]")
EXPANDED = re.compile(r"\$[\w{(@*#?$!-]|`", re.ASCII)
PATTERNS = re.compile(r"[*?\[]|(?<![^\s])[~#]")


def host_parts(text: str) -> list[str]:
    """What of it acted on the node, outside the container: operators, variables, patterns outside quotes."""
    return list(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[str]:
    for quote, part in _stretches(text):
        if quote != "'":
            yield from (found[0] for found in EXPANDED.finditer(part))
        if not quote:
            yield from (found[0].strip() or "a new line" for found in OPERATORS.finditer(part))
            yield from (found[0] for found in PATTERNS.finditer(part))


def _stretches(text: str) -> Iterator[tuple[str, str]]:
    """(the quote around it, or none, a stretch of the text); what a backslash protects is left out."""
    quote, kept, at = "", "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if char == quote or (not quote and char in "'\""):
            yield quote, kept
            quote, kept = ("" if char == quote else char), ""
        else:
            kept += char
        at += 1
    yield quote, kept


def words(text: str) -> list[str] | None:
    """The words of a text in which nothing acts on the node; None where a quote is not closed."""
    try:
        return shlex.split(text)
    except ValueError:
        return None
