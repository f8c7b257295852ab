"""MD5 of local files, remembered between runs: a file that has not changed is not read again.

`open_memory` makes it so, for this process; without it, and where the memory is absent or broken, each file is read.
"""

import atexit
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    import sqlite3

MEMORY = "hashes.sqlite"

SETTLED = 2_000_000_000
"""Nanoseconds: a file that changed so shortly before it was read may change again without its time showing it."""

LARGEST = 256 << 20
"""Bytes of the memory; one that has grown further begins anew."""

MANY = 10_000
"""Files; what was learned is written whenever it is so much."""

AHEAD = 1000
"""Rows that are read at once at most."""

END = b"\xff"
"""After every path."""

TABLE = "CREATE TABLE IF NOT EXISTS md5s (path BLOB PRIMARY KEY, stamp TEXT, md5 TEXT, sum INTEGER) WITHOUT ROWID"

SMALL = 1 << 20
"""Bytes of a file that is read in one piece."""


def md5(path: Path | str, status: os.stat_result, expected: str | None = None) -> str:
    """The MD5 of a file's content, in hex. `status` is its os.stat, `expected` what the service holds in its place.

    What is remembered is believed only if the service does not say otherwise. Raises OSError.
    """
    return known_md5(path, status, expected) or read_md5(path, status)


def known_md5(path: Path | str, status: os.stat_result, expected: str | None = None) -> str | None:
    """The MD5 that is remembered of a file, if it can be believed."""
    if len(_fresh) >= MANY:
        write_memory()
    key = os.fsencode(path)
    found = _fresh.get(key) or (_memory.look_up(key) if _memory else None)
    return found[1] if found and found[0] == _file_stamp(status) and expected in (None, found[1]) else None


def read_md5(path: Path | str, status: os.stat_result) -> str:
    """The MD5 of what is in a file now, remembered. Any thread may ask. Raises OSError."""
    # Before it is read: a change that comes meanwhile must not look settled.
    begun = time.time_ns()
    found = _hashed_content(path, status.st_size)
    with suppress(OSError):
        if _file_stamp(status) == _file_stamp(Path(path).stat()) and status.st_mtime_ns < begun - SETTLED:
            _fresh[os.fsencode(path)] = _file_stamp(status), found
    return found


def note_md5(path: Path | str, status: os.stat_result, found: str) -> None:
    """Remember the MD5 of a file that we have written ourselves."""
    _fresh[os.fsencode(path)] = _file_stamp(status), found


def forget_md5(path: Path) -> None:
    """What was remembered of this file was wrong."""
    _fresh[os.fsencode(path)] = "", ""


def open_memory(folder: Path) -> None:
    """From now on look in the memory of this folder, and when the process ends write what it learned."""
    global _memory
    if _memory is None:
        atexit.register(_write_at_exit)
    else:
        _memory.close()
    _memory = Memory(folder / MEMORY)


def write_memory() -> None:
    """Write what was learned since the last time."""
    if _memory and _fresh:
        _memory.store(_fresh)
    _fresh.clear()


class Memory:
    """One SQLite file, which several processes may use. Whatever is wrong with it only makes it forget."""

    def __init__(self, path: Path) -> None:
        import sqlite3  # imported late: most commands read no file's content

        self._path = path
        self._broken, self._damaged = (sqlite3.Error, OSError), (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        self._rows: sqlite3.Connection | None = None
        self._ahead = 1
        self._window: dict[bytes, tuple[str, str]] = {}
        self._first, self._last = END, b""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LARGEST:
                path.unlink()
            # 2 s: others write for a moment at most. Transactions are begun by hand, below.
            self._rows = sqlite3.connect(path, timeout=2, isolation_level=None)
            # What a power cut takes is read from the files again.
            self._rows.execute("PRAGMA synchronous=OFF")
            self._rows.execute("DROP TABLE IF EXISTS files")  # of versions whose rows had no sum
            self._rows.execute(TABLE)
        except self._broken as error:
            self._give_up(error)

    def look_up(self, key: bytes) -> tuple[str, str] | None:
        """(stamp, MD5) of a path. Paths that are asked for in their order are read many at once."""
        if self._rows is not None and not self._first <= key <= self._last:
            try:
                self._read_on(key, self._rows)
            except self._broken as error:
                self._give_up(error)
        return self._window.get(key)

    def _read_on(self, key: bytes, rows: "sqlite3.Connection") -> None:
        self._ahead = min(AHEAD, self._ahead * 2) if key > self._last > b"" else 1
        query = "SELECT path, stamp, md5, sum FROM md5s WHERE path >= ? ORDER BY path LIMIT ?"
        found = list(rows.execute(query, (key, self._ahead)))
        # What a power cut left of a row may be half of this one and half of what was there before.
        self._window = {
            path: (stamp, md5)
            for path, stamp, md5, sum in found
            if isinstance(path, bytes) and sum == _sum(path, stamp, md5)
        }
        last = found[-1][0] if len(found) == self._ahead else END
        self._first, self._last = key, last if isinstance(last, bytes) else END

    def store(self, learned: dict[bytes, tuple[str, str]]) -> None:
        if self._rows is None:
            return
        rows = [(key, *known, _sum(key, *known)) for key, known in learned.items()]
        try:
            # One transaction for all rows: each alone would be written to the disk by itself.
            self._rows.execute("BEGIN IMMEDIATE")
            self._rows.executemany("INSERT OR REPLACE INTO md5s VALUES (?, ?, ?, ?)", rows)
            self._rows.execute("COMMIT")
            self._shut()
        except self._broken as error:
            self._give_up(error)

    def close(self) -> None:
        rows, self._rows = self._rows, None
        self._shut()
        if rows:
            rows.close()

    def _give_up(self, error: Exception) -> None:
        """Nothing is remembered by this process any more, and a damaged memory begins anew with the next one."""
        self.close()
        if getattr(error, "sqlite_errorcode", None) in self._damaged:
            with suppress(OSError):
                # First: what it says is undone in whatever file has the other's name.
                self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
                self._path.unlink(missing_ok=True)

    def _shut(self) -> None:
        """Of the paths from `_first` to `_last` the window holds all that is remembered: now of none."""
        self._window.clear()
        self._first, self._last = END, b""


_memory: Memory | None = None
_fresh: dict[bytes, tuple[str, str]] = {}


def _write_at_exit() -> None:
    write_memory()
    if _memory:
        _memory.close()


def _sum(path: bytes, stamp: str, md5: str) -> int:
    """By which a row is known to be whole."""
    return crc32(f"{stamp} {md5}".encode(), crc32(path))


def _file_stamp(status: os.stat_result) -> str:
    """Everything about a file that changes when its content does."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _hashed_content(path: Path | str, size: int) -> str:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a path's own open costs half as much again
        if size <= SMALL:
            return hashlib.md5(stream.read(), usedforsecurity=False).hexdigest()
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
