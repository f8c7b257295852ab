"""Single keys of a terminal, heard by a thread of their own while something is drawn; without a terminal, none."""

import contextlib
import os
import select
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

PATIENCE = 0.5
"""Seconds between two looks at what else there is to do."""


class Keys:
    """`pressed` is called with each key, `idle` from time to time, both from the thread. Ctrl-C goes on to mean what it
    does; the terminal is given back as it was."""

    def __init__(self, pressed: Callable[[str], None], idle: Callable[[], None]) -> None:
        self._pressed, self._idle = pressed, idle
        self._before: Any = None
        self._thread: Thread | None = None
        self._wake = (-1, -1)

    def start(self) -> None:
        """Nothing where nobody types, as in a pipe, in the background or on Windows; once is enough."""
        if self._thread is not None:
            return
        with contextlib.suppress(ImportError, OSError, ValueError):
            import termios  # not on Windows

            fd = sys.stdin.fileno()
            if os.isatty(fd) and _is_in_front(fd):
                self._before = termios.tcgetattr(fd)
                self._wake = os.pipe()
                _hear_each_key(fd)
                self._thread = Thread(target=self._listen, args=(fd, self._wake[0]), daemon=True)
                self._thread.start()

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            os.write(self._wake[1], b".")
            thread.join()
            for end in self._wake:
                os.close(end)
        self.give_back()

    def give_back(self) -> None:
        """The terminal as it was; that alone, for a process that ends at once."""
        before, self._before = self._before, None
        if before is not None:
            import termios

            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)

    def _listen(self, fd: int, wake: int) -> None:
        while self._before is not None:
            # Who stopped us and went on had the terminal as it was before, and in the background it is not ours.
            if not _is_in_front(fd):
                ready, _, _ = select.select([wake], [], [], PATIENCE)
            else:
                _hear_each_key(fd)
                ready, _, _ = select.select([fd, wake], [], [], PATIENCE)
            if wake in ready:
                return
            if fd in ready:
                typed = os.read(fd, 64)
                if not typed:
                    return
                self._pressed(typed.decode(errors="ignore"))
            else:
                self._idle()


def _is_in_front(fd: int) -> bool:
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


def _hear_each_key(fd: int) -> None:
    """Neither lines nor an echo; signals as ever."""
    import termios

    now = termios.tcgetattr(fd)
    if now[3] & (termios.ECHO | termios.ICANON):
        now[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(fd, termios.TCSADRAIN, now)
