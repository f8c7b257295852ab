"""Wrong specs, and what is said of them: the cases in tests/cases/problems, data and no code."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.errors import Problem
from batchctl.spec.source import is_hidden
from tests.examine import examine

CASES = Path(__file__).parents[1] / "cases" / "problems"
FILL = {
    "digits": lambda count: "9" * count,
    "deep": lambda count: "[" * count,
    "many": lambda count: "x" * count,
    "commas": lambda count: "x," * count,
    "nonsense": lambda count: "{" + ", ".join(f"v{i}: {{type: nonsense}}" for i in range(count)) + "}",
}
"""What a case's spec says too often to be written out: `{digits}` with `digits: 5000`."""


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_problems(case: dict[str, Any], tmp_path: Path) -> None:
    problems = examined(case, tmp_path)
    if "count" in case:
        assert len(problems) == case["count"]
        return
    expected = [f"{wanted['at']} {wanted['code']}" for wanted in case["problems"]]
    assert [f"{p.line}:{p.column} {p.code}" for p in problems] == expected, "\n".join(map(str, problems))
    for problem, wanted in zip(problems, case["problems"], strict=True):
        for part in wanted.get("says", ()):
            assert part in problem.message
        if "caret" in wanted:
            assert problem.source[problem.column - 1 :][: problem.width] == wanted["caret"]
    for part in case.get("never", ()):
        assert part not in repr(problems)


def examined(case: dict[str, Any], folder: Path) -> tuple[Problem, ...]:
    """The problems of the case, in the order in which they are shown; none of them shows what cannot be seen."""
    for name, content in case.get("files", {}).items():
        make(folder / name, content)
    path = folder / "spec.yaml"
    path.write_bytes(text(case))
    problems = examine(path, {}, {"SET": "here", **case.get("environ", {})})
    assert not [c for p in problems for c in p.message if is_hidden(c)]
    assert all(1 <= p.width <= max(1, len(p.source) - p.column + 1) for p in problems)
    return problems


def text(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    spec: str = case["spec"]
    for name, filler in FILL.items():
        if name in case:
            spec = spec.replace(f"{{{name}}}", filler(case[name]))
    return spec.encode()


def make(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif "link" in content:
        path.symlink_to(content["link"])
    else:
        os.mkfifo(path)
