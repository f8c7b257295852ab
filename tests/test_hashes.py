"""A file that has not changed is not read again, and no memory is believed against the service or the file."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl import hashes


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Reads:
    """How often a file was read."""

    count = 0


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found, read = Reads(), hashes._hashed_content

    def counted(path: Path, size: int) -> str:
        found.count += 1
        return read(path, size)

    monkeypatch.setattr(hashes, "_hashed_content", counted)
    return found


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hashes, "_memory", None)
    monkeypatch.setattr(hashes, "_fresh", {})
    yield
    if hashes._memory:
        hashes._memory.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "a.txt"
    path.parent.mkdir()
    written(path, b"content")
    return path


def written(path: Path, data: bytes, moment: int = 1_000_000_000) -> None:
    path.write_bytes(data)
    os.utime(path, (moment, moment))


def in_a_new_process(folder: Path) -> None:
    hashes.write_memory()
    hashes.open_memory(folder)


def md5(path: Path, expected: str | None = None) -> str:
    return hashes.md5(path, path.stat(), expected)


def test_an_unchanged_file_is_read_once(file: Path, reads: Reads, tmp_path: Path) -> None:
    for _ in range(3):
        in_a_new_process(tmp_path)
        assert md5(file) == md5(file, md5_of(b"content")) == md5_of(b"content")
    assert reads.count == 1


@pytest.mark.parametrize("change", ["size", "time", "file"])
def test_a_changed_file_is_read(file: Path, reads: Reads, tmp_path: Path, change: str) -> None:
    in_a_new_process(tmp_path)
    md5(file)
    if change == "size":
        written(file, b"contents")
    elif change == "time":
        written(file, b"CONTENT", 1_000_000_001)
    else:
        other = file.with_name("b.txt")
        written(other, b"CONTENT")
        other.replace(file)
    in_a_new_process(tmp_path)
    assert md5(file) == md5_of(file.read_bytes()) != md5_of(b"content")
    assert reads.count == 2


def test_the_service_is_believed_before_the_memory(file: Path, reads: Reads, tmp_path: Path) -> None:
    in_a_new_process(tmp_path)
    hashes.note_md5(file, file.stat(), md5_of(b"wrong"))
    in_a_new_process(tmp_path)
    assert md5(file) == md5_of(b"wrong")
    assert md5(file, md5_of(b"content")) == md5_of(b"content")
    assert reads.count == 1
    in_a_new_process(tmp_path)
    assert md5(file) == md5_of(b"content")


def test_what_may_change_again_unseen_is_not_remembered(file: Path, reads: Reads, tmp_path: Path) -> None:
    file.touch()
    for _ in range(2):
        in_a_new_process(tmp_path)
        md5(file)
    assert reads.count == 2


def test_what_was_forgotten_is_read(file: Path, reads: Reads, tmp_path: Path) -> None:
    in_a_new_process(tmp_path)
    md5(file)
    hashes.forget_md5(file)
    md5(file)
    assert reads.count == 2


def test_no_memory_of_which_half_was_written_is_believed(tmp_path: Path) -> None:
    """What had come to the disk when the power failed ends anywhere in what changed."""
    memory, files = tmp_path / hashes.MEMORY, [tmp_path / f"{n}.txt" for n in range(4)]
    states = []
    for moment, content in enumerate((b"before", b"behind")):
        for file in files:
            written(file, content + file.name.encode(), 1_000_000_000 + moment)
        in_a_new_process(tmp_path)
        for file in files:
            md5(file)
        hashes.write_memory()
        states.append(memory.read_bytes())
    before, after = states
    for place in (n for n, byte in enumerate(after) if byte != before[n]):
        memory.write_bytes(after[:place] + before[place:])
        in_a_new_process(tmp_path)
        for file in files:
            assert hashes.known_md5(file, file.stat()) in (None, md5_of(file.read_bytes())), place


def test_a_memory_with_another_byte_is_not_believed(file: Path, tmp_path: Path) -> None:
    in_a_new_process(tmp_path)
    right = md5(file)
    hashes.write_memory()
    memory = tmp_path / hashes.MEMORY
    whole = memory.read_bytes()
    for place in (n for n, byte in enumerate(whole) if byte):
        memory.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        in_a_new_process(tmp_path)
        assert hashes.known_md5(file, file.stat()) in (None, right), place


def test_a_damaged_memory_begins_anew(file: Path, reads: Reads, tmp_path: Path) -> None:
    """Else every file would be read by every run from then on."""
    in_a_new_process(tmp_path)
    md5(file)
    hashes.write_memory()
    memory = tmp_path / hashes.MEMORY
    whole = memory.read_bytes()
    for damage in (b"no database" * 1000, whole[:5000], whole[:4096] + bytes(len(whole) - 4096)):
        memory.write_bytes(damage)
        reads.count = 0
        for _ in range(4):
            in_a_new_process(tmp_path)
            md5(file)
        assert reads.count <= 2, damage[:20]


@pytest.mark.parametrize("broken", ["no folder", "a folder", "another table"])
def test_a_broken_memory_is_only_slower(file: Path, reads: Reads, tmp_path: Path, broken: str) -> None:
    place = tmp_path / "memory"
    place.mkdir()
    memory = place / hashes.MEMORY
    match broken:
        case "no folder":
            place.rmdir()
            place.write_bytes(b"")
        case "a folder":
            memory.mkdir()
        case _:
            code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE md5s (x INT)')"
            subprocess.run([sys.executable, "-c", code, str(memory)], check=True)
    for _ in range(2):
        in_a_new_process(place)
        assert md5(file) == md5_of(b"content")
    assert reads.count == 2


def test_two_processes_remember_side_by_side(tmp_path: Path, reads: Reads) -> None:
    code = (
        "import sys; from pathlib import Path; from batchctl import hashes; folder = Path(sys.argv[1])\n"
        "hashes.open_memory(folder)\n"
        "for path in folder.glob(sys.argv[2]): hashes.md5(path, path.stat()); hashes.write_memory()"
    )
    for n in range(100):
        written(tmp_path / f"{'ab'[n % 2]}{n}.txt", b"%d" % n)
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), pattern]) for pattern in ("a*", "b*")]
    assert [process.wait(60) for process in both] == [0, 0]
    in_a_new_process(tmp_path)
    assert [md5(path) for path in tmp_path.glob("*.txt")] == [md5_of(p.read_bytes()) for p in tmp_path.glob("*.txt")]
    assert reads.count == 0


def test_a_memory_that_has_grown_too_large_begins_anew(
    file: Path, reads: Reads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_new_process(tmp_path)
    md5(file)
    hashes.write_memory()
    monkeypatch.setattr(hashes, "LARGEST", 10)
    in_a_new_process(tmp_path)
    md5(file)
    assert reads.count == 2


def test_a_large_file_is_hashed_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    written(tmp_path / "large", data)
    assert md5(tmp_path / "large") == md5_of(data)


@pytest.mark.parametrize("order", ["sorted", "reversed", "every other", "with absent ones"])
def test_many_files_are_remembered_in_any_order(
    tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(hashes, "AHEAD", 4)
    folder = tmp_path / "data"
    folder.mkdir()
    paths = [folder / f"{n:02}.txt" for n in range(50)]
    for path in paths[::2] if order == "with absent ones" else paths:
        written(path, path.name.encode())
    in_a_new_process(tmp_path)
    for path in sorted(folder.iterdir()):
        md5(path)
    for path in paths:
        if not path.exists():
            written(path, path.name.encode())
    in_a_new_process(tmp_path)
    reads.count = 0
    asked = {"reversed": paths[::-1], "every other": paths[::2] + paths[1::2]}.get(order, paths)
    assert [md5(path) for path in asked] == [md5_of(path.name.encode()) for path in asked]
    assert reads.count == (25 if order == "with absent ones" else 0)
