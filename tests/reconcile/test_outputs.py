"""Which blobs come home, where to, and which would be lost."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from batchctl.desired import Download
from batchctl.reconcile.outputs import Fetch, clashing_fetches, lost_outputs, not_at_home, wanted_at_home, why_unsafe
from batchctl.resources import Blob
from tests.reconcile.build import OTHER, OWNER, output

HOME = Path("/home/results")
ALL = Download(container="output", to=HOME)


def at_home(*paths: str) -> list[Path]:
    return [HOME / path for path in paths]


def never(_blob: Blob, _path: Path) -> bool:
    return False


def always(_blob: Blob, _path: Path) -> bool:
    return True


def test_all_blobs_of_the_container_come_home_in_their_order() -> None:
    blobs = [output("b/c.txt"), output("a.txt"), output("x", container="elsewhere")]
    fetches = wanted_at_home([ALL], blobs)
    assert [f.target for f in fetches] == at_home("a.txt", "b/c.txt")
    assert [f.root for f in fetches] == [HOME, HOME]


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        ((), (), ["a.csv", "a.txt", "d/b.txt"]),
        (("*.txt",), (), ["a.txt", "d/b.txt"]),
        (("*.txt", "*.csv"), (), ["a.csv", "a.txt", "d/b.txt"]),
        ((), ("d/*",), ["a.csv", "a.txt"]),
        (("*.txt",), ("d/*",), ["a.txt"]),
        (("*.TXT",), (), []),
        (("d/**",), (), ["d/b.txt"]),
        (("*/*.txt",), (), ["d/b.txt"]),
        (("{a,x}.*",), ("*.csv",), ["a.txt"]),
    ],
)
def test_what_a_download_chooses(include: tuple[str, ...], exclude: tuple[str, ...], chosen: list[str]) -> None:
    download = Download(container="output", to=HOME, include=include, exclude=exclude)
    blobs = [output("a.txt"), output("a.csv"), output("d/b.txt")]
    assert [f.blob.path for f in wanted_at_home([download], blobs)] == chosen


def test_a_blob_that_two_downloads_bring_to_one_place_comes_home_once() -> None:
    also = Download(container="output", to=HOME, include=("a*",))
    elsewhere = Download(container="output", to=Path("/home/other"))
    fetches = wanted_at_home([ALL, also, elsewhere], [output("a.txt")])
    assert [f.target for f in fetches] == [Path("/home/other/a.txt"), HOME / "a.txt"]


def test_what_is_a_copy_is_not_pending() -> None:
    blobs = [output("a"), output("b")]
    assert [f.blob.path for f in not_at_home([ALL], blobs, lambda blob, _: blob.path == "a")] == ["b"]
    assert not_at_home([ALL], blobs, always) == ()


def test_what_cannot_be_a_file_is_always_pending_and_never_looked_for() -> None:
    def look(_blob: Blob, path: Path) -> bool:
        raise AssertionError(f"looked at {path}")

    assert len(not_at_home([ALL], [output("../x")], look)) == 1


def test_two_blobs_for_one_file_are_pending_although_one_of_them_is_there() -> None:
    """Else each apply would bring home the other one, for ever."""
    both = [ALL, Download(container="more", to=HOME)]
    blobs = [output("a"), output("a", container="more"), output("b")]
    assert [f.blob.name for f in not_at_home(both, blobs, lambda b, _: b.container == "output")] == [
        "output/a",
        "more/a",
    ]


def test_an_output_is_lost_if_no_copy_of_it_is_at_home() -> None:
    blobs = [output("a"), output("b"), output("up", None), output("theirs", owner=OTHER), output("c", container="x")]
    found = lost_outputs(OWNER, blobs, [ALL], lambda blob, _: blob.path == "a")
    assert [b.name for b in found] == ["output/b", "x/c"]
    assert lost_outputs(OWNER, blobs[:1], [], always) == (output("a"),)
    assert lost_outputs(OWNER, [output("../a")], [ALL], always) == (output("../a"),)


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "a/../b", "..", ".", "./a", "a/.", "//x", "/abs", "a//b", "a/", "", "foo/../../../bar"),
        *("C:\\x", "a\\b", "a\\..\\b", "a\nb", "a\x00b", "a\x1b[2J", "a\x7f", "a\rb"),
        *("x" * 256, "ü" * 128, "a/" + "🎈" * 64 + "/b"),
    ],
)
def test_names_that_never_become_a_path(path: str) -> None:
    assert why_unsafe(path, HOME)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b",
        "...",
        "..a",
        "a..",
        ".hidden",
        "a b",
        "-rf",
        "$(id)",
        "ü",
        "ab:c",
        "%2e%2e/x",
        "~",
        "🎈",
        "t:0.csv",
        "c:/x",
        "x" * 255,
    ],
)
def test_names_that_may(path: str) -> None:
    assert why_unsafe(path, PurePosixPath("/home")) is None


@pytest.mark.parametrize("path", ["t:0.csv", "C:x", "c:/x", "a?", "a/b*", "nul", "a/COM1.txt", "a.", "b /c", 'x"y'])
def test_names_that_no_file_of_windows_has(path: str) -> None:
    assert why_unsafe(path, PureWindowsPath("C:/home"))
    assert why_unsafe(path, PurePosixPath("/home")) is None


def fetch(path: str, container: str = "output", root: Path = HOME) -> Fetch:
    return Fetch(blob=output(path, container=container), root=root)


def test_two_blobs_cannot_become_one_file() -> None:
    [clash] = clashing_fetches([fetch("a"), fetch("b"), fetch("a", "more")])
    assert clash == f"output/a and more/a would both become {HOME / 'a'}"
    [clash] = clashing_fetches([fetch("sub/x"), fetch("x", "more", HOME / "sub")])
    assert "output/sub/x and more/x" in clash


def test_a_file_cannot_be_a_directory_too() -> None:
    for fetches in ([fetch("a"), fetch("a/b/c")], [fetch("a/b/c"), fetch("a")]):
        [clash] = clashing_fetches(fetches)
        assert clash == f"output/a and output/a/b/c cannot both be files below {HOME}"


def test_what_does_not_meet_does_not_clash() -> None:
    assert clashing_fetches([fetch("a"), fetch("b/a"), fetch("b/c"), fetch("a", root=HOME / "more")]) == ()
