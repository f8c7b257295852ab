"""A snapshot of a run, a reset, a restore: the plan is empty, and what a task said on its node can be read."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Workbench
from tests.services import unique

pytestmark = pytest.mark.e2e


@pytest.fixture
def alone(workbench: Workbench, tmp_path: Path) -> Iterator[Workbench]:
    """Services of its own: what is reset and restored is all that they hold."""
    bench = replace(workbench, environ=workbench.environ | {"BATCHCTL_LOCAL_HOME": str(tmp_path / "services")})
    yield bench
    bench.run("local", "stop")


def test_a_run_comes_back_with_its_files(alone: Workbench) -> None:
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
    (alone.folder / "text.txt").write_text("what it said\n")
    (alone.folder / "spec.json").write_text(json.dumps(spec))
    applied = alone.run("apply", "spec.json", "--yes")
    assert applied.code == 0, applied.said
    taken = alone.run("local", "snapshot", "run.snapshot")
    assert taken.code == 0, taken.said
    assert "run.snapshot: " in taken.out
    assert alone.run("local", "reset", "--yes").code == 0
    restored = alone.run("local", "restore", "run.snapshot", "--yes")
    assert restored.code == 0, restored.said
    assert "Restored: " in restored.out
    planned = alone.run("plan", "spec.json", "--detailed-exitcode")
    assert planned.code == 0, planned.said
    assert "what it said" in alone.run("logs", "spec.json", "a").out
