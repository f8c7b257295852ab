"""A world in which faults take no time: pauses are skipped, who is silent is given up soon, blocks and lists small."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from unittest.mock import patch

from batchctl.clock import SystemClock
from batchctl.cloud import connect
from batchctl.cloud.clients import batch, storage
from batchctl.cloud.resources import containers
from batchctl.cloud.transfer import listing, uploads

GIVEN_UP = 2
"""Seconds without a byte that end a request."""

BLOCK = 64 << 10

MOST_PAGES = 30


@contextmanager
def hastened() -> Iterator[None]:
    """The limits of this process are those of the experiments meanwhile."""
    with (
        patch.object(connect, "ANSWER_WITHIN", GIVEN_UP),
        patch.object(storage, "ANSWER_WITHIN", GIVEN_UP),
        patch.object(uploads, "SMALL", BLOCK),
        patch.object(uploads, "BLOCK", BLOCK),
        patch.object(batch, "MOST_PAGES", MOST_PAGES),
        patch.object(containers, "MOST_PAGES", MOST_PAGES),
        patch.object(listing, "MOST_PAGES", MOST_PAGES),
    ):
        yield


class SkippingClock(SystemClock):
    """Who sleeps is soon awake, and as much older as if he had slept. By the uptime leases live: it is the real one."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        # What the services do takes its time: who has waited for long looks a little less often.
        real = min(seconds, 0.02 if seconds < 2 else 0.05)
        super().sleep(real, halt)
        self._skipped += seconds - real
