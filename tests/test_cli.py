"""What a command line is refused for before anything is asked: exit 64, and a message that says what to do."""

import pytest

from batchctl.cli import run

SPEC = "specs/word-count.yaml"
REFUSED = {
    f"plan {SPEC} --parallelism 0": "should be greater than or equal to 1",
    f"plan {SPEC} --parallelism -1": "should be greater than or equal to 1",
    f"apply {SPEC} --yes --parallelism 1000000000": "should be less than or equal to 64",
    f"plan {SPEC} --only pool": "'pool' names nothing: it takes KIND.NAME",
    f"plan {SPEC} --only node.x": "where KIND is container, blob, pool, job, task",
    f"apply {SPEC} --yes --replace count": "'count' names nothing",
    f"destroy {SPEC} --yes --only tasks.x": "'tasks.x' names nothing",
    f"plan {SPEC} --refresh-only --out plan.json": "there is nothing to keep with --out",
    f"plan {SPEC} --target nope": "--target is azure or local, not 'nope'",
    f"apply {SPEC}": "pass --yes",
    f"apply {SPEC} --json": "--json asks nobody: pass --yes, or a saved plan",
    "show specs/word-count.yaml --json --markdown": "not both",
}


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_use_is_refused_before_anything_is_asked(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 64
    said = capsys.readouterr()
    assert REFUSED[line] in said.out + said.err
