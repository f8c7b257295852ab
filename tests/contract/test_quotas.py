"""Quotas and sizes as Azure Resource Manager tells them: the official SDK over real HTTPS to a stand-in of
management.azure.com, the local Batch service for what there is. Nothing here has met the real manager; the answers have
the form of its published examples (azure-rest-api-specs: BatchAccountGet, LocationListVirtualMachineSkus)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.clients.arm import Arm
from batchctl.cloud.clients.session import Session
from batchctl.cloud.connect import connect
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.plan import Plan
from batchctl.spec.load import load
from tests import verbs
from tests.azure_stub import Answer, Cloud, Request, azure_hosts
from tests.clock import FakeClock
from tests.counted import Quick
from tests.services import unique

pytest.importorskip("azure.mgmt.batch", reason="the extra `arm` is not installed")
pytestmark = pytest.mark.services

ACCOUNT = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/myaccount"
SKUS = "/subscriptions/0000/providers/Microsoft.Batch/locations/japaneast/virtualMachineSkus"
ENDPOINT = "https://myaccount.japaneast.batch.azure.com"


def sku(name: str, family: str, **told: str) -> dict[str, Any]:
    return {"name": name, "familyName": family, "capabilities": [{"name": n, "value": v} for n, v in told.items()]}


OFFERED = [
    sku(
        "Standard_D2s_v5", "standardDSv5Family", vCPUs="2", LowPriorityCapable="True", EphemeralOSDiskSupported="False"
    ),
    sku("Standard_D64s_v5", "standardDSv5Family", vCPUs="64", LowPriorityCapable="True", HyperVGenerations="V1,V2"),
    sku("Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", vCPUs="4", LowPriorityCapable="False"),
    {**sku("Standard_A1", "standardA0_A7Family", vCPUs="1"), "batchSupportEndOfLife": "2024-08-31T00:00:00Z"},
]


@dataclass
class Manager:
    """Tells of an account and of its region, as far as it may."""

    told: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    busy: str = ""

    def __call__(self, request: Request) -> Answer:
        assert request.method == "GET"
        if request.path == self.busy:
            return 429, {"error": {"code": "SubscriptionRequestsThrottled", "message": "Later."}}
        if self.refuses:
            return 403, {"error": {"code": "AuthorizationFailed", "message": "You have no role there."}}
        if request.path == ACCOUNT:
            said = {"poolAllocationMode": "BatchService", "poolQuota": 2000, **self.told}
            return 200, {"id": ACCOUNT, "name": "myaccount", "location": "japaneast", "properties": said}
        assert request.path == SKUS
        return 200, {"value": OFFERED}


@dataclass(frozen=True)
class Desk:
    session: Session
    folder: Path
    manager: Manager
    azure: Cloud

    def planned(self, account: str | None = ACCOUNT, **pool: Any) -> Plan:
        name = unique("quotas")
        image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
        said = {"id": name, "image": image, "targetDedicatedNodes": 4, **pool}
        (self.folder / "spec.yaml").write_text(json.dumps({"version": 1, "name": name, "pool": said}))
        managed = replace(self.session, arm=Arm(account, ENDPOINT, self.session.gate))
        return verbs.plan(load(self.folder / "spec.yaml", {}, {}), Azure(managed))


@pytest.fixture
def desk(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    session, manager = connect(target_of(services), Quick())._session, Manager()
    with azure_hosts(tmp_path, monkeypatch, ("management.azure.com",), manager) as azure:
        yield Desk(session, tmp_path, manager, azure)


FAMILIES = {
    "dedicatedCoreQuota": 0,
    "dedicatedCoreQuotaPerVMFamilyEnforced": True,
    "dedicatedCoreQuotaPerVMFamily": [
        {"name": "standardDSv5Family", "coreQuota": 64},
        {"name": "standardNCASv3_T4Family", "coreQuota": 4},
    ],
}


def test_the_account_tells_its_quotas_and_its_region_its_sizes(desk: Desk) -> None:
    desk.manager.told |= {"dedicatedCoreQuota": 20, "lowPriorityCoreQuota": 4}
    assert not desk.planned(vmSize="Standard_D2s_v5").refusals
    (refused,) = desk.planned(vmSize="Standard_D64s_v5").refusals
    assert "a node of Standard_D64s_v5 has 64 cores, and the account's quota is 20 dedicated cores" in refused
    plan = desk.planned(vmSize="Standard_D2s_v5", targetDedicatedNodes=0, targetSpotNodes=4)
    assert any("it gets 2 for now" in note and "spot cores" in note for note in plan.notes)
    (refused,) = desk.planned(vmSize="Standard_D4s_v5").refusals
    assert "no nodes of the size Standard_D4s_v5 in japaneast; it has standard_d64s_v5" in refused
    refusals = desk.planned(vmSize="Standard_A1").refusals
    assert any("makes no pools of the size Standard_A1 since 2024-08-31" in why for why in refusals)
    assert {request.path for request in desk.azure.requests} == {ACCOUNT, SKUS}


def test_cores_are_counted_by_family_where_the_account_says_so(desk: Desk) -> None:
    desk.manager.told |= FAMILIES
    assert not desk.planned(vmSize="Standard_D64s_v5", targetDedicatedNodes=1).refusals
    plan = desk.planned(vmSize="Standard_NC4as_T4_v3", targetDedicatedNodes=2)
    assert any("of 2 nodes it gets 1 for now" in note for note in plan.notes)
    (refused,) = desk.planned(vmSize="Standard_NC4as_T4_v3", targetDedicatedNodes=0, targetSpotNodes=1).refusals
    assert "the size Standard_NC4as_T4_v3 has not spot nodes" in refused


def test_of_several_sizes_the_first_is_taken_for_which_there_is_room(desk: Desk) -> None:
    desk.manager.told |= {"dedicatedCoreQuota": 20}
    plan = desk.planned(vmSize=["Standard_D64s_v5", "Standard_D4s_v5", "Standard_D2s_v5"])
    assert not plan.refusals
    assert any("the size Standard_D2s_v5, the first of vmSize for which the account has room" in n for n in plan.notes)


def test_a_subscription_of_ones_own_counts_its_cores_itself(desk: Desk) -> None:
    desk.manager.told |= {"poolAllocationMode": "UserSubscription", "dedicatedCoreQuota": 0, "lowPriorityCoreQuota": 0}
    assert not desk.planned(vmSize="Standard_D64s_v5").refusals


def test_pools_and_jobs(desk: Desk) -> None:
    desk.manager.told |= {"poolQuota": 0}
    assert any(" of 0 pools, its quota" in why for why in desk.planned(vmSize="Standard_D2s_v5").refusals)


def test_who_may_not_ask_hears_nothing_and_nothing_fails(desk: Desk) -> None:
    assert not desk.planned(account=None, vmSize="Standard_X1").refusals
    assert desk.azure.requests == []
    desk.manager.refuses = True
    assert not desk.planned(vmSize="Standard_D64s_v5").refusals
    # Asked once, and of an account that answers nothing no more.
    assert [request.path for request in desk.azure.requests] == [ACCOUNT]


@pytest.mark.parametrize(
    ("busy", "what", "refused"),
    [
        (ACCOUNT, "the account's quotas and sizes could not be looked at", False),
        (SKUS, "the sizes of japaneast could not be looked at", True),
    ],
)
def test_what_could_not_be_asked_is_said_in_the_plan(desk: Desk, busy: str, what: str, refused: bool) -> None:
    desk.manager.told |= {"poolQuota": 0}
    desk.manager.busy = busy
    hasty = replace(desk, session=replace(desk.session, clock=FakeClock(datetime.now(UTC))))
    plan = hasty.planned(vmSize="Standard_D2s_v5")
    (said,) = [note for note in plan.notes if "looked at" in note]
    assert said.startswith(what)
    assert said.endswith("was answered 429 SubscriptionRequestsThrottled: Later.")
    assert bool(plan.refusals) == refused
    assert len([request for request in desk.azure.requests if request.path == busy]) > 1
