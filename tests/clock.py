"""A clock that only sleeping moves."""

from datetime import UTC, datetime, timedelta
from threading import Event

from batchctl.clock import SystemClock

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Satisfies `batchctl.clock.Clock`. `slept`: every sleep in seconds, in order. `start`: what a service that keeps
    its own time is to agree with."""

    def __init__(self, start: datetime = START) -> None:
        self.start, self.slept = start, list[float]()

    def monotonic(self) -> float:
        return sum(self.slept)

    def uptime(self) -> float:
        return sum(self.slept)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        self.slept.append(seconds)


class HastyClock(SystemClock):
    """The real time, but nobody waits long: what is waited for on this machine is there soon."""

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        super().sleep(min(seconds, 0.02), halt)
