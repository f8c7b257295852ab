"""batchctl init: what it writes is valid, whatever the files are called, and nothing is written over."""

from pathlib import Path

import pytest

from batchctl.cli import run
from batchctl.cli.begin.draft import spec_name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "My Work"
    (place / "data" / "more").mkdir(parents=True)
    for name in ("x.py", "tools.sh", "data/a b.csv", "data/c.csv", "data/more/c.csv", "data/a b.txt"):
        (place / name).write_text("1\n")
    (place / "tools.sh").chmod(0o755)
    return place


def begun(folder: Path, *words: str) -> str:
    assert run(["init", str(folder), *words]) == 0
    spec = folder / "spec.yaml"
    assert run(["validate", str(spec)]) == 0
    assert run(["expand", str(spec)]) == 0
    return spec.read_text()


@pytest.mark.parametrize(
    ("whole", "written"),
    [
        ("python x.py data/*.csv", "- python3 x.py {item.name} > results/output.txt"),
        ("./tools.sh -i 'data/*.csv' -v", "fileMode: '0755'"),
        ("grep '.*1' data/*.csv", "- grep '.*1' {item.name} > results/output.txt"),
        ("grep -c {word} data/*.csv", "- grep -c {{word}} {item.name}"),
        ("awk '$1 > 3 {print}' data/*.csv", "{{print}}"),
        ("sort data/* | uniq -c", "- (sort {item.name} | uniq -c) > results/output.txt"),
        ("wc data/**/*.csv 2> /dev/null", "path: '{index:04d}'"),
    ],
)
def test_a_command_line_becomes_a_spec(folder: Path, whole: str, written: str) -> None:
    assert written in begun(folder, "--from-command", whole)


def test_a_folder_and_a_command_without_a_place_for_the_input(folder: Path) -> None:
    text = begun(folder, "--command", "wc -w", "--inputs", "data", "--name", "Count_1")
    assert "wc -w {item.name} >" in text
    assert "from: data/**/*, to: count-1-input" in text
    assert text.startswith("# yaml-language-server: $schema=batchctl.schema.json\n")
    assert (folder / ".gitignore").read_text() == "/results/\n"


def test_words_in_braces_are_the_commands_own(folder: Path) -> None:
    assert "{{print}}" in begun(folder, "--command", "awk {print} {item.path}", "--inputs", "data/*.csv")


def test_nothing_is_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".gitignore").write_text("*.o\n")
    text = begun(folder, "--from-command", "wc data/*.csv")
    assert (folder / ".gitignore").read_text() == "*.o\n"
    assert ".gitignore: /results/" in capsys.readouterr().out
    assert run(["init", str(folder), "--from-command", "wc data/*.txt"]) == 64
    assert (folder / "spec.yaml").read_text() == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--command"),
        (["--command", "wc"], "--inputs"),
        (["--command", "wc", "--inputs", "none/*"], "no file of"),
        (["--command", "wc", "--inputs", "/"], "is all of this machine"),
        (["--from-command", "wc /**/*.txt"], "is all of this machine"),
        (["--command", "wc 'x", "--inputs", "data"], "quot"),
        (["--command", "wc > out.txt", "--inputs", "data"], "leave `> FILE` away"),
        (["--command", "wc", "--inputs", "data", "--name", "a/b"], "--name"),
        (["--from-command", "wc data/c.csv"], "no word of it is a glob"),
        (["--from-command", "paste data/*.csv data/*.txt"], "2 words of it are"),
        (["--from-command", "wc data/*.csv", "--inputs", "data"], "leave --command and --inputs away"),
    ],
)
def test_what_makes_no_spec_is_told_and_nothing_is_written(
    folder: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(folder), *words]) == 64
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (folder / "spec.yaml").exists()
    assert not (folder / ".gitignore").exists()


@pytest.mark.parametrize(("text", "name"), [("My Work", "my-work"), ("größe", "gr-e"), ("…", "work"), ("", "work")])
def test_a_name_fits(text: str, name: str) -> None:
    assert spec_name(text) == name


@pytest.mark.parametrize("service", ["github", "azure-devops", "gitlab"])
def test_a_pipeline_is_written_at_the_top_of_the_repository(tmp_path: Path, service: str) -> None:
    from batchctl.cli.begin.pipelines import PLACES

    (tmp_path / ".git").mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.csv").write_text("1\n")
    words = ("--from-command", "wc *.csv", "--ci", service)
    begun(work, *words)
    written = tmp_path / PLACES[service][0]
    assert "batchctl plan work/spec.yaml --out plan.json" in written.read_text()
    (work / "spec.yaml").unlink()
    assert run(["init", str(work), *words]) == 64  # nothing is written over
    assert not (work / "spec.yaml").exists()


def test_what_would_not_be_valid_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(folder), "--command", "wc {item.nope}", "--inputs", "data"]) == 64
    assert "nothing was written, for the spec would not be valid" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "spec.yaml").exists()
    assert run(["init", str(folder), "--from-command", "wc data/*.txt", "--ci", "jenkins"]) == 64
    assert "--ci is one of github, azure-devops, gitlab" in " ".join(capsys.readouterr().err.split())
