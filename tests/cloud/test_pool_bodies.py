"""What a pool of the service says of itself."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from batchctl.cloud.resources.pool_bodies import read_pool
from batchctl.resources import Pool

if TYPE_CHECKING:
    from batchctl.cloud.clients.session import Session

ITEM: dict[str, Any] = {
    "id": "p",
    "vmSize": "standard_d2s_v5",
    "resizeTimeout": "PT20M",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
    },
}


def test_what_is_not_compared_is_not_held() -> None:
    """A saved plan would fall over it: `resizeTimeout` is that of the last resize, whoever asked for it."""
    found = read_pool(cast("Session", None), ITEM)
    given = [f for f in fields(Pool) if "digest" in f.metadata]
    assert [f.name for f in given] == ["resize_timeout"]
    assert [getattr(found, f.name) for f in given] == [f.default for f in given]
