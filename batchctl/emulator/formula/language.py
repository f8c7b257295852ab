"""The language of autoscale formulas: statements to a tree of closures, and the tree to values.

As the page "Create a formula to automatically scale compute nodes in a Batch pool" describes it. Values are numbers,
lists of numbers, texts, Moment and Interval; what a formula reads of the pool is handed in.
"""

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from batchctl.emulator.formula.values import (
    FUNCTIONS,
    INTERVALS,
    FormulaError,
    Moment,
    Stopped,
    apply_operator,
    as_condition,
    part_of_time,
)

MOST_DEPTH = 64  # each level is ten calls deep, and Python gives up at a thousand
MOST_STATEMENTS = 100
# What was taken for blank is not given back: thirty comments would be read in a thousand million ways.
_BLANK = re.compile(r"(?>\s+|//[^\n]*|/\*.*?\*/)*+", re.DOTALL | re.ASCII)
_TOKEN = re.compile(
    r"(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<text>\"[^\"]*\")|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>&&|\|\||[<>=!]=|[-+*/<>=!?:;,.()\[\]]))",
    re.DOTALL | re.ASCII,
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")


class Samples(Protocol):
    """What a formula can ask of a variable that the service samples."""

    def call(self, method: str, arguments: list[Any]) -> Any: ...


@dataclass(slots=True)
class Scope:
    """The variables while a formula runs, the time, and which names were assigned. `fixed` ones can only be read."""

    now: float
    names: dict[str, Any]
    fixed: frozenset[str] = frozenset()
    assigned: dict[str, Any] = field(default_factory=dict)

    def read(self, name: str, where: str) -> Any:
        if name in self.names:
            return self.names[name]
        if name.lower() in OPTIONS:
            return name.lower()
        if name in INTERVALS:
            return INTERVALS[name]
        raise FormulaError(f"{where}: Undefined symbol: {name}")

    def write(self, name: str, value: Any) -> None:
        if name in self.fixed:
            raise FormulaError(f"the variable {name} can only be read")
        self.names[name] = self.assigned[name] = value


Node = Callable[[Scope], Any]
Step = Callable[[Scope, Any], Any]
"""From what was found so far to what comes of it."""


def parse_formula(text: str) -> Callable[[Scope], None]:
    """A formula ready to run. FormulaError if it is not in the language."""
    return _Parser(text).program()


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []
        self._tokens = self._split()
        self._at = self._depth = 0

    def program(self) -> Callable[[Scope], None]:
        statements: list[Node] = []
        while self._at < len(self._tokens):
            if not self._sees(";"):
                statements.append(self._statement())

        if len(statements) > MOST_STATEMENTS:
            raise FormulaError(f"more than {MOST_STATEMENTS} statements")

        def run(scope: Scope) -> None:
            with contextlib.suppress(Stopped):
                for statement in statements:
                    statement(scope)

        return run

    def _split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        at = self._after_blank(0)
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if not found or not found.lastgroup:
                raise FormulaError(f"not understood: {self._text[at : at + 20]!r}")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            self._starts.append(at)
            at = self._after_blank(found.end())
        return tokens

    def _after_blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def _sees(self, *marks: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][1] in marks:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _next(self, wanted: str | None = None) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise FormulaError("the formula ends too early")
        token = self._tokens[self._at]
        if wanted is not None and token[1] != wanted:
            raise FormulaError(f"'{token[1]}' where '{wanted}' is expected")
        self._at += 1
        return token

    def _statement(self) -> Node:
        """An assignment, or an expression by itself: of these, stop() alone does anything."""
        (kind, name), follows = self._tokens[self._at], self._tokens[self._at + 1 : self._at + 2]
        if kind != "name" or follows != [("mark", "=")]:
            alone = self._expression()
            self._end_of_statement()
            return alone
        self._at += 2
        value = self._expression()
        self._end_of_statement()
        return lambda scope: scope.write(name, value(scope))

    def _end_of_statement(self) -> None:
        if self._at < len(self._tokens):
            self._next(";")

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise FormulaError("too many levels")
        condition = self._level(0)
        if self._sees("?"):
            yes = self._expression()
            self._next(":")
            no = self._expression()
            chosen: Node = lambda scope: yes(scope) if as_condition(condition(scope)) else no(scope)  # noqa: E731 - a node
        else:
            chosen = condition
        self._depth -= 1
        return chosen

    def _level(self, level: int) -> Node:
        """Operators of one strength, from the left."""
        if level == len(_LEVELS):
            return self._unary()
        first, steps = self._level(level + 1), list[Step]()
        while mark := self._sees(*_LEVELS[level]):
            steps.append(_join(mark, self._level(level + 1)))
        return _in_steps(first, steps)

    def _unary(self) -> Node:
        steps: list[Step] = []
        while mark := self._sees("-", "!"):
            steps.insert(0, _negative if mark == "-" else _not)  # the last one is nearest, and comes first
        return _in_steps(self._suffixes(self._primary()), steps)

    def _suffixes(self, value: Node) -> Node:
        """Members and methods: `.hour`, `.GetSample(1)`; and an element by its index."""
        steps: list[Step] = []
        while mark := self._sees(".", "["):
            if mark == "[":
                steps.append(_element(self._expression()))
                self._next("]")
                continue
            name = self._next()[1]
            steps.append(_member(name, self._arguments() if self._sees("(") else None))
        return _in_steps(value, steps)

    def _primary(self) -> Node:
        kind, token = self._next()
        if kind == "number":
            return lambda scope: float(token)  # noqa: ARG005 - a node takes the scope
        if kind == "text":
            return lambda scope: token[1:-1]  # noqa: ARG005 - a node takes the scope
        if token == "(":
            inner = self._expression()
            self._next(")")
            return inner
        if kind != "name":
            raise FormulaError(f"'{token}' is not expected")
        if self._sees("("):
            return _call(token, self._arguments())
        where = self._place(self._starts[self._at - 1])
        return lambda scope: scope.read(token, where)

    def _place(self, start: int) -> str:
        """Line and column of a token, as the service tells them."""
        before = self._text[:start]
        return f"Line {before.count(chr(10)) + 1}, Col {start - before.rfind(chr(10))}"

    def _arguments(self) -> list[Node]:
        arguments: list[Node] = []
        while not self._sees(")"):
            if arguments:
                self._next(",")
            arguments.append(self._expression())
        return arguments


def _in_steps(first: Node, steps: Sequence[Step]) -> Node:
    """One after the other, not one inside the other: four thousand terms fit into a formula."""
    if not steps:
        return first

    def run(scope: Scope) -> Any:
        found = first(scope)
        for step in steps:
            found = step(scope, found)
        return found

    return run


def _join(mark: str, right: Node) -> Step:
    if mark == "&&":
        return lambda scope, left: float(as_condition(left) and as_condition(right(scope)))
    if mark == "||":
        return lambda scope, left: float(as_condition(left) or as_condition(right(scope)))
    return lambda scope, left: apply_operator(mark, left, right(scope))


def _negative(_scope: Scope, value: Any) -> Any:
    return apply_operator("-", 0.0, value)


def _not(_scope: Scope, value: Any) -> float:
    return float(not as_condition(value))


def _element(index: Node) -> Step:
    return lambda scope, value: FUNCTIONS["val"]([value, index(scope)])


def _member(name: str, arguments: list[Node] | None) -> Step:
    def get(scope: Scope, found: Any) -> Any:
        if arguments is not None and hasattr(found, "call"):
            return found.call(name, [argument(scope) for argument in arguments])
        return part_of_time(found, name)

    return get


def _call(name: str, arguments: list[Node]) -> Node:
    if name == "time" and not arguments:
        return lambda scope: Moment(scope.now)
    if name not in FUNCTIONS:
        raise FormulaError(f"the function {name} is not known")
    return lambda scope: FUNCTIONS[name]([argument(scope) for argument in arguments])
