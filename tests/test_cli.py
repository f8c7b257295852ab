"""What a command line is refused for before anything is asked: exit 64, and a message that says what to do."""

import json
from pathlib import Path

import pytest

from batchctl.cli import run

SPEC = "specs/word-count.yaml"
REFUSED = {
    f"plan {SPEC} --parallelism 0": "0 is not in the range 1<=x<=64",
    f"plan {SPEC} --parallelism -1": "-1 is not in the range 1<=x<=64",
    f"apply {SPEC} --yes --parallelism 1000000000": "1000000000 is not in the range 1<=x<=64",
    f"plan {SPEC} --only pool": "'pool' names nothing: it takes KIND.NAME",
    f"plan {SPEC} --only node.x": "where KIND is container, blob, pool, job, task",
    f"apply {SPEC} --yes --replace count": "'count' names nothing",
    f"destroy {SPEC} --yes --only tasks.x": "'tasks.x' names nothing",
    f"plan {SPEC} --refresh-only --out plan.json": "there is nothing to keep with --out",
    f"plan {SPEC} --target nope": "--target is azure or local, not 'nope'",
    f"apply {SPEC}": "pass --yes",
    f"apply {SPEC} --json": "--json asks nobody: pass --yes, or a saved plan",
    f"show {SPEC} --json --markdown": "not both",
    f"show {SPEC}": "word-count.yaml is no saved plan; `batchctl plan SPEC --out FILE` writes one",
}


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_use_is_refused_before_anything_is_asked(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 64
    said = capsys.readouterr()
    assert REFUSED[line] in said.out + said.err


@pytest.mark.parametrize("of", ["spec", "plan", "events"])
def test_every_schema_can_be_printed(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", of]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_a_saved_plan_is_no_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text('{"batchctlPlan": 1}')
    assert run(["plan", str(path)]) == 64
    assert "is a saved plan: `batchctl show` shows it" in capsys.readouterr().err
    assert run(["apply", str(path)]) == 4
    assert "the plan is damaged" in capsys.readouterr().err
