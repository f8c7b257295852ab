"""One blob becomes a file: temporary name beside the target, hash check, rename. A target is whole, old, or absent.

With texts in place of paths, and system calls in place of files: of a small blob the network takes less than these.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import Path
from threading import Event as Flag

from batchctl import hashes
from batchctl.errors import BatchctlError, CloudError
from batchctl.frozen import dataclass
from batchctl.reconcile.carry_out.leftovers import hold_temporary
from batchctl.reconcile.outputs import Fetch
from batchctl.resources import Blob

READ = 1 << 20

PIECE = 32 << 10
"""Bytes of one write. For a larger one the kernel takes memory in longer pieces than those that were freed last. In a
virtual machine the host may have to find them first: a large download then costs half as much again."""

RESUMED = 32 << 20
"""Bytes; of a larger blob, what has arrived when a fetch breaks off is kept, and the next one goes on from there."""

NEW = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Never a link that somebody put there under the name of a draft of ours."""

Content = Callable[[int], Iterable[bytes]]
"""The bytes of a blob from that one on."""


class CannotLandError(BatchctlError):
    """A blob cannot become the file that it should be."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Ground:
    """What the landings of one fetch share. `folders`: root and rest of those that were looked at and made already."""

    stop: Flag = field(default_factory=Flag)
    folders: set[tuple[Path, str]] = field(default_factory=set)


def land(item: Fetch, content: Content, ground: Ground) -> str:
    """The file's path, once the blob is there. Raises CannotLandError, OSError, or what `content` raises."""
    below, _, name = item.blob.path.rpartition("/")
    target = _made_ready(item, (item.root, below), ground)
    temporary, resumed = _draft(item.blob, target, name)
    try:
        _write(item.blob, content, temporary, resumed)
        if item.blob.modified is not None:
            moment = item.blob.modified.timestamp()
            os.utime(temporary, (moment, moment))
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException as error:
        if not resumed or _is_final(error, ground.stop):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)  # noqa: PTH108
        raise
    if item.blob.md5:
        hashes.note_md5(target, os.lstat(target), item.blob.md5)
    return target


def go_on(stop: Flag) -> None:
    if stop.is_set():
        raise CannotLandError("interrupted")


def _made_ready(item: Fetch, folder: tuple[Path, str], ground: Ground) -> str:
    """The file's path, in a folder that is there. No part of it below the root may be a symbolic link that somebody
    planted (reliability B75)."""
    target = str(item.target)
    if folder not in ground.folders:
        if link := planted_link(Path(target), item.root):
            raise _link_refusal(str(link))
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        ground.folders.add(folder)
    elif os.path.islink(target):  # noqa: PTH114
        raise _link_refusal(target)
    return target


def planted_link(path: Path, root: Path) -> Path | None:
    below = (part for part in (path, *path.parents) if part.is_relative_to(root) and part != root)
    return next((part for part in below if os.path.islink(part)), None)  # noqa: PTH114


def _link_refusal(link: str) -> CannotLandError:
    return CannotLandError(f"{link} is a symbolic link; remove it")


def _is_final(error: BaseException, stop: Flag) -> bool:
    """What has arrived is of no use any more: it is not the blob's content, or this version of the blob is gone."""
    if isinstance(error, CloudError):
        return error.status in (404, 412)
    return isinstance(error, CannotLandError) and not stop.is_set()


def _draft(blob: Blob, target: str, name: str) -> tuple[str, bool]:
    """A name beside the target, cut so short that even in four bytes a character it is one that a file may have.

    True: it is the same in every run, for exactly this version of the blob.
    """
    if resumed := blob.size > RESUMED and blob.etag is not None:
        tag = hashlib.sha256(f"{blob.name}\n{blob.etag}".encode()).hexdigest()[:16]
    else:
        tag = secrets.token_hex(4)  # eight digits: by these `leftovers` knows what nobody goes on with
    return f"{target[: -len(name)]}.{name[:40]}.{tag}.part", resumed


def _write(blob: Blob, content: Content, path: str, resumed: bool) -> None:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    # A draft is new, or the one that was broken off.
    file = os.open(path, NEW if resumed else NEW | os.O_EXCL, 0o644)
    try:
        hold_temporary(file)
        while resumed and (piece := os.read(file, READ)):
            digest.update(piece)
            size += len(piece)
        for chunk in content(size) if size < blob.size or not size else ():
            digest.update(chunk)
            size += len(chunk)
            _write_all(file, chunk)
            del chunk  # or it would be held while the next one comes, which has its room
        if size != blob.size or (blob.md5 is not None and digest.hexdigest() != blob.md5):
            raise CannotLandError(f"{size} bytes arrived whose content is not that of the blob ({blob.size} bytes)")
    finally:
        os.close(file)


def _write_all(file: int, chunk: bytes) -> None:
    whole, written = memoryview(chunk), 0
    while written < len(chunk):
        written += os.write(file, whole[written : written + PIECE])
