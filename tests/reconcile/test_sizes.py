"""Which size a pool has, where its spec leaves a choice: the first, what is there, or what comes next."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from batchctl.cloud_answers import Counts, JobStanding, Outcome, PoolHealth
from batchctl.configurations import Needs
from batchctl.errors import CloudError
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.carry_out.follow import wait_for_tasks
from batchctl.reconcile.carry_out.pool_watch import Known
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.decide.sizes import choice_line, settled, size_instead
from batchctl.reconcile.events import Failed, PoolNotice
from batchctl.resources import AutoPool, Job, Pool, Resource
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import OWNER, desired, held_job, held_pool, job, pool

A, B, C = "Standard_D64s_v5", "Standard_D32s_v5", "Standard_D2s_v5"
NO_NODES = {"steady": True, "nodes": (), "able": 0, "wanted": 1}


def choosing(**more: Any) -> Pool:
    return pool(**({"vm_size": A, "vm_sizes": (A, B, C), "owner": OWNER} | more))


@pytest.mark.parametrize(
    ("held", "size"),
    [
        ((), A),
        ((held_pool(vm_size=C.upper()),), C),
        ((held_pool(vm_size="Standard_E2s_v5"),), A),
        ((held_pool(vm_size=C, state="deleting"),), A),
        ((held_pool("another", vm_size=C),), A),
    ],
)
def test_what_is_there_stays_while_it_is_in_the_list(held: tuple[Pool, ...], size: str) -> None:
    (found,) = settled(desired(choosing()), held).resources
    assert isinstance(found, Pool)
    assert found.vm_size == size


@pytest.mark.parametrize(("needs", "stays"), [(Needs(cpus=4), True), (Needs(cpus=80), False), (None, False)])
def test_what_is_there_stays_while_it_meets_the_needs(needs: Needs | None, stays: bool) -> None:
    wanted = choosing(vm_size=A, vm_sizes=(A,), needs=needs)
    held = held_pool(vm_size="Standard_E16s_v5")
    plan = diff(settled(desired(wanted), [held]), [held])
    assert (not plan.changes) is stays


def test_the_pool_of_a_job_keeps_the_size_of_its_newest_generation() -> None:
    def with_pool(made: Job, **more: Any) -> Job:
        auto = AutoPool(pool_lifetime_option="job", pool=choosing(**more))
        return Job(
            **{f: getattr(made, f) for f in ("name", "pool", "generation", "owner", "state")} | {"auto_pool": auto}
        )

    held = [with_pool(held_job(1, pool=""), vm_size=C), with_pool(held_job(2, pool=""), vm_size=B)]
    (found,) = settled(desired(with_pool(job(pool=""))), held).resources
    assert isinstance(found, Job)
    assert found.auto_pool
    assert found.auto_pool.pool.vm_size == B


@pytest.mark.parametrize(
    ("error", "more", "size"),
    [
        ("AllocationFailed: no room", {}, B),
        ("AllocationTimedOut: no room", {"vm_size": B}, C),
        ("AccountVMSeriesCoreQuotaReached: no cores", {"vm_size": C}, None),
        ("ResizeStopped: by somebody", {}, None),
        ("AllocationFailed: no room", {"steady": False}, None),
        ("AllocationFailed: no room", {"nodes": (("starttaskfailed", 1),)}, None),
    ],
)
def test_the_next_size(error: str, more: dict[str, Any], size: str | None) -> None:
    health = PoolHealth(**{**NO_NODES, "vm_size": A, "resize_errors": (error,), **more})
    assert size_instead(choosing(), health) == size
    assert size_instead(pool(vm_size=A), health) is None


class Picky(FakeCloud):
    """Takes nodes of one size alone."""

    def create(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        yield from super().create([r for r in resources if not isinstance(r, Pool) or r.vm_size == C], owner)
        for refused in (r for r in resources if isinstance(r, Pool) and r.vm_size != C):
            said = "One of the properties is invalid. (PropertyName: vmSize; Reason: not in this region)"
            yield Outcome(resource=refused, error=CloudError(said, status=400, code="InvalidPropertyValue"))


def test_a_size_that_batch_does_not_take_gives_way() -> None:
    cloud = Picky()
    events = list(execute(diff(desired(choosing()), []), cloud))
    assert [e.says[0].rpartition(" ")[2] for e in events if isinstance(e, PoolNotice)] == [B, C]
    assert cloud.pools["pool"].vm_size == C
    assert not [e for e in events if isinstance(e, Failed)]
    # Of the last of them the refusal is told.
    events = list(execute(diff(desired(choosing(vm_sizes=(A, B))), []), Picky()))
    assert [e.name for e in events if isinstance(e, Failed)] == ["pool"]


class Choosy(FakeCloud):
    """Has no room for what it has, and changes to one size alone."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.size, self.there = size, A

    def counts(self, job: Job) -> Counts:
        return Counts(succeeded=1) if self.there == self.size else Counts(active=1)

    def standing(self, job: Job) -> JobStanding:
        return JobStanding()

    def unfinished(self, job: Job) -> bool:
        return False

    def health(self, pool: str) -> PoolHealth:
        errors = () if self.there == self.size else ("AllocationFailed: no room",)
        return PoolHealth(**NO_NODES, vm_size=self.there, resize_errors=errors)

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        for _, wanted in changes:
            assert isinstance(wanted, Pool)
            if wanted.vm_size == self.size:
                self.there = wanted.vm_size
                yield Outcome(resource=wanted)
            else:
                error = CloudError("invalid (PropertyName: vmSize)", status=400, code="InvalidPropertyValue")
                yield Outcome(resource=wanted, error=error)


def test_a_size_that_batch_does_not_take_while_apply_waits() -> None:
    events = list(wait_for_tasks([held_job()], Choosy(C), FakeClock(), known=Known(wanted=choosing())))
    said = [line for event in events if isinstance(event, PoolNotice) for line in event.says]
    assert said == [
        f"AllocationFailed: no room: goes on to {B}",
        f"invalid (PropertyName: vmSize): goes on to {C}",
    ]
    with pytest.raises(CloudError, match="invalid"):
        list(wait_for_tasks([held_job()], Choosy("none"), FakeClock(), known=Known(wanted=choosing())))


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (pool(), None),
        (
            choosing(),
            f"pool 'pool' takes the size {A}, the first of vmSize; if Azure gives no nodes of it: {B}, then {C}",
        ),
        (choosing(vm_size=C), f"pool 'pool' takes the size {C}, the first of vmSize for which the account has room"),
        (
            choosing(vm_sizes=(A,), needs=Needs(cpus=16, memory=20), task_slots_per_node=4),
            f"pool 'pool' takes the size {A}, the least that has 16 cpus, 20 GiB for each of 4 slots",
        ),
        (choosing(vm_sizes=(A,), needs=Needs()), f"pool 'pool' takes the size {A}, the least"),
        (
            choosing(vm_sizes=(C,), needs=Needs(cpus=1)),
            f"pool 'pool' takes the size {A}, the least that has 1 cpu for which the account has room; "
            f"if Azure gives no nodes of it: {C}",
        ),
    ],
)
def test_what_is_told_of_the_choice(wanted: Pool, line: str | None) -> None:
    assert choice_line(wanted) == line


def test_nobody_tries_another_size_for_the_pool_of_a_job() -> None:
    assert choice_line(choosing(), of_job="count") == f"the pool of job 'count' takes the size {A}, the first of vmSize"


def test_what_is_told_of_a_size_that_is_there() -> None:
    assert choice_line(choosing(vm_size=C), there=True) == f"pool 'pool' takes the size {C}, which it has already"
    found = choice_line(choosing(vm_sizes=(C,), needs=Needs(cpus=1)), there=True) or ""
    assert f"{A}, which it has already and which has 1 cpu" in found
