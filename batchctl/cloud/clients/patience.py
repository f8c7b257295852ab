"""How long, and how soon, what met a passing fault is tried again (design D11)."""

import random
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from batchctl.clock import Clock
from batchctl.cloud.clients.again import Again
from batchctl.cloud.clients.faults import Fault, as_fault

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds over which one request is tried again. From its first fault on: what takes its time, as a large transfer on a
slow line does, is neither busy nor out of reach."""

LONGEST_PAUSE = 20.0
"""Seconds; a longer Retry-After is cut to it."""


class Patience:
    """With one request, from now on. `again` is told of every further try."""

    def __init__(self, clock: Clock, again: Again | None = None) -> None:
        self._clock, self._again, self._begun, self._pause = clock, again, clock.monotonic(), 0.4
        self._first_fault: float | None = None

    def rest(self, fault: Fault) -> float | None:
        """Seconds until the next try, with jitter; None: there is none."""
        now = self._clock.monotonic()
        if self._first_fault is None:
            self._first_fault = now
        if not fault.transient or now - self._first_fault > _limit(fault):
            return None
        # Full jitter: many clients that met the same fault do not come back together.
        rest = min(LONGEST_PAUSE, fault.retry_after or random.uniform(0.1, self._pause))
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
        if self._again:
            self._again.tell(fault, now - self._begun, rest)
        return rest


def patiently(clock: Clock, request: Callable[[], T], halt: Event, again: Again | None = None) -> T:
    """Do one request, again after a passing fault. Raises Fault; once `halt` is set, soon."""
    patience = Patience(clock, again)
    while True:
        try:
            return request()
        except Exception as error:
            fault = as_fault(error)
            if fault is None:
                raise
            rest = None if halt.is_set() else patience.rest(fault)
            if rest is not None:
                clock.sleep(rest, halt)
            # Asked again: the pause may have ended because we were interrupted.
            if rest is None or halt.is_set():
                raise fault from error.__cause__ if error is fault else error


def _limit(fault: Fault) -> float:
    """A service that cannot be reached at all is most often a wrong address: say so soon."""
    return PATIENCE if fault.status else 5.0
