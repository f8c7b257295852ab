"""What is read of the images that Batch supports."""

import json
from datetime import UTC, datetime

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from tests.cloud.test_answers import answering

HPC = {
    "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204", "version": "latest"},
    "verificationType": "unverified",
    "nodeAgentSKUId": "batch.node.ubuntu 22.04",
    "osType": "linux",
    "capabilities": ["DockerCompatible", "SupportsRDMAOnly"],
    "batchSupportEndOfLife": "2027-06-01T00:00:00Z",
}


def test_capabilities_and_the_end_of_support() -> None:
    bare = {key: value for key, value in HPC.items() if key not in ("capabilities", "batchSupportEndOfLife")}
    with answering(200, "application/json", json.dumps({"value": [HPC, bare]})) as target:
        full, plain = connect(target, SystemClock()).images()
    assert full.capabilities == ("DockerCompatible", "SupportsRDMAOnly")
    assert full.end_of_life == datetime(2027, 6, 1, tzinfo=UTC)
    assert (plain.capabilities, plain.end_of_life) == ((), None)
