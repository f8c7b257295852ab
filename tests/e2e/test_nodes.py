"""What apply does while it waits for nodes that Azure does not give."""

from pathlib import Path
from threading import Event

import pytest

from batchctl.cloud.azure_cloud import Azure
from batchctl.errors import Stuck
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event as Told
from batchctl.reconcile.events import PoolNotice
from batchctl.reconcile.plan import Plan
from batchctl.spec.load import load
from batchctl.verbs.apply import apply
from batchctl.verbs.survey import decide, survey
from tests.e2e.conftest import TurningClock, cloud_of
from tests.emulator.raw import VERSION, send
from tests.emulator.stand import Local
from tests.emulator.test_faults import accident, fault

ON_SPOT = "test $AZ_BATCH_NODE_IS_DEDICATED = true || sleep 60"
"""Ends at once on a dedicated node."""

SPEC = """
version: 1
name: nodes
logs: false
pool:
  id: nodes
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  POOL
job: {id: nodes, tasks: [{id: a, commands: ['COMMAND']}]}
"""


def written(folder: Path, pool: str, command: str = "true") -> Path:
    text = SPEC.replace("POOL", pool.replace("; ", "\n  ")).replace("COMMAND", command)
    (folder / "spec.yaml").write_text(text)
    return folder / "spec.yaml"


def applied(spec: Path, cloud: Azure, clock: TurningClock) -> list[str]:
    """What apply said of the pool."""
    events = apply(load(spec, {}, {}), cloud, clock, lambda _plan: True, Choices(), patience=None)
    return list(told(list(events)))


def told(events: list[Told]) -> list[str]:
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
    assert cloud.health("nodes").vm_size.lower() == "standard_d2s_v5"
    # With another size in place there is nothing to do; without it in the spec there is.
    assert not planned(spec, cloud)
    other = written(tmp_path, f"vmSize: [Standard_D4s_v5]; targetDedicatedNodes: 1; afterRun: {ends}")
    (change,) = planned(other, cloud).changes
    assert [(f.name, f.old.lower(), f.new) for f in change.fields] == [
        ("vm_size", "standard_d2s_v5", "Standard_D4s_v5")
    ]


def test_when_no_size_gives_nodes_the_wait_ends_and_the_next_apply_goes_on(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    spec = written(tmp_path, "vmSize: [Standard_D64s_v5, Standard_D32s_v5]; targetDedicatedNodes: 1")
    with fault(service, kind="allocation", pool="nodes"), pytest.raises(Stuck, match="AllocationFailed"):
        applied(spec, cloud, clock)
    assert cloud.health("nodes").vm_size.lower() == "standard_d32s_v5"
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
    (reason,) = change.reasons
    assert reason.lower() == "no nodes of standard_d64s_v5: goes on to standard_d2s_v5"
    applied(spec, cloud, clock)
    assert cloud.health("nodes").vm_size.lower() == "standard_d2s_v5"
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
    assert cloud.health("nodes").vm_size.lower() == size.lower()
    assert not planned(written(tmp_path, "needs: {cpus: 3, memory: 10 GiB}; targetDedicatedNodes: 1"), cloud)
    (change,) = planned(written(tmp_path, "needs: {cpus: 20}; targetDedicatedNodes: 1"), cloud).changes
    assert [(f.name, f.new) for f in change.fields] == [("vm_size", "Standard_E20s_v5")]


class Storm(TurningClock):
    """While somebody waits, spot nodes that run something are taken away."""

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        super().sleep(seconds, halt)
        for node in send(self._service.url, "GET", f"/pools/nodes/nodes?{VERSION}").json.get("value", ()):
            if node["state"].lower() == "running" and not node["isDedicated"]:
                accident(self._service, "nodes", node["id"], accident="preempt")


@pytest.mark.parametrize("ends", ["keep", "resizeToZero"])
def test_dedicated_nodes_take_the_place_of_spot_nodes(
    tmp_path: Path, service: Local, services: Services, ends: str
) -> None:
    clock = Storm(service)
    cloud = cloud_of(service, services, clock)
    pool = f"vmSize: Standard_D2s_v5; targetSpotNodes: 2; onFailure: {{preemptions: 2}}; afterRun: {ends}"
    spec = written(tmp_path, pool, ON_SPOT)
    (note,) = [note for note in planned(spec, cloud).notes if "preemptions" in note]
    assert (
        note == "pool 'nodes': after 2 preemptions dedicated nodes take the place of its spot nodes, while apply waits"
    )
    assert "2 preemptions (onFailure): dedicated nodes take the place of its 2 spot nodes" in applied(
        spec, cloud, clock
    )
    held = send(service.url, "GET", f"/pools/nodes?{VERSION}").json
    targets = (held["targetDedicatedNodes"], held["targetLowPriorityNodes"])
    assert targets == ((2, 0) if ends == "keep" else (0, 0))
    plan = planned(spec, cloud)
    assert not plan
    assert ("--replace pool.nodes" in " ".join(plan.notes)) is (ends == "keep")
    # Who wants other nodes gets them.
    other = written(tmp_path, pool.replace("targetSpotNodes: 2", "targetSpotNodes: 3"), ON_SPOT)
    changes = planned(other, cloud).changes
    assert [[f.name for f in c.fields] for c in changes] == (
        [["target_dedicated_nodes", "target_spot_nodes"]] if ends == "keep" else []
    )
