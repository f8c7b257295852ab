"""What is there already is not held twice, and says of itself what a file would."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl.errors import SpecError
from batchctl.frozen import replace
from batchctl.resources import Blob
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.spec.outside.patterns import Match, Pattern
from batchctl.spec.outside.stocktaking import take_inventory

SPEC = """\
version: 1
name: taken
storage:
  containers: {abc: {}}
  uploads: [{from: 'a/*.txt', to: abc}, {from: OTHER/*.txt, to: abc}]
"""
HELD = Blob(container="abc", path="x.txt", md5=hashlib.md5(b"x").hexdigest(), size=1, owner="taken", etag='"1"')


def loaded(folder: Path, other: str) -> Spec:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "x.txt").write_text("x")
    (folder / "c").mkdir()
    (folder / "c" / "y.txt").write_text("y")
    (folder / "s.yaml").write_text(SPEC.replace("OTHER", other))
    return load(folder / "s.yaml", {}, {})


def test_a_blob_that_has_the_content_of_its_file_is_the_one_that_was_listed(tmp_path: Path) -> None:
    found, new = take_inventory(loaded(tmp_path, "c"), {"abc": [HELD]}).uploads
    assert found is HELD
    assert (new.path, new.source, new.etag) == ("y.txt", tmp_path / "c" / "y.txt", None)


@pytest.mark.parametrize("other", [{"md5": None}, {"md5": "0" * 32}, {"owner": None}, {"owner": "b"}, {"task": "t"}])
def test_one_of_others_or_with_other_content_is_uploaded(tmp_path: Path, other: dict[str, str | None]) -> None:
    found, _ = take_inventory(loaded(tmp_path, "c"), {"abc": [replace(HELD, **other)]}).uploads
    assert (found.md5, found.owner, found.task) == (HELD.md5, "taken", None)
    assert found.source == tmp_path / "a" / "x.txt"


@pytest.mark.parametrize("listed", [[], [HELD]], ids=["first", "again"])
def test_two_files_of_one_blob_are_told_by_their_names(tmp_path: Path, listed: list[Blob]) -> None:
    with pytest.raises(SpecError, match=r"'a/x.txt' and 'b/x.txt' would both become the blob 'abc/x.txt'"):
        take_inventory(loaded(tmp_path, "b"), {"abc": listed})


def test_of_many_files_of_one_blob_the_first_ones_are_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = loaded(tmp_path, "b")
    for folder in ("a", "b"):
        for number in range(100):
            (tmp_path / folder / f"{number}.txt").write_text("x")
    looked, matches = list[str](), Pattern.matches

    def counted(pattern: Pattern) -> Iterator[Match]:
        looked.append(pattern.text)
        return matches(pattern)

    monkeypatch.setattr(Pattern, "matches", counted)
    with pytest.raises(SpecError) as caught:
        take_inventory(spec, {})
    assert (len(caught.value.problems), looked) == (50, ["a/*.txt", "b/*.txt"] * 2)
