"""Where a spec comes from: the same on every machine, without a secret."""

import os
from pathlib import Path

import pytest

from batchctl.spec.outside.origin import find_checkout, spec_origin

CONFIG = """\
[core]
\trepositoryformatversion = 0
[remote "upstream"]
\turl = https://example.org/other/repo
[remote "origin"]
\tfetch = +refs/heads/*:refs/remotes/origin/*
\turl = {url}
[branch "main"]
\turl = https://example.org/no/remote
"""


def cloned(root: Path, url: str) -> Path:
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text(CONFIG.format(url=url))
    (root / "specs").mkdir()
    return root / "specs" / "count.yaml"


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/org/repo.git", "github.com/org/repo"),
        ("https://GitHub.com/org/repo/", "github.com/org/repo"),
        ("git@github.com:org/repo.git", "github.com/org/repo"),
        ("github.com:org/repo", "github.com/org/repo"),
        ("ssh://git@github.com:22/org/repo.git", "github.com/org/repo"),
        ("https://ada:s3cret@github.com/org/repo.git", "github.com/org/repo"),
        ("https://org@dev.azure.com/org/project/_git/repo", "dev.azure.com/org/project/_git/repo"),
        ("git@ssh.dev.azure.com:v3/org/project/repo", "dev.azure.com/org/project/_git/repo"),
        ('"https://github.com/org/repo" # ours', "github.com/org/repo"),
        ("/srv/git/repo.git", "srv/git/repo"),
    ],
)
def test_every_way_to_write_a_remote(tmp_path: Path, url: str, repository: str) -> None:
    assert spec_origin(cloned(tmp_path, url)) == f"{repository}//specs/count.yaml"


def test_two_checkouts_are_one_place_and_two_repositories_are_two(tmp_path: Path) -> None:
    here = spec_origin(cloned(tmp_path / "here", "git@github.com:org/repo.git"))
    assert here == spec_origin(cloned(tmp_path / "there", "https://github.com/org/repo"))
    assert here != spec_origin(cloned(tmp_path / "fork", "https://github.com/me/repo"))


def test_without_a_repository_it_is_the_whole_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert spec_origin(tmp_path / "a" / "count.yaml") == (tmp_path / "a" / "count.yaml").as_posix()
    bare = cloned(tmp_path / "b", "")
    (tmp_path / "b" / ".git" / "config").write_text("[core]\n\tbare = false\n")
    assert spec_origin(bare) == bare.as_posix()
    (tmp_path / "b" / ".git" / "config").unlink()
    assert spec_origin(bare) == bare.as_posix()


def test_one_file_is_one_place_however_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "count.yaml").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    ways = [Path("a/count.yaml"), Path("a/../a/count.yaml"), Path("link/count.yaml"), tmp_path / "a" / "count.yaml"]
    assert len({spec_origin(way) for way in ways}) == 1


def test_a_folder_whose_name_is_no_utf_8_has_a_place_that_metadata_takes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9/count.yaml"))
    assert spec_origin(path) == f"{tmp_path.as_posix()}/caf\\xe9/count.yaml"


@pytest.mark.parametrize("url", ["../bare.git", "./../bare.git", "{parent}/bare.git", "file://{parent}/bare.git"])
def test_a_remote_beside_it_is_the_folder_that_it_leads_to(tmp_path: Path, url: str) -> None:
    found = spec_origin(cloned(tmp_path / "one", url.format(parent=tmp_path)))
    assert found == f"{tmp_path.as_posix().strip('/')}/bare//specs/count.yaml"


def test_another_remote_stands_in_for_origin(tmp_path: Path) -> None:
    path = cloned(tmp_path, "x")
    (tmp_path / ".git" / "config").write_text('[remote "upstream"]\n\turl = https://example.org/a/b\n')
    assert spec_origin(path) == "example.org/a/b//specs/count.yaml"


def test_a_further_working_tree_has_the_remote_of_the_first(tmp_path: Path) -> None:
    cloned(tmp_path / "first", "https://github.com/org/repo")
    inside = tmp_path / "first" / ".git" / "worktrees" / "second"
    inside.mkdir(parents=True)
    (inside / "commondir").write_text("../..\n")
    second = tmp_path / "second"
    (second / "specs").mkdir(parents=True)
    (second / ".git").write_text(f"gitdir: {inside}\n")
    assert spec_origin(second / "specs" / "count.yaml") == "github.com/org/repo//specs/count.yaml"


def test_a_checkout_knows_which_specs_it_holds(tmp_path: Path) -> None:
    spec = cloned(tmp_path, "https://github.com/org/repo")
    place, here = spec_origin(spec), find_checkout(tmp_path / "specs")
    assert here is not None
    assert here.holds(place) is False
    spec.write_text("version: 1")
    assert here.holds(place) is True
    assert here.holds("github.com/org/other//specs/count.yaml") is None
    assert here.holds("/elsewhere/count.yaml") is None


def test_what_is_laid_over_a_spec_is_a_part_of_its_place(tmp_path: Path) -> None:
    spec = cloned(tmp_path / "here", "git@github.com:org/repo.git")
    other = cloned(tmp_path / "there", "git@github.com:org/other.git").with_name("eu.yaml")
    alone = tmp_path / "mine.yaml"
    for path in (spec, spec.with_name("prod.yaml"), other, alone):
        path.write_text("")
    origin = spec_origin(spec, [spec.with_name("prod.yaml"), other, alone])
    parts = ("github.com/org/repo//specs/count.yaml", "specs/prod.yaml", "github.com/org/other//specs/eu.yaml")
    assert origin == " + ".join((*parts, alone.as_posix()))
    checkout = find_checkout(spec.parent)
    assert checkout is not None
    assert checkout.holds(origin) is True
    assert checkout.holds(spec_origin(other, [spec])) is None
    spec.with_name("prod.yaml").unlink()
    assert checkout.holds(origin) is False


def test_a_name_that_looks_like_two(tmp_path: Path) -> None:
    spec = cloned(tmp_path, "git@github.com:org/repo.git").with_name("a + b.yaml")
    spec.write_text("")
    checkout = find_checkout(spec.parent)
    assert checkout is not None
    assert checkout.holds(spec_origin(spec)) is True
