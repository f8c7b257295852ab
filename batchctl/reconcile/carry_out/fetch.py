"""Brings blobs home: temporary name beside the target, hash check, rename. A target is whole, old, or absent."""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field, replace
from io import FileIO
from pathlib import Path
from threading import Event as Flag
from threading import Semaphore

from batchctl import hashes
from batchctl.errors import BatchctlError, CloudError
from batchctl.frozen import dataclass
from batchctl.reconcile.carry_out.leftovers import hold_temporary, sweep_leftovers
from batchctl.reconcile.events import Event, Fetched, NotFetched
from batchctl.reconcile.outputs import Fetch, clashing_fetches, why_unsafe
from batchctl.reconcile.port import Source
from batchctl.resources import Blob
from batchctl.words import one_line

READ = 1 << 20

AT_ONCE = 96
"""Blobs on their way home; how much of them is in memory is the cloud's affair."""

SMALL = 256 << 10
"""Bytes; so much is here as a whole before its file is begun."""

STRIPS = 2
"""Small files that are written at once: each call on a file lets another thread in, and of more threads each would
wait longer for its next turn than the call took."""

RESUMED = 32 << 20
"""Bytes; of a larger blob, what has arrived when a fetch breaks off is kept, and the next one goes on from there."""


Content = Callable[[int], Iterable[bytes]]
"""The bytes of a blob from that one on."""


class CannotLandError(BatchctlError):
    """A blob cannot become the file that it should be."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the landings of one fetch share. `folders`: those that were looked at and made already."""

    stop: Flag = field(default_factory=Flag)
    folders: set[Path] = field(default_factory=set)
    strips: Semaphore = field(default_factory=lambda: Semaphore(STRIPS))


def fetch(fetches: Sequence[Fetch], cloud: Source) -> Iterator[Event]:
    """Fetch the blobs, many at once; yields in their order. One that cannot land does not stop the others."""
    if problems := (*clashing_fetches(fetches), *_no_room(fetches)):
        raise CannotLandError("\n".join(map(one_line, problems)))
    sweep_leftovers(_own_folders(fetches))
    ground, pool = _Ground(), ThreadPoolExecutor(AT_ONCE)
    try:
        # Large ones begin at once, so that none is still on its way when all else is done.
        largest_first = sorted(range(len(fetches)), key=lambda n: fetches[n].blob.size < RESUMED)
        landings = {n: pool.submit(_land, fetches[n], cloud, ground) for n in largest_first}
        for n, item in enumerate(fetches):
            yield _landing_event(item, landings.pop(n))
    except BaseException:
        cloud.halt()
        raise
    finally:
        ground.stop.set()
        pool.shutdown(cancel_futures=True)


def with_replaced_files(fetches: Iterable[Fetch]) -> tuple[Fetch, ...]:
    """What they would replace."""
    # Not Path.is_file: it raises for names that are too long for any file.
    return tuple(replace(item, replaces=os.path.isfile(item.target)) for item in fetches)  # noqa: PTH113


def is_copy(blob: Blob, path: Path) -> bool:
    """By size and MD5; a blob without an MD5 by size and its time of change, which landing gives the file."""
    try:
        status = path.lstat()
        if not path.is_file() or path.is_symlink() or status.st_size != blob.size:
            return False
        if blob.md5 is None:
            return blob.modified is not None and int(status.st_mtime) == int(blob.modified.timestamp())
        return hashes.md5(path, status, blob.md5) == blob.md5
    except OSError:
        return False


def is_safe(blob: Blob, path: Path) -> bool:
    """As `is_copy`, by the content itself and lasting on the disk: after this the blob may be deleted."""
    hashes.forget_md5(path)
    if not is_copy(blob, path):
        return False
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    return True


def _landing_event(item: Fetch, landing: Future[Path]) -> Event:
    try:
        return Fetched(blob=item.blob, path=str(landing.result()))
    except (BatchctlError, OSError) as error:
        return NotFetched(blob=item.blob, why=str(error))


def _land(item: Fetch, cloud: Source, ground: _Ground) -> Path:
    """Where it is then."""
    _go_on(ground.stop)
    if why := why_unsafe(item.blob.path, item.root):
        raise CannotLandError(f"its name is not safe as a path: {why}")

    def wanted(chunk: bytes) -> bytes:
        _go_on(ground.stop)
        return chunk

    def arriving(start: int) -> Iterator[bytes]:
        return map(wanted, cloud.read(item.blob, start))

    if item.blob.size > SMALL:
        return _settle(item, arriving, ground)
    whole = tuple(arriving(0))
    with ground.strips:
        return _settle(item, lambda _start: whole, ground)


def _settle(item: Fetch, content: Content, ground: _Ground) -> Path:
    target = item.target
    if (folder := target.parent) not in ground.folders:
        _no_links(item)
        folder.mkdir(parents=True, exist_ok=True)
        ground.folders.add(folder)
    elif target.is_symlink():
        raise _link_refusal(target)
    temporary, resumed = _temporary(item.blob, target)
    try:
        _write(item.blob, content, temporary, resumed)
        if item.blob.modified is not None:
            moment = item.blob.modified.timestamp()
            os.utime(temporary, (moment, moment))
        temporary.replace(target)
    except BaseException as error:
        if not resumed or _is_final(error, ground.stop):
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
        raise
    if item.blob.md5:
        hashes.note_md5(target, target.lstat(), item.blob.md5)
    return target


def _go_on(stop: Flag) -> None:
    if stop.is_set():
        raise CannotLandError("interrupted")


def _is_final(error: BaseException, stop: Flag) -> bool:
    """What has arrived is of no use any more: it is not the blob's content, or this version of the blob is gone."""
    if isinstance(error, CloudError):
        return error.status in (404, 412)
    return isinstance(error, CannotLandError) and not stop.is_set()


def _temporary(blob: Blob, target: Path) -> tuple[Path, bool]:
    """A name beside the target, cut so short that even in four bytes a character it is one that a file may have.

    True: it is the same in every run, for exactly this version of the blob.
    """
    if resumed := blob.size > RESUMED and blob.etag is not None:
        tag = hashlib.sha256(f"{blob.name}\n{blob.etag}".encode()).hexdigest()[:16]
    else:
        tag = secrets.token_hex(4)  # eight digits: by these `leftovers` knows what nobody goes on with
    return target.with_name(f".{target.name[:40]}.{tag}.part"), resumed


def _write(blob: Blob, content: Content, path: Path, resumed: bool) -> None:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    # A draft of ours is new, or the one that was broken off; never a link that somebody put there under its name.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | (0 if resumed else os.O_EXCL)
    with os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0) as stream:
        hold_temporary(stream.fileno())
        while resumed and (piece := stream.read(READ)):
            digest.update(piece)
            size += len(piece)
        for chunk in content(size) if size < blob.size or not size else ():
            digest.update(chunk)
            size += len(chunk)
            _write_all(stream, chunk)
            del chunk  # or it would be held while the next one comes, which has its room
        if size != blob.size or (blob.md5 is not None and digest.hexdigest() != blob.md5):
            raise CannotLandError(f"{size} bytes arrived whose content is not that of the blob ({blob.size} bytes)")


def _write_all(stream: FileIO, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[stream.write(left) :]


def _no_room(fetches: Sequence[Fetch]) -> Iterator[str]:
    """Disks that are smaller than what would come (reliability F56, B76)."""
    for root in {fetch.root for fetch in fetches}:
        wanted = sum(fetch.blob.size for fetch in fetches if fetch.root == root)
        standing = next(folder for folder in (root, *root.parents) if folder.exists())
        if wanted > (free := shutil.disk_usage(standing).free):
            yield f"{wanted:,} bytes would come home to {root}, where {free:,} are free"


def _own_folders(fetches: Sequence[Fetch]) -> list[Path]:
    """Where the blobs go, as far as that is really below their roots."""
    safe = (item for item in fetches if not why_unsafe(item.blob.path, item.root))
    pairs = {(str(item.root), item.blob.path.rpartition("/")[0]) for item in safe}
    return [Path(root, below) for root, below in sorted(pairs) if not _planted_link(Path(root, below), Path(root))]


def _no_links(item: Fetch) -> None:
    """No part below the root may be a symbolic link that somebody planted there (reliability B75)."""
    if link := _planted_link(item.target, item.root):
        raise _link_refusal(link)


def _planted_link(path: Path, root: Path) -> Path | None:
    below = (part for part in (path, *path.parents) if part.is_relative_to(root) and part != root)
    return next((part for part in below if os.path.islink(part)), None)  # noqa: PTH114 - as isfile above


def _link_refusal(link: Path) -> CannotLandError:
    return CannotLandError(f"{link} is a symbolic link; remove it")
