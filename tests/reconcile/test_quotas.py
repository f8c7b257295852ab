"""What quotas and region of an account say of a plan: what can never be is refused, what is less for now is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import OfferedSize, PoolThere, Quotas
from batchctl.configurations import NetworkConfiguration, OnFailure
from batchctl.machines import DiffDiskSettings, OSDisk
from batchctl.reconcile.amend.quotas import with_quotas
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.decide.quotas import allowed
from batchctl.reconcile.plan import Plan
from batchctl.resources import AutoPool, Pool, Resource, SupportedImage
from tests.fake_cloud import EPOCH, IMAGES, UBUNTU, FakeCloud
from tests.reconcile.build import desired, held_job, held_pool, job, pool, schedule, situation

D2, D64, E4 = "Standard_D2s_v5", "Standard_D64s_v5", "Standard_E4s_v5"
D, E = "standarddsv5family", "standardesv5family"
SIZES = {
    D2.lower(): OfferedSize(family=D, cores=2),
    D64.lower(): OfferedSize(family=D, cores=64),
    E4.lower(): OfferedSize(family=E, cores=4, lacks=frozenset(("spot", "ephemeral", "accelerated"))),
}
FAMILIES = {"cores_by_family": {D: 20, E: 100}, "dedicated_cores": 0}


def planned(*wanted: Resource, held: tuple[Resource, ...] = (), **told: Any) -> Plan:
    cloud = FakeCloud()
    cloud.quotas_told = Quotas(**({"region": "japaneast", "sizes": SIZES} | told))
    asked = desired(*wanted)
    return with_quotas(diff(asked, held), situation(asked, held, account=cloud))


def nodes(dedicated: int = 1, spot: int = 0, **more: Any) -> Pool:
    return pool(**({"target_dedicated_nodes": dedicated, "target_spot_nodes": spot, "vm_size": D2} | more))


OTHER = PoolThere(name="another", vm_size=D2, dedicated=8, spot=3)


@pytest.mark.parametrize(
    ("wanted", "told", "refused", "noted"),
    [
        (nodes(10), {"dedicated_cores": 20}, None, None),
        (nodes(11), {"dedicated_cores": 20}, None, "of 11 nodes it gets 10 for now: a node has 2 cores, and 0 of 20"),
        (
            nodes(1, vm_size=D64),
            {"dedicated_cores": 20},
            "a node of Standard_D64s_v5 has 64 cores, and the account's",
            None,
        ),
        (nodes(4), {"dedicated_cores": 20, "pools_there": (OTHER,)}, None, "of 4 nodes it gets 2 for now"),
        # Its own nodes are not in its way.
        (
            nodes(10),
            {"dedicated_cores": 20, "pools_there": (PoolThere(name="POOL", vm_size=D2, dedicated=9),)},
            None,
            None,
        ),
        (
            nodes(0, 5),
            {"dedicated_cores": 0, "spot_cores": 8, "pools_there": (OTHER,)},
            None,
            "6 of 8 spot cores are in use",
        ),
        # Dedicated nodes may come later, or not.
        (nodes(0, 4, on_failure=OnFailure(preemptions=1)), {"dedicated_cores": 0, "spot_cores": 8}, None, None),
        # By family the old quota counts no more.
        (nodes(10), FAMILIES, None, None),
        (nodes(11), FAMILIES, None, f"0 of 20 dedicated cores of the family {D} are in use"),
        (nodes(20, vm_size=E4), {**FAMILIES, "pools_there": (OTHER,)}, None, None),
        (nodes(1, vm_size=E4), {"cores_by_family": {E: 0}}, f"0 dedicated cores of the family {E}", None),
        # Of a family that is not listed nobody knows.
        (nodes(1, vm_size=E4), {"cores_by_family": {D: 20}}, None, None),
        (nodes(1, auto_scale_formula="$TargetDedicatedNodes = f();"), {"dedicated_cores": 0}, None, None),
        # Nothing is told.
        (nodes(10_000), {}, None, None),
        (nodes(10_000, vm_size="Standard_X1"), {"sizes": {}}, None, None),
    ],
)
def test_cores(wanted: Pool, told: dict[str, Any], refused: str | None, noted: str | None) -> None:
    plan = planned(wanted, **told)
    for said, expected in ((plan.refusals, refused), (plan.notes, noted)):
        assert len(said) == (expected is not None), said
        assert expected is None or expected in said[0]


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        (nodes(vm_size="Standard_D4s_v5"), "no nodes of the size Standard_D4s_v5 in japaneast; it has standard_"),
        (nodes(0, 1, vm_size=E4), "the size Standard_E4s_v5 has not spot nodes"),
        (
            nodes(vm_size=E4, os_disk=OSDisk(ephemeral_os_disk_settings=DiffDiskSettings(placement="cachedisk"))),
            "has not an ephemeral disk",
        ),
        (
            nodes(vm_size=E4, network_configuration=NetworkConfiguration(enable_accelerated_networking=True)),
            "has not accelerated networking",
        ),
    ],
)
def test_what_a_region_does_not_have(wanted: Pool, refused: str) -> None:
    (said,) = planned(wanted).refusals
    assert refused in said


class WithImages(FakeCloud):
    """Of an image for each generation."""

    def images(self) -> tuple[SupportedImage, ...]:
        second = replace(UBUNTU, sku="server-gen2")
        return (IMAGES[0], replace(IMAGES[0], image=second, capabilities=("Generation2VMImage",)))


@pytest.mark.parametrize(
    ("generation", "sku", "refused"), [(2, "server", True), (2, "server-gen2", False), (None, "server", False)]
)
def test_images_of_the_other_generation(generation: int | None, sku: str, refused: bool) -> None:
    cloud = WithImages()
    sizes = {D2.lower(): OfferedSize(family=D, generation=generation)}
    cloud.quotas_told = Quotas(region="japaneast", sizes=sizes)
    asked = desired(nodes(image=replace(UBUNTU, sku=sku)))
    said = with_quotas(diff(asked, []), situation(asked, [], account=cloud)).refusals
    assert [why.partition(",")[0] for why in said] == (
        ["pool 'pool': Standard_D2s_v5 starts images of generation 2 alone"] * refused
    )


def test_the_end_of_a_size() -> None:
    def ends(days: int) -> Plan:
        return planned(nodes(), sizes={D2.lower(): OfferedSize(family=D, until=EPOCH + timedelta(days=days))})

    assert "makes no pools of the size Standard_D2s_v5 since" in ends(-1).refusals[0]
    assert "until 2026-03-02 only" in ends(60).notes[0]
    assert (ends(300).refusals, ends(300).notes) == ((), ())


@pytest.mark.parametrize(
    ("wanted", "held", "told", "refused"),
    [
        ([pool()], (), {"pools": 1, "pools_there": (OTHER,)}, "1 of 1 pools"),
        ([pool()], (), {"pools": 2, "pools_there": (OTHER,)}, None),
        # One comes, another goes.
        ([pool()], (held_pool("old"),), {"pools": 1, "pools_there": (OTHER,)}, None),
        ([job()], (), {"jobs": 3, "active_jobs": 3}, "3 of 3 active jobs and job schedules"),
        ([schedule()], (), {"jobs": 3, "active_jobs": 3}, "3 of 3 active jobs"),
        ([job()], (), {"jobs": 3, "active_jobs": 2}, None),
        ([job()], (held_job(),), {"jobs": 1, "active_jobs": 1}, None),
    ],
)
def test_how_many_there_may_be(
    wanted: list[Resource], held: tuple[Resource, ...], told: dict[str, Any], refused: str | None
) -> None:
    said = planned(*wanted, held=held, **told).refusals
    assert len(said) == (refused is not None), said
    assert refused is None or refused in said[0]


def test_the_pool_that_a_job_makes_is_looked_at() -> None:
    auto = AutoPool(pool_lifetime_option="job", pool=nodes(vm_size=D64, name=""))
    (said,) = planned(job(pool="", auto_pool=auto), dedicated_cores=20).refusals
    assert said.startswith("pool 'count': a node of Standard_D64s_v5 has 64 cores")


class Untold(FakeCloud):
    def quotas(self) -> Quotas | None:
        raise AssertionError("nobody is asked")


def test_who_changes_nothing_asks_nothing() -> None:
    held = held_pool(target_dedicated_nodes=5)
    for wanted in (pool(target_dedicated_nodes=5), pool(target_dedicated_nodes=5, metadata=(("a", "b"),))):
        asked = desired(wanted)
        with_quotas(diff(asked, [held]), situation(asked, [held], account=Untold()))


@pytest.mark.parametrize(
    ("told", "size"),
    [
        ({}, D64),
        ({"dedicated_cores": 20}, D2),
        ({"sizes": {E4.lower(): SIZES[E4.lower()]}}, E4),
        # There is room for fewer nodes, or for none: the first that there may be at all.
        ({"dedicated_cores": 2}, D2),
        ({"dedicated_cores": 1}, D64),
        ({**FAMILIES, "pools_there": (OTHER,)}, E4),
    ],
)
def test_the_first_size_for_which_there_is_room(told: dict[str, Any], size: str) -> None:
    quotas = Quotas(**({"region": "japaneast", "sizes": SIZES} | told))
    assert allowed(nodes(4, vm_size=D64, vm_sizes=(D64, D2, E4)), quotas, EPOCH).vm_size == size
    assert allowed(nodes(vm_size=D64), quotas, EPOCH).vm_size == D64
