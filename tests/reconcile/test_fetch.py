"""Bringing blobs home: a target is whole, old or absent, and nothing lands outside its root."""

import hashlib
import os
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from batchctl import hashes
from batchctl.errors import CloudError
from batchctl.reconcile.carry_out.fetch import fetch, folds_names, is_copy, is_safe, with_replaced_files
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.events import Event, Fetched, NotFetched
from batchctl.reconcile.outputs import Fetch
from batchctl.resources import Blob
from tests.fake_cloud import FakeCloud

DATA = b"twelve bytes"


class Torn(FakeCloud):
    """The content ends, or the connection breaks, before all of it has come."""

    def __init__(self, broken: BaseException | None = None) -> None:
        super().__init__()
        self.broken = broken

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        yield DATA[:5]
        if self.broken:
            raise self.broken


def everything(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def fetched(cloud: FakeCloud, root: Path, blobs: Sequence[Blob] = ()) -> list[Event]:
    return list(fetch([Fetch(blob=b, root=root) for b in blobs or cloud.blobs("output")], cloud))


def why(events: Sequence[Event]) -> list[str]:
    return [e.why for e in events if isinstance(e, NotFetched)]


def test_blobs_come_home_whole_with_their_time(tmp_path: Path) -> None:
    cloud, root = FakeCloud(), tmp_path / "not" / "there"
    blobs = [cloud.put("output", "a.txt", DATA), cloud.put("output", "b/c/d.txt", b"")]
    assert fetched(cloud, root) == [
        Fetched(blob=blobs[0], path=str(root / "a.txt")),
        Fetched(blob=blobs[1], path=str(root / "b" / "c" / "d.txt")),
    ]
    assert everything(tmp_path) == {"not/there/a.txt": DATA, "not/there/b/c/d.txt": b""}
    assert blobs[0].modified is not None
    assert (root / "a.txt").stat().st_mtime == blobs[0].modified.timestamp()
    assert is_copy(blobs[0], root / "a.txt")


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    cloud = FakeCloud()
    cloud.put("output", "a.txt", DATA)
    (tmp_path / "a.txt").write_bytes(b"old")
    fetched(cloud, tmp_path)
    assert everything(tmp_path) == {"a.txt": DATA}


@pytest.mark.parametrize("md5", [None, "0" * 32, hashlib.md5(DATA, usedforsecurity=False).hexdigest()])
@pytest.mark.parametrize("old", [None, b"old"])
def test_torn_content_leaves_the_target_as_it_was(tmp_path: Path, md5: str | None, old: bytes | None) -> None:
    if old is not None:
        (tmp_path / "a.txt").write_bytes(old)
    blob = Blob(container="output", path="a.txt", md5=md5, size=len(DATA))
    [reason] = why(fetched(Torn(), tmp_path, [blob]))
    assert "5 bytes arrived" in reason
    assert everything(tmp_path) == ({"a.txt": old} if old else {})


def test_content_of_the_right_size_that_is_another_does_not_land(tmp_path: Path) -> None:
    blob = Blob(container="output", path="a.txt", md5="0" * 32, size=5)
    assert len(why(fetched(Torn(), tmp_path, [blob]))) == 1
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("broken", [CloudError("the line went dead"), OSError("no space left on device")])
def test_a_broken_line_is_told_and_stops_no_other(tmp_path: Path, broken: Exception) -> None:
    cloud = Torn(broken)
    blobs = [Blob(container="output", path=name, size=len(DATA)) for name in ("a", "b")]
    assert why(fetched(cloud, tmp_path, blobs)) == [str(broken)] * 2
    assert everything(tmp_path) == {}


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    cloud = Torn(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetched(cloud, tmp_path, [Blob(container="output", path="a", size=1)])
    assert cloud.halted
    assert everything(tmp_path) == {}


def test_a_blob_that_changed_since_it_was_listed_does_not_land(tmp_path: Path) -> None:
    cloud = FakeCloud()
    listed = cloud.put("output", "a", DATA)
    cloud.put("output", "a", b"other bytes!")
    assert why(fetched(cloud, tmp_path, [listed])) == ["output/a has changed"]
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("path", ["a\rb", "x" * 300, "d/" + "ü" * 200 + "/e", "/".join(["y" * 250] * 40)])
def test_names_that_no_file_can_have_are_refused_one_by_one(tmp_path: Path, path: str) -> None:
    cloud = FakeCloud()
    found = [cloud.put("output", name, DATA) for name in ("a.txt", "t:0.csv", "c:/win", path)]
    assert [f.replaces for f in with_replaced_files([Fetch(blob=b, root=tmp_path) for b in found])] == [False] * 4
    assert len(why(fetched(cloud, tmp_path))) == 1
    assert everything(tmp_path).keys() == {"a.txt", "t:0.csv", "c:/win"}


@pytest.mark.parametrize(
    "path", ["../x", "../../x", "/etc/x", "foo/../../../bar", "a/./b", "a\\..\\..\\b", "C:\\x", "\x1bc"]
)
def test_hostile_names_are_refused_one_by_one(tmp_path: Path, path: str) -> None:
    cloud, root = FakeCloud(), tmp_path / "a" / "b" / "root"
    bad = replace(cloud.put("output", path, DATA))
    good = cloud.put("output", "good", DATA)
    events = fetched(cloud, root, [bad, good])
    [reason] = why(events)
    assert reason.startswith("its name is not safe as a path")
    assert everything(tmp_path) == {"a/b/root/good": DATA}


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("x", "x")])
def test_what_clashes_stops_all_before_anything_is_written(tmp_path: Path, names: tuple[str, str]) -> None:
    cloud = FakeCloud()
    blobs = [cloud.put("output", names[0], DATA), cloud.put("more", names[1], DATA), cloud.put("output", "z", DATA)]
    with pytest.raises(CannotLandError, match=f"output/{names[0]}") as raised:
        fetched(cloud, tmp_path, blobs)
    assert f"more/{names[1]}" in str(raised.value)
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("names", [("a", "A"), ("a", "A/b"), ("\u00fc", "u\u0308")])
def test_names_that_the_disk_takes_for_one_clash(
    tmp_path: Path, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sys.platform != "linux" or not folds_names(tmp_path / "new")
    cloud = FakeCloud()
    blobs = [cloud.put("output", name, DATA) for name in names]
    assert len(fetched(cloud, tmp_path / "apart", blobs)) == 2
    monkeypatch.setattr("batchctl.reconcile.carry_out.fetch.folds_names", lambda _root: True)
    with pytest.raises(CannotLandError, match=f"output/{names[0]}"):
        fetched(cloud, tmp_path / "one", blobs)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("planted", ["a", "a/b", "a/b/c.txt"])
def test_no_symbolic_link_below_the_root_is_followed(tmp_path: Path, planted: str) -> None:
    cloud, root, outside = FakeCloud(), tmp_path / "root", tmp_path / "outside"
    blob = cloud.put("output", "a/b/c.txt", DATA)
    (root / planted).parent.mkdir(parents=True)
    outside.mkdir()
    (outside / "c.txt").write_bytes(b"precious")
    (root / planted).symlink_to(outside / "c.txt" if planted.endswith(".txt") else outside)
    [reason] = why(fetched(cloud, root, [blob]))
    assert reason == f"{root / planted} is a symbolic link; remove it"
    assert everything(outside) == {"c.txt": b"precious"}


def test_a_root_that_is_a_link_is_the_users_own_choice(tmp_path: Path) -> None:
    cloud, root = FakeCloud(), tmp_path / "link"
    (tmp_path / "real").mkdir()
    root.symlink_to(tmp_path / "real")
    cloud.put("output", "a", DATA)
    fetched(cloud, root)
    assert everything(tmp_path / "real") == {"a": DATA}


def test_a_directory_or_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    cloud = FakeCloud()
    blobs = [cloud.put("output", name, DATA) for name in ("dir", "file/x", "good")]
    (tmp_path / "dir" / "full").mkdir(parents=True)
    (tmp_path / "file").write_bytes(b"mine")
    assert why(fetched(cloud, tmp_path, blobs)) == [
        f"Is a directory: {tmp_path}/dir",
        f"File exists: {tmp_path}/file",
    ]
    assert everything(tmp_path) == {"file": b"mine", "good": DATA}


def test_a_folder_that_takes_no_file_is_told_alike_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(path: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refusing)
    cloud = FakeCloud()
    blobs = [cloud.put("output", name, DATA) for name in ("a", "b")]
    assert why(fetched(cloud, tmp_path, blobs)) == [f"Permission denied: {tmp_path}"] * 2


@pytest.mark.parametrize("name", ["x" * 255, "é" * 120, "長" * 84], ids=["one", "two", "three"])
def test_the_longest_names_a_file_may_have(tmp_path: Path, name: str) -> None:
    cloud = FakeCloud()
    cloud.put("output", name, DATA)
    assert why(fetched(cloud, tmp_path)) == []
    assert everything(tmp_path) == {name: DATA}


# Is it a copy?


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(
    ("data", "same"), [(DATA, True), (b"Twelve bytes", False), (b"twelve byte", False), (b"", False)]
)
def test_a_copy_is_known_by_its_content(copy: Path, data: bytes, same: bool) -> None:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert is_copy(Blob(container="c", path="p", md5=md5, size=len(data)), copy) is same


def test_without_a_hash_size_and_time_must_do(copy: Path) -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    os.utime(copy, (moment.timestamp() + 0.25,) * 2)
    blob = Blob(container="c", path="p", size=len(DATA), modified=moment)
    assert is_copy(blob, copy)
    assert not is_copy(replace(blob, modified=None), copy)
    assert not is_copy(replace(blob, modified=moment.replace(second=2)), copy)
    assert not is_copy(replace(blob, size=3), copy)


def test_what_is_no_plain_file_is_no_copy(copy: Path) -> None:
    blob = Blob(container="c", path="p", md5=hashlib.md5(DATA, usedforsecurity=False).hexdigest(), size=len(DATA))
    link = copy.with_name("link")
    link.symlink_to(copy)
    assert is_copy(blob, copy)
    assert not is_copy(blob, link)
    assert not is_copy(replace(blob, size=copy.parent.stat().st_size), copy.parent)
    assert not is_copy(blob, copy.with_name("absent"))
    assert not is_copy(blob, copy / "below")


# Many, large, interrupted.


class Slow(FakeCloud):
    """Gives a large blob piece by piece, and breaks off where it is told to."""

    def __init__(self, until: int | None = None) -> None:
        super().__init__()
        self.until, self.begun_at = until, list[int]()

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        self.begun_at.append(start)
        for chunk in super().read(blob, start):
            if self.until is not None and start >= self.until:
                raise CloudError("the line went dead")
            start += len(chunk)
            yield chunk


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchctl.reconcile.carry_out.fetch.RESUMED", 1 << 20)
    monkeypatch.setattr("batchctl.reconcile.carry_out.landing.RESUMED", 1 << 20)


LARGE = os.urandom(10 << 20)


def test_a_large_fetch_that_broke_off_goes_on_from_there(tmp_path: Path, resumed: None) -> None:
    cloud = Slow(until=8 << 20)
    cloud.put("output", "a", LARGE)
    assert why(fetched(cloud, tmp_path)) == ["the line went dead"]
    assert not (tmp_path / "a").exists()
    cloud.until = None
    assert why(fetched(cloud, tmp_path)) == []
    assert cloud.begun_at == [0, 8 << 20]
    assert everything(tmp_path) == {"a": LARGE}


def test_what_arrived_of_another_version_is_not_used(tmp_path: Path, resumed: None) -> None:
    cloud = Slow(until=8 << 20)
    cloud.put("output", "a", LARGE)
    fetched(cloud, tmp_path)
    cloud.until = None
    cloud.put("output", "a", LARGE[::-1])
    assert why(fetched(cloud, tmp_path)) == []
    assert cloud.begun_at == [0, 0]
    assert (tmp_path / "a").read_bytes() == LARGE[::-1]


@pytest.mark.parametrize("torn", [b"x" * (8 << 20), LARGE[: 8 << 20] + b"x" * (2 << 20), LARGE + b"x", LARGE])
def test_what_lies_there_is_never_taken_for_content(tmp_path: Path, resumed: None, torn: bytes) -> None:
    cloud = Slow(until=4 << 20)
    cloud.put("output", "a", LARGE)
    fetched(cloud, tmp_path)
    [part] = tmp_path.iterdir()
    part.write_bytes(torn)
    cloud.until = None
    fetched(cloud, tmp_path)
    assert why(fetched(cloud, tmp_path)) == []
    assert everything(tmp_path) == {"a": LARGE}


def test_many_come_home_in_their_order(tmp_path: Path) -> None:
    cloud = FakeCloud()
    blobs = [cloud.put("output", f"{n:04}", b"%d" % n) for n in range(300)]
    assert [e.blob for e in fetched(cloud, tmp_path) if isinstance(e, Fetched)] == blobs
    assert everything(tmp_path) == {f"{n:04}": b"%d" % n for n in range(300)}


MIB = 1 << 20


def test_blobs_of_every_size_land_beside_each_other(tmp_path: Path) -> None:
    cloud = FakeCloud()
    sizes = [0, 1, MIB // 4, MIB // 4 + 1, MIB, 4 * MIB, 4 * MIB + 1] * 3
    contents = {f"{n:02}": os.urandom(size) for n, size in enumerate(sizes)}
    blobs = [cloud.put("output", path, data) for path, data in contents.items()]
    del cloud.stored["output", "04"], cloud.stored["output", "06"]
    events = fetched(cloud, tmp_path, blobs)
    assert [e.blob for e in events] == blobs
    assert [e.blob.path for e in events if isinstance(e, NotFetched)] == ["04", "06"]
    assert everything(tmp_path) == {path: data for path, data in contents.items() if path not in ("04", "06")}


class Broken(FakeCloud):
    """Has a bug, or cannot go on, where it gives content."""

    def __init__(self, broken: Exception) -> None:
        super().__init__()
        self.broken = broken

    def contents(self, blobs: Sequence[Blob]) -> Generator[tuple[int, bytes | Exception], None, None]:
        yield from islice(super().contents(blobs), 1)
        raise self.broken


@pytest.mark.parametrize("size", [1, MIB])
@pytest.mark.parametrize(
    ("broken", "halted"), [(RuntimeError("a bug"), True), (CloudError("no signature", status=403), False)]
)
def test_a_bug_where_content_comes_from_ends_all_and_an_error_the_fetch(
    tmp_path: Path, size: int, broken: Exception, halted: bool
) -> None:
    """Who looks at the run once more after an error, for a report, is not told that he was interrupted."""
    cloud = Broken(broken)
    for n in range(5):
        cloud.put("output", f"{n}", bytes(size))
    with pytest.raises(type(broken), match=str(broken)):
        fetched(cloud, tmp_path)
    assert cloud.halted is halted


class Endless(FakeCloud):
    """Only the first blob ever comes to an end."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = list[str]()

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        self.begun.append(blob.path)
        yield b"x"
        while blob.path != "0000":
            yield b""


def test_once_interrupted_nothing_more_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchctl.reconcile.carry_out.fetch.AT_ONCE", 2)
    cloud = Endless()
    for n in range(50):
        cloud.put("output", f"{n:04}", b"x")
    events = fetch([Fetch(blob=b, root=tmp_path) for b in cloud.blobs("output")], cloud)
    next(events)
    events.close()  # type: ignore[attr-defined]  # a generator
    assert len(cloud.begun) <= 2 + 1
    assert everything(tmp_path) == {"0000": b"x"}


def test_more_than_the_disk_holds_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    blob = Blob(container="output", path="a", size=1 << 60)
    with pytest.raises(CannotLandError, match="are free"):
        fetched(FakeCloud(), tmp_path / "not" / "there", [blob])
    assert everything(tmp_path) == {}


def test_a_copy_is_safe_by_its_content_whatever_is_remembered(copy: Path) -> None:
    blob = Blob(container="c", path="p", md5="0" * 32, size=len(DATA))
    hashes.note_md5(copy, copy.stat(), "0" * 32)
    assert is_copy(blob, copy)
    assert not is_safe(blob, copy)
    assert is_safe(replace(blob, md5=hashlib.md5(DATA, usedforsecurity=False).hexdigest()), copy)
