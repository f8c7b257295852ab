"""A spec whose pool has an identity, where Azure Resource Manager alone gives one: the local Batch service behind a
stand-in of management.azure.com that does to it what the manager does to the real one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.clients.arm import Arm
from batchctl.cloud.clients.session import Session
from batchctl.cloud.connect import connect
from batchctl.errors import Refused
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from tests import verbs
from tests.azure_stub import Answer, Request, azure_hosts
from tests.counted import Quick
from tests.services import unique

pytest.importorskip("azure.mgmt.batch", reason="the extra `arm` is not installed")
pytestmark = pytest.mark.services

ACCOUNT = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/myaccount"
ENDPOINT = "https://myaccount.westeurope.batch.azure.com"
USER = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}"


@dataclass(frozen=True)
class Manager:
    """Gives a pool of this session what Batch itself does not."""

    session: Session
    log: list[str]

    def __call__(self, request: Request) -> Answer:
        name = request.path.rpartition("/")[2]
        if request.method == "GET":
            return 403, {"error": {"code": "AuthorizationFailed", "message": "Who makes pools may not read quotas."}}
        self.log.append(request.method)
        identity = request.body["identity"]
        ids = [{"resourceId": i} for i in identity.get("userAssignedIdentities", {})]
        given: dict[str, Any] = {"identity": {"type": identity["type"], "userAssignedIdentities": ids}}
        if request.method == "PATCH":
            self.session.batch.patch(f"/pools/{name}", given)
            return 200, request.body
        said = dict(request.body["properties"])
        machine = said.pop("deploymentConfiguration")["virtualMachineConfiguration"]
        machine["nodeAgentSKUId"] = machine.pop("nodeAgentSkuId")
        scale = said.pop("scaleSettings")["fixedScale"]
        said["enableInterNodeCommunication"] = said.pop("interNodeCommunication", "Disabled") == "Enabled"
        self.session.batch.post(
            "/pools", {"id": name, **said, "virtualMachineConfiguration": machine, **scale, **given}
        )
        return 200, request.body


@dataclass(frozen=True)
class Desk:
    cloud: Azure
    session: Session
    folder: Path
    name: str
    log: list[str]

    def spec(self, **more: Any) -> Spec:
        image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
        pool = {"id": self.name, "vmSize": "Standard_D2s_v5", "image": image, "metadata": [{"name": "a", "value": "b"}]}
        path = self.folder / "spec.yaml"
        path.write_text(json.dumps({"version": 1, "name": self.name, "pool": pool} | more))
        return load(path, {}, {})

    def applied(self, spec: Spec) -> list[str]:
        """What Azure Resource Manager was asked."""
        self.log.clear()
        assert list(verbs.apply(spec, self.cloud, Quick(), lambda _: True, Choices())) is not None
        plan = verbs.plan(spec, self.cloud)
        assert (plan.changes, plan.refusals) == ((), ())
        return list(self.log)

    def identities(self) -> list[str]:
        item = self.session.batch.get(f"/pools/{self.name}")
        return [one["resourceId"] for one in item.get("identity", {}).get("userAssignedIdentities", ())]


@pytest.fixture
def desk(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    session = connect(target_of(services), Quick())._session
    managed = replace(session, arm=Arm(ACCOUNT, ENDPOINT, session.gate))
    log: list[str] = []
    with azure_hosts(tmp_path, monkeypatch, ("management.azure.com",), Manager(session, log)):
        found = Desk(Azure(managed), managed, tmp_path, unique("arm"), log)
        yield found
        list(verbs.destroy(found.spec(), found.cloud, Quick(), lambda _: True, Choices()))


def test_a_pool_comes_by_the_manager_and_all_else_of_it_by_batch(desk: Desk) -> None:
    one, other = USER.format("one"), USER.format("other")
    spec = desk.spec(identity=one)
    assert desk.applied(spec) == ["PUT"]
    assert desk.identities() == [one]
    assert desk.applied(spec) == []
    assert desk.applied(desk.spec(identity=other)) == ["PATCH"]
    assert desk.identities() == [other]
    assert desk.applied(desk.spec(identity=other, expiresAfter="P3D")) == []
    assert desk.applied(desk.spec()) == ["PATCH"]
    assert desk.identities() == []


def test_where_the_account_is_not_named_nothing_is_begun(desk: Desk) -> None:
    nameless = Azure(replace(desk.session, arm=Arm(None, ENDPOINT, desk.session.gate)))
    spec = desk.spec(identity=USER.format("one"))
    plan = verbs.plan(spec, nameless)
    assert [why for why in plan.refusals if "give the spec `account.resourceId`" in why]
    with pytest.raises(Refused):
        list(verbs.apply(spec, nameless, Quick(), lambda _: True, Choices()))
    assert desk.session.find(lambda: desk.session.batch.get(f"/pools/{desk.name}")) is None
    assert desk.log == []
