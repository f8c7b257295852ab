"""Tells of requests that are tried again, so that a service that is busy is not taken for a command that hangs."""

from collections.abc import Callable
from threading import Lock

from batchctl.clock import Clock
from batchctl.cloud.clients.faults import Fault

SILENT = 2.0
"""Seconds that a request may take longer than it should before somebody is told."""

EVERY = 10.0
"""Seconds between two lines, however many requests are tried again."""


class Again:
    """`say` hears a line; many threads may tell at once."""

    def __init__(self, clock: Clock, say: Callable[[str], None] | None = None) -> None:
        self._clock, self._say = clock, say
        self._lock, self._last = Lock(), -EVERY

    def tell(self, fault: Fault, waited: float, pause: float) -> None:
        """A request that is `waited` for so long by now is tried again after a pause."""
        if self._say is None or waited + pause < SILENT:
            return
        with self._lock:
            now = self._clock.monotonic()
            if now - self._last < EVERY:
                return
            self._last = now
        self._say(f"{str(fault).partition(chr(10))[0]}; asked again in {pause:.0f} s")
