"""Several at once on one spec, side by side at requests that the dice choose: one wins, the others are refused."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Barrier, BrokenBarrierError

from tests.proxy import Meddle, Meddling
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, gone, holds, no_secret, taken_away
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import attempt, inside, through
from tests.sweeps.world import World

MANY = 400

CASTS = (("apply",) * 2, ("apply",) * 5, ("apply", "destroy"), ("destroy",) * 2)

LATEST = 40
"""At one of so many first requests each waits for the others."""


def every(_world: World) -> Iterator[str]:
    yield from map(str, range(MANY))


def run(world: World, seed: str) -> None:
    dice, stage = random.Random(int(seed)), world.stage(SMALL)
    cast = dice.choice(CASTS)
    if "destroy" in cast:
        inside(stage, None, "apply", SkippingClock())
    barrier = Barrier(len(cast))
    with ExitStack() as until, ThreadPoolExecutor(len(cast)) as threads:
        meeting = [meets(barrier, dice.randint(1, LATEST)) for _ in cast]
        ways = [until.enter_context(through(world.services, meets)) for meets in meeting]
        running = [
            threads.submit(attempt, stage, way, verb, SkippingClock()) for way, verb in zip(ways, cast, strict=True)
        ]
        rans = [future.result() for future in running]
        for ran in rans:
            # Who is refused has done nothing; whose plan is overtaken goes on from what is there.
            ended_as_documented(ran, (0, 1, 4, 5))
        assert any(ran.code == 0 for ran in rans), f"nobody won: {[(ran.code, ran.said) for ran in rans]}"
        inside(stage, ways[0], cast[-1], SkippingClock())
        no_secret(stage, *rans)
    if cast[-1] == "apply":
        holds(world, stage)
        taken_away(world, stage)
    else:
        gone(world, stage)


def meets(barrier: Barrier, number: int) -> Meddle:
    numbers = iter(range(1, 1_000_000))

    def meddle(method: str, path: str) -> Meddling | None:
        if next(numbers) == number:
            with suppress(BrokenBarrierError):
                barrier.wait(0.5)  # an other may have ended before it came so far
        return None

    return meddle
