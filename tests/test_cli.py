"""What a command line is refused for before anything is asked: exit 64, and a message that says what to do."""

import json
import os
import subprocess
import sys
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


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("schema", 1, "error: No space left on device"),
        (f"validate {SPEC}", 1, "error: No space left on device"),
        (f"plan {SPEC} --json", 1, "error: No space left on device"),
        (
            f"apply {SPEC} --yes --json",
            5,
            "error: cut off: No space left on device. The same command goes on from here",
        ),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_under_the_output_is_no_bug(line: str, code: int, said: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = _ran(line, full.fileno())
    assert (ran.returncode, ran.stderr.splitlines()) == (code, [said])


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("schema", 0, ""),
        (f"validate {SPEC}", 0, ""),
        (f"plan {SPEC} --json", 0, ""),
        (f"apply {SPEC} --yes --json", 5, "nobody reads the output any more. The same command goes on from here"),
    ],
)
def test_nobody_reads_the_output_any_more(line: str, code: int, said: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = _ran(line, writer)
    os.close(writer)
    assert ran.returncode == code
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == bool(said)


def _ran(line: str, stdout: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "batchctl", *line.split()]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False
    )
