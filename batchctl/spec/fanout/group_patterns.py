"""Regular expressions of a spec, those of `groupBy` and of variables, in a time that no pattern can make long. The only
user of regex, which ends a search at a limit; Python's own re goes on for ever. Pure."""

import re
from functools import cache
from math import prod
from typing import Any

QUICK, LONG, MOST_LONG = 0.001, 0.2, 5
"""Seconds that a search may take, and how many paths of one pattern may take the longer time: a search takes some
microseconds, so that no machine is slow enough to come near it."""

LONGEST, MOST_COPIES = 1000, 1000
"""Characters of a pattern, and the product of its fixed counts: regex writes each repetition out."""

_COUNT = re.compile(r"\{(\d+)(?:,\d*)?\}", re.ASCII)


class BadPatternError(Exception):
    """No pattern, or one that costs too much; `position` is where in it, if that can be told."""

    def __init__(self, message: str, position: int | None = None) -> None:
        self.message, self.position = message, position
        super().__init__(message)


class GroupPattern:
    """A pattern that has a group. Raises BadPatternError."""

    def __init__(self, text: str) -> None:
        self._search, self.named = _compiled(text)
        self._long = 0

    def key(self, path: str) -> str | None:
        """What its group named `key`, or else the first, finds; None where nothing is found. Raises BadPatternError."""
        found = self._found(path)
        if found is None:
            return None
        key: str | None = found["key"] if self.named else found[1]
        return key

    def _found(self, path: str) -> Any:
        try:
            return self._search(path, timeout=QUICK)
        except TimeoutError:
            self._long += 1
        try:
            if self._long <= MOST_LONG:
                return self._search(path, timeout=LONG)
        except TimeoutError:
            pass
        raise BadPatternError(TOO_MANY_WAYS)


TOO_MANY_WAYS = "the pattern tries too many ways: let no repetition stand inside another"


def has_match(pattern: str, text: str) -> bool:
    """Does the pattern meet a part of the text? Raises BadPatternError."""
    try:
        return _made(pattern).search(text, timeout=LONG) is not None
    except TimeoutError:
        raise BadPatternError(TOO_MANY_WAYS) from None


@cache
def _compiled(text: str) -> tuple[Any, bool]:
    made = _made(text)
    if not made.groups:
        raise BadPatternError(
            "it has no group: put the part that the members of a group share in parentheses, `(?P<key>…)`"
        )
    return made.search, "key" in made.groupindex


@cache
def _made(text: str) -> Any:
    # Loaded only where there is a pattern: it takes longer than all the rest of reading a spec.
    import regex

    if len(text) > LONGEST:
        raise BadPatternError(f"longer than {LONGEST} characters")
    # By their digits first: Python makes no number of thousands of them.
    counts = [count.lstrip("0") for count in _COUNT.findall(text)]
    if any(len(count) > 4 for count in counts) or prod(int(count or 1) for count in counts) > MOST_COPIES:
        raise BadPatternError(f"its repetitions together stand for more than {MOST_COPIES} copies")
    try:
        return regex.compile(text)
    except (regex.error, RecursionError) as error:
        position = getattr(error, "pos", None)
        raise BadPatternError(f"no regular expression: {getattr(error, 'msg', error)}", position) from None
