"""A clock that only sleeping moves."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Satisfies `batchctl.clock.Clock`. `slept`: every sleep in seconds, in order."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def uptime(self) -> float:
        return sum(self.slept)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
