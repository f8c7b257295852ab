"""The clock of the local Batch service is set ahead in the middle: nothing fails but what a limit of the spec ends."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from batchctl.local import clock
from tests.proxy import Meddling
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, repaired, taken_away
from tests.sweeps.kinds.services import goes_on
from tests.sweeps.life import Act, live, points, points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import attempt, inside, through
from tests.sweeps.world import World

FAR = {"minutes": 20 * 60, "hours": 30 * 3600, "days": 9 * 86400}
"""Seconds: more than a pool's `resizeTimeout`, than the limits below, than any `retentionTime` and any signature."""

LIMITED = replace(
    SMALL,
    spec=SMALL.spec.replace("  tasks:\n", "  constraints: {maxWallClockTime: PT1H}\n  tasks:\n").replace(
        "      commands:", "      constraints: {maxWallClockTime: PT30M, retentionTime: PT1H}\n      commands:"
    ),
)

ENDED_BY_LIMITS = {0, 1, 3, 6}
"""Tasks were ended, or their job, and where it was ended before they were added, none of them is taken any more."""


def every(world: World) -> Iterator[str]:
    for far in FAR:
        yield from (f"{scenario} {far} {apply} {destroy}" for scenario, apply, destroy in points(world))
        yield from (f"limited {far} {apply} {destroy}" for apply, destroy in points_of_small(world))


def run(world: World, scenario: str, far: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which it is set ahead, and of that of the destroy."""
    if scenario == "limited":
        _limited(world, FAR[far], *map(int, numbers))
    else:
        live(world, scenario, *(partial(_goes_by, FAR[far], int(number)) for number in numbers))


def _goes_by(seconds: float, number: int, act: Act) -> None:
    act.script.meddle = at(number, partial(_ahead, seconds))
    inside(act.stage, act.ways, act.verb, SkippingClock())


def _limited(world: World, seconds: float, *numbers: int) -> None:
    """Who is ended by a limit is told, and runs again."""
    stage, script = world.stage(LIMITED), Script()
    with through(world.services, script) as ways:
        for verb, number in zip(("apply", "destroy"), numbers, strict=True):
            script.meddle = at(number, partial(_ahead, seconds))
            ran = attempt(stage, ways, verb, SkippingClock())
            script.meddle = None
            ended_as_documented(ran, ENDED_BY_LIMITS)
            no_secret(stage, ran)
            goes_on(stage, ways, verb)
            if verb == "apply":
                repaired(world, stage)
    taken_away(world, stage)


def _ahead(seconds: float) -> Meddling | None:
    """Before the service is asked what was to be asked."""
    clock.advance(seconds)
    return None
