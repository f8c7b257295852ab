"""A list that is shown again while a run goes on (`--watch`)."""

import os
import shutil
import sys
from collections.abc import Callable

from batchctl.cli.speaking import OPENED
from batchctl.cli.target import Opened
from batchctl.clock import Clock
from batchctl.frozen import dataclass

EVERY = 3.0
"""Seconds between two looks."""

HOME, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
"""What a terminal does (ECMA-48: CUP, EL, ED)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A list as it is shown. `means`: what it says; the same said a moment later (`3 min ago`) is no news."""

    text: str
    means: object


def show(look: Callable[[], Shown], opened: Opened, clock: Clock, *, again: bool) -> None:
    """Write it; `again`: anew every few seconds, until no job goes on and nothing changes any more, or until Ctrl-C."""
    if not again:
        sys.stdout.write(look().text)
        return
    for voice in OPENED:
        voice.look_on()
    try:
        _show_again(look, opened, clock)
    except KeyboardInterrupt:
        # So it is ended: nothing was begun.
        sys.stdout.write("\n" if _is_screen() else "")


def _show_again(look: Callable[[], Shown], opened: Opened, clock: Clock) -> None:
    on_screen, last = _is_screen(), None
    while True:
        shown, goes_on = look(), _goes_on(opened)
        is_news = last is None or shown.means != last.means
        if on_screen:
            sys.stdout.write(_drawn(shown.text, first=last is None))
        elif is_news:
            sys.stdout.write(shown.text if last is None else f"\n{shown.text}")
        sys.stdout.flush()
        if not is_news and not goes_on:
            return
        last = shown
        clock.sleep(EVERY)


def _goes_on(opened: Opened) -> bool:
    return any(job.state not in ("completed", "deleting") for job in opened.cloud.eyes.generations(opened.spec.name))


def _is_screen() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def _drawn(text: str, *, first: bool) -> str:
    """Over what was drawn before; no more of it than the screen has room for, for what scrolls away stays."""
    width, height = shutil.get_terminal_size()
    lines = text.splitlines()
    if len(lines) > height - 1:
        lines = [*lines[: height - 2], f"… and {len(lines) - height + 2} lines more"]
    clear = REST_OF_SCREEN if first else ""
    return HOME + clear + "".join(f"{line[:width]}{REST_OF_LINE}\n" for line in lines) + REST_OF_SCREEN
