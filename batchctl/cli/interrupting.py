"""Ctrl-C, once and twice: what is under way is finished, or not even that."""

import contextlib
import os
import signal
import sys
from types import FrameType

from batchctl.errors import Partial

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""All end a command alike: nothing new is begun, and what holds a lock lets go. Windows has no SIGHUP."""

HINT = b"Interrupted: what is under way is finished first. Once more (Ctrl-C) leaves at once.\n"
LEFT = b"Left at once: what was under way may be done or not. The same command goes on from there.\n"


class Interruption:
    """The first signal raises KeyboardInterrupt, the second ends the process."""

    def __init__(self) -> None:
        self._asked = False

    def listen(self) -> None:
        """To all of the signals that whoever started us does not want to be ignored, as nohup does."""
        for number in (getattr(signal, name) for name in SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        # A terminal that hung up, or a reader that has gone, cannot be told. No print: the signal may have come in the
        # middle of one, and a buffer is not entered twice.
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), LEFT if self._asked else HINT)
        if self._asked:
            # An ordinary exit waits for every thread, and those are what somebody does not want to wait for.
            os._exit(Partial.exit_code)
        self._asked = True
        raise KeyboardInterrupt
