"""The life of a workload, applied and destroyed, disturbed in both, and what must hold after either."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.sweeps.faults import Script
from tests.sweeps.invariants import gone, holds, no_secret
from tests.sweeps.scenarios import SCENARIOS
from tests.sweeps.stage import Stage, Ways, through
from tests.sweeps.world import World


@dataclass(frozen=True)
class Act:
    """A verb to be brought to its end; `script` says what befalls its requests, `undisturbed` how many it has."""

    stage: Stage
    ways: Ways
    script: Script
    verb: str
    undisturbed: int


def live(world: World, scenario: str, *acts: Callable[[Act], None]) -> None:
    """`acts`: what the apply meets, and what the destroy meets."""
    stage, script = world.stage(SCENARIOS[scenario]), Script()
    # The ways stay: tasks that were added go on reading and writing by them.
    with through(world.services, script) as ways:
        for verb, act, check in zip(("apply", "destroy"), acts, (holds, gone), strict=True):
            for log in (ways.batch, ways.storage):
                log.first.clear()  # what is stale is so by one command
            act(Act(stage, ways, script, verb, world.counts[scenario, verb]))
            script.meddle = None
            check(world, stage)
    no_secret(stage)


def points_of_small(world: World) -> Iterator[tuple[int, int]]:
    """Of the small scenario every request of the apply, with one of the destroy, by their numbers from 1."""
    first, last = world.counts["small", "apply"], world.counts["small", "destroy"]
    yield from ((n, n % last + 1) for n in range(1, first + 1))


def points(world: World) -> Iterator[tuple[str, int, int]]:
    """Every request once at least: a scenario, one of its apply and one of its destroy, by their numbers from 1."""
    for scenario in SCENARIOS:
        first, last = world.counts[scenario, "apply"], world.counts[scenario, "destroy"]
        yield from ((scenario, n % first + 1, n % last + 1) for n in range(max(first, last)))
