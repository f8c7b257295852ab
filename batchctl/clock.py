"""Time, handed in: everything that waits takes a Clock, so that tests need not."""

import time
from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never steps back."""
        ...

    def uptime(self) -> float:
        """As `monotonic`, but it goes on while the machine sleeps."""
        ...

    def now(self) -> datetime:
        """The wall clock, in UTC. For expiry times only, never for durations."""
        ...

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        """Ends as soon as `halt` is set: what it waits for is of no use any more."""
        ...


ASLEEP_TOO: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""The system's clock that counts sleep: Linux has one of its own, macOS counts in this one, Windows always does."""


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def uptime(self) -> float:
        return time.clock_gettime(ASLEEP_TOO) if ASLEEP_TOO is not None else time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        if halt is None:
            time.sleep(seconds)
        else:
            halt.wait(seconds)
