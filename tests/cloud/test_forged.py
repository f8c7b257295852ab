"""Marks and notes that a stranger wrote: what cannot be read is none, and nobody is led to what is not marked."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest
from azure.batch import BatchClient, models
from azure.storage.blob import BlobServiceClient

from batchctl.cli.target import target_of
from batchctl.clock import SystemClock
from batchctl.cloud import marks
from batchctl.cloud.clients.sas import Unsigned
from batchctl.cloud.connect import connect
from batchctl.cloud.lock.notes import USED, Holder, used_tickets
from batchctl.cloud.resources.jobs import read_job
from batchctl.cloud.resources.pool_bodies import read_pool
from batchctl.errors import Refused
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from tests import verbs
from tests.clock import HastyClock
from tests.cloud.test_pool_bodies import ITEM
from tests.services import unique
from tests.sweeps.stage import Stage, staged

if TYPE_CHECKING:
    from pathlib import Path

    from batchctl.cloud.clients.session import Session

NUMBERS = ["", "x", "-1", "0", "²", "٣", "1.5", "9" * 5000, "1" + "0" * 18]
"""Where a number should stand."""
AT_ONCE = timedelta()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Desk:
    """What reading needs of a session."""

    sas = Unsigned("https://store.blob.core.windows.net")


def pairs(**said: str) -> list[dict[str, str]]:
    return marks.to_pairs({f"batchctl_{name}": value for name, value in said.items()})


@pytest.mark.parametrize("number", NUMBERS)
def test_a_generation_that_is_none_leaves_the_job_with_its_id(number: str) -> None:
    said = pairs(owner="a", job="count", generation=number)
    job = read_job(cast("Session", Desk()), {"id": "theirs", "metadata": said, "poolInfo": {"poolId": "p"}})
    assert (job.owner, job.id) == ("a", "theirs")
    pool = read_pool(cast("Session", None), ITEM | {"metadata": said})
    assert (pool.owner, pool.of_job) == ("a", "count" if marks.number(number) < 2 else f"count-g{number}")


def test_no_mark_leads_to_another_job() -> None:
    said = {"id": "Theirs", "metadata": pairs(owner="a", job="somebody-elses", generation="2"), "poolInfo": {}}
    assert read_job(cast("Session", Desk()), said).id == "Theirs"
    ours = {"id": "COUNT-g2", "metadata": pairs(owner="a", job="count", generation="2"), "poolInfo": {}}
    found = read_job(cast("Session", Desk()), ours)
    assert (found.name, found.generation) == ("count", 2)


@pytest.mark.parametrize("number", NUMBERS)
def test_notes_on_a_lock_that_nobody_can_read_are_none(number: str) -> None:
    holder = Holder.read({"batchctl_pid": number, "batchctl_born": "1"})
    assert (holder.pid, holder.dead) == (0, False)
    assert used_tickets({USED: f"{'0' * 16}@{number}"}, NOW) == set()


@pytest.fixture
def stage(tmp_path: "Path", services: Services) -> Stage:
    return staged(tmp_path / "stage", services)


def test_a_job_with_our_mark_and_anothers_name_takes_nobody_with_it(stage: Stage, batch_client: BatchClient) -> None:
    victim, bait = unique("victim"), unique("bait")
    forged = pairs(owner=stage.name, job=victim, generation="1")
    for name, metadata in ((victim, []), (bait, forged)):
        said = [models.BatchMetadataItem(name=pair["name"], value=pair["value"]) for pair in metadata]
        pool = models.BatchPoolInfo(pool_id="none-yet")
        batch_client.create_job(models.BatchJobCreateOptions(id=name, pool_info=pool, metadata=said))
    spec, cloud = load(stage.folder / "spec.yaml", {}, {}), connect(target_of(stage.services), SystemClock())
    for _ in verbs.destroy(spec, cloud, HastyClock(), lambda plan: True, Choices(force=True)):
        pass
    assert [job.id for job in batch_client.list_jobs() if job.id in (victim, bait)] == [victim]
    batch_client.begin_delete_job(victim).result()


def test_a_lock_of_nonsense_is_somebodys(stage: Stage, blob_service: BlobServiceClient) -> None:
    cloud = connect(target_of(stage.services), HastyClock())
    lock, stranger = cloud.lock(stage.name), cloud.lock(stage.name)
    lock.look()
    lock.take(AT_ONCE)
    lock.release()
    blob = blob_service.get_blob_client("batchctl", f"{stage.name}.lock")
    nonsense = {"batchctl_pid": "%C2%B2", "batchctl_who": "%1B[31m" * 900, USED: f"{'0' * 16}@{'9' * 40}"}
    blob.set_blob_metadata(nonsense)
    lease = blob.acquire_lease(15)
    stranger.look()
    with pytest.raises(Refused, match="another apply or destroy"):
        stranger.take(AT_ONCE)
    lease.release()
    blob.delete_blob()
