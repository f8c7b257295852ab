"""The client dies, or is told to end, at one of its requests; the same command again does the rest."""

import random
import signal
from collections.abc import Iterator
from functools import partial
from threading import Event

from tests.proxy import Meddling
from tests.sweeps import warm
from tests.sweeps.faults import at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret
from tests.sweeps.life import Act, live, points
from tests.sweeps.scenarios import SCENARIOS
from tests.sweeps.stage import Ran, inside
from tests.sweeps.world import World

WHEN = ("before", "after")
"""The request does not reach the service, or it does."""

SIGNALS = {"int": signal.SIGINT, "term": signal.SIGTERM, "hup": signal.SIGHUP}

PAIRS = 200


def every(world: World) -> Iterator[str]:
    for when in WHEN:
        yield from (f"{scenario} {when} {apply} {destroy}" for scenario, apply, destroy in points(world))


def every_pair(world: World) -> Iterator[str]:
    """Of all pairs of requests some, always the same (reliability X03)."""
    dice = random.Random(PAIRS)
    for _ in range(PAIRS):
        scenario, when = dice.choice(list(SCENARIOS)), dice.choice(WHEN)
        counts = (world.counts[scenario, verb] for verb in ("apply", "destroy"))
        drawn = (f"{dice.randint(1, count)},{dice.randint(1, count)}" for count in counts)
        yield f"{scenario} {when} {' '.join(drawn)}"


def every_signal(world: World) -> Iterator[str]:
    for name in SIGNALS:
        yield from (f"{scenario} {name} {apply} {destroy}" for scenario, apply, destroy in points(world))


def run(world: World, scenario: str, when: str, *numbers: str) -> None:
    """`numbers`: at which request, and, after a comma, at which one of the run that is to do the rest."""
    live(world, scenario, *(partial(_killed, when, [int(n) for n in given.split(",")]) for given in numbers))


def run_signal(world: World, scenario: str, name: str, *numbers: str) -> None:
    live(world, scenario, *(partial(_told, name, int(number)) for number in numbers))


def _killed(when: str, numbers: list[int], act: Act) -> None:
    for number in numbers:
        ran = _struck(act, number, signal.SIGKILL, when)
        assert ran.code in (0, -signal.SIGKILL), ran.said
    inside(act.stage, act.ways, act.verb, SkippingClock())


def _told(name: str, number: int, act: Act) -> None:
    ran = _struck(act, number, SIGNALS[name])
    # The last request may be over when it comes.
    ended_as_documented(ran, (0, 5))
    no_secret(act.stage, ran)
    inside(act.stage, act.ways, act.verb, SkippingClock())


def _struck(act: Act, number: int, sign: int, when: str = "") -> Ran:
    """The command line, which gets this signal at its request of this number, if it comes so far."""
    begun, clients = Event(), list[warm.Client]()

    def strike() -> Meddling | None:
        assert begun.wait(60)
        if sign == signal.SIGKILL:
            return Meddling(forwarded=when == "after", then=lambda: clients[0].signal(sign))
        clients[0].signal(sign)
        return None

    act.script.meddle = at(number, strike)
    clients.append(warm.start(act.stage, act.ways, act.verb, "spec.yaml", "--yes", "--discard-outputs"))
    begun.set()
    ran = clients[0].ended()
    act.script.meddle = None
    return ran
