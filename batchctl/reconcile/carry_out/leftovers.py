"""Temporary files of downloads that were killed: told from those of living ones by a lock that dies with its holder."""

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

TEMPORARY = re.compile(r"\..{1,40}\.[0-9a-f]{8}\.part", re.DOTALL)
"""The names of those that no later download goes on with."""


def hold_temporary(descriptor: int) -> None:
    """Nobody sweeps this file while it is open: on Windows by that alone, on file systems without locks not at all."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep_leftovers(folders: Iterable[Path]) -> None:
    """Remove from the folders what killed downloads left. What cannot be removed is in nobody's way."""
    for path in (path for folder in folders for path in _leftovers_in(folder)):
        with contextlib.suppress(OSError):
            # The lock of a killed download died with it; one that lives is at work here beside us.
            if _is_held(path):
                continue
            path.unlink()


def _leftovers_in(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from [Path(e.path) for e in entries if TEMPORARY.fullmatch(e.name) and e.is_file(follow_symlinks=False)]


def _is_held(path: Path) -> bool:
    """Raises OSError where it cannot be told."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
