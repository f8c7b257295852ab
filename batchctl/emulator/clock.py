"""Time as the service knows it: seconds since 1970, UTC, and callbacks for later.

Everything that waits or stamps a record asks a Clock, so that a test can move time by hand. Signatures, headers and the
births of processes are compared with the time of others, and read the real one.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A callback that has not run yet."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the service asks of time. `later` calls back on the event loop."""

    def now(self) -> float: ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer: ...


LONGEST = 86400.0
"""A longer sleep is cut into such pieces, as event loops refuse delays of centuries ("unlimited" is 29,000 years)."""


class _Long:
    """A timer in pieces."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._left, self._call = seconds, call
        self._piece()

    def _piece(self) -> None:
        step = min(self._left, LONGEST)
        self._left -= step
        following = self._piece if self._left > 0 else self._call
        self._timer = asyncio.get_running_loop().call_later(step, following)

    def cancel(self) -> None:
        self._timer.cancel()


class WallClock:
    """The real one."""

    def now(self) -> float:
        return time.time()

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return _Long(max(0.0, seconds), call)
