"""What does not pass, and answers that cannot be: the command ends as documented, and the next one converges."""

from collections.abc import Iterator
from functools import partial

from tests.proxy import Meddle
from tests.sweeps.faults import EVERY, ODD, PERMANENT, at, since
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, one_of_each, outputs_are_right
from tests.sweeps.life import Act, live, points
from tests.sweeps.stage import Stage, attempt, inside
from tests.sweeps.world import World


def every(world: World) -> Iterator[str]:
    for fault in PERMANENT:
        yield from (f"{scenario} {fault} {apply} {destroy}" for scenario, apply, destroy in points(world))


def every_odd(world: World) -> Iterator[str]:
    for fault in ODD:
        yield from (f"{scenario} {fault} {apply} {destroy}" for scenario, apply, destroy in points(world))


def run(world: World, scenario: str, fault: str, *numbers: str) -> None:
    live(world, scenario, *(partial(_ends, since(int(number), EVERY[fault])) for number in numbers))


def run_odd(world: World, scenario: str, fault: str, *numbers: str) -> None:
    live(world, scenario, *(partial(_ends, at(int(number), EVERY[fault])) for number in numbers))


def _ends(meddle: Meddle, act: Act) -> None:
    act.script.meddle = meddle
    ran = attempt(act.stage, act.ways, act.verb, SkippingClock())
    act.script.meddle = None
    ended_as_documented(ran)
    no_secret(act.stage, ran)
    if ran.code == 0:  # said to be done: then it is
        _done(act.stage, act.verb)
    inside(act.stage, act.ways, act.verb, SkippingClock())


def _done(stage: Stage, verb: str) -> None:
    if verb == "destroy":
        assert stage.held() == {}, f"said to be gone: {stage.held()}"
    else:
        one_of_each(stage)
        outputs_are_right(stage)
