"""What both services hold as of one moment, without a restart: the blob store stands still while it is taken hold of.

Batch's part is what a crash in that moment would leave: the next start takes it up as after one.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from batchctl.errors import CloudError
from batchctl.local.home import Home

DATABASE = "batch.sqlite"
_EXTENTS = "__blobstorage__"
_WITHIN = 60.0
"""Seconds in which the blob store stands still: one of a hundred thousand blobs writes for one of them."""


@contextmanager
def held_data(home: Home, *, running: bool) -> Iterator[Path]:
    """A directory that holds `blobs/` and, if there is one, `batch.sqlite`, as of one moment. Raises CloudError."""
    held = home.blobs / "held"
    shutil.rmtree(held, ignore_errors=True)  # of somebody who was killed
    held.mkdir(mode=0o700)  # the blob store sees it and stands still (azurite/guard.js)
    try:
        if running:
            _await_ready(held / "ready")
        else:
            for path in home.blobs.glob("*.json"):
                shutil.copyfile(path, held / path.name)
        with closing(_database(home)) as database:
            database.execute("BEGIN")
            # A transaction begins with its first read.
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            _link_extents(home.blobs / _EXTENTS, held / _EXTENTS)
            if running:
                _go_on(held / "ready")
            with closing(sqlite3.connect(held / DATABASE)) as copy:
                database.backup(copy)
        yield held
    finally:
        shutil.rmtree(held, ignore_errors=True)


def _await_ready(ready: Path) -> None:
    deadline = time.monotonic() + _WITHIN
    while not ready.exists():
        if time.monotonic() > deadline:
            raise CloudError(f"the blob store did not stand still within {_WITHIN:.0f} s; see batchctl local logs")
        time.sleep(0.002)


def _go_on(ready: Path) -> None:
    """Lets the blob store go on. It does so by itself after a while: then this was not one moment."""
    try:
        ready.unlink()
    except FileNotFoundError:
        raise CloudError("this machine is too busy for a snapshot: the blob store could not wait for it") from None


def _database(home: Home) -> sqlite3.Connection:
    """The Batch service's records, for reading; none where there are none yet."""
    path = home.batch / DATABASE
    return sqlite3.connect(path if path.exists() else ":memory:", isolation_level=None)


def _link_extents(extents: Path, links: Path) -> None:
    """What blobs consist of only grows: a link keeps it, and what is added afterwards belongs to no blob of then."""
    links.mkdir(mode=0o700)
    for path in extents.iterdir() if extents.is_dir() else ():
        os.link(path, links / path.name)
