"""What befalls a workload inside the service: nodes go, quotas are used up, nodes come late, deletions take minutes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

from batchctl.errors import CloudError
from batchctl.local import clock as service_clock
from batchctl.local import faults
from tests.proxy import Meddling
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, holds, no_secret, taken_away
from tests.sweeps.life import points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import Stage, Ways, attempt, inside, through
from tests.sweeps.world import World

SLOWER = SMALL.spec.replace("targetDedicatedNodes", "targetSpotNodes").replace(
    "['COMMAND']", "['sleep 0.3', 'COMMAND']"
)
SPOT = replace(SMALL, spec=SLOWER)
"""Its tasks run long enough for something to happen to them."""

MINUTES = 600


class LeadingClock(SkippingClock):
    """What it skips goes by for the service as well."""

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        super().sleep(seconds, halt)
        if seconds > 0.5:
            service_clock.advance(seconds)


def _node(accident: str, stage: Stage) -> None:
    with suppress(CloudError):  # there is none, or none that is up
        faults.cause_accident(stage.name, None, {"accident": accident, "mendedAfter": 1})


def _in_force(*asked: dict[str, Any]) -> Callable[[Stage], None]:
    def begin(_stage: Stage) -> None:
        for one in asked:
            faults.make_fault(one)

    return begin


def _quota(name: str) -> Callable[[Stage], None]:
    return _in_force({"kind": "quota", "quota": name, "most": 0})


BEFALLS: dict[str, Callable[[Stage], None]] = {
    "preempted": partial(_node, "preempt"),
    "broken": partial(_node, "break"),
    "lost": partial(_node, "lose"),
    "cores": _quota("spotCores"),
    "jobs": _quota("jobs"),
    "pools": _quota("pools"),
    "no-room": _in_force({"kind": "allocation", "times": 1}),
    "late-nodes": _in_force(
        *({"kind": "delay", "step": step, "seconds": MINUTES} for step in ("resizing", "creating", "starting"))
    ),
    "slow-deletes": _in_force(
        *(
            {"kind": "delay", "step": step, "seconds": MINUTES}
            for step in ("deletingpool", "deletingjob", "leavingpool")
        )
    ),
}
"""What begins at a request, by name; it ends with the command."""


def every(world: World) -> Iterator[str]:
    for name in BEFALLS:
        yield from (f"{name} {apply} {destroy}" for apply, destroy in points_of_small(world))


def run(world: World, name: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which it begins, and of that of the destroy."""
    stage, script = world.stage(SPOT), Script()
    with through(world.services, script) as ways:
        _befallen(stage, ways, script, "apply", name, int(numbers[0]))
        holds(world, stage)
        _befallen(stage, ways, script, "destroy", name, int(numbers[1]))
    taken_away(world, stage)
    no_secret(stage)


def _befallen(stage: Stage, ways: Ways, script: Script, verb: str, name: str, number: int) -> None:
    """It ends as documented, and the same command does the rest once it is over."""

    def begin() -> Meddling | None:
        BEFALLS[name](stage)
        return None

    script.meddle = at(number, begin)
    with _over():
        ran = attempt(stage, ways, verb, LeadingClock())
    script.meddle = None
    ended_as_documented(ran)
    no_secret(stage, ran)
    inside(stage, ways, verb, LeadingClock())


@contextmanager
def _over() -> Iterator[None]:
    try:
        yield
    finally:
        faults.clear_faults(None)
