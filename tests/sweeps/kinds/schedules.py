"""Faults at random, over an apply and a destroy: however it goes, the same commands run again come to the same end."""

import random
from collections.abc import Iterator
from functools import partial
from threading import Lock

from tests.proxy import Meddle, Meddling
from tests.sweeps.faults import ODD, TRANSIENT, Fault
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret
from tests.sweeps.life import Act, live
from tests.sweeps.stage import attempt
from tests.sweeps.world import World

MANY = 3000
MOST_FAULTS = 5
TRIES = MOST_FAULTS + 2
"""A run may end by each fault, and one more goes through."""


def every(_world: World) -> Iterator[str]:
    yield from map(str, range(MANY))


def run(world: World, seed: str) -> None:
    dice = random.Random(int(seed))
    act = partial(_until_done, dice)
    live(world, dice.choice(["small", "small", "small", "wide"]), act, act)


def _until_done(dice: random.Random, act: Act) -> None:
    """Again and again, as somebody would who reads that the same command goes on from there."""
    act.script.meddle = _drawn(dice, act.undisturbed)
    for _ in range(TRIES):
        ran = attempt(act.stage, act.ways, act.verb, SkippingClock())
        ended_as_documented(ran)
        no_secret(act.stage, ran)
        if ran.code == 0:
            return
    raise AssertionError(f"{act.verb} does not come to an end: {ran.said}")


def _drawn(dice: random.Random, count: int) -> Meddle:
    """One to five requests of the run, or of those that come after it, each with a fault of its own."""
    faults: dict[str, Fault] = TRANSIENT | ODD
    drawn = {
        dice.randint(1, count + 10): faults[dice.choice(list(faults))] for _ in range(dice.randint(1, MOST_FAULTS))
    }
    lock, numbers = Lock(), iter(range(1, 1_000_000))

    def meddle(method: str, path: str) -> Meddling | None:
        with lock:
            fault = drawn.get(next(numbers))
        return fault() if fault else None

    return meddle
