"""What cmd would do otherwise than a line says, told before it is sent. Pure.

Where it stands: Learn, windows-commands (cmd, for, if, set, call); KB 830473 for the length; for the rest the phases in
which cmd reads a line, as https://stackoverflow.com/questions/4094699 has them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from batchctl.spec.filling.shell import LineError
from batchctl.spec.template import TemplateError, holes

FAILED = "batchctl_failed"
"""The label in a .cmd file of ours where the run ends that failed."""

BATCH_PROGRAMS = frozenset(
    {"activate", "az", "bq", "code", "conda", "deactivate", "gcloud", "gradle", "gradlew"}
    | {"gsutil", "mvn", "mvnw", "ng", "npm", "npx", "pnpm", "tsc", "yarn"}
)
"""Programs that are batch files on Windows, though they are called without `.cmd`."""

HOLE = "\x01"
"""Stands for each character of a placeholder."""

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

_LINE = re.compile(r"[^\r\n]+")
_REMARK = re.compile(r"\s*@?\s*(?:::|rem\b)", re.IGNORECASE)
_LABEL = re.compile(r"\s*:")
_OWN_LABEL = re.compile(rf"\s*:\s*{FAILED}\b", re.IGNORECASE)
_SUBROUTINE = re.compile(r"\bcall\s+:", re.IGNORECASE)
_IF = re.compile(r"(?:^|(?<=[\s(&|@]))if\s", re.IGNORECASE)
_FOR = re.compile(r"\bfor\b", re.IGNORECASE)
_PERCENT = re.compile(
    r"(?P<both>%%)|(?P<itself>%(?:~[A-Za-z]*)?0(?![0-9A-Za-z]))|(?P<argument>%(?:~[A-Za-z$:]*)?[0-9]|%\*)"
    r"|(?P<name>%=?[^%\s:=]+(?::[^%\r\n]*)?%)|%"
)
_SETS = re.compile(
    r'%%|(?<![\w.-])set\s+(?:/[ap]\s+)?"?(?P<set>[^\s"=&|<>()%]+?)\s*[-+*/]?=|[&|]|%(?P<use>[^%\s:=]+)[%:]', re.I
)
_WORD = r'(?:"[^"]*"|[^\s=&|]+)'
_CONDITION = (
    rf"if\s+(?:/i\s+)?(?:not\s+)?(?:(?:exist|defined|errorlevel)\s+{_WORD}|{_WORD}\s*==\s*{_WORD}"
    rf"|{_WORD}\s+(?:equ|neq|lss|leq|gtr|geq)\s+{_WORD})\s+"
)
_PROGRAM = re.compile(
    rf'(?:^|[&|(]|\bdo\s|\belse\s)[\s@(]*(?:{_CONDITION})*[@(]*(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"&|<>()^]+))', re.I
)


@lru_cache(maxsize=1024)
def check_line(line: str) -> None:
    """One line that cmd.exe is given as it is. Raises LineError."""
    lines = [_masked(line)]
    _no_loose_ends(lines)
    _no_early_expansion(lines)


@lru_cache(maxsize=1024)
def check_script(lines: tuple[str, ...]) -> tuple[bool, ...]:
    """Items of a .cmd file; after which of them it can be asked whether they failed. Raises LineError."""
    items = list(map(_masked, lines))
    may_ask = _no_loose_ends(items)
    _no_early_expansion(items)
    subroutines = any(_SUBROUTINE.search(item) for item in items)
    for number, item in enumerate(items):
        for found in _LINE.finditer(item):
            if _LABEL.match(found[0]) and HOLE in found[0] and not _REMARK.match(found[0]):
                raise _wrong(
                    number, found.start(), found[0], "a label has neither placeholders nor letters beyond ASCII"
                )
            if _OWN_LABEL.match(found[0]):
                raise _wrong(number, found.start(), found[0], f"the label {FAILED!r} is batchctl's own")
            if not _REMARK.match(found[0]):
                _percent_means_itself(number, found, subroutines)
                last = number == len(items) - 1 and not item[found.end() :].strip()
                _batch_files_are_called(number, found, last)
    return may_ask


def check_called(line: str, number: int, filled: str, *, last: bool) -> None:
    """The item with its values: these may name a batch file. Raises LineError, at the first of them."""
    first = next(holes(line), None)
    if first is None:
        return
    try:
        for found in _LINE.finditer(filled):
            if not _REMARK.match(found[0]):
                _batch_files_are_called(number, found, last and not filled[found.end() :].strip())
    except LineError as error:
        raise _wrong(number, first.start, first.text, error.error.message) from None


def _masked(line: str) -> str:
    """The line without the names in its placeholders (the header of a column may hold nearly anything), and without
    what goes into a .cmd file as a value too."""
    for hole in holes(line):
        line = line[: hole.start] + HOLE * hole.width + line[hole.start + hole.width :]
    return BEYOND_ASCII.sub(lambda found: HOLE * len(found[0]), line)


def _no_loose_ends(items: Sequence[str]) -> tuple[bool, ...]:
    """No ^ at the end, which would eat what follows, and a `)` for each `(`."""
    opened: list[tuple[str, int, int]] = []
    may_ask: list[bool] = []
    for number, item in enumerate(items):
        bare = item.rstrip()
        carets = len(bare) - len(bare.rstrip("^"))
        if carets % 2:
            message = "a ^ at the end goes on in the next line, and there is none"
            raise _wrong(number, len(bare) - 1, "^", message)
        for found in _LINE.finditer(item):
            _follow_parentheses(opened, number, found)
        may_ask.append(not opened or opened[-1][0] != "list")
    if opened:
        _, number, start = opened[-1]
        raise _wrong(number, start, "(", "this ( is never closed, and cmd would drop all that follows")
    return tuple(may_ask)


def _follow_parentheses(opened: list[tuple[str, int, int]], number: int, line: re.Match[str]) -> None:
    """The blocks and lists that are open after a line. A ( that stands where no command begins is text."""
    text = line[0]
    if _REMARK.match(text) or _LABEL.match(text):
        return
    begins = 0
    for at in _outside_quotes(text):
        char = text[at]
        if char == "(":
            if kind := _opens(text, begins, at):
                opened.append((kind, number, line.start() + at))
                begins = at + 1
        elif char == ")" and opened:
            opened.pop()
            begins = at + 1
        elif char == ")" and not text[begins:at].strip():
            raise _wrong(
                number, line.start() + at, ")", "this ) closes nothing (inside a block, write ^) for one in a text)"
            )
        elif char in "&|":
            begins = at + 1


def _opens(text: str, begins: int, at: int) -> str:
    """What a ( opens, given where its command begins: a `block`, a `list` of `for`, or nothing."""
    before = text[begins:at].strip(" \t@")
    end = f" {before[-5:]}".lower()
    if not before or end.endswith((" do", ")do", " else", ")else")):
        return "block"
    if end.endswith(" in") and _FOR.search(text, begins, at):
        return "list"
    return "block" if text[at - 1].isspace() and _IF.search(text, begins, at) else ""


def _outside_quotes(text: str) -> Iterator[int]:
    """Where characters stand that are neither in quotes nor behind a ^."""
    quoted = escaped = False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == '"':
            quoted = not quoted
        elif char == "^" and not quoted:
            escaped = True
        elif not quoted:
            yield at


def _no_early_expansion(items: Sequence[str]) -> None:
    """`set X=1 & echo %X%`: cmd replaces %X% before anything of the line, or of a block in ( ), runs."""
    opened: list[tuple[str, int, int]] = []
    given: set[str] = set()
    for number, item in enumerate(items):
        for line in _LINE.finditer(item):
            if _REMARK.match(line[0]):
                continue
            given = _expanded_late(number, line, given)
            _follow_parentheses(opened, number, line)
            if not opened:
                given = set()


def _expanded_late(number: int, line: re.Match[str], given: set[str]) -> set[str]:
    """The names that the line, or the block before it, gives. Raises LineError if one is used already."""
    pending: set[str] = set()
    for found in _SETS.finditer(line[0]):
        if found["set"]:
            pending.add(found["set"].lower())
        elif found[0] in "&|":
            # In quotes an & is text.
            given |= pending if line[0].count('"', 0, found.start()) % 2 == 0 else set()
        elif found["use"] and found["use"].lower() in given:
            message = f"cmd replaces %{found['use']}% before the `set` in the same line or block runs: " + (
                "give `set` an item of its own before"
            )
            raise _wrong(number, line.start() + found.start(), found[0], message)
    return given | pending


def _percent_means_itself(number: int, line: re.Match[str], subroutines: bool) -> None:
    for found in _PERCENT.finditer(line[0]):
        at = line.start() + found.start()
        if found["argument"] and not subroutines:
            message = f"{found[0]} would be an argument of the .cmd file that these commands become: write %{found[0]}"
            raise _wrong(number, at, found[0], message)
        if found["name"] and HOLE in found[0]:
            raise _wrong(
                number, at, found[0], "placeholders and letters beyond ASCII cannot stand inside %…% in a .cmd file"
            )
        if found.lastgroup is None:
            message = "several commands become a .cmd file, in which % is written %% (for %%f in …)"
            raise _wrong(number, at, "%", message)


def _batch_files_are_called(number: int, line: re.Match[str], last: bool) -> None:
    """A batch file that is not called ends the one that runs it, and with success."""
    for found in _PROGRAM.finditer(line[0]):
        name = found["quoted"] or found["bare"]
        plain = re.split(r"[\\/]", name)[-1].lower()
        alone = last and not re.search(r"[&|]", line[0][found.end() :])
        if (plain.endswith((".bat", ".cmd")) or plain in BATCH_PROGRAMS) and not alone:
            message = f"{name} is a batch file, from which cmd does not come back to what follows: write `call {name}`"
            raise _wrong(number, line.start() + found.start("quoted" if found["quoted"] else "bare"), name, message)


def _wrong(number: int, start: int, text: str, message: str) -> LineError:
    return LineError(number, TemplateError(message, "windows-command", start, len(text)))
