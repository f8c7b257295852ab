"""What a shell offers behind the words of a command, as typer's scripts for shells ask for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batchctl.cli import run
from batchctl.cli.completing import completed_command

SPECS = Path(__file__).parents[1] / "specs"
COUNT = str(SPECS / "word-count.yaml")
TOP = ["top-words-lighthouse", "top-words-orchard", "top-words-railway"]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def ask(*words: str) -> list[str]:
        monkeypatch.setenv("_BATCHCTL_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(("batchctl", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as ended:  # typer ends the process itself
            run([])
        assert ended.value.code == 0
        told = capsys.readouterr()
        assert told.err == ""
        return told.out.split()

    return ask


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("pla",), ["plan"]),
        (("logs", COUNT, ""), TOP),
        (("logs", COUNT, TOP[0], "top-words-o"), TOP[1:2]),
        (("cancel", COUNT, "top-words-r"), TOP[2:]),
        (("get", COUNT, "top-words-l"), TOP[:1]),
        (("why", COUNT, "pool."), ["pool.word-count"]),
        (("plan", COUNT, "--only", "job"), ["job.word-count"]),
        (("plan", "--only", "job.word-count", COUNT, "--only", "container.o"), ["container.output"]),
        (("plan", COUNT, "--rerun", ""), ["all", "failed", *TOP]),
        (("outputs", COUNT, "out"), ["output/*"]),
        (("explain", "pool.startT"), ["pool.startTask"]),
        (("explain", "pol."), []),
        (("logs", "none.yaml", ""), []),
        (("logs", COUNT, "--var", "none=1", ""), []),
        (("why", str(SPECS / "existing-pool.yaml"), "pool."), ["pool.existing-pool"]),
    ],
)
def test_names_of_the_spec_are_offered(offered, words: tuple[str, ...], found: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert offered(*words) == found


def test_variables_of_the_line_count(offered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "version: 1\nname: abc\nvars: {who: {type: string}}\n"
        "pool: {id: abc, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}}\n"
        "job:\n  id: abc\n  tasks: [{id: 'say-{vars.who}', commands: ['echo ${env:NOBODY_SET_THIS}']}]\n"
    )
    assert offered("logs", str(spec), "") == []
    assert offered("logs", str(spec), "--var", "who=me", "") == ["say-me"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", ""),  # a shell asks for the script
        ("batchctl", ""),
        ("batchctl lo", ""),
        ("batchctl logs ", "logs"),
        ("batchctl logs a.yaml x", "logs"),
    ],
)
def test_of_a_line_its_command_alone_is_loaded(line: str, command: str) -> None:
    assert completed_command({"_BATCHCTL_COMPLETE": "x", "_TYPER_COMPLETE_ARGS": line}, "--help") == command
    assert completed_command({"_TYPER_COMPLETE_ARGS": line}, "--help") == "--help"


def test_nothing_of_azure_is_loaded() -> None:
    code = (
        "import atexit, sys; from batchctl.cli import run\n"
        "heavy = ('azure', 'pycurl', 'batchctl.cloud', 'rich')\n"
        "atexit.register(lambda: print([one for one in heavy if one in sys.modules], file=sys.stderr))\n"
        "run([])"
    )
    line = {"_BATCHCTL_COMPLETE": "complete_bash", "COMP_WORDS": f"batchctl logs {COUNT} ", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | line, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert done.stdout.split() == TOP
