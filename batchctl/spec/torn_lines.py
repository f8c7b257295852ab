"""Lines that are no YAML, as who wrote them sees them: the parser says where it noticed, and in words of its own."""

from collections.abc import Callable

from batchctl.spec.source import Source, shown

Told = tuple[int, int, str]
"""(line, column, what is wrong), both from 1."""


def why_torn(source: Source, problem: str, line: int, column: int, context: int = 0) -> Told | None:
    """What is wrong where the parser noticed this problem; `context`: the line where what it was reading begins.
    None: its own words will do."""
    above = _line_above(source, line)
    if problem == "could not find expected ':'" and context:
        return _no_colon(source, context)
    if "mapping values are not allowed" in problem and _begin(source.line(line)) == _begin(source.line(above)):
        told = _no_colon(source, above)
        item = source.line(above).lstrip(" ").startswith("- ") and not source.line(line).lstrip(" ").startswith("- ")
        return (*told[:2], f"{told[2]}, or line {line} is indented too far") if told and item else told
    if not problem.startswith("expected <block end>") and "'<document start>'" not in problem:
        return None
    found = problem.rpartition("found ")[2]
    if words := _FOUND.get(found):
        return line, column, words(context or 1)
    begins = len(source.line(above)) - len(source.line(above).lstrip(" ")) + 1
    if found != "'<block mapping start>'" or begins == column:
        return None
    says = f"this begins in column {column}, the line above it (line {above}, in column {begins}) in another"
    return line, column, f"{says}: what belongs together begins in one column"


def _an_item(context: int) -> str:
    return f"an item of a list among the keys that begin in line {context}: it stands below a key without a value"


def _a_key(context: int) -> str:
    return f"a key among the items of the list that begins in line {context}: all of them begin with '- '"


_FOUND: dict[str, Callable[[int], str]] = {"'-'": _an_item, "'<block sequence start>'": _an_item, "'?'": _a_key}


def _no_colon(source: Source, line: int) -> Told | None:
    """A line that was to be a key with its value."""
    text = source.line(line)
    start = _begin(text)
    said = text[start:].partition(" #")[0].rstrip()
    if not said or ": " in said or said.endswith(":"):
        return None
    return line, start + 1, f"{shown(said)} has no ': ' behind its key"


def _line_above(source: Source, line: int) -> int:
    """The nearest line above that says something; 0 where there is none."""
    while line > 1:
        line -= 1
        if (text := source.line(line).strip(" ")) and not text.startswith("#"):
            return line
    return 0


def _begin(text: str) -> int:
    """How far in the line its key begins, behind the dash of an item."""
    return len(text) - len(text.lstrip(" -"))
