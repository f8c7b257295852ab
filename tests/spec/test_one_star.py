"""Patterns of one star are found without wcmatch, and as it finds them."""

import os
import random
from pathlib import Path

import pytest
from wcmatch import glob

from batchctl.globs import stands_for_too_many
from batchctl.spec.outside.patterns import ONE_STAR, Pattern

FLAGS = glob.GLOBSTAR | glob.BRACE | glob.NODIR | glob.CASE
NAMES = (
    *("a.txt", "b.TXT", "ab", "a", "aa", ".txt", ".a.txt", "a.txt.gz", "x y.txt", "é.txt", "-.txt", "a\nb.txt", "txt"),
    *("a.b.txt", "a[1].txt", "a{1}.txt", "*.txt", "[.txt", "a*b", "_a-b", "..txt", "A.txt", "a.txt "),
)
ALPHABET = "ab.tx*- _AT"


def folder(place: Path) -> Path:
    place.mkdir()
    for name in NAMES:
        (place / name).write_text("", encoding="utf-8")
    (place / "folder.txt").mkdir()
    (place / "folder.txt" / "a.txt").write_text("", encoding="utf-8")
    for link, target in (("to.txt", "a.txt"), ("into.txt", "folder.txt"), ("loop.txt", "loop.txt"), ("no.txt", "gone")):
        (place / link).symlink_to(target)
    return place


def patterns() -> list[str]:
    chance = random.Random(7)
    made = {"".join(chance.choices(ALPHABET, k=chance.randint(1, 6))) for _ in range(3000)}
    return sorted({"*", "*.txt", "a*", "a*.txt", "*a", "a*a", "-*", " *", *made} - {".", ".."})


@pytest.mark.skipif(os.name == "nt", reason="links, and names that Windows does not have")
def test_what_is_found_is_what_wcmatch_finds(tmp_path: Path) -> None:
    place = folder(tmp_path / "data")
    plain = [text for text in patterns() if ONE_STAR.fullmatch(text)]
    assert len(plain) > 300
    for text in plain:
        found = [match.name for match in Pattern(tmp_path, f"data/{text}").matches()]
        exact = [text] if (place / text).is_file() else None
        assert found == (exact or sorted(glob.iglob(text, root_dir=str(place), flags=FLAGS))), text


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert [list(Pattern(tmp_path, f"{name}/*.txt").matches()) for name in ("gone", "file")] == [[], []]


def test_a_pattern_without_braces_stands_for_itself() -> None:
    assert not any(map(stands_for_too_many, ("data/*.txt", "**/a?", "", "a" * 5000)))
    assert stands_for_too_many("{1..2000}")
