"""$filter, $select and $expand: texts to functions over the names of the wire. Pure.

The grammar is that of the REST page "List resources with OData filters": and, or, not, parentheses, comparisons and
startswith over the properties that the service documents for each kind.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from batchctl.emulator import times
from batchctl.emulator.refusals import Refusal, bad_query

Getter = Callable[[str], Any]
Test = Callable[[Getter], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<time>(?:date[tT]ime|DateTime|datetimeoffset)'[^']*'|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)"
    r"|(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][\w/]*)|(?P<mark>[(),]))",
    re.ASCII,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_MOST_DIGITS = 18
MOST_DEPTH = 32  # each level is some calls deep, and Python gives up at a thousand


class _Time(str):
    """A literal that is a time, with all its digits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed $filter: `names` it looks at, and its `test` over a getter of properties by path."""

    names: frozenset[str]
    test: Test


def parse_filter(text: str, allowed: frozenset[str]) -> Filter:
    """Refuses what is not in the grammar, and properties that cannot be filtered on."""
    return _Parser(text, allowed).parse()


def parse_names(parameter: str, text: str | None) -> frozenset[str] | None:
    """A list of names with commas; None where there is none."""
    if text is None:
        return None
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not names or not all(re.fullmatch(r"\w+(/\w+)*", name, re.ASCII) for name in names):
        raise bad_query(parameter, text, "a list of property names with commas is wanted")
    return names


class _Parser:
    """Recursive descent: or, and, not, then a comparison, startswith or parentheses."""

    def __init__(self, text: str, allowed: frozenset[str]) -> None:
        self._text = text
        self._allowed = {name.lower(): name for name in allowed}
        self._tokens = self._split()
        self._names: set[str] = set()
        self._at = self._depth = 0

    def parse(self) -> Filter:
        test = self._either()
        if self._at != len(self._tokens):
            raise self._bad(f"'{self._tokens[self._at][1]}' is not expected")
        return Filter(frozenset(self._names), test)

    def _split(self) -> list[tuple[str, str]]:
        tokens, at, text = [], 0, self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found or not found.lastgroup:
                raise self._bad(f"not understood at position {at}")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _bad(self, reason: str) -> Refusal:
        return bad_query("$filter", self._text[:200], reason)

    def _next(self, *wanted: str) -> tuple[str, str]:
        """The next token, which must be one of these marks or words if any are given."""
        if self._at >= len(self._tokens):
            raise self._bad("the expression ends too early")
        token = self._tokens[self._at]
        if wanted and token[1].lower() not in wanted:
            raise self._bad(f"'{token[1]}' where {' or '.join(wanted)} is expected")
        self._at += 1
        return token

    def _sees(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].lower() == word:
            self._at += 1
            return True
        return False

    def _either(self) -> Test:
        tests = [self._both()]
        while self._sees("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda get: any(test(get) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._sees("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda get: all(test(get) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._bad("too many levels")
        try:
            return self._plain()
        finally:
            self._depth -= 1

    def _plain(self) -> Test:
        if self._sees("not"):
            inner = self._one()
            return lambda get: not inner(get)
        if self._sees("("):
            inner = self._either()
            self._next(")")
            return inner
        if self._sees("startswith"):
            return self._startswith()
        return self._comparison()

    def _startswith(self) -> Test:
        self._next("(")
        name = self._name()
        self._next(",")
        prefix = self._literal()
        self._next(")")
        if not isinstance(prefix, str):
            raise self._bad("startswith wants a text")
        start = prefix.lower()
        return lambda get: str(get(name) or "").lower().startswith(start)

    def _comparison(self) -> Test:
        name = self._name()
        word = self._next(*_COMPARISONS)[1].lower()
        return _comparison_test(name, word, self._literal())

    def _name(self) -> str:
        kind, name = self._next()
        if kind != "name" or name.lower() not in self._allowed:
            raise self._bad(f"'{name}' is not a property that can be filtered on")
        self._names.add(self._allowed[name.lower()])
        return self._allowed[name.lower()]

    def _literal(self) -> Any:
        kind, value = self._next()
        if kind == "text":
            return value[1:-1].replace("''", "'")
        if kind == "number":
            # No property has more digits, and Python reads only so many as an integer.
            return float(value) if "." in value or len(value) > _MOST_DIGITS else int(value)
        if kind == "time":
            try:
                return _Time(times.sortable(times.stamp_of(value.partition("'")[2].rstrip("'") or value)))
            except (ValueError, OverflowError):
                raise self._bad(f"{value} is no time") from None
        if value.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[value.lower()]
        raise self._bad(f"'{value}' is not a value")


def _comparison_test(name: str, word: str, wanted: Any) -> Test:
    """An absent property matches `ne` alone; texts are compared without regard to case."""
    compare = _COMPARISONS[word]
    literal = wanted.lower() if isinstance(wanted, str) else wanted

    def test(get: Getter) -> bool:
        value = get(name)
        if value is None or wanted is None:
            return (value is not wanted) if word == "ne" else word == "eq" and value is wanted
        if isinstance(wanted, _Time) and isinstance(value, str):
            value = times.sortable(value)
        value = value.lower() if isinstance(value, str) else value
        if isinstance(value, str) != isinstance(literal, str):
            return word == "ne"
        return compare(value, literal)

    return test
