"""One at a time, over all processes of this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Holds the lock file at `path`; `say` hears it if somebody else holds it for long."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600, poll_interval=0.02)
    try:
        lock.acquire(timeout=0.5)  # a shorter wait is not worth a word
    except Timeout:
        if say:
            say("Waiting for another command that installs, starts or stops the local services …")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
