"""The clock of the client or of the service is wrong, or is set in the middle: told, or it makes no difference."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from unittest.mock import patch

from batchctl.cloud.clients import batch, faults, signing
from tests.proxy import Answer, Meddling
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret
from tests.sweeps.life import Act, live, points
from tests.sweeps.stage import attempt, inside
from tests.sweeps.world import World

MINUTES, HOURS, DAYS = 10 * 60, 5 * 3600, 9 * 86400
"""Seconds: what services let pass (15 minutes), what they refuse, and more than any signature lives."""

LET_PASS = MINUTES

STEPS = {"minutes": MINUTES, "hours": HOURS, "days": DAYS}
SIGNS = {"ahead": 1, "behind": -1}
WHOSE = ("client", "service", "both")
"""The client's clock; what services say of theirs (`Date`); a client whose clock the services' agree with, in a world
that is elsewhere."""


class Steps:
    """`by`: the seconds by which the client's clock is off."""

    def __init__(self) -> None:
        self.by = 0.0

    def now(self) -> float:
        return time.time() + self.by


class SteppedClock(SkippingClock):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._steps.now(), UTC)


@contextmanager
def stepping(steps: Steps) -> Iterator[None]:
    """Who reads the clock of the system reads this one meanwhile: signatures are dated by it, whatever is handed in."""

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Moment":
            return cls.fromtimestamp(steps.now(), tz)

    with (
        patch.object(signing, "formatdate", lambda *, usegmt: formatdate(steps.now(), usegmt=usegmt)),
        patch.object(batch, "datetime", Moment),
        patch.object(faults, "datetime", Moment),
    ):
        yield


def every(world: World) -> Iterator[str]:
    for whose in WHOSE:
        for far in STEPS:
            for sign in SIGNS:
                yield from (f"{scenario} {whose} {far} {sign} {a} {d}" for scenario, a, d in points(world))


def run(world: World, scenario: str, whose: str, far: str, sign: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply from which on the clock is wrong, and of that of the destroy."""
    off = STEPS[far] * SIGNS[sign]
    live(world, scenario, *(partial(_ends, whose, off, int(number)) for number in numbers))


def _ends(whose: str, off: int, number: int, act: Act) -> None:
    """What is refused because of it says so; once it is right again the same command does the rest."""
    steps, numbers = Steps(), iter(range(1, 1_000_000))

    def meddle(_method: str, _path: str) -> Meddling | None:
        if next(numbers) < number:
            return None
        steps.by = off if whose in ("client", "both") else 0
        return Meddling(altered=lambda ask: _dated(ask(), off)) if whose in ("service", "both") else None

    act.script.meddle = meddle
    with stepping(steps):
        ran = attempt(act.stage, act.ways, act.verb, SteppedClock(steps))
    act.script.meddle = None
    ended_as_documented(ran)
    no_secret(act.stage, ran)
    if whose == "service" or abs(off) <= LET_PASS:
        assert ran.code == 0, f"{act.verb} ended with {ran}"
    assert ran.code == 0 or "the clock of this machine" in ran.said or whose == "both", f"ended with {ran}"
    inside(act.stage, act.ways, act.verb, SkippingClock())


def _dated(answer: Answer, off: int) -> Answer:
    """As a service says it whose clock is off by so many seconds."""

    def moved(value: str) -> str:
        moment = parsedate_to_datetime(value) + timedelta(seconds=off)
        return formatdate(moment.timestamp(), usegmt=True)

    return replace(answer, headers=[(n, moved(v) if n.lower() == "date" else v) for n, v in answer.headers])
