"""A pool whose nodes do not go, as where tasks that are waited for outlast resizeTimeout: nothing is done over it."""

import json
from dataclasses import replace

import pytest

from batchctl.cloud.connect import connect
from batchctl.errors import Partial
from tests.cloud.test_answers import answering
from tests.counted import Quick
from tests.reconcile.build import OWNER, pool

STEADY = json.dumps(
    {
        "id": "pool",
        "state": "active",
        "allocationState": "steady",
        "vmSize": "Standard_D2s_v5",
        "currentDedicatedNodes": 2,
        "metadata": [{"name": "batchctl_owner", "value": OWNER}],
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
            "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        },
    }
)
HELD = replace(pool(), owner=OWNER, nodes=2)


@pytest.mark.parametrize("verb", ["delete", "update"])
def test_a_pool_with_nodes_is_neither_deleted_nor_patched(verb: str) -> None:
    waiting = replace(HELD, node_deallocation_option="taskcompletion")
    with answering(200, "application/json", STEADY) as target:
        cloud = connect(target, Quick())
        if verb == "delete":
            [outcome] = cloud.delete([waiting], OWNER)
        else:
            [outcome] = cloud.update([(HELD, replace(waiting, task_slots_per_node=4))], OWNER)
    assert isinstance(outcome.error, Partial)
    assert "pool 'pool' still has 2 nodes: its resize to none ended before they had gone" in str(outcome.error)
