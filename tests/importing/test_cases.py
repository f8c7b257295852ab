"""Imports: the cases of tests/cases/import, from the files of a tool to the tasks that it makes of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.examine import examine
from tests.imported import bodies, import_files

CASES = Path(__file__).parents[1] / "cases" / "import"


def cases() -> list[Any]:
    paths = sorted(CASES.glob("*.yaml"))
    found = [(path.stem, case) for path in paths for case in yaml.safe_load(path.read_text("utf-8"))]
    return [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in found]


@pytest.mark.parametrize("case", cases())
def test_import(case: dict[str, Any], tmp_path: Path) -> None:
    text, report = import_files(case["files"], tmp_path, **case.get("asked", {}))
    assert text.startswith("# yaml-language-server: $schema=")
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    assert [problem.message for problem in examine(tmp_path / "spec.yaml", {}, case.get("environ", {}))] == [], text
    made = bodies(text, tmp_path, case.get("blobs"), case.get("environ"))
    if "tasks" in case:
        assert {body["id"]: body["commandLine"] for body in made if body["kind"] == "task"} == case["tasks"], text
    for name, wanted in case.get("each", {}).items():
        body = next(body for body in made if body["kind"] == "task" and body["id"] == name)
        assert within(body, wanted) == wanted
    for kind in ("pool", "job"):
        wanted = case.get(kind, {})
        assert within(next((body for body in made if body["kind"] == kind), {}), wanted) == wanted
    said = [f"{line.verdict} {line.field}: {line.why}" for line in report]
    for line in case.get("report", ()):
        assert any(found.startswith(line["is"]) and line.get("why", "") in found for found in said), said
    for line in case.get("not_in_report", ()):
        assert not [found for found in said if found.startswith(line)]
    for part in case.get("says", ()):
        assert part in text
    for part in case.get("says_not", ()):
        assert part not in text


def within(found: Any, wanted: Any) -> Any:
    """Of what was found that which is asked for."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {name: within(found.get(name), inner) for name, inner in wanted.items()}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) >= len(wanted):
        pairs = zip(found, [*wanted, *[None] * (len(found) - len(wanted))], strict=True)
        return [within(inner, asked) if asked is not None else inner for inner, asked in pairs]
    return found
