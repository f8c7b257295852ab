"""Signatures end in the middle: the client signs anew, tasks whose signatures have ended fail and are told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from batchctl.cloud.clients import sas
from batchctl.local import faults
from tests.proxy import Meddling
from tests.sweeps.faults import Script
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, repaired, taken_away
from tests.sweeps.life import points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import attempt, inside, through
from tests.sweeps.world import World

LIVES, RENEWED_AFTER = 2.0, 0.5
"""Seconds that a signature lives, as it is written in whole ones, and after which no new one is made of it."""

ENDED = LIVES + 1.1
"""Seconds after which every signature that was made before has ended."""

LATE = replace(SMALL, spec=SMALL.spec.replace("['COMMAND']", f"['sleep {ENDED}', 'COMMAND']"))
"""Its tasks write when their signatures have ended."""

FORMS = {"client": SMALL, "inputs": SMALL, "outputs": LATE}
"""Whose signatures end: the client's own; those by which tasks read, for nodes come late; those by which they write."""

TASKS_FAILED = 3


def every(world: World) -> Iterator[str]:
    for form in FORMS:
        yield from (f"{form} {apply}" for apply, _ in points_of_small(world))


def run(world: World, form: str, number: str) -> None:
    """`number`: of the request of the apply that is held until all that was signed before it has ended."""
    stage, script = world.stage(FORMS[form]), Script()
    numbers, held = iter(range(1, 1_000_000)), []

    def meddle(_method: str, path: str) -> Meddling | None:
        # Not one that bears a signature itself: none that is so old is ever sent.
        if next(numbers) >= int(number) and "sig=" not in path and not held:
            held.append(path)
            time.sleep(ENDED)
        return None

    script.meddle = meddle
    with through(world.services, script) as ways:
        with _short_lived(), _nodes_come_late(form == "inputs"):
            ran = attempt(stage, ways, "apply", SkippingClock())
        script.meddle = None
        ended_as_documented(ran, {0, TASKS_FAILED} if form != "client" else {0, 1, TASKS_FAILED})
        no_secret(stage, ran)
        inside(stage, ways, "apply", SkippingClock())
    repaired(world, stage)
    taken_away(world, stage)


@contextmanager
def _short_lived() -> Iterator[None]:
    with (
        patch.object(sas, "LIFETIME", sas.BACKDATE + timedelta(seconds=LIVES)),
        patch.object(sas, "RENEWED_AFTER", RENEWED_AFTER),
    ):
        yield


@contextmanager
def _nodes_come_late(yes: bool) -> Iterator[None]:
    if yes:
        faults.make_fault({"kind": "delay", "step": "starting", "seconds": ENDED})
    try:
        yield
    finally:
        faults.clear_faults(None)
