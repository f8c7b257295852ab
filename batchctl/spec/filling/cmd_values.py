"""How values go into lines of cmd, and into lines of a .cmd file that gets them as arguments. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from batchctl.frozen import dataclass
from batchctl.spec.filling.cmd_rules import BEYOND_ASCII
from batchctl.spec.filling.shell import DIGITS, SEVERAL, LineError, ahead_of_redirection, texts_of, unquotable
from batchctl.spec.template import Hole, TemplateError, Value, parse_template

# Not empty: a value without characters is written "", or its word would be gone.
CMD_PLAIN = re.compile(r"[A-Za-z0-9_./\\:-]+")
DELAYED = re.compile(r"enabledelayedexpansion|\bcmd(?:\.exe)?\b[^&|]*\s/v(?::on)?\b", re.IGNORECASE)
_CALLS = re.compile(r"\bcall\b", re.IGNORECASE)
_NESTED = re.compile(r'\bcmd(?:\.exe)?"?\s+(?:/\S+\s+)*/[ckr]\b', re.IGNORECASE)
_BEFORE_QUOTE = re.compile(r"\\+\Z")
Parts = Sequence[str | Hole]


class Quotes:
    """Follows a line as cmd reads it: is it inside quotes, behind a ^, or between quotes that a ^ takes from cmd?"""

    def __init__(self) -> None:
        self.inside = self.escaped = self.between = False

    @property
    def unclear(self) -> bool:
        return self.escaped or self.between

    def read(self, text: str) -> None:
        for char in text:
            if char == "\n":
                self.inside = self.escaped = self.between = False
            elif self.escaped:
                self.escaped = False
                self.between ^= char == '"'
            elif char == '"':
                self.inside = not self.inside
            elif char == "^" and not self.inside:
                self.escaped = True


@dataclass(frozen=True, slots=True)
class Word:
    """One of the values of a placeholder."""

    placeholder: str
    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes in a .cmd file: word `n` of a placeholder. `bare`: outside quotes, so it comes with those
    that it needs; `ends`: right before a quote, which a backslash would take for itself."""

    placeholder: str
    n: int
    bare: bool
    ends: bool


class InlineLine:
    """A line with its values in it. `context`: the text that says what no value may hold."""

    def __init__(self, line: str, number: int, values: Mapping[str, Value], context: str) -> None:
        self._line, self._number, self._values = line, number, values
        self._forbidden, self._why_not = _forbidden_in(context)

    def filled(self) -> str:
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        quotes, parts = Quotes(), [part for part in parse_template(self._line) if part]
        for at, part in enumerate(parts):
            if isinstance(part, str):
                quotes.read(part)
                yield self._literal(part)
            else:
                yield self._fill(part, quotes, parts[:at], parts[at + 1 :])
                quotes.escaped = False

    def _literal(self, text: str) -> str:
        return text

    def _fill(self, hole: Hole, quotes: Quotes, before: Parts, following: Parts) -> str:
        several = texts_of(hole, self._values, self._number)
        if len(several) > 1 and (quotes.inside or quotes.unclear):
            error = TemplateError(SEVERAL.format(hole.text), "several-values", hole.start, hole.width)
            raise LineError(self._number, error)
        for value in several:
            if why := self._refusal(value, quotes, before, following):
                raise unquotable(hole, self._number, why)
        return " ".join(self._written(Word(hole.text, n, v), quotes, following) for n, v in enumerate(several))

    def _refusal(self, value: str, quotes: Quotes, before: Parts, following: Parts) -> str | None:
        if self._forbidden.search(value):
            return f"on Windows: cmd has no way to quote {self._why_not}"
        plain = CMD_PLAIN.fullmatch(value)
        if not plain and (quotes.unclear or (quotes.inside and _NESTED.search(self._line))):
            return 'here, where a ^ stands before it, or cmd reads it a second time (^", cmd /c "…")'
        if quotes.inside or (plain and not value.endswith("\\")):
            return None
        # `"a""b"` is the one word `a"b` to a program, and `\\"` a quote.
        touches = any(map(self._begins_quoted, following[:1])) or (not plain and any(map(_ends_quoted, before[-1:])))
        return "here, beside quotes or a placeholder: put the quotes around all of it" if touches else None

    def _begins_quoted(self, part: str | Hole) -> bool:
        if isinstance(part, str):
            return part.startswith('"')
        return not CMD_PLAIN.fullmatch(texts_of(part, self._values, self._number)[0])

    def _written(self, word: Word, quotes: Quotes, following: Parts) -> str:
        value = word.value
        if quotes.inside:
            return doubled(value) if ends_quotes(following, self._values) else value
        if CMD_PLAIN.fullmatch(value) and not (ahead_of_redirection(following) and DIGITS.fullmatch(value)):
            return value
        return f'"{doubled(value)}"'


class ScriptLine(InlineLine):
    """A line of a .cmd file, with variables where its values go; `slots` are the values in their order."""

    def __init__(
        self, line: str, number: int, values: Mapping[str, Value], context: str, slots: "dict[Slot, str]"
    ) -> None:
        super().__init__(line, number, values, context)
        self._slots = slots

    def _written(self, word: Word, quotes: Quotes, following: Parts) -> str:
        redirected = ahead_of_redirection(following) and not quotes.inside
        bare = not (quotes.inside or redirected)
        slot = Slot(
            word.placeholder, word.number, bare, not bare and (redirected or ends_quotes(following, self._values))
        )
        plain = bare and CMD_PLAIN.fullmatch(word.value)
        self._slots.setdefault(
            slot, word.value if plain else f'"{doubled(word.value) if bare or slot.ends else word.value}"'
        )
        return f'"{self._variable(slot)}"' if redirected else self._variable(slot)

    def _literal(self, text: str) -> str:
        """What a code page could tear, in which cmd reads files, goes with the line, which it reads as it is."""
        return BEYOND_ASCII.sub(lambda found: self._constant(found[0]), text)

    def _constant(self, text: str) -> str:
        slot = Slot(text, 0, bare=False, ends=False)
        self._slots.setdefault(slot, f'"{text}"')
        return self._variable(slot)

    def _variable(self, slot: Slot) -> str:
        return f"%{variable(list(self._slots).index(slot) + 1)}%"


def variable(number: int) -> str:
    """The name of an argument: numbers mean something else in a subroutine."""
    return f"batchctl_{number}"


def doubled(value: str) -> str:
    """Backslashes before a quote count twice for a program that takes its line apart (CommandLineToArgvW)."""
    return _BEFORE_QUOTE.sub(lambda m: m[0] * 2, value)


def ends_quotes(following: Parts, values: Mapping[str, Value]) -> bool:
    """Does a quote come next? A placeholder between may be empty."""
    for part in following:
        if isinstance(part, Hole) and values.get(part.name) != "":
            return False
        if isinstance(part, str) and part:
            return part.startswith('"')
    return False


def _ends_quoted(part: str | Hole) -> bool:
    return isinstance(part, str) and part.endswith('"')


def _forbidden_in(context: str) -> tuple[re.Pattern[str], str]:
    """What no value may hold, and in words: with delayed expansion ! and ^ mean something even in quotes; `call`
    doubles each ^, and a batch file that takes the quotes off an argument runs what follows an &."""
    more = ["!", "^"] if DELAYED.search(context) else []
    more += ["^", "&", "|", "<", ">"] if _CALLS.search(context) else []
    found = re.compile(f"[{re.escape(''.join(more))}" + r'"%\r\n\0]')
    return found, ", ".join(dict.fromkeys(["%", '"', *more])) + " and newlines" + (" here" if more else "")
