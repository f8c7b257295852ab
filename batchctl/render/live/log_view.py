"""The end of a log in the view: which one is open, and its rows. Values in, text out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from batchctl.frozen import dataclass
from batchctl.render.live.seen import KEYS, Log
from batchctl.render.live.shape import INDENT, Row
from batchctl.words import one_line

CLOSE = ("\x1b", "q")
RETRY = "r"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLog:
    """What is shown of whose log, by which key; `key` 0: none. `follows`: it is read again and again;
    `asks`: whether those that failed alike shall run again, which the same key says once more."""

    key: int = 0
    follows: bool = False
    lines: tuple[str, ...] | None = None
    asks: bool = False


def after_key(shown: OpenLog, typed: str, logs: Sequence[Log]) -> OpenLog:
    """What is open after a key: a number opens, the same closes; f follows what is open, or the first; r asks."""
    if typed == RETRY and can_retry(shown, logs):
        return OpenLog() if shown.asks else replace(shown, asks=True)
    shown = replace(shown, asks=False)
    if typed in CLOSE or typed == str(shown.key):
        return OpenLog()
    if typed.isdecimal() and typed.isascii() and 0 < int(typed) <= min(KEYS, len(logs)):
        return OpenLog(key=int(typed), follows=shown.follows)
    if typed == "f" and logs:
        return replace(shown, key=shown.key or 1, follows=not shown.follows)
    return shown


def can_retry(shown: OpenLog, logs: Sequence[Log]) -> bool:
    """Is it the log of tasks that failed?"""
    return bool(shown.key) and logs[shown.key - 1].mark[0] == "cause"


def log_rows(shown: OpenLog, logs: Sequence[Log], height: int) -> Iterator[Row]:
    """The last lines that have room."""
    name = one_line(logs[shown.key - 1].place.id)
    how = ", followed" if shown.follows else ""
    yield Row(f"[{shown.key}]    {name}: the end of what it wrote{how}", "bold")
    if shown.lines is None:
        yield Row(f"{INDENT}reading …")
    elif not shown.lines:
        yield Row(f"{INDENT}nothing that can be read: it wrote nothing, or its files are gone")
    for line in (shown.lines or ())[-max(1, height - 1) :]:
        yield Row(f"       {one_line(line.expandtabs())}")


def keys_row(shown: OpenLog, logs: Sequence[Log], *, can_read: bool) -> Row:
    """What can be pressed just now."""
    words = []
    if shown.asks:
        return Row(f"{INDENT}r once more lets all that failed so run again, any other key does not", "bold")
    if can_read and logs:
        words.append("1 log" if len(logs) == 1 else f"1-{len(logs)} log")
        words.append("f stop following" if shown.follows else "f follow")
    if shown.key:
        words.append("q close")
    if can_retry(shown, logs):
        words.insert(-1, "r retry these")
    return Row(f"{INDENT}{'   '.join((*words, 'd detach, as Ctrl-C'))}", "dim")
