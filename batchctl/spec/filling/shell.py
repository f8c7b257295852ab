"""Lines for bash: how a value goes into shell text so that it reaches the program as it is (reliability S3, B59).

Where a value stands decides how it is quoted: outside quotes, inside '…' or inside "…". Where quoting cannot be told
for certain (here-documents, backticks, ${…}, $((…)), $'…', comments), only values of plain characters are let in.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache

from batchctl.frozen import dataclass
from batchctl.spec.template import Hole, TemplateError, Value, hole_text, hole_texts, parse_template

BASH = "set -e -o pipefail"
PLAIN = re.compile(r"[A-Za-z0-9_./-]*")
DIGITS = re.compile(r"[0-9]+")

BARE, SINGLE, DOUBLE, COMMENT, OPAQUE = "bare", "single", "double", "comment", "opaque"
_PARAMETER = re.compile(r"\$\{[^{}'\"`$\\]*\}")
SEVERAL = "{} stands for several words, and can stand only outside quotes"
ENDED_BY = {SINGLE: "'", COMMENT: "\n"}
_CASE = re.compile(r"(?<![\w-])case(?![\w-])")


@dataclass(frozen=True, slots=True)
class Stand:
    """A place for a value in bash text. `redirected`: a redirection begins right behind; `unclear`: digits before it
    might be its handle, or not."""

    context: str
    redirected: bool
    unclear: bool

    def quoted(self, value: str) -> str | None:
        """The value as it must be written here; None if that cannot be told."""
        handle = self.redirected and DIGITS.fullmatch(value) is not None
        if self.context == BARE:
            return f"'{value}'" if handle else shlex.quote(value)
        if self.context == SINGLE:
            return value.replace("'", "'\\''")
        if self.context == DOUBLE:
            # All that means something in there; `!` does only where somebody types.
            return re.sub(r'([\\$`"])', r"\\\1", value)
        # `<n>1</n>` in a here-document is no handle: nothing that divides words stands before it.
        return value if PLAIN.fullmatch(value) and not (handle and self.unclear) else None


class Bash:
    """Follows bash text and knows, wherever it has come to, how a value must be quoted there."""

    def __init__(self) -> None:
        self._stack = [BARE]
        self._opened = [0]
        self._length = 0
        self._lost = False
        self._escaped = False
        self._word_begins = True

    @property
    def context(self) -> str:
        return OPAQUE if self._lost or self._escaped else self._stack[-1]

    def read(self, text: str) -> None:
        """Go on over literal text."""
        self._go_on_at(_after(self._state(), text))

    def _state(self) -> "State":
        return (
            (*self._stack,),
            (*self._opened,),
            self._length,
            self._lost,
            self._escaped,
            self._word_begins,
        )

    def _go_on_at(self, state: "State") -> None:
        stack, opened, self._length, self._lost, self._escaped, self._word_begins = state
        self._stack, self._opened = list(stack), list(opened)

    @classmethod
    def after(cls, state: "State", text: str) -> "State":
        """Where one who was at `state` stands behind the text."""
        shell = cls()
        shell._go_on_at(state)
        shell._walk(text)
        return shell._state()

    def _walk(self, text: str) -> None:
        at = 0
        while at < len(text):
            at += self._step(text, at)
        self._length += len(text)

    @property
    def open_quote(self) -> int | None:
        """How much was read before the first quote that is still open; None for none, or where that cannot be told."""
        if self._lost:
            return None
        return next(
            (at for at, state in zip(self._opened, self._stack, strict=True) if state in (SINGLE, DOUBLE)), None
        )

    def _push(self, state: str, at: int) -> None:
        self._stack.append(state)
        self._opened.append(self._length + at)

    def _pop(self) -> None:
        self._stack.pop()
        self._opened.pop()

    def stand(self, *, redirected: bool = False) -> "Stand":
        """Where a value stands that comes now; goes on behind it."""
        found = Stand(self.context, redirected, unclear=self._lost and self._word_begins)
        self._word_begins = self._escaped = False
        return found

    def _step(self, text: str, at: int) -> int:
        """Take what stands at `at`; returns how many characters that were."""
        char, state = text[at], self._stack[-1]
        if self._escaped:
            self._escaped = self._word_begins = False
            return 1
        if state in ENDED_BY:
            if char == ENDED_BY[state]:
                self._pop()
            return 1
        if char == "\\":
            self._escaped = True
            return 1
        return self._nested(text, at) or (self._in_double(char) if state == DOUBLE else self._in_bare(text, at))

    def _nested(self, text: str, at: int) -> int:
        """What begins something new both outside quotes and in double quotes."""
        if text.startswith("$((", at) or text[at] == "`":
            self._lost = True
        elif text.startswith("$(", at):
            self._push(BARE, at)
            self._word_begins = True
            return 2
        elif text.startswith("${", at):
            return self._parameter(text, at)
        return 0

    def _parameter(self, text: str, at: int) -> int:
        """`${NAME}` and its plain relatives are skipped whole; a word inside braces may hold quotes of its own."""
        found = _PARAMETER.match(text, at)
        self._lost = self._lost or found is None
        self._word_begins = False
        return len(found[0]) if found else 2

    def _in_double(self, char: str) -> int:
        if char == '"':
            self._pop()
        return 1

    def _in_bare(self, text: str, at: int) -> int:
        char = text[at]
        begins, self._word_begins = self._word_begins, char in " \t\n;&|()"
        if begins and char == "#":
            self._push(COMMENT, at)
            self._word_begins = True
            return 1
        if begins and DOUBLE in self._stack and _CASE.match(text, at):
            self._lost = True  # the `)` of its patterns would look like the end of our $(
        if char in "'\"":
            # $'…' has escapes of its own: what is safe elsewhere need not be so there.
            if char == "'" and at and text[at - 1] == "$":
                self._lost = True
            self._push(SINGLE if char == "'" else DOUBLE, at)
        elif text.startswith("<<", at):
            return self._redirect(text, at)
        elif text.startswith("((", at):
            self._lost = True
        elif char == "(":
            self._push(BARE, at)
        # The end of a $(…) or of a subshell; a `)` too many is the author's own.
        elif char == ")" and len(self._stack) > 1:
            self._pop()
        return 1

    def _redirect(self, text: str, at: int) -> int:
        # One word follows, quoted like any other; after `<<` come lines up to a word of its own.
        if text.startswith("<<<", at):
            return 3
        self._lost = True
        return 2


State = tuple[tuple[str, ...], tuple[int, ...], int, bool, bool, bool]
"""All that a Bash knows. No value is in it, so that all tasks of a factory go through the same few."""


@lru_cache(maxsize=4096)
def _after(state: State, text: str) -> State:
    return Bash.after(state, text)


@dataclass(frozen=True, slots=True)
class Gap:
    """A placeholder in line `number` of shell text, and where it stands."""

    hole: Hole
    number: int
    stand: Stand


Pieces = tuple[str | Gap, ...]


def bash(commands: Sequence[str], values: Mapping[str, Value], before: Sequence[str] = ()) -> str:
    """`/bin/bash -c …` that runs the lines and stops at the first that fails; `before` stands before them as it is.
    Raises LineError."""
    pieces, unclosed = _pieces(tuple(commands), tuple(before))
    text = "".join([piece if isinstance(piece, str) else _within(_filled_gap(piece, values)) for piece in pieces])
    if unclosed:
        raise LineError(*unclosed)
    return f"/bin/bash -c '{text}'"


@lru_cache(maxsize=256)
def _pieces(commands: tuple[str, ...], before: tuple[str, ...]) -> "tuple[Pieces, tuple[int, TemplateError] | None]":
    """The script in pieces, as they stand within its quotes, and the quote that is never closed, if any. All tasks of a
    factory have the same."""
    shell, texts, spanning = Bash(), ["\n".join((BASH, *before))], None
    pieces: list[str | Gap] = []
    for number, line in enumerate(commands):
        texts.append("\n")
        parts = parse_template(line)
        for i, part in enumerate(parts):
            if isinstance(part, str):
                shell.read(part)
                texts.append(part)
            else:
                gap = Gap(part, number, shell.stand(redirected=ahead_of_redirection(parts[i + 1 :])))
                pieces += [_within("".join(texts)), gap]
                texts = []
        shell.read("\n")
        spanning = shell.open_quote if spanning is None else spanning
    unclosed = None if shell.open_quote is None or spanning is None else _unclosed(commands, spanning)
    return (*pieces, _within("".join(texts))), unclosed


def _within(text: str) -> str:
    """A part of what `shlex.quote` would put in quotes."""
    return text.replace("'", "'\"'\"'")


def in_bash(*lines: str) -> str:
    """The command line that runs lines as they are."""
    return f"/bin/bash -c {shlex.quote(BASH + chr(10) + chr(10).join(lines))}"


def argv(command: Sequence[str], values: Mapping[str, Value]) -> str:
    """A program and its arguments, each one word. Raises LineError."""
    return shlex.join(word for _, word in argv_words(command, values))


def argv_words(command: Sequence[str], values: Mapping[str, Value]) -> list[tuple[int, str]]:
    """The words, and the number of the argument that each comes from. Raises LineError."""
    words: list[tuple[int, str]] = []
    for number, word in enumerate(command):
        match [part for part in parse_template(word) if part]:
            case [Hole() as alone]:
                words += [(number, text) for text in texts_of(alone, values, number)]
            case parts:
                texts = (p if isinstance(p, str) else _one_text(p, values, number) for p in parts)
                words.append((number, "".join(texts)))
    return words


class LineError(Exception):
    """A placeholder in the line (or argument) `number` that cannot be filled."""

    def __init__(self, number: int, error: TemplateError) -> None:
        self.number, self.error = number, error
        super().__init__(error.message)


def _unclosed(commands: Sequence[str], read: int) -> tuple[int, TemplateError]:
    """The quote before which so much was read: the first that went over the end of a line."""
    number = 0
    while read >= len(text := _literal(commands[number])) + 1:
        read, number = read - len(text) - 1, number + 1
    # Placeholders have no quotes in them: counted, it is found in the line as it is written.
    ordinal = text.count(text[read], 0, read)
    at = [found.start() for found in re.finditer(text[read], commands[number])][ordinal]
    message = "the quote that opens here is never closed, so that the shell would run nothing"
    return number, TemplateError(message, "unclosed-quote", at, 1)


def _literal(line: str) -> str:
    return "".join(part for part in parse_template(line) if isinstance(part, str))


def ahead_of_redirection(following: Sequence[str | Hole]) -> bool:
    """Does a redirection begin right behind? Then digits before it would be a file handle: `echo 1>out` prints none."""
    return next((part[0] in "<>" for part in following if isinstance(part, str) and part), False)


def _filled_gap(gap: Gap, values: Mapping[str, Value]) -> str:
    several = texts_of(gap.hole, values, gap.number)
    if len(several) > 1 and gap.stand.context != BARE:
        hole = gap.hole
        raise LineError(gap.number, TemplateError(SEVERAL.format(hole.text), "several-values", hole.start, hole.width))
    quoted = [gap.stand.quoted(value) for value in several]
    if None in quoted:
        raise unquotable(
            gap.hole,
            gap.number,
            "here, where bash reads it in a way of its own (a here-document, backticks, ${…}, $((…)), $'…', a comment)",
        )
    return " ".join(map(str, quoted))


def texts_of(hole: Hole, values: Mapping[str, Value], number: int) -> tuple[str, ...]:
    try:
        return hole_texts(hole, values)
    except TemplateError as error:
        raise LineError(number, error) from None


def _one_text(hole: Hole, values: Mapping[str, Value], number: int) -> str:
    try:
        return hole_text(hole, values)
    except TemplateError as error:
        raise LineError(number, error) from None


def unquotable(hole: Hole, number: int, where: str) -> LineError:
    message = f"the value of {hole.text} cannot be put in safely {where}; use `command` or an environment variable"
    return LineError(number, TemplateError(message, "unsafe-placeholder", hole.start, hole.width))
