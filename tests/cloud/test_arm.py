"""Pools by Azure Resource Manager: the official SDK over real HTTPS, to a stand-in of management.azure.com on loopback
that takes what the SDK's own models have. Nothing here has met the real service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchctl.cloud.clients.arm import Arm
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.resources.arm_bodies import arm_pool
from batchctl.errors import Partial
from tests.azure_stub import Answer, Cloud, Request, azure_hosts
from tests.coverage import models as tree

pytest.importorskip("azure.mgmt.batch", reason="the extra `arm` is not installed")

from azure.batch import models as batch_models
from azure.mgmt.batch import models
from azure.mgmt.batch.models import _models as private_models

ACCOUNT = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/myaccount"
ENDPOINT = "https://myaccount.westeurope.batch.azure.com"
IDENTITY = {"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": "/subscriptions/0/u"}]}
HOSTS = ("management.azure.com", "management.chinacloudapi.cn")


class Manager:
    """Azure Resource Manager, as far as pools go."""

    def __init__(self) -> None:
        self.pools: dict[str, Any] = {}

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == "Bearer only-for-a-test"
        assert request.query == {"api-version": "2025-06-01"}
        assert request.path.startswith(f"{ACCOUNT}/pools/")
        name = request.path.rpartition("/")[2]
        if name == "broken":
            return 400, {"error": {"code": "InvalidRequestBody", "message": "The pool is no pool."}}
        if request.method == "PUT" and request.headers["If-None-Match"] == "*" and name in self.pools:
            return 412, {"error": {"code": "PreconditionFailed", "message": "There is one."}}
        self.pools[name] = {**self.pools.get(name, {}), **request.body}
        return 200, {"id": request.path, "name": name, **request.body}


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Manager) -> Iterator[Cloud]:
    with azure_hosts(tmp_path, monkeypatch, HOSTS, manager) as found:
        yield found


def test_a_pool_is_made_once_and_changed(cloud: Cloud, manager: Manager) -> None:
    arm = Arm(ACCOUNT, ENDPOINT, Gate())
    body = arm_pool({"id": "p", "vmSize": "standard_d2s_v5", "identity": IDENTITY}, ACCOUNT)
    assert arm.obstacle() is None
    assert arm.make_pool("p", body)
    assert not arm.make_pool("p", body)
    arm.change_pool("p", {"identity": {"type": "None"}})
    assert manager.pools == {"p": {**body, "identity": {"type": "None"}}}
    assert [(r.method, r.host) for r in cloud.requests] == [
        (method, "management.azure.com") for method in ("PUT", "PUT", "PATCH")
    ]
    assert all(r.headers["User-Agent"].startswith("batchctl/") for r in cloud.requests)
    assert set(cloud.asked) == {"https://management.azure.com"}


def test_what_is_in_the_way(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "give the spec `account.resourceId`" in (Arm(None, ENDPOINT, Gate()).obstacle() or "")
    other = Arm(ACCOUNT, ENDPOINT.replace("myaccount", "another"), Gate())
    assert "names 'myaccount', not the account of 'another.westeurope.batch.azure.com'" in (other.obstacle() or "")
    assert cloud.requests == []
    monkeypatch.setitem(__import__("sys").modules, "azure.mgmt.batch", None)
    assert "pip install 'batchctl[arm]'" in (Arm(ACCOUNT, ENDPOINT, Gate()).obstacle() or "")


def test_who_is_not_signed_in_is_told_so_and_of_no_key(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    why = Arm(ACCOUNT, ENDPOINT, Gate()).obstacle() or ""
    assert why.endswith("is given by Azure Resource Manager alone: not signed in to Azure: run `az login`")
    assert cloud.requests == []


def test_what_the_manager_says_is_told(cloud: Cloud) -> None:
    with pytest.raises(Exception, match="no pool") as caught:
        Arm(ACCOUNT, ENDPOINT, Gate()).make_pool("broken", {})
    from batchctl.cloud.clients.faults import fault_of

    fault = fault_of(caught.value)  # type: ignore[arg-type]  # an AzureError, as it says
    assert (fault.status, fault.code, fault.transient) == (400, "InvalidRequestBody", False)
    assert str(fault).endswith(f"{ACCOUNT}/pools/broken was answered 400 InvalidRequestBody: The pool is no pool.")


def test_once_the_lock_is_lost_nothing_is_sent(cloud: Cloud) -> None:
    gate = Gate()
    gate.watch(lambda: "the lock was lost")
    with pytest.raises(Partial, match="the lock was lost"):
        Arm(ACCOUNT, ENDPOINT, gate).make_pool("p", {})
    assert cloud.requests == []


def test_other_clouds_have_their_own(cloud: Cloud) -> None:
    Arm(ACCOUNT, "https://myaccount.chinaeast.batch.chinacloudapi.cn", Gate()).make_pool("p", {"properties": {}})
    assert [r.host for r in cloud.requests] == ["management.chinacloudapi.cn"]
    assert cloud.asked == ["https://management.chinacloudapi.cn"]


NOT_THERE = {"virtualMachineConfiguration.imageReference.exactVersion"}
"""What the service alone says."""


def whole(model: Any) -> Any:
    """An object with every property that a model has, each with a word that it may hold."""
    found: dict[str, Any] = {}
    for one in tree.properties_of(model):
        inner = tree.member_of(one.kind)
        value = example(inner or one.kind)
        found[one.name] = [value] if inner else value
    return found


def example(kind: Any) -> Any:
    if tree.is_model(kind):
        return whole(kind)
    if is_word(kind):
        return [str(member.value) for member in kind][-1]
    return {int: 1, bool: True}.get(kind, "x")


def test_every_property_of_a_pool_has_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {**whole(batch_models.BatchPoolCreateOptions), "identity": IDENTITY}
    fixed = arm_pool({**body, "enableAutoScale": False}, ACCOUNT)
    scaled = arm_pool(body, ACCOUNT)
    monkeypatch.setattr(tree, "private_models", private_models)
    monkeypatch.setitem(tree.NAMES, "_models", models)
    wrong = [
        *misfits(fixed["properties"], models.PoolProperties),
        *misfits(scaled["properties"], models.PoolProperties),
    ]
    assert set(wrong) == {f"deploymentConfiguration.{path}" for path in NOT_THERE}
    assert fixed["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/0/u": {}}}
    assert fixed["properties"]["scaleSettings"]["fixedScale"].keys() == {
        *("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    }
    assert scaled["properties"]["scaleSettings"] == {"autoScale": {"formula": "x", "evaluationInterval": "x"}}
    assert fixed["properties"]["applicationPackages"] == [{"id": f"{ACCOUNT}/applications/x", "version": "x"}]
    assert fixed["properties"]["interNodeCommunication"] == "Enabled"


def misfits(value: Any, model: Any, at: str = "") -> Iterator[str]:
    """The dotted paths of what the model does not have, or does not call so."""
    known = {one.name: one.kind for one in tree.properties_of(model)}
    for name, inner in value.items():
        path, kind = f"{at}{name}", known.get(name)
        kind = tree.member_of(kind) or kind
        for one in inner if isinstance(inner, list) else [inner]:
            if tree.is_model(kind) and isinstance(one, dict):
                yield from misfits(one, kind, f"{path}.")
            elif kind is None or (is_word(kind) and one not in [member.value for member in kind]):
                yield path if kind is None else f"{path}={one}"


def is_word(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tree.enum.Enum)
