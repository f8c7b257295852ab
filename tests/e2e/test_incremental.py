"""Many files: what one change, one failure and one lost output cost, counted in requests."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchctl.errors import TasksFailed
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Blob, Task
from batchctl.spec.load import load
from tests import verbs
from tests.counted import Quick, Side, real_side
from tests.services import blob_service, unique

pytestmark = pytest.mark.e2e

COUNT = 300
"""Three requests that add tasks; each task is a process here, and more of them are but more of the same requests."""


@pytest.fixture
def side(services: Services) -> Iterator[Side]:
    with real_side(services) as found:
        yield found


def written(name: str, folder: Path) -> Path:
    """A spec with a task for each of COUNT files; the one that reads `fail` fails."""
    output = {"filePattern": "../stdout.txt", "container": f"{name}-out", "path": "{item.stem}"}
    spec: dict[str, Any] = {
        "version": 1,
        "name": name,
        "logs": False,
        "storage": {
            "containers": {f"{name}-in": {}, f"{name}-out": {}},
            "uploads": [{"from": "in/*.txt", "to": f"{name}-in"}],
        },
        "pool": {
            "id": name,
            "vmSize": "Standard_D4s_v5",
            "image": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
            "targetDedicatedNodes": 1,
            "afterRun": "keep",
            "taskSlotsPerNode": 4,
        },
        "job": {
            "id": name,
            "tasks": [
                {
                    "id": "t-{item.stem}",
                    "forEach": {"blobs": f"{name}-in"},
                    "command": ["grep", "-qv", "fail", "{item.name}"],
                    "resourceFiles": [{"blob": "{item}"}],
                    "outputFiles": [output],
                }
            ],
        },
    }
    (folder / "in").mkdir()
    for number in range(COUNT):
        (folder / "in" / f"{number:04}.txt").write_text(f"text {number}\n")
    (folder / "spec.yaml").write_text(json.dumps(spec))
    return folder / "spec.yaml"


class Applied:
    """One apply: the plan that was shown, and what was written, the name of the spec replaced by NAME."""

    def __init__(self, spec: Path, side: Side, name: str) -> None:
        self.plan, before = Plan(owner=name), [len(lines) for lines in side.written()]
        self.failed = 0

        def approve(plan: Plan) -> bool:
            self.plan = plan
            return True

        try:
            for _ in verbs.apply(load(spec, {}, {}), side.cloud, Quick(), approve):
                pass
        except TasksFailed:
            self.failed = 1
        since = zip(side.written(), before, strict=True)
        self.writes = [re.sub(name, "NAME", line) for lines, seen in since for line in lines[seen:]]

    def told(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [(c.action.value, c.kind, c.reasons) for c in self.plan.changes if _is_of(c, Blob) or _is_of(c, Task)]

    def names(self) -> set[str]:
        return {c.resource.name.partition("/")[2] for c in self.plan.of(Task, Action.CREATE)}


def _is_of(change: Change, kind: type) -> bool:
    return isinstance(change.resource, kind)


def test_many_files(side: Side, services: Services, tmp_path: Path) -> None:
    name = unique("many")
    spec = written(name, tmp_path)
    try:
        first = Applied(spec, side, name)
        assert len(first.told()) == 2 * COUNT
        assert len([line for line in first.writes if line.startswith("PUT /NAME-in/")]) == COUNT
        assert first.writes.count("POST /jobs/NAME/addtaskcollection") == COUNT // 100

        assert Applied(spec, side, name).writes == []

        (tmp_path / "in" / "0123.txt").write_text("fail\n")
        changed = Applied(spec, side, name)
        assert changed.told() == [("~", "blob", ()), ("+", "task", ("inputs changed",))]
        assert (changed.names(), changed.failed) == ({"t-0123"}, 1)
        assert changed.writes == [*generation(2), "PUT /NAME-in/0123.txt"]

        again = Applied(spec, side, name)
        assert again.told() == [("+", "task", ("failed with exit code 1",))]
        assert (again.names(), again.writes) == ({"t-0123"}, generation(3))

        (tmp_path / "in" / "0123.txt").write_text("mended\n")
        assert Applied(spec, side, name).failed == 0
        with blob_service(services) as blobs:
            blobs.get_blob_client(f"{name}-out", "0177").delete_blob()
        lost = Applied(spec, side, name)
        assert lost.told() == [("+", "task", (f"output '{name}-out/0177' is not there",))]
        assert (lost.names(), lost.writes) == ({"t-0177"}, generation(5))
        assert Applied(spec, side, name).writes == []
    finally:
        nothing_lost = Choices(discard_outputs=True)
        list(verbs.destroy(load(spec, {}, {}), side.cloud, Quick(), lambda _: True, nothing_lost))


def generation(number: int) -> list[str]:
    """The requests that one more generation costs."""
    return ["POST /jobs", f"POST /jobs/NAME-g{number}/addtaskcollection", f"PATCH /jobs/NAME-g{number}"]
