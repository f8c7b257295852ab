"""What a command line says: the options that commands take, and what is refused before anything is asked."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import typer
from typer.main import get_command

from batchctl import __version__
from batchctl.cli import CHANGE, GROUPS, door, run, specs
from batchctl.cli.options import Command, Options, with_options
from batchctl.errors import CloudError, UsageError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event, NotFetched, TaskFailed
from batchctl.resources import Blob, Task

SPEC = "specs/word-count.yaml"
REFUSED = {
    f"plan {SPEC} --parallelism 0": "0 is not in the range 1<=x<=64",
    f"plan {SPEC} --parallelism -1": "-1 is not in the range 1<=x<=64",
    f"apply {SPEC} --yes --parallelism 1000000000": "1000000000 is not in the range 1<=x<=64",
    f"plan {SPEC} --only pool": "'pool' names nothing: it takes KIND.NAME",
    f"plan {SPEC} --only node.x": "where KIND is container, blob, pool, job, schedule, task",
    f"apply {SPEC} --yes --replace count": "'count' names nothing",
    f"destroy {SPEC} --yes --only tasks.x": "'tasks.x' names nothing",
    f"plan {SPEC} --refresh-only --out plan.json": "there is nothing to keep with --out",
    f"plan {SPEC} --target nope": "--target is azure or local, not 'nope'",
    f"apply {SPEC}": "pass --yes",
    f"apply {SPEC} --json": "--json asks nobody: pass --yes, or a saved plan",
    f"show {SPEC} --json --markdown": "not both",
    f"expand {SPEC} -o yaml": "-o is json or az, not 'yaml'",
    f"expand {SPEC} -o az": "name a directory with --output-dir DIR",
    f"expand {SPEC} -o az --output-dir specs": "specs is there and not empty",
    f"expand {SPEC} -o az --output-dir {SPEC}": "is there and not empty",
    f"expand {SPEC} --output-dir new": "--output-dir is for the files of -o az",
    f"expand {SPEC} --json -o az --output-dir new": "not both",
    "explain pool.vmsize": "there is no word 'vmsize' in pool (pool.vmsize): did you mean 'vmSize'?",
    f"show {SPEC}": "word-count.yaml is no saved plan; `batchctl plan SPEC --out FILE` writes one",
}


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_use_is_refused_before_anything_is_asked(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 64
    said = capsys.readouterr()
    assert REFUSED[line] in said.out + said.err


def test_what_was_kept_to_be_told_together_is_told_before_the_error_that_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(*_: object, **_options: object) -> Iterator[Event]:
        yield TaskFailed(task=Task(job="j", id="t"), why="failed with exit code 3", stderr=("no licence",))
        if stranded:
            yield NotFetched(blob=Blob(container="out", path="a\rb"), why="its name is not safe")
        raise CloudError("it could not be done; the reasons are above")

    monkeypatch.setattr("batchctl.verbs.apply.apply", ends)
    monkeypatch.setattr(
        specs,
        "open_spec",
        lambda *_: SimpleNamespace(spec=None, cloud=SimpleNamespace(eyes=None, clock=None), path=Path(SPEC)),
    )
    for stranded in (False, True):
        assert run(["apply", SPEC, "--yes"]) == 1
        assert capsys.readouterr().err.splitlines() == [
            "task t failed with exit code 3",
            "  [t] no licence",
            *["NOT fetched out/a\\u000db: its name is not safe"] * stranded,
            "error: it could not be done; the reasons are above",
        ]


@pytest.mark.parametrize("of", ["spec", "plan", "events"])
def test_every_schema_can_be_printed(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", of]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_a_word_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "pool.taskSlotsPerNode"]) == 0
    said = capsys.readouterr().out
    assert "  in Batch  taskSlotsPerNode\n  a change  in an empty pool\n" in said
    assert run(["explain", "job.tasks[].containerSettings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rest"] == "containerSettings"


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


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes the streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(("line", "code"), [("schema", 0), (f"expand {SPEC}", 0), ("validate nowhere.yaml", 65)])
def test_a_stream_that_somebody_closed_is_no_bug(line: str, code: int, closed: str) -> None:
    ran = subprocess.run(f"{sys.executable} -m batchctl {line} {closed}", shell=True, check=False, capture_output=True)
    assert ran.returncode == code
    assert b"a bug in batchctl" not in ran.stderr


def _ran(line: str, stdout: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "batchctl", *line.split()]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False
    )


@pytest.mark.parametrize("spelled", ["--json", "-o json", "-ojson", "--output json", "--output=json"])
def test_a_line_that_nobody_could_read_is_told_as_it_asked(spelled: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", str(SPEC), *spelled.split(), "--parallelism", "0"]) == 64
    told = json.loads(capsys.readouterr().out)
    assert (told["type"], told["exitCode"]) == ("error", 64)


def test_what_asks_before_it_changes_something_says_when_it_is_cut_off() -> None:
    """And watch, which asked with the apply that set it going, and resume, which undoes."""
    commands: Any = get_command(door())
    asks = {name for name, one in commands.commands.items() if any(param.name == "yes" for param in one.params)}
    assert {"watch", "resume", *asks} == CHANGE


def test_the_command_that_is_asked_for_is_the_only_one_that_is_built() -> None:
    named = {name for made, names in GROUPS.values() for name in names if names == made().keys()}
    every: Any = get_command(door())
    assert set(every.commands) == named
    for asked in ("plan", "debug-dump", "local"):
        one: Any = get_command(door(asked))
        assert list(one.commands) == [asked]


@pytest.mark.parametrize("name", get_args(Command))
def test_every_command_takes_the_options_that_name_it(name: str) -> None:
    command: Any = get_command(door())
    # `import` is a word of Python, so its function is called otherwise.
    whole = name.rstrip("_").replace("_", "-")
    for word in [whole] if whole in command.commands else name.split("_"):
        command = command.commands[word]
    taken = [option.name for option in fields(Options) if name in option.metadata["of"]]
    assert [param.name for param in command.params][-len(taken) :] == taken


def test_what_is_said_many_times_is_handed_over_in_order_and_the_rest_has_its_default() -> None:
    heard = []

    def plan(spec: Path, *, options: Options) -> None:
        heard.append((spec, options))

    alone = typer.Typer()
    alone.command()(with_options(plan))
    alone(["x.yaml", "--only", "pool.b", "--only", "job.a", "--force"], standalone_mode=False)
    assert heard == [(Path("x.yaml"), Options(only=("pool.b", "job.a"), force=True))]
    assert heard[0][1].choices() == Choices(only=("pool.b", "job.a"), force=True)


def test_every_choice_is_an_option() -> None:
    assert {choice.name for choice in fields(Choices)} <= {option.name for option in fields(Options)}


@pytest.mark.parametrize(
    ("given", "patience"),
    [
        (Options(), timedelta()),
        (Options(lock_timeout="90s"), timedelta(seconds=90)),
        (Options(lock_timeout="10"), timedelta(seconds=10)),
        (Options(lock_timeout="2h"), timedelta(hours=2)),
        (Options(lock_timeout="1h30m"), timedelta(minutes=90)),
        (Options(lock_timeout="5d"), timedelta(days=5)),
        (Options(lock_timeout="P1DT1M"), timedelta(days=1, minutes=1)),
        (Options(no_lock=True, lock_timeout="10m"), None),
    ],
)
def test_how_long_a_lock_is_waited_for(given: Options, patience: timedelta | None) -> None:
    assert given.lock_patience() == patience


@pytest.mark.parametrize("text", ["", "m", "30m1h", "P", "PT", "P1", "-5s", "99999999999h", "PT٣M", "٣m", "٣", "1 h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration: write 90s, 10m, 1h30m or PT10M"):
        Options(lock_timeout=text).lock_patience()


def test_who_says_nothing_is_shown_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "COMMAND [ARGS]" in capsys.readouterr().out
    assert (run(["--version"]), run(["version"])) == (0, 0)
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == f"batchctl {__version__}"


def test_validate_takes_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", SPEC, "--var", "words=5"]) == 0
    assert run(["validate", SPEC, "--var", "words=none"]) == 64
    assert "--var words=none" in capsys.readouterr().err


def test_a_report_tells_an_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", SPEC, "--yes", "--no-wait", "--report", str(tmp_path)]) == 64
    assert "--report tells how it ended, which --no-wait does not wait for" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_options(shell: str) -> None:
    words = "batchctl apply x.yaml --re"
    bash = {"COMP_WORDS": words, "COMP_CWORD": "3"}
    others = {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    asked = {"_BATCHCTL_COMPLETE": f"complete_{shell}", **bash, **others}
    said = subprocess.run(
        [sys.executable, "-c", "import batchctl.cli; batchctl.cli.main()"],
        capture_output=True,
        text=True,
        env={**os.environ, **asked},
        check=False,
    ).stdout
    assert re.findall(r"--re[a-z-]*", said) == ["--replace", "--rerun", "--reboot-nodes", "--report"]


def test_validate_notes_what_azure_takes_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "old.yaml"
    spec.write_text(
        "version: 1\nname: old\npool:\n  id: old\n  vmSize: Standard_NC6\n"
        "  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}\n  targetDedicatedNodes: 1\n"
    )
    assert run(["validate", str(spec)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{spec} is valid.\n"
    assert said.err.startswith(f"{spec}:5:11: note: NC sizes (v1): retired on 2023-09-06 (https://")
    assert said.err.endswith("     5 |   vmSize: Standard_NC6\n       |           ^^^^^^^^^^^^\n")


def test_variables_come_from_files_and_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("words: 5\n", encoding="utf-8")
    bad.write_text("words: 5\nwrods: 3\n", encoding="utf-8")
    monkeypatch.setenv("BATCHCTL_VAR_words", "none")
    assert run(["validate", SPEC]) == 64
    assert "BATCHCTL_VAR_words=none is not of type int" in capsys.readouterr().err
    assert run(["validate", SPEC, "--var-file", str(good)]) == 0
    assert run(["validate", SPEC, "--var-file", str(good), "--var-file", str(bad)]) == 65
    assert "bad.yaml:2:1" in capsys.readouterr().err.replace("\n", "")
