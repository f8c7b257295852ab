"""What apply does while it waits for nodes that Azure does not give."""

from pathlib import Path

import pytest

from batchctl.cloud.azure_cloud import Azure
from batchctl.errors import Stuck
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event, PoolNotice
from batchctl.reconcile.plan import Plan
from batchctl.spec.load import load
from batchctl.verbs.apply import apply
from batchctl.verbs.survey import decide, survey
from tests.e2e.conftest import TurningClock
from tests.emulator.stand import Local
from tests.emulator.test_faults import fault

SPEC = """
version: 1
name: nodes
pool:
  id: nodes
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  POOL
job: {id: nodes, tasks: [{id: a, commands: ['true']}]}
"""


def written(folder: Path, pool: str) -> Path:
    (folder / "spec.yaml").write_text(SPEC.replace("POOL", pool.replace("; ", "\n  ")))
    return folder / "spec.yaml"


def applied(spec: Path, cloud: Azure, clock: TurningClock) -> list[str]:
    """What apply said of the pool."""
    events = apply(load(spec, {}, {}), cloud, clock, lambda _plan: True, Choices(), patience=None)
    return list(told(list(events)))


def told(events: list[Event]) -> list[str]:
    return [line for event in events if isinstance(event, PoolNotice) for line in event.says]


def planned(spec: Path, cloud: Azure) -> Plan:
    return decide(survey(load(spec, {}, {}), cloud), cloud, Choices())


@pytest.mark.parametrize("ends", ["keep", "resizeToZero"])
def test_a_size_without_quota_gives_way_to_the_next(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock, ends: str
) -> None:
    sizes = "vmSize: [Standard_D64s_v5, Standard_D32s_v5, Standard_D2s_v5]"
    spec = written(tmp_path, f"{sizes}; targetDedicatedNodes: 1; afterRun: {ends}")
    with fault(service, kind="quota", quota="dedicatedCores", most=16):
        assert "Standard_D64s_v5, the first of vmSize; if Azure gives no nodes of it" in planned(spec, cloud).notes[0]
        said = applied(spec, cloud, clock)
    went_on = [line for line in said if "goes on to" in line]
    assert [line.rpartition(" ")[2] for line in went_on] == ["Standard_D32s_v5", "Standard_D2s_v5"]
    assert all("AccountCoreQuotaReached" in line for line in went_on)
    assert cloud.health("nodes").vm_size == "Standard_D2s_v5"
    # With another size in place there is nothing to do; without it in the spec there is.
    assert not planned(spec, cloud)
    other = written(tmp_path, f"vmSize: [Standard_D4s_v5]; targetDedicatedNodes: 1; afterRun: {ends}")
    (change,) = planned(other, cloud).changes
    assert [(f.name, f.old, f.new) for f in change.fields] == [("vm_size", "Standard_D2s_v5", "Standard_D4s_v5")]


def test_when_no_size_gives_nodes_the_wait_ends_and_the_next_apply_goes_on(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    spec = written(tmp_path, "vmSize: [Standard_D64s_v5, Standard_D32s_v5]; targetDedicatedNodes: 1")
    with fault(service, kind="allocation", pool="nodes"), pytest.raises(Stuck, match="AllocationFailed"):
        applied(spec, cloud, clock)
    assert cloud.health("nodes").vm_size == "Standard_D32s_v5"
    assert "asked once more for the 1 node that it lacks" in planned(spec, cloud).changes[0].reasons
    applied(spec, cloud, clock)
    assert not planned(spec, cloud)


def test_a_plan_goes_on_to_the_next_size_where_nobody_waited(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    with fault(service, kind="allocation", pool="nodes"), pytest.raises(Stuck):
        applied(written(tmp_path, "vmSize: Standard_D64s_v5; targetDedicatedNodes: 1"), cloud, clock)
    spec = written(tmp_path, "vmSize: [Standard_D64s_v5, Standard_D2s_v5]; targetDedicatedNodes: 1")
    (change,) = planned(spec, cloud).changes
    assert change.reasons == ("no nodes of Standard_D64s_v5: goes on to Standard_D2s_v5",)
    applied(spec, cloud, clock)
    assert cloud.health("nodes").vm_size == "Standard_D2s_v5"
    assert not planned(spec, cloud)


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        pytest.param("needs: {cpus: 4, memory: 16 GiB}", "Standard_D4s_v5", id="the least"),
        pytest.param("vmSize: Standard_E16s_v5", "Standard_E16s_v5", id="what is there"),
    ],
)
def test_a_size_stays_as_long_as_it_meets_the_needs(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock, pool: str, size: str
) -> None:
    first = written(tmp_path, f"{pool}; targetDedicatedNodes: 1")
    applied(first, cloud, clock)
    assert cloud.health("nodes").vm_size == size
    assert not planned(written(tmp_path, "needs: {cpus: 3, memory: 10 GiB}; targetDedicatedNodes: 1"), cloud)
    (change,) = planned(written(tmp_path, "needs: {cpus: 20}; targetDedicatedNodes: 1"), cloud).changes
    assert [(f.name, f.new) for f in change.fields] == [("vm_size", "Standard_E20s_v5")]
