"""A snapshot of a run, a reset, a restore: the plan is empty, and what a task said on its node can be read."""

import json

import pytest
from azure.batch import BatchClient

from tests.e2e.conftest import Workbench
from tests.services import unique

pytestmark = pytest.mark.e2e


def test_a_run_comes_back_with_its_files(workbench: Workbench, batch_client: BatchClient) -> None:
    name = unique("snapshot")
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    spec = {
        "version": 1,
        "name": name,
        "storage": {"containers": {name: {}}, "uploads": [{"from": "text.txt", "to": name}]},
        "pool": {"id": name, "vmSize": "Standard_D2s_v5", "image": image, "targetSpotNodes": 1, "afterRun": "keep"},
        "logs": False,  # so that what is read lies on the node
        "job": {
            "id": name,
            "tasks": [{"id": "a", "resourceFiles": [{"container": name}], "commands": ["cat text.txt"]}],
        },
    }
    (workbench.folder / "text.txt").write_text("what it said\n")
    (workbench.folder / "spec.json").write_text(json.dumps(spec))
    applied = workbench.run("apply", "spec.json", "--yes")
    assert applied.code == 0, applied.said
    taken = workbench.run("local", "snapshot", "run.snapshot")
    assert taken.code == 0, taken.said
    assert "run.snapshot: " in taken.out
    assert workbench.run("local", "reset", "--yes").code == 0
    restored = workbench.run("local", "restore", "run.snapshot", "--yes")
    assert restored.code == 0, restored.said
    assert "Restored: " in restored.out
    planned = workbench.run("plan", "spec.json", "--detailed-exitcode")
    assert planned.code == 0, planned.said
    assert "what it said" in workbench.run("logs", "spec.json", "a").out
    batch_client.begin_delete_job(name)
    batch_client.begin_delete_pool(name)
