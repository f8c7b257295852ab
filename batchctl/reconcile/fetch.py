"""Brings blobs home: temporary name beside the target, hash check, rename. A target is whole, old, or absent."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from batchctl.errors import BatchctlError
from batchctl.reconcile.events import Event, Fetched, NotFetched
from batchctl.reconcile.outputs import Fetch, clashes, unsafe
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob

READ = 1 << 20


class CannotLandError(BatchctlError):
    """A blob cannot become the file that it should be."""

    exit_code = 1


def fetch(fetches: Sequence[Fetch], cloud: Cloud) -> Iterator[Event]:
    """Fetch each blob; one that cannot land does not stop the others."""
    if problems := clashes(fetches):
        raise CannotLandError("\n".join(problems))
    for item in fetches:
        try:
            _land(item, cloud)
        except (BatchctlError, OSError) as error:
            yield NotFetched(blob=item.blob, why=str(error))
        else:
            yield Fetched(blob=item.blob, path=str(item.target))


def is_copy(blob: Blob, path: Path) -> bool:
    """By size and MD5; a blob without an MD5 by size and its time of change, which landing gives the file."""
    try:
        status = path.lstat()
        if not path.is_file() or path.is_symlink() or status.st_size != blob.size:
            return False
        if blob.md5 is None:
            return blob.modified is not None and int(status.st_mtime) == int(blob.modified.timestamp())
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "md5").hexdigest() == blob.md5
    except OSError:
        return False


def _land(item: Fetch, cloud: Cloud) -> None:
    if why := unsafe(item.blob.path):
        raise CannotLandError(f"its name is not safe as a path: {why}")
    _no_links(item)
    item.target.parent.mkdir(parents=True, exist_ok=True)
    # Cut so short that even in four bytes a character it is a name that a file may have.
    temporary = item.target.with_name(f".{item.target.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        _write(item.blob, cloud, temporary)
        if item.blob.modified is not None:
            moment = item.blob.modified.timestamp()
            os.utime(temporary, (moment, moment))
        temporary.replace(item.target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _write(blob: Blob, cloud: Cloud, path: Path) -> None:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o644), "wb") as stream:
        for chunk in cloud.read(blob):
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if size != blob.size or (blob.md5 is not None and digest.hexdigest() != blob.md5):
        raise CannotLandError(f"{size} bytes arrived whose content is not that of the blob ({blob.size} bytes)")


def _no_links(item: Fetch) -> None:
    """No part below the root may be a symbolic link that somebody planted there (reliability B75)."""
    part = item.target
    while part != item.root:
        if part.is_symlink():
            raise CannotLandError(f"{part} is a symbolic link; remove it")
        part = part.parent
