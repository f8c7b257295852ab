"""Somebody else takes away what is ours while it is applied: it ends as documented, and the next applies repair it."""

from collections.abc import Iterator
from contextlib import suppress

from azure.core.exceptions import HttpResponseError

from tests.proxy import Meddling
from tests.services import batch_client, blob_service
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, repaired, taken_away
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import Stage, attempt, through
from tests.sweeps.world import World

TRIES = 4


def _deletes_pool(stage: Stage) -> None:
    batch_client(stage.services).begin_delete_pool(stage.name).wait()


def _deletes_job(stage: Stage) -> None:
    batch_client(stage.services).begin_delete_job(stage.name).wait()


def _terminates_job(stage: Stage) -> None:
    batch_client(stage.services).begin_terminate_job(stage.name).wait()


def _deletes_input(stage: Stage) -> None:
    blob_service(stage.services).get_blob_client(f"{stage.name}-input", "a.txt").delete_blob()


def _deletes_outputs(stage: Stage) -> None:
    blob_service(stage.services).delete_container(f"{stage.name}-output")


CHANGES = {
    "deletes-pool": _deletes_pool,
    "deletes-job": _deletes_job,
    "terminates-job": _terminates_job,
    "deletes-input": _deletes_input,
    "deletes-outputs": _deletes_outputs,
}


def every(world: World) -> Iterator[str]:
    for change in CHANGES:
        yield from (f"{change} {number}" for number in range(1, world.counts["small", "apply"] + 1))


def run(world: World, change: str, at_number: str) -> None:
    stage, script = world.stage(SMALL), Script()

    def drifts() -> Meddling | None:
        with suppress(HttpResponseError):  # it is not there yet
            CHANGES[change](stage)
        return None

    script.meddle = at(int(at_number), drifts)
    with through(world.services, script) as ways:
        for number in range(TRIES):
            ran = attempt(stage, ways, "apply", SkippingClock())
            ended_as_documented(ran)
            no_secret(stage, ran)
            if number and ran.code == 0:  # what was changed behind the first one's back is the second one's to repair
                break
        assert ran.code == 0, f"it is not repaired: {ran.said}"
    repaired(world, stage)
    taken_away(world, stage)
