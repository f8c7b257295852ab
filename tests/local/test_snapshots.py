"""Snapshots: what is none is told, what cannot be read is left out, and nothing leaves the home."""

import gzip
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchctl import local
from batchctl.errors import BatchctlError, Refused, UsageError
from batchctl.local.home import find_home, make_home
from batchctl.local.snapshots import FORM, Manifest, read_manifest, restore_snapshot, take_snapshot

SAYS = {
    "kind": "batchctl local snapshot",
    "form": 1,
    "made": "2026-11-28T18:00:00+00:00",
    "batchctl": "1.0",
    "holds": {},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose services were stopped: a record of a pool, a blob's extent, a file of a node."""
    root = tmp_path / "home"
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(root))
    home = find_home()
    make_home(home)
    home.lock.touch()
    with sqlite3.connect(home.batch / "batch.sqlite") as database:
        database.execute("CREATE TABLE record (kind TEXT, key TEXT, body TEXT)")
        database.execute("INSERT INTO record VALUES ('pool', '/p', '{}')")
    store = {"collections": [{"name": "$CONTAINERS_COLLECTION$", "data": [{}]}]}
    (home.blobs / "__azurite_db_blob__.json").write_text(json.dumps(store))
    (home.blobs / "__blobstorage__").mkdir()
    (home.blobs / "__blobstorage__" / "extent").write_bytes(b"bytes")
    node = home.batch / "nodes" / "p" / "tvm"
    node.mkdir(parents=True)
    (node / "stdout.txt").write_text("said")
    (node / "link").symlink_to("/bin/true")
    return root


def restored(monkeypatch: pytest.MonkeyPatch, file: Path) -> Path:
    """What a restore would put in the place of the data."""
    kept = file.with_name("kept")
    monkeypatch.setattr(local, "replace_data", lambda drafts, say: drafts.rename(kept))
    restore_snapshot(file, lambda line: None)
    return kept


def packed(path: Path, *members: tuple[str, Any]) -> Path:
    """A snapshot by hand: text is a file's, a path is where a link leads, None is a device."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            text = content.encode() if isinstance(content, str) else b""
            entry.size = len(text)
            if isinstance(content, Path):
                entry.type, entry.linkname = tarfile.SYMTYPE, str(content)
            elif content is None:
                entry.type = tarfile.CHRTYPE
            archive.addfile(entry, io.BytesIO(text))
    return path


def test_stopped_services_are_taken_as_they_lie(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = take_snapshot(tmp_path / "a.snapshot")
    assert (taken.unread, taken.manifest.form) == ((), FORM)
    assert {kind: number for kind, number in taken.manifest.holds.items() if number} == {"pools": 1, "containers": 1}
    assert read_manifest(tmp_path / "a.snapshot") == taken.manifest
    assert (tmp_path / "a.snapshot").stat().st_mode & 0o777 == 0o600
    assert not (home / "blobs" / "held").exists()
    kept = restored(monkeypatch, tmp_path / "a.snapshot")
    assert (kept / "batch/nodes/p/tvm/stdout.txt").read_text() == "said"
    assert (kept / "batch/nodes/p/tvm/link").readlink() == Path("/bin/true")
    assert (kept / "blobs/__blobstorage__/extent").read_bytes() == b"bytes"
    with sqlite3.connect(kept / "batch/batch.sqlite") as database:
        assert database.execute("SELECT kind FROM record").fetchall() == [("pool",)]
    assert not (home / "restored").exists()


def test_windows_itself_is_left_out(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wine makes it anew, of most of a gigabyte."""
    (home / "batch/wine~windows/drive_c").mkdir(parents=True)
    take_snapshot(tmp_path / "a.snapshot")
    assert not (restored(monkeypatch, tmp_path / "a.snapshot") / "batch/wine~windows").exists()


def test_what_is_no_file_is_left_out(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = home / "batch" / "nodes" / "p" / "tvm"
    os.mkfifo(node / "fifo")
    (node / os.fsdecode(b"odd \xff")).write_text("odd")
    deep = node / "/".join("d" * 100)
    deep.mkdir(parents=True)
    take_snapshot(tmp_path / "a.snapshot")
    found = restored(monkeypatch, tmp_path / "a.snapshot") / "batch/nodes/p/tvm"
    assert not (found / "fifo").exists()
    assert (found / os.fsdecode(b"odd \xff")).read_text() == "odd"
    assert (found / "/".join("d" * 100)).is_dir()


def test_a_snapshot_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    take_snapshot(tmp_path / "a.snapshot")
    take_snapshot(tmp_path / "a.snapshot")
    (tmp_path / "spec.yaml").write_text("version: 1")
    with pytest.raises(UsageError, match="is there and no snapshot"):
        take_snapshot(tmp_path / "spec.yaml")
    assert (tmp_path / "spec.yaml").read_text() == "version: 1"
    with pytest.raises(UsageError, match="no directory"):
        take_snapshot(tmp_path / "missing" / "a.snapshot")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.snapshot", "home", "spec.yaml"]


def test_services_that_were_never_started_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "new"))
    with pytest.raises(Refused, match="never started"):
        take_snapshot(tmp_path / "a.snapshot")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cut_short(path: Path) -> Path:
    take_snapshot(path)
    return written(path, path.read_bytes()[:-200])


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


WRONG: dict[str, tuple[Callable[[Path], Path], type[BatchctlError], str]] = {
    "nothing": (lambda path: path, UsageError, "cannot read .+: No such file"),
    "empty": (lambda path: written(path, b""), UsageError, "no snapshot"),
    "a text": (lambda path: written(path, b"version: 1\n"), UsageError, "no snapshot"),
    "gzip of a text": (lambda path: written(path, gzip.compress(b"text" * 999)), UsageError, "no snapshot"),
    "another archive": (lambda path: packed(path, ("batch/a", "x")), UsageError, "no snapshot"),
    "a list": (lambda path: packed(path, ("manifest.json", "[]")), UsageError, "no snapshot"),
    "another kind": (lambda path: packed(path, ("manifest.json", '{"form": 1}')), UsageError, "no snapshot"),
    "no counts": (
        lambda path: packed(path, ("manifest.json", json.dumps({**SAYS, "holds": None}))),
        UsageError,
        "no snapshot",
    ),
    "a pipe": (pipe, UsageError, "no snapshot"),
    "newer": (
        lambda path: packed(path, ("manifest.json", json.dumps({**SAYS, "form": 2, "batchctl": "9.1"}))),
        Refused,
        "newer batchctl: it is of form 2, of batchctl 9.1; this one reads form 1",
    ),
    "cut short": (cut_short, Refused, "is damaged, and nothing was changed"),
    "upwards": (
        lambda path: packed(path, ("manifest.json", json.dumps(SAYS)), ("batch/../../up", "x")),
        Refused,
        "damaged",
    ),
    "elsewhere": (lambda path: packed(path, ("manifest.json", json.dumps(SAYS)), ("/etc/x", "x")), Refused, "damaged"),
    "a device": (lambda path: packed(path, ("manifest.json", json.dumps(SAYS)), ("batch/d", None)), Refused, "damaged"),
    "keys": (lambda path: packed(path, ("manifest.json", json.dumps(SAYS)), ("keys/batch", "x")), Refused, "damaged"),
    "through a link": (
        lambda path: packed(
            path, ("manifest.json", json.dumps(SAYS)), ("batch/l", path.parent), ("batch/l/planted", "x")
        ),
        Refused,
        "damaged",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_snapshot_changes_nothing(name: str, tmp_path: Path, home: Path) -> None:
    made, error, says = WRONG[name]
    file = made(tmp_path / "a.snapshot")
    with pytest.raises(error, match=says):
        restore_snapshot(file, lambda line: None)
    assert (home / "batch/nodes/p/tvm/stdout.txt").read_text() == "said"
    assert not (tmp_path / "planted").exists()
    assert not (home / "restored").exists()


def test_the_words_of_a_manifest_are_kept(tmp_path: Path) -> None:
    file = packed(tmp_path / "a.snapshot", ("manifest.json", json.dumps({**SAYS, "more": "of a later form"})))
    assert read_manifest(file) == Manifest(**SAYS)  # type: ignore[arg-type]  # JSON
