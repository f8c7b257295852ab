"""A lock that is lost, and who is known to be dead."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient

from batchctl.cloud.connect import connect
from batchctl.cloud.lock.keeper import RENEWED_EVERY, TRUSTED_FOR, Keeper
from batchctl.cloud.lock.notes import Holder
from batchctl.errors import BatchctlError, CloudError, Partial, Refused
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.spec.load import load
from tests import verbs
from tests.children import child
from tests.clock import FakeClock
from tests.proxy import Meddling
from tests.services import unique
from tests.sweeps.stage import staged, through


def test_a_machine_that_slept_sends_nothing_more(services: Services, tmp_path: Path) -> None:
    stage, clock = staged(tmp_path / "stage", services), FakeClock(datetime.now(UTC))
    after: list[str] = []

    def sleep(method: str, path: str) -> None:
        if clock.slept and clock.slept[-1] == TRUSTED_FOR + 1:
            after.append(f"{method} {path}")
        if method == "POST" and path.startswith("/pools?"):
            clock.sleep(TRUSTED_FOR + 1)

    spec = load(stage.folder / "spec.yaml", {}, {})
    with through(services, sleep) as ways:
        cloud = connect(replace(target_of(services), batch_url=ways.batch.url, storage_url=ways.storage.url), clock)
        with pytest.raises(Partial, match="the lock was lost: it was not renewed in time; was this machine asleep"):
            list(verbs.apply(spec, cloud, clock, lambda plan: True))
    assert [r for r in ways.requests if r.startswith("POST /pools")]
    assert after == []
    stage.clear()


def test_a_lease_that_somebody_broke_is_lost_at_the_next_renewal(
    services: Services, blob_service: BlobServiceClient
) -> None:
    cloud, owner = connect(target_of(services), FakeClock(datetime.now(UTC))), unique("own")
    lock = cloud.lock(owner)
    lock.look()
    assert lock.take(timedelta())
    blob = blob_service.get_blob_client("batchctl", f"{owner}.lock")
    keeper = lock._keeper
    assert keeper is not None
    assert keeper.once() == RENEWED_EVERY
    assert cloud.blobs(f"{owner}-nothing") == ()
    lease = blob.acquire_lease(lease_id=lock._blob.lease)
    lease.break_lease(lease_break_period=0)
    assert keeper.once() == 0
    with pytest.raises(Partial, match=r"the lock was lost: PUT .*\.lock was answered 409 Lease"):
        cloud.blobs(f"{owner}-nothing")
    lock.release()
    assert cloud.blobs(f"{owner}-nothing") == ()
    blob.delete_blob()


def test_a_renewal_without_an_answer_is_tried_again_while_there_is_time() -> None:
    clock, tried = FakeClock(), []

    def renew() -> None:
        tried.append(clock.uptime())
        if len(tried) < 3:
            raise ServiceRequestError("no route")

    keeper = Keeper(renew, clock.uptime, clock.uptime())
    pauses = []
    for _ in range(3):
        clock.sleep(10)
        pauses.append(keeper.once())
    assert pauses == [2.0, 2.0, RENEWED_EVERY]
    assert keeper.lost() is None
    clock.sleep(TRUSTED_FOR - 1)
    assert keeper.lost() is None
    clock.sleep(2)
    assert keeper.once() == 0
    assert keeper.lost()
    assert len(tried) == 3


def test_an_account_that_forbids_locks_is_told_of_no_lock(services: Services) -> None:
    target = replace(target_of(services), storage_key="AAAA")
    lock = connect(target, FakeClock()).lock("own")
    with pytest.raises(CloudError, match="--no-lock does without"):
        lock.take(timedelta())
    with pytest.raises(CloudError, match="--no-lock does without"):
        lock.look()


class Bounded(FakeClock):
    """Not for ever."""

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        super().sleep(seconds, halt)
        assert len(self.slept) < 3000


@pytest.mark.parametrize(
    ("status", "code", "error", "said", "within"),
    [
        (409, "BlobImmutableDueToPolicy", CloudError, "cannot lock batchctl/.*BlobImmutableDueToPolicy", 0),
        (409, "ContainerDisabled", CloudError, "cannot lock batchctl/", 0),
        (412, "ConditionNotMet", Refused, "others write to the lock of .* all the time", 60),
    ],
)
def test_a_lock_that_nobody_can_take_is_not_tried_for_ever(
    services: Services, status: int, code: str, error: type[BatchctlError], said: str, within: float
) -> None:
    clock = Bounded(datetime.now(UTC))
    first = connect(target_of(services), clock).lock(owner := unique("own"))
    first.take(timedelta())
    first.release()

    def refuse(method: str, path: str) -> Meddling | None:
        return Meddling(status=status, code=code) if "comp=metadata" in path and method == "PUT" else None

    with through(services, refuse) as ways:
        lock = connect(replace(target_of(services), storage_url=ways.storage.url), clock).lock(owner)
        lock.look()
        with pytest.raises(error, match=said):
            lock.take(timedelta())
    assert sum(clock.slept) <= within
    first.take(timedelta())
    first.release(forget=True)


def test_a_holder_reads_back_as_it_was_written() -> None:
    here = replace(Holder.this("2026-01-01 00:00:00 UTC", "ab12"), who="ada löve@büro, pid 1")
    assert Holder.read(here.metadata()) == here
    assert all(value.isascii() for value in here.metadata().values())
    assert Holder.read(None).who == Holder.read({"batchctl_pid": "x"}).who == "unknown"
    assert not Holder.read(None).dead


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not tell when a process began")
def test_a_holder_is_dead_when_its_process_is() -> None:
    here = Holder.this("", "")
    with child() as process:
        born = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        other = replace(here, pid=process.pid, born=born)
        assert not here.dead
        assert not other.dead
    assert other.dead
    assert replace(here, born="1").dead, "the id is another process's by now"
    assert not replace(other, machine="another").dead
    assert os.getpid() == here.pid
