"""The holder of the lock sleeps, as a laptop whose lid is closed, until its lease is over; another does the work."""

import signal
import time
from collections.abc import Iterator
from threading import Event

from tests.proxy import Meddling
from tests.sweeps import warm
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, holds, taken_away
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import attempt, through
from tests.sweeps.world import World

FIRST = 13
"""The lock is taken before this request."""

LEASE_IS_OVER = 61.0


def every(world: World) -> Iterator[str]:
    yield from map(str, range(FIRST, world.counts["small", "apply"]))


def run(world: World, number: str) -> None:
    stage, script, asleep, begun = world.stage(SMALL), Script(), Event(), Event()

    def sleeps() -> Meddling | None:
        assert begun.wait(60)
        client.signal(signal.SIGSTOP)
        asleep.set()
        return None

    script.meddle = at(int(number), sleeps)
    with through(world.services, script) as first, through(world.services) as second:
        client = warm.start(stage, first, "apply", "spec.yaml", "--yes")
        begun.set()
        if asleep.wait(60):
            time.sleep(LEASE_IS_OVER)
            other = attempt(stage, second, "apply", SkippingClock())
            assert other.code == 0, f"the other ended with {other}"
            before = len(first.mutating)
            client.signal(signal.SIGCONT)
            ran = client.ended()
            # What was on its way when it fell asleep may still be answered; nothing more is changed.
            assert len(first.mutating) <= before + 1, f"it went on: {first.mutating[before:]}"
            ended_as_documented(ran, (0, 1, 5))  # a download that slept as well is told
        holds(world, stage)
        taken_away(world, stage)
