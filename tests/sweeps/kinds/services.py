"""A service stops for a while and goes on, with what it was asked meanwhile; or it dies, and starts again."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from threading import Timer

from batchctl import local
from tests.proxy import Meddling
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import GIVEN_UP, SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, repaired, taken_away
from tests.sweeps.life import Act, live, points, points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import Stage, Ways, attempt, inside, through
from tests.sweeps.world import World

SERVICES = ("emulator", "azurite")

PAUSES = {"short": GIVEN_UP / 2, "long": GIVEN_UP * 1.7}
"""Seconds that it stops: one request waits for its end, or is given up and sent again; the first is served too then."""


def every_frozen(world: World) -> Iterator[str]:
    for service in SERVICES:
        for pause in PAUSES:
            yield from (f"{scenario} {service} {pause} {apply} {destroy}" for scenario, apply, destroy in points(world))


def run_frozen(world: World, scenario: str, service: str, pause: str, *numbers: str) -> None:
    live(world, scenario, *(partial(_sits_out, service, PAUSES[pause], int(number)) for number in numbers))


def _sits_out(service: str, seconds: float, number: int, act: Act) -> None:
    pid = local.status().pids[service]  # one that has stopped is not asked how it is

    def stops() -> Meddling | None:
        os.kill(pid, signal.SIGSTOP)
        Timer(seconds, os.kill, (pid, signal.SIGCONT)).start()
        return None

    act.script.meddle = at(number, stops)
    inside(act.stage, act.ways, act.verb, SkippingClock())


TASKS_FAILED, TRIES = 3, 2

WHO = {"emulator": ("emulator",), "azurite": ("azurite",), "both": SERVICES}


def every_crash(world: World) -> Iterator[str]:
    for who in WHO:
        yield from (f"{who} {apply} {destroy}" for apply, destroy in points_of_small(world))


def run_crash(world: World, who: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which they die, and of that of the destroy."""
    stage, script = world.stage(SMALL), Script()
    with through(world.services, script) as ways:
        for verb, number in zip(("apply", "destroy"), numbers, strict=True):
            script.meddle = at(int(number), partial(_die, [local.status().pids[name] for name in WHO[who]]))
            ran = attempt(stage, ways, verb, SkippingClock())
            script.meddle = None
            ended_as_documented(ran)
            no_secret(stage, ran)
            assert local.ensure_running(lambda _: None) == world.services, "they are elsewhere now"
            goes_on(stage, ways, verb)
            if verb == "apply":
                repaired(world, stage)
    taken_away(world, stage)


def goes_on(stage: Stage, ways: Ways, verb: str) -> None:
    """A task that wrote to a store that was not there has failed, and is told: it is run again by one more apply."""
    for _ in range(TRIES):
        ran = attempt(stage, ways, verb, SkippingClock())
        if ran.code != TASKS_FAILED:
            break
    assert ran.code == 0, f"{verb} ended with {ran.code}: {ran.said}"


def _die(pids: list[int]) -> Meddling:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return Meddling()
