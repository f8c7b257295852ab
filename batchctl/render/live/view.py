"""What is drawn on a terminal: the run as it is seen now, or the end of a log, twice a second, and the keys for it."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.control import Control
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from batchctl.clock import Clock
from batchctl.errors import BatchctlError
from batchctl.reconcile.events import Awaited, Event
from batchctl.render.live.keys import Keys
from batchctl.render.live.log_view import RETRY, OpenLog, after_key, keys_row, log_rows
from batchctl.render.live.rows import rows as all_rows
from batchctl.render.live.seen import Seen, Step, heard
from batchctl.render.live.shape import ROWS, Row, cut
from batchctl.render.live.taskbar import CLEAR, on_the_bar
from batchctl.sights import Place

FRAMES = 2
"""A second."""

LOG_FROM = 4
"""Rows that stay above a log."""

AGAIN = 2.0
"""Seconds between two looks at a log that is followed."""

ReadLog = Callable[[Place], Sequence[str]]
"""The last lines of whom it is asked about. Raises BatchctlError."""


Retry = Callable[[Place], str]
"""Lets a task that failed run again, and all that failed alike; returns what became of it. Raises BatchctlError."""


class View:
    """`hidden`: writes something else for what may not be seen. `read`: how logs are read; None: they are not.
    `on_bar`: the terminal shows progress on a bar of its own. Keys are heard once tasks are waited for: what is typed
    before may be the answer to a question that is still to come."""

    def __init__(self, console: Console, clock: Clock, hidden: Callable[[str], str], *, on_bar: bool = False) -> None:
        self.seen = Seen()
        self.read: ReadLog | None = None
        self.retry: Callable[[Place], None] | None = None
        self._console, self._clock, self._hidden = console, clock, hidden
        self._start = clock.monotonic()
        self._live: Live | None = None
        self._on_bar, self._bar = on_bar, CLEAR
        self._log, self._read_at = OpenLog(), 0.0
        self._keys = Keys(self.pressed, self.idle)

    @property
    def is_drawn(self) -> bool:
        return self._live is not None

    def hear(self, event: Event) -> None:
        self.seen = heard(self.seen, event, self._now())
        self._tell_bar(on_the_bar(self.seen))
        if isinstance(event, Awaited) and self.is_drawn:
            self._keys.start()

    def show(self, says: str) -> None:
        """Draw from here on; `says`: what is done just now."""
        self.say_now(says)
        if self._live is None:
            self._live = Live(
                console=self._console,
                refresh_per_second=FRAMES,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
                get_renderable=self._frame,
            )
            self._live.start()

    def say_now(self, says: str) -> None:
        self.seen = replace(self.seen, step=Step(says=says, since=self._now()))

    def hide(self) -> None:
        self._keys.stop()
        if self._live is not None:
            self._tell_bar(CLEAR)
            self._live.stop()
            self._live = None

    def give_back(self) -> None:
        """The terminal as it was, and nothing else."""
        self._keys.give_back()
        self._tell_bar(CLEAR)
        if self._live is not None:
            self._console.show_cursor(True)

    def _tell_bar(self, said: str) -> None:
        if self._on_bar and self._live is not None and said != self._bar:
            self._bar = said
            control = Control()
            control.segment = Segment(said, None, [])  # rich has no word for it
            self._console.control(control)

    def _frame(self) -> Text:
        """Never as high as the terminal: what scrolls away cannot be drawn over."""
        width, height = self._console.width - 1, min(ROWS, self._console.height - 1)
        frame = Text(no_wrap=True, overflow="crop", end="")
        for n, row in enumerate(self.rows(width, height)):
            frame.append(("\n" if n else "") + cut(self._hidden(row.text), width), style=row.style)
        return frame

    def rows(self, width: int, height: int) -> list[Row]:
        """Whatever else has room, the last one tells the keys."""
        seen, log = self.seen, self._log
        found = list(all_rows(seen, self._now(), width))
        if log.key:
            found = found[:LOG_FROM]
            found += log_rows(log, seen.logs, height - len(found) - 1)
        if not seen.counts:
            return found[:height]
        return [*found[: height - 1], keys_row(log, seen.logs, can_read=self.read is not None)]

    def pressed(self, typed: str) -> None:
        """A key, in the thread that hears it."""
        if typed == "d":
            # To the main thread, which sleeps: a signal to another one would not wake it.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        elif self.read:
            before, self._log = self._log, after_key(self._log, typed, self.seen.logs)
            if before.asks and typed == RETRY:
                self._retry_group(before.key)
            elif self._log.key and self._log.lines is None:
                self._read_log(self.read)

    def _retry_group(self, key: int) -> None:
        if self.retry:
            try:
                self.retry(self.seen.logs[key - 1].place)
            except BatchctlError as error:
                self._log = replace(self._log, key=key, lines=(str(error),))

    def idle(self) -> None:
        if self.read and self._log.key and self._log.follows and self._now() - self._read_at >= AGAIN:
            self._read_log(self.read)

    def _read_log(self, read: ReadLog) -> None:
        log = self._log
        try:
            lines = tuple(read(self.seen.logs[log.key - 1].place))
        except BatchctlError as error:
            lines = (str(error),)
        self._read_at = self._now()
        # Another one may have been opened while this one was read.
        if self._log.key == log.key:
            self._log = replace(self._log, lines=lines)

    def _now(self) -> float:
        return self._clock.monotonic() - self._start
