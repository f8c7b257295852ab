"""All that the local services hold, Batch and blobs, in one file: taken while they run, and put in their place."""

import gzip
import io
import json
import os
import secrets
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Iterator, Set
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from batchctl import local
from batchctl.errors import MachineError, Refused, UsageError
from batchctl.local.held import DATABASE, held_data
from batchctl.local.home import Home, find_home, locked, make_home

FORM = 1
_KIND = "batchctl local snapshot"
_MANIFEST = "manifest.json"
_LONGEST_MANIFEST = 1 << 20
_NOT_KEPT = frozenset({DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "lock", "ready", "trash"})
_NOT_KEPT |= {"wine~windows", "part~windows"}  # Windows itself, which the first node of it makes anew
_LEVEL = 1  # of compression: blobs are mostly small by themselves, and the file is for a while
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot says of itself. `made`: ISO 8601, UTC. `holds`: how many pools, jobs, tasks, … it has."""

    kind: str
    form: int
    made: str
    batchctl: str
    holds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot and the files of nodes that could not be read for it."""

    manifest: Manifest
    unread: tuple[str, ...]


def take_snapshot(file: Path) -> Taken:
    """Writes all that is held as of now. Raises UsageError if `file` is something else, Refused if there is nothing."""
    if file.exists() and not _is_snapshot(file):
        raise UsageError(f"{file} is there and no snapshot; it would be lost")
    if not file.parent.is_dir():
        raise UsageError(f"there is no directory {file.parent}")
    home = find_home()
    if not home.lock.exists():
        raise Refused(["the local services hold nothing: they were never started (batchctl local start)"])
    with locked(home.lock):
        make_home(home)
        with held_data(home, running=local.status().running) as held:
            return _write_whole(file, home, held)


def restore_snapshot(file: Path, say: Callable[[str], None]) -> Manifest:
    """Puts a snapshot in the place of all that is held, and starts the services.

    Raises UsageError for no snapshot, Refused for one that is damaged, of a newer form, or does not start.
    """
    manifest = read_manifest(file)
    home = find_home()
    make_home(home)
    drafts = home.root / "restored"
    with locked(home.root / "restore.lock", say):
        shutil.rmtree(drafts, ignore_errors=True)  # of one that was killed
        try:
            _unpack(file, drafts)
            local.replace_data(drafts, say)
        finally:
            shutil.rmtree(drafts, ignore_errors=True)
    return manifest


def read_manifest(file: Path) -> Manifest:
    """Raises UsageError for what is no snapshot, Refused for one of a newer form."""
    if file.exists() and not file.is_file():  # a pipe that nobody writes to would never end
        raise UsageError(f"{file} is no snapshot: it is no file")
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            is_manifest = first is not None and first.name == _MANIFEST and first.size <= _LONGEST_MANIFEST
            stream = archive.extractfile(first) if first and is_manifest else None
            found: Any = json.load(stream) if stream else {}
    except OSError as error:
        if not isinstance(error, gzip.BadGzipFile):
            raise UsageError(f"cannot read {file}: {error.strerror}") from error
        found = {}
    except _DAMAGE:
        found = {}
    if not isinstance(found, dict) or found.get("kind") != _KIND or not isinstance(found.get("form"), int):
        raise UsageError(f"{file} is no snapshot; `batchctl local snapshot FILE` writes one")
    if found["form"] > FORM:
        newer = f"it is of form {found['form']}, of batchctl {found.get('batchctl')}; this one reads form {FORM}"
        raise Refused([f"{file} was made by a newer batchctl: {newer}"])
    manifest = Manifest(**{name: found.get(name) for name in Manifest.__slots__})  # type: ignore[arg-type]  # as written
    if not isinstance(manifest.holds, dict):
        raise UsageError(f"{file} is no snapshot: its manifest does not say what it holds")
    return manifest


def _is_snapshot(file: Path) -> bool:
    try:
        read_manifest(file)
    except UsageError:
        return False
    except Refused:
        pass
    return True


def _write_whole(file: Path, home: Home, held: Path) -> Taken:
    """All of it or nothing, for its owner alone: it holds what tasks were told, secrets too."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(kind=_KIND, form=FORM, made=made, batchctl=version("batchctl"), holds=_counts(held))
    draft = file.with_name(f".{file.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream,
            tarfile.open(fileobj=stream, mode="w:gz", compresslevel=_LEVEL) as archive,
        ):
            _add_text(archive, _MANIFEST, json.dumps(asdict(manifest), indent=2))
            _add_tree(archive, held / DATABASE, f"batch/{DATABASE}")
            unread = _add_tree(archive, held, "blobs", {DATABASE})
            unread += _add_tree(archive, home.batch, "batch", _NOT_KEPT)
        draft.replace(file)
    except OSError as error:
        raise MachineError(f"cannot write {file}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return Taken(manifest, tuple(unread))


def _counts(held: Path) -> dict[str, int]:
    """How many of each kind there are."""
    with closing(sqlite3.connect(held / DATABASE)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        rows = database.execute("SELECT kind, count(*) FROM record GROUP BY kind") if "record" in tables else ()
        found = dict(rows)
    store = held / "__azurite_db_blob__.json"
    kept = json.loads(store.read_bytes())["collections"] if store.exists() else []
    blobs = {one["name"].strip("$"): len(one["data"]) for one in kept}
    counts = {f"{kind}s": found.get(kind, 0) for kind in ("pool", "node", "schedule", "job", "task")}
    return counts | {"containers": blobs.get("CONTAINERS_COLLECTION", 0), "blobs": blobs.get("BLOBS_COLLECTION", 0)}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), 0o600
    archive.addfile(entry, io.BytesIO(text.encode()))


def _add_tree(archive: tarfile.TarFile, top: Path, name: str, without: Set[str] = frozenset()) -> list[str]:
    """Adds what lies there: directories, files and links. Returns what could not be read; what is gone is left out."""
    unread, left = [], [(top, name)]
    while left:
        path, name = left.pop()
        try:
            if path.is_socket() or not _is_kept(entry := archive.gettarinfo(path, name)):
                continue
            stream = path.open("rb") if entry.isreg() else None
            inside = sorted(path.iterdir()) if entry.isdir() else []
        except FileNotFoundError:
            continue
        except OSError:
            unread.append(name)
            continue
        with stream or nullcontext():
            archive.addfile(entry, stream and _Whole(stream, entry.size))  # type: ignore[arg-type]  # it can `read`
        left += [(one, f"{name}/{one.name}") for one in inside if path != top or one.name not in without]
    return unread


def _is_kept(entry: tarfile.TarInfo) -> bool:
    return entry.isreg() or entry.isdir() or entry.issym() or entry.islnk()


class _Whole:
    """A file as long as it was when it was looked at: one that is shortened meanwhile ends in zeros."""

    def __init__(self, stream: io.BufferedReader, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int) -> bytes:
        wanted = min(size, self._left)
        self._left -= wanted
        return self._stream.read(wanted).ljust(wanted, b"\0")


def _unpack(file: Path, drafts: Path) -> None:
    """Raises Refused for what is damaged, MachineError if there is no room; nothing is changed then."""
    try:
        for name in ("batch", "blobs"):
            (drafts / name).mkdir(mode=0o700, parents=True)
        with tarfile.open(file, "r:gz") as archive:
            # Nothing leaves the directory, through links neither (a Python without it, before 3.11.4, knows no filter).
            archive.extraction_filter = getattr(tarfile, "tar_filter", lambda member, _: member)
            archive.extractall(drafts, _members(archive))
    except _DAMAGE as error:
        raise Refused([f"{file} is damaged, and nothing was changed: {error}"]) from error
    except OSError as error:
        raise MachineError(f"cannot unpack {file}, and nothing was changed: {error.strerror}") from error


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for entry in archive:
        if entry.name == _MANIFEST:
            continue
        if entry.name.partition("/")[0] not in ("batch", "blobs"):
            raise ValueError(f"it holds {entry.name!r}")
        if not _is_kept(entry):
            raise ValueError(f"{entry.name!r} is no file")
        yield entry
