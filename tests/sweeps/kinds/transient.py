"""One fault in passing at one request: the command ends well all the same."""

from collections.abc import Iterator
from functools import partial

from tests.sweeps.faults import SLOW, TRANSIENT, Fault, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import bounded
from tests.sweeps.life import Act, live, points
from tests.sweeps.stage import inside
from tests.sweeps.world import World


def every(world: World) -> Iterator[str]:
    for fault in TRANSIENT:
        yield from (f"{scenario} {fault} {apply} {destroy}" for scenario, apply, destroy in points(world))


def every_stall(world: World) -> Iterator[str]:
    for fault in SLOW:
        yield from (f"{scenario} {fault} {apply} {destroy}" for scenario, apply, destroy in points(world))


def run(world: World, scenario: str, fault: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply, and of that of the destroy."""
    found = (TRANSIENT | SLOW)[fault]
    live(world, scenario, *(partial(_absorbed, int(number), found) for number in numbers))


def _absorbed(number: int, fault: Fault, act: Act) -> None:
    before = len(act.ways.requests)
    act.script.meddle = at(number, fault)
    inside(act.stage, act.ways, act.verb, SkippingClock())
    bounded(len(act.ways.requests) - before, act.undisturbed, 1)
