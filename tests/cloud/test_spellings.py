"""Words of enumerations are taken in the letters of the REST pages and in those that Azure answers with."""

from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pytest

from batchctl.cloud.clients.faults import scheduling_error_text
from batchctl.cloud.looks.reading import read_failure
from batchctl.cloud.resources.pool_bodies import read_pool
from batchctl.rules import field_differences

if TYPE_CHECKING:
    from batchctl.cloud.clients.session import Session

ITEM: dict[str, Any] = {
    "id": "p",
    "vmSize": "Standard_D2s_v5",
    "taskSchedulingPolicy": {"nodeFillType": "pack"},
    "networkConfiguration": {"publicIPAddressConfiguration": {"provision": "usermanaged"}},
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "nodePlacementConfiguration": {"policy": "zonal"},
        "osDisk": {"caching": "readwrite"},
        "dataDisks": [{"lun": 0, "diskSizeGB": 8, "caching": "readonly"}],
        "securityProfile": {"securityType": "trustedLaunch"},
    },
}
SPELLED = {
    "vmSize": "standard_d2s_v5",
    "taskSchedulingPolicy.nodeFillType": "Pack",
    "networkConfiguration.publicIPAddressConfiguration.provision": "UserManaged",
    "virtualMachineConfiguration.nodePlacementConfiguration.policy": "Zonal",
    "virtualMachineConfiguration.osDisk.caching": "ReadWrite",
    "virtualMachineConfiguration.dataDisks.0.caching": "ReadOnly",
    "virtualMachineConfiguration.securityProfile.securityType": "trustedlaunch",
}


@pytest.mark.parametrize("path", SPELLED)
def test_a_pool_in_other_letters_is_the_same(path: str) -> None:
    item: Any = deepcopy(ITEM)
    *above, last = path.split(".")
    place = item
    for part in above:
        place = place[int(part) if part.isdigit() else part]
    assert place[last] != SPELLED[path]
    place[last] = SPELLED[path]
    one, other = (read_pool(cast("Session", None), found) for found in (ITEM, item))
    assert list(field_differences(one, other)) == list(field_differences(other, one)) == []


def test_the_order_of_jobs_that_the_service_fills_in_is_no_change() -> None:
    item = {**ITEM, "taskSchedulingPolicy": {"nodeFillType": "Pack", "jobDefaultOrder": "none"}}
    one, other = (read_pool(cast("Session", None), found) for found in (ITEM, item))
    assert list(field_differences(one, other)) == list(field_differences(other, one)) == []


@pytest.mark.parametrize("category", ["usererror", "UserError"])
def test_who_is_at_fault(category: str) -> None:
    failure = read_failure({"category": category, "code": "FailureExitCode"})
    assert failure
    assert failure.category == "usererror"


@pytest.mark.parametrize("code", ["JobTerminationAwaitingNodeProcessing", "JobDeletionAwaitingNodeProcessing"])
def test_a_job_that_waits_for_its_nodes_has_no_error(code: str) -> None:
    """Azure says so of jobs that end (Azure/azure-sdk-assets, net/…/JobOperations.json, 2025-06-01, 2025-09-03)."""
    waits = {"category": "ServerError", "code": code, "message": "waiting for processing from one or more node."}
    assert scheduling_error_text({"schedulingError": waits}) is None
    error = {"category": "UserError", "code": "InvalidCertificatesInAutoPool", "message": "are invalid"}
    assert scheduling_error_text({"schedulingError": error}) == "InvalidCertificatesInAutoPool: are invalid"
    assert scheduling_error_text({}) is None
