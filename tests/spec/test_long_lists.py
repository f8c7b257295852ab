"""Lists of a task that are longer than Batch takes, told where they stand."""

import json
from pathlib import Path
from typing import Any

import pytest

from batchctl.errors import Problem
from tests.examine import examine


def problems_of(folder: Path, *tasks: dict[str, Any]) -> list[Problem]:
    document = {
        "version": 1,
        "name": "me",
        "storage": {"containers": {"abc": {"external": True}}},
        "pool": {"id": "p", "vmSize": "Standard_D2s_v5", "image": {"publisher": "a", "offer": "b", "sku": "c"}},
        "job": {"id": "j", "tasks": [{"command": ["true"], **task} for task in tasks]},
    }
    path = folder / "spec.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return list(examine(path, {}, {}))


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(p.code, p.source[p.column - 1 :][:16].partition(":")[0]) for p in problems]


def url(number: int, length: int) -> dict[str, str]:
    start = f"https://x.example/{number:04}"
    return {"httpUrl": start.ljust(length, "x"), "filePath": f"{number:04}"}


@pytest.mark.parametrize(("count", "length", "long"), [(300, 120, True), (256, 124, False), (257, 124, True)])
def test_resource_files_with_an_address(tmp_path: Path, count: int, length: int, long: bool) -> None:
    found = problems_of(tmp_path, {"id": "a", "resourceFiles": [url(n, length) for n in range(count)]})
    assert told(found) == [("too-long", '"resourceFiles"')] * long


@pytest.mark.parametrize(("count", "long"), [(100, False), (300, True)])
def test_resource_files_of_a_container_count_with_their_signature(tmp_path: Path, count: int, long: bool) -> None:
    files = [{"blob": f"abc/{n:04}"} for n in range(count)]
    found = problems_of(tmp_path, {"id": "a-{index}", "forEach": {"list": ["x", "y"]}, "resourceFiles": files})
    assert told(found) == [("too-long", '"resourceFiles"')] * long
    assert all("'container', alone or with a 'blobPrefix'" in p.message for p in found)


@pytest.mark.parametrize(("count", "long"), [(1000, False), (1001, True)])
def test_ids_of_tasks_that_are_waited_for(tmp_path: Path, count: int, long: bool) -> None:
    ids = [f"{n:04}".ljust(64, "x") for n in range(count)]
    waits = {"id": "last", "dependsOn": [{"task": name} for name in ids]}
    found = problems_of(tmp_path, {"id": "{item}", "forEach": {"list": ids}}, waits)
    assert told(found) == [("too-long", '"dependsOn"')] * long


def test_a_factory_that_is_waited_for_may_have_any_number_of_tasks(tmp_path: Path) -> None:
    ids = [f"{n:04}".ljust(64, "x") for n in range(1500)]
    first = {"id": "{item}", "factory": "map", "forEach": {"list": ids}}
    assert problems_of(tmp_path, first, {"id": "last", "dependsOn": [{"factory": "map"}]}) == []
