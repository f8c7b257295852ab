"""What is wrong with an autoscale formula, as far as its text tells. Pure.

The language is that of Learn, "Create a formula to automatically scale compute nodes in a Batch pool".
"""

import re

MOST_DEPTH = 64
TARGETS = frozenset({"$targetdedicatednodes", "$targetlowprioritynodes"})
OLD_TARGET = "$targetdedicated"
"""As examples of REST still set it."""

READ = frozenset(
    """
    $cpupercent $activetasks $runningtasks $pendingtasks $succeededtasks $failedtasks $taskslotspernode
    $currentdedicatednodes $currentlowprioritynodes $usablenodecount $preemptednodecount $samplenodecount
    $wallclockseconds $memorybytes $diskbytes $diskreadbytes $diskwritebytes $diskreadops $diskwriteops
    $networkinbytes $networkoutbytes $nodedeallocationoption requeue terminate taskcompletion retaineddata
    """.split()  # noqa: SIM905 - a list of words
)
INTERVALS = frozenset(
    f"timeinterval_{unit}"
    for unit in ("zero", "100ns", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "year")
)
FUNCTIONS = frozenset(
    "avg ceil floor len lg ln log max min norm percentile rand range round std stop sum time val".split()  # noqa: SIM905
)
MEMBERS = frozenset(
    """
    getsample getsampleperiod getsamplepercent count historybegintime year month day weekday hour minute second
    """.split()  # noqa: SIM905
)
_BLANK = re.compile(r"(?>\s+|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<text>\"[^\"]*\")|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>&&|\|\||[<>=!]=|[-+*/<>=!?:;,.()\[\]])",
    re.DOTALL,
)
_SPELLED = re.compile(r"\$Target(?:DedicatedNodes|LowPriorityNodes|Dedicated)\b")
_OPERATORS = frozenset(("||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"))


class FormulaError(Exception):
    """The formula is not in the language, or cannot be evaluated."""


def what_is_wrong(text: str) -> str | None:
    """Why Batch would refuse the formula, or set no target by it."""
    try:
        assigned = _Reader(text).read()
    except FormulaError as error:
        return str(error)
    if not assigned & {*TARGETS, OLD_TARGET}:
        hint = ": a comment goes on to the end of its line, and in a folded text (`>`) all is one line"
        return f"it sets neither $TargetDedicatedNodes nor $TargetLowPriorityNodes{hint * ('//' in text)}"
    if not _SPELLED.search(text):
        # Learn says nothing of other spellings; the local service takes them for variables of the formula's own.
        return "it sets a target in another spelling: write $TargetDedicatedNodes or $TargetLowPriorityNodes"
    return None


class _Reader:
    """Recursive descent over the tokens, which keeps the names that are assigned (in lower case)."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = self._depth = 0
        self._assigned: set[str] = set()

    def read(self) -> frozenset[str]:
        while self._at < len(self._tokens):
            if not self._takes(";"):
                self._statement()
        return frozenset(self._assigned)

    def _takes(self, *marks: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][1] in marks:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _needs(self, mark: str) -> None:
        if not self._takes(mark):
            raise FormulaError(f"{self._here()} where '{mark}' is expected")

    def _here(self) -> str:
        return f"'{self._tokens[self._at][1]}' stands" if self._at < len(self._tokens) else "it ends"

    def _statement(self) -> None:
        (kind, name), follows = self._tokens[self._at], self._tokens[self._at + 1 : self._at + 2]
        assigns = kind == "name" and follows == [("mark", "=")]
        self._at += 2 * assigns
        begins = self._at
        self._expression()
        if assigns and name.lower() in {*TARGETS, OLD_TARGET} and self._is_text(begins):
            raise FormulaError(f"{name} is a number of nodes, and no text")
        if self._at < len(self._tokens):
            self._needs(";")
        if assigns:
            self._assigned.add(name.lower())

    def _is_text(self, begins: int) -> bool:
        return self._at == begins + 1 and self._tokens[begins][0] == "text"

    def _expression(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise FormulaError(f"it is nested in more than {MOST_DEPTH} levels")
        self._operand()
        while self._takes(*_OPERATORS):
            self._operand()
        if self._takes("?"):
            self._expression()
            self._needs(":")
            self._expression()
        self._depth -= 1

    def _operand(self) -> None:
        while self._takes("-", "!"):
            pass
        if self._takes("("):
            self._expression()
            self._needs(")")
        elif self._at < len(self._tokens) and self._tokens[self._at][0] != "mark":
            self._value()
        else:
            raise FormulaError(f"{self._here()} where a value is expected")
        while mark := self._takes(".", "["):
            if mark == "[":
                self._expression()
                self._needs("]")
            else:
                self._member()

    def _value(self) -> None:
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind != "name":
            return
        name = word.lower()
        if self._arguments():
            if name not in FUNCTIONS:
                raise FormulaError(f"there is no function {word}")
        elif name not in READ | TARGETS | INTERVALS | self._assigned:
            raise FormulaError(f"the variable {word} is not defined")

    def _member(self) -> None:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise FormulaError(f"{self._here()} where the name of a member is expected")
        word = self._tokens[self._at][1]
        if word.lower() not in MEMBERS:
            raise FormulaError(f"nothing has a member {word}")
        self._at += 1
        self._arguments()

    def _arguments(self) -> bool:
        if not self._takes("("):
            return False
        if not self._takes(")"):
            self._expression()
            while self._takes(","):
                self._expression()
            self._needs(")")
        return True


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = _after_blank(text, 0)
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise FormulaError(f"{text[at : at + 20]!r} is not understood")
        found.append((token.lastgroup, token[0]))
        at = _after_blank(text, token.end())
    return found


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
