"""`python -m tests.endurance`: schedules, formulas, preemptions, retention and very many tasks; memory stays flat."""

import argparse
import gc
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from batchctl.cloud.clients import sas
from batchctl.errors import CloudError
from batchctl.local import clock, faults
from tests.clock import HastyClock
from tests.endurance.vitals import Vitals, vitals
from tests.endurance.workloads import MANY, SCALED, SCHEDULE, scenario
from tests.services import batch_client, eventually
from tests.sweeps.__main__ import world
from tests.sweeps.stage import Stage, attempt
from tests.sweeps.world import World

INPUTS = 8
"""So many new files an hour, and a task for each."""

A_SECOND = 15
"""So many tasks the local service is sure to get done."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--hours", metavar="N", type=int, default=12, help="of service time: 12")
    parser.add_argument("--tasks", metavar="N", type=int, default=20_000, help="of the long runs together: 20000")
    given = parser.parse_args()
    with world() as there:
        grown = endured(there, given.hours, given.tasks)
    for line in grown:
        print(f"GROWN {line}")
    print("flat" if not grown else "not flat")
    return 1 if grown else 0


def endured(there: World, hours: int, tasks: int) -> list[str]:
    """A long run at the beginning and one at the end, so that both have had the same peak; hours between them."""
    schedule, scaled = (there.stage(scenario(spec)) for spec in (SCHEDULE, SCALED))
    _applied(schedule)
    _hour(scaled, 0)
    _many(there, tasks // 2)
    first = _told("after the first long run")
    for hour in range(1, hours):
        _hour(scaled, hour)
        _told(f"hour {hour}")
    with batch_client(there.services) as batch:
        ticks = sum(job.id.startswith(f"{schedule.name}:") for job in batch.list_jobs())
    assert ticks >= hours * 6 - 1, f"the schedule made {ticks} jobs"
    _many(there, tasks - tasks // 2)
    last = _told("after the second long run")
    for stage in (schedule, scaled):
        ran = attempt(stage, None, "destroy", HastyClock())
        assert ran.code == 0, ran.said
        assert not stage.held()
    return [f"{name}: {line}" for name in first for line in last[name].grown(first[name])]


def _hour(stage: Stage, hour: int) -> None:
    """New inputs, a spot node that goes while their tasks run, and an hour of the service's time."""
    for number in range(INPUTS):
        (stage.folder / f"texts/hour-{hour}-{number}.txt").write_text(f"{hour} {number}\n")
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(_applied, stage)
        eventually(lambda: running.done() or _preempted(stage.name), "a spot node works")
        running.result()
    assert len(stage.home()) == (hour + 1) * INPUTS + 1, f"at home is {len(stage.home())}"
    clock.advance(3600)


def _preempted(pool: str) -> bool:
    with suppress(CloudError):
        return bool(faults.cause_accident(pool, None, {"accident": "preempt", "mendedAfter": 60}))
    return False


def _many(there: World, tasks: int) -> None:
    """Signatures live for so long that those of each step are over in the one after the next."""
    count = max(1, tasks // 3)
    life = max(60, count // A_SECOND)
    spec = MANY.replace("COUNT", str(count)).replace("SECONDS", str(int(life * 0.8)))
    stage, begun = there.stage(scenario(spec)), time.monotonic()
    with (
        patch.object(sas, "LIFETIME", sas.BACKDATE + timedelta(seconds=life)),
        patch.object(sas, "RENEWED_AFTER", life / 4),
    ):
        _applied(stage)
    took = time.monotonic() - begun
    assert took > 2 * life, f"it took {took:.0f} s, signatures {life} s: they did not end twice"
    assert len(stage.home()) == count, f"{len(stage.home())} of {count} came home"
    print(f"{count * 3} tasks in {took:.0f} s; signatures lived for {life} s", flush=True)
    ran = attempt(stage, None, "destroy", HastyClock())
    assert (ran.code, stage.held()) == (0, {}), ran.said


def _applied(stage: Stage) -> None:
    ran = attempt(stage, None, "apply", HastyClock())
    assert ran.code == 0, ran.said


def _told(when: str) -> dict[str, Vitals]:
    gc.collect()  # what is only not yet collected is no leak
    found = vitals()
    said = ", ".join(f"{name} {v.memory} MB {v.files} files {v.threads} threads" for name, v in found.items())
    print(f"{when}: {said}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
