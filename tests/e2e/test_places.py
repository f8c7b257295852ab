"""A spec of the same name in another repository, through the command line."""

import shutil

import pytest

from tests.sweeps.stage import WHOLE, Stage

pytestmark = pytest.mark.e2e


def clone(stage: Stage, name: str, remote: str) -> str:
    """The spec in another folder, as a checkout of that repository; the path of the spec in it."""
    shutil.copytree(stage.folder, stage.folder.parent / name)
    (stage.folder.parent / name / ".git").mkdir()
    (stage.folder.parent / name / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')
    return f"../{name}/spec.yaml"


def test_a_place_is_the_same_in_two_checkouts_and_not_in_two_repositories(stage: Stage) -> None:
    here = clone(stage, "here", "git@github.com:org/repo.git")
    there = clone(stage, "there", "https://ada:secret@github.com/org/repo")
    fork = clone(stage, "fork", "https://github.com/ada/repo")
    assert stage.run(None, "apply", here, "--yes").code == 0
    assert stage.run(None, "plan", there, "--detailed-exitcode").code in (0, 2), "only what comes home may differ"
    refused = stage.run(None, "apply", fork, "--yes")
    assert refused.code == 4, refused.said
    assert "made by the spec github.com/org/repo//spec.yaml, and this one is github.com/ada/" in refused.said
    assert stage.run(None, "destroy", fork, "--yes").code == 4
    assert stage.held() == WHOLE
    adopted = stage.run(None, "apply", fork, "--yes", "--adopt")
    assert adopted.code == 0, adopted.said
    assert adopted.said.count("@ ") == 4
    assert "4 to adopt" in adopted.said
    refused = stage.run(None, "apply", here, "--yes")
    assert refused.code == 4, refused.said
    assert "secret" not in refused.said + adopted.said
    assert stage.run(None, "destroy", fork, "--yes", "--discard-outputs").code == 0


def test_two_folders_without_a_repository_are_two_places(stage: Stage) -> None:
    shutil.copytree(stage.folder, stage.folder.parent / "other")
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    for command in ("apply", "destroy"):
        refused = stage.run(None, command, "../other/spec.yaml", "--yes")
        assert refused.code == 4, refused.said
        assert f"made by the spec {(stage.folder / 'spec.yaml').resolve().as_posix()}, and this one is" in refused.said
    assert stage.run(None, "plan", f"../{stage.folder.name}/spec.yaml", "--detailed-exitcode").code in (0, 2)
    assert stage.held() == WHOLE
