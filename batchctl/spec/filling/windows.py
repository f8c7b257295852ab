"""Command lines on Windows. Pure.

One command is given to cmd.exe as it is. Several, or one of several lines, become a .cmd file that stops at the first
item that fails: joined by `&&` they would not do what they say, for an `if`, `for` or `rem` takes in all that follows
in its line, and a newline ends the whole. Values are arguments of that file, so that all tasks of a factory share it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchctl.frozen import dataclass
from batchctl.spec.filling.cmd_rules import FAILED, check_called, check_line, check_script
from batchctl.spec.filling.cmd_values import CMD_PLAIN, DELAYED, InlineLine, ScriptLine, Slot, variable
from batchctl.spec.filling.digests import short_hash
from batchctl.spec.filling.shell import LineError, argv_words
from batchctl.spec.template import TemplateError, Value, holes

LONGEST_CMD_LINE = 8_191
"""Characters of a line that cmd reads (KB 830473)."""

LONGEST_LINE = 32_766
"""Characters of a line that meets no shell (CreateProcessW, lpCommandLine)."""

LONGEST_PATH = 260
"""What a working directory may add to the line that names it."""

# /s takes off the first quote and the last, whatever is between them; /d: nothing of the registry runs before.
CMD = "cmd.exe /d /e:on /v:off /s /c"
HEAD = ("@echo off", "setlocal EnableExtensions DisableDelayedExpansion")
CHECK = (f"if errorlevel 1 goto :{FAILED}", f"if not errorlevel 0 goto :{FAILED}")
TAIL = (f":{FAILED}", "exit /b %errorlevel%")
MOST_ARGUMENTS = 9
"""That a .cmd file can name before it has to `shift`."""

SURELY, MAYBE = "surely", "maybe"
_CMD = re.compile(r'\s*"?(?:[^"\s]*[\\/])?cmd(?:\.exe)?(?=["\s]|\Z)', re.IGNORECASE)
_BATCH_UNSAFE = re.compile(r'["%!^&|<>()\r\n]')


@dataclass(frozen=True, slots=True)
class Script:
    """A .cmd file that tasks run; its name tells its content."""

    name: str
    text: str


def cmd(commands: Sequence[str], values: Mapping[str, Value]) -> tuple[str, Script | None]:
    """The command line, and the .cmd file that it runs if one is needed. Raises LineError."""
    lines = tuple(line.rstrip("\r\n") for line in commands)
    for number, line in enumerate(lines):
        _within_limit(line, number)
    if needs_script(lines):
        return _script_line(lines, values)
    check_line(lines[0])
    written = InlineLine(lines[0], 0, values, lines[0]).filled()
    return _within_limit(f'{CMD} "{written}"', 0), None


def needs_script(commands: Sequence[str]) -> bool:
    """One line is given to cmd.exe as it is; `%%` means something in a .cmd file alone."""
    return len(commands) > 1 or any(re.search(r"[\r\n]|%%", line.rstrip("\r\n")) for line in commands)


def argv(command: Sequence[str], values: Mapping[str, Value]) -> str:
    """A program and its arguments, each one word. A batch file is run by cmd, which reads the arguments anew: what it
    would make something else of is refused. Raises LineError."""
    words = argv_words(command, values)
    batch = runs_in_cmd(words[0][1])
    for number, word in words[1:] if batch else ():
        # A program without an extension is none, as a rule: what the author wrote is let through.
        own = batch == MAYBE and not any(holes(command[number]))
        if not own and (found := _BATCH_UNSAFE.search(word)):
            raise _unfit_argument(number, found[0], command[number])
    line = " ".join(_word(word, batch=bool(batch) and at > 0) for at, (_, word) in enumerate(words))
    return _within_limit(line, 0, LONGEST_CMD_LINE if batch == SURELY else longest(line))


def longest(line: str) -> int:
    """How many characters a line may have that is run as it is."""
    return LONGEST_CMD_LINE if _CMD.match(line) else LONGEST_LINE


def _unfit_argument(number: int, char: str, word: str) -> LineError:
    message = (
        f"{char!r} in an argument of a batch file would mean something to cmd; use `commands` or an environment"
        " variable (the program is none? Then write its name with .exe)"
    )
    return LineError(number, TemplateError(message, "unsafe-argument", 0, max(1, len(word))))


def runs_in_cmd(program: str) -> str:
    """Is it a batch file? `surely`, `maybe`, or empty. Windows takes dots and blanks off the end of a name
    (CVE-2024-43402)."""
    name = re.split(r"[\\/]", program)[-1].rstrip(". ").lower()
    return SURELY if name.endswith((".bat", ".cmd")) else "" if "." in name else MAYBE


def _script_line(lines: tuple[str, ...], values: Mapping[str, Value]) -> tuple[str, Script]:
    may_ask, slots, body = check_script(lines), dict[Slot, str](), list[str]()
    # Delayed expansion that one line switches on is on in those that follow.
    whole = "\n".join(lines)
    for number, line in enumerate(lines):
        context = whole if DELAYED.search(whole) else line
        filled = _within_limit(InlineLine(line, number, values, context).filled(), number)
        check_called(line, number, filled, last=number == len(lines) - 1)
        written = ScriptLine(line, number, values, context, slots).filled()
        body += [*re.split(r"\r\n|\r|\n", written), *(CHECK if may_ask[number] else ())]
    text = "\r\n".join((*HEAD, *_arguments(slots), *body, *TAIL, ""))
    script = Script(f"batchctl-{short_hash([text])}.cmd", text)
    words = " ".join((f'"%AZ_BATCH_TASK_WORKING_DIR%\\{script.name}"', *slots.values()))
    return _within_limit(f'{CMD} "{words}"', 0, LONGEST_CMD_LINE - LONGEST_PATH), script


def _arguments(slots: Iterable[Slot]) -> Iterator[str]:
    for number, slot in enumerate(slots, 1):
        if number > MOST_ARGUMENTS:
            yield "shift /1"
        at = min(number, MOST_ARGUMENTS)
        yield f"set {variable(number)}=%{at}" if slot.bare else f'set "{variable(number)}=%~{at}"'


def _within_limit(text: str, number: int, limit: int = LONGEST_CMD_LINE) -> str:
    if any(len(line) > limit for line in re.split(r"[\r\n]", text)):
        message = f"longer than {limit} characters, with its values; put it in a script of your own"
        raise LineError(number, TemplateError(message, "too-long", 0, 1))
    return text


def _word(word: str, *, batch: bool) -> str:
    """As CommandLineToArgvW takes it apart: backslashes count only before a quote. To cmd more than blanks divides
    words."""
    if CMD_PLAIN.fullmatch(word) if batch else word and not re.search(r'[\s"]', word):
        return word
    return '"' + re.sub(r'(\\*)("|\Z)', lambda m: m[1] * 2 + ("\\" + m[2] if m[2] else ""), word) + '"'
