"""What git says of a spec's files: asked of real repositories."""

import subprocess
from pathlib import Path

import pytest

from batchctl.cli.checkout import changed_files, commit_of


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True).stdout


def test_files_are_held_against_the_commit(tmp_path: Path) -> None:
    below = tmp_path / "specs"
    below.mkdir()
    files = [below / name for name in ("a.yaml", "sp [x] é.yaml", "c.yaml")]
    for file in files:
        file.write_text("version: 1\n")
    git(tmp_path, "init", "-q")
    assert commit_of(below) == ""
    git(tmp_path, "add", "specs/a.yaml", "specs/sp [x] é.yaml")
    git(tmp_path, "commit", "-qm", "a")
    (tmp_path / ".gitignore").write_text("ignored.yaml\n")
    assert commit_of(below) == git(tmp_path, "rev-parse", "HEAD").strip()
    assert changed_files(below, files) == ("specs/c.yaml",)
    assert changed_files(below, files[:2]) == ()
    files[0].write_text("version: 2\n")
    git(tmp_path, "add", "specs/a.yaml")
    ignored = below / "ignored.yaml"
    ignored.write_text("x")
    assert changed_files(below, [files[0], ignored]) == ("specs/a.yaml", "specs/ignored.yaml")
    assert changed_files(below, [tmp_path.parent / "elsewhere.yaml"]) is None


def test_no_repository_is_no_commit(tmp_path: Path) -> None:
    assert (commit_of(tmp_path), changed_files(tmp_path, [tmp_path / "a.yaml"])) == ("", None)


def test_git_that_is_not_there_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) == ""
