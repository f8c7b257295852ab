"""How long a verb was at work, part by part."""

from collections.abc import Generator
from contextlib import closing
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.errors import BatchctlError
from batchctl.reconcile.events import Detached, Event, Phase, PhaseName, Took


def timed(events: Generator[Event, None, None], clock: Clock) -> Generator[Event, None, None]:
    """The same events, and last of all how long each part took, however it ended; of a verb with no part nothing."""
    stopwatch = Stopwatch(clock)
    with closing(events):
        try:
            for event in events:
                if isinstance(event, Phase):
                    stopwatch.enter(event.name)
                if isinstance(event, Detached):
                    # How to come back is the last word.
                    yield from stopwatch.told()
                yield event
        except BatchctlError:
            yield from stopwatch.told()
            raise
    yield from stopwatch.told()


class Stopwatch:
    """Runs from the first part on: how long somebody thinks about a plan is no work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.monotonic()
        self._in: PhaseName | None = None
        self._laps: dict[PhaseName, float] = {}

    def enter(self, phase: PhaseName) -> None:
        if self._in is None:
            self._since = self._clock.monotonic()
        self._lap()
        self._in = phase
        self._laps.setdefault(phase, 0.0)

    def told(self) -> Generator[Took, None, None]:
        """Once, and nothing before the first part."""
        if self._in is not None:
            self._lap()
            self._in = None
            laps = tuple((phase, round(seconds, 3)) for phase, seconds in self._laps.items())
            took = round(sum(self._laps.values()), 3)
            ended = self._clock.now()  # of a service whose clock was set, the begin would be by another
            yield Took(begun=ended - timedelta(seconds=took), ended=ended, seconds=took, phases=laps)

    def _lap(self) -> None:
        now = self._clock.monotonic()
        if self._in is not None:
            self._laps[self._in] += now - self._since
        self._since = now
