"""What a spec comes to for Batch, imported, comes to the same: the way that `expand -o az` goes, and back."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.imported import bodies, import_files, whole_bodies

SPECS = Path(__file__).parents[2] / "specs"
NAMES = ("hello", "sweep", "word-count", "paired", "mpi", "windows", "identity", "containers", "existing-pool")
ENVIRON = {"REGISTRY_PASSWORD": "a", "PASSWORD": "a"}
OURS = ("metadata", "uploadHeaders", "onAllTasksComplete")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_expanded_and_imported_is_the_same(name: str, tmp_path: Path) -> None:
    environ = {**ENVIRON, **dict.fromkeys(re.findall(r"[$]{env:(\w+)}", text_of(name)), "a")}
    sent = whole_bodies(SPECS / f"{name}.yaml", None, environ)
    files = {f"{kind}.json": as_az(sent, kind) for kind in ("pool", "job", "task")}
    text, _ = import_files({name: body for name, body in files.items() if body != "[]"}, tmp_path)
    made = bodies(text, tmp_path, None, ENVIRON)
    assert [plain(body) for body in made] == [plain(body) for body in sent if body["kind"] in ("pool", "job", "task")]


def text_of(name: str) -> str:
    return (SPECS / f"{name}.yaml").read_text(encoding="utf-8")


def as_az(sent: list[dict[str, Any]], kind: str) -> str:
    return json.dumps(
        [{key: value for key, value in body.items() if key != "kind"} for body in sent if body["kind"] == kind]
    )


def plain(value: Any) -> Any:
    """Without what is ours, and whatever the signatures are."""
    if isinstance(value, Mapping):
        found = {name: plain(inner) for name, inner in value.items() if name not in OURS}
        return {name: inner for name, inner in found.items() if inner not in ([], {})}
    if isinstance(value, list):
        return [plain(item) for item in value if not is_ours(item)]
    return re.sub(r"(?<=[?]).*", "SIGNED", value) if isinstance(value, str) and value.startswith("https://") else value


def is_ours(item: Any) -> bool:
    return isinstance(item, Mapping) and str(item.get("name", "")).startswith("BATCHCTL_")
