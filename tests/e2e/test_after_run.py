"""Pools after a run, through the command line, on real services: no node stays, and release tasks have run."""

import json
from typing import Any

import pytest
from azure.batch import BatchClient

from tests.e2e.conftest import Workbench
from tests.services import eventually, unique
from tests.streams import checked

pytestmark = pytest.mark.e2e


def written(workbench: Workbench, name: str, **pool: Any) -> str:
    """A spec whose job leaves a file behind when its release task has run."""
    released = workbench.folder / "released"
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    spec = {
        "version": 1,
        "name": name,
        "pool": {"id": name, "vmSize": "Standard_D2s_v5", "image": image, "targetSpotNodes": 1, **pool},
        "job": {
            "id": name,
            "jobPreparationTask": {"commands": ["true"]},
            "jobReleaseTask": {"commands": ["sleep 1", f"touch {released}"]},
            "tasks": [{"id": "a", "commands": ["true"]}],
        },
    }
    (workbench.folder / "spec.yaml").write_text(json.dumps(spec))
    return "spec.yaml"


def test_the_nodes_go_when_all_has_ended(workbench: Workbench, batch_client: BatchClient) -> None:
    name = unique("after")
    spec = written(workbench, name)
    applied = workbench.run("apply", spec, "--yes", "--json")
    assert applied.code == 0, applied.said
    told = checked(applied.out)
    [plan] = [line for line in told if line["type"] == "plan"]
    assert plan["plan"]["endings"] == [{"pool": name, "does": "resizeToZero"}]
    assert (workbench.folder / "released").exists()
    assert batch_client.get_pool(name).target_low_priority_nodes == 0
    eventually(lambda: not list(batch_client.list_nodes(name)), "no node is left")
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0

    # It is made again only when there is work.
    spec = written(workbench, name, afterRun="delete")
    gone = workbench.run("apply", spec, "--yes")
    assert gone.code == 0, gone.said
    assert name not in [pool.id for pool in batch_client.list_pools()]
    again = workbench.run("apply", spec, "--yes", "--rerun", "all")
    assert again.code == 0, again.said
    assert f"pool {name}: deleted: its tasks have ended" in again.err
    assert name not in [pool.id for pool in batch_client.list_pools()]
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_the_nodes_go_although_what_was_to_come_cannot(workbench: Workbench, batch_client: BatchClient) -> None:
    name = unique("after")
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    first = {
        "factory": "first",
        "id": "first",
        "commands": ["mkdir x y", "touch x/same.txt y/same.txt"],
        "outputFiles": [{"filePattern": "*/same.txt", "container": name}],
    }
    second = {"id": "second-{item.stem}", "forEach": {"outputs": "first"}, "commands": ["true"]}
    spec = {
        "version": 1,
        "name": name,
        "storage": {"containers": {name: {}}},
        "pool": {"id": name, "vmSize": "Standard_D2s_v5", "image": image, "targetDedicatedNodes": 1},
        "job": {"id": name, "tasks": [first, second]},
    }
    (workbench.folder / "spec.yaml").write_text(json.dumps(spec))
    applied = workbench.run("apply", "spec.yaml", "--yes")
    assert (applied.code, "the tasks that were to come now cannot" in applied.err) == (5, True), applied.said
    assert f"pool {name}: resized to 0 nodes: its tasks have ended" in applied.err
    assert batch_client.get_pool(name).target_dedicated_nodes == 0
    assert workbench.run("destroy", "spec.yaml", "--yes", "--discard-outputs").code == 0
