"""Brings blobs home: many small ones at once, large ones beside them."""

import contextlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from batchctl import hashes
from batchctl.errors import BatchctlError
from batchctl.reconcile.carry_out.landing import RESUMED, CannotLandError, Ground, go_on, land, planted_link
from batchctl.reconcile.carry_out.leftovers import sweep_leftovers
from batchctl.reconcile.events import Event, Fetched, NotFetched
from batchctl.reconcile.outputs import Fetch, clashing_fetches, why_unsafe
from batchctl.reconcile.port import Source
from batchctl.resources import Blob
from batchctl.words import one_line

AT_ONCE = 32
"""Large blobs on their way home; how much of them is in memory is the cloud's affair."""

SMALL = 256 << 10
"""Bytes of a blob whose file takes less time to be made than another thread to get its turn."""

WHOLE = 4 << 20
"""Bytes; so much is here as a whole before its file is begun, and asked for with many others."""

LANDERS = 2
"""Threads that hash and write what is neither small nor large: more of them wait for each other at the interpreter."""


def fetch(fetches: Sequence[Fetch], cloud: Source) -> Iterator[Event]:
    """Fetch the blobs, many at once; yields in their order. One that cannot land does not stop the others."""
    folded = any(folds_names(root) for root in {item.root for item in fetches})
    if problems := (*clashing_fetches(fetches, folded=folded), *_no_room(fetches)):
        raise CannotLandError("\n".join(map(one_line, problems)))
    sweep_leftovers(_own_folders(fetches))
    due: dict[int, Event] = {}
    turn = 0
    with contextlib.closing(_landings(fetches, cloud)) as landings:
        for n, event in landings:
            due[n] = event
            while turn in due:
                yield due.pop(turn)
                turn += 1


def _landings(fetches: Sequence[Fetch], cloud: Source) -> Generator[tuple[int, Event], None, None]:
    """What became of each, by its place, as they land: the small ones by this thread, those between by two, each large
    one by one of its own."""
    ground, pool, landed = Ground(), ThreadPoolExecutor(AT_ONCE), SimpleQueue[tuple[int, Event] | None]()
    small, middling, large = _by_size(fetches)

    def lander(places: Sequence[int]) -> None:
        try:
            for landing in _whole_landings(fetches, places, cloud, ground):
                landed.put(landing)
        finally:
            landed.put(None)

    try:
        # Large ones begin at once, so that none is still on its way when all else is done.
        landings = {n: pool.submit(_land, fetches[n], cloud, ground) for n in large}
        landers = [pool.submit(lander, middling[k::LANDERS]) for k in range(min(LANDERS, len(middling)))]
        yield from _whole_landings(fetches, small, cloud, ground)
        for _ in landers:
            yield from iter(landed.get, None)
        for each in landers:
            each.result()  # raises what went wrong with itself
        for n, landing in landings.items():
            yield n, _landing_event(fetches[n], landing.result)
    except BatchctlError:
        # It ends the fetch alone: who told of it may go on with other things.
        raise
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


def _by_size(fetches: Sequence[Fetch]) -> tuple[list[int], list[int], list[int]]:
    """The places of the small ones, of those between, and of the large ones, those that may be resumed first."""
    sizes = [item.blob.size for item in fetches]
    small = [n for n, size in enumerate(sizes) if size <= SMALL]
    middling = [n for n, size in enumerate(sizes) if SMALL < size <= WHOLE]
    large = [n for n, size in enumerate(sizes) if size > WHOLE]
    return small, middling, sorted(large, key=lambda n: sizes[n] < RESUMED)


def _whole_landings(
    fetches: Sequence[Fetch], places: Sequence[int], cloud: Source, ground: Ground
) -> Iterator[tuple[int, Event]]:
    """Those at these places, by this thread alone: each call on a file lets another thread in, and to wait for the next
    turn would take longer than the call."""
    asked = []
    for n in places:
        if why := _why_refused(fetches[n]):
            yield n, NotFetched(blob=fetches[n].blob, why=why)
        else:
            asked.append(n)
    with contextlib.closing(cloud.contents([fetches[n].blob for n in asked])) as contents:
        for place, content in contents:
            n = asked[place]
            yield n, _landing_event(fetches[n], partial(_land_whole, fetches[n], content, ground))


def _land_whole(item: Fetch, content: bytes | Exception, ground: Ground) -> str:
    if isinstance(content, Exception):
        raise content
    return land(item, lambda _start: (content,), ground)


def _landing_event(item: Fetch, landing: Callable[[], str]) -> Event:
    try:
        return Fetched(blob=item.blob, path=landing())
    except BatchctlError as error:
        return NotFetched(blob=item.blob, why=str(error))
    except OSError as error:
        return NotFetched(blob=item.blob, why=_why_no_file(error))


def _why_no_file(error: OSError) -> str:
    """Of a draft its folder is named: what keeps all blobs from a folder is told once, not for each of very many."""
    where = error.filename2 or error.filename
    if where is None or not error.strerror:
        return str(error)
    folder, name = os.path.split(where)
    return f"{error.strerror}: {folder if name.startswith('.') and name.endswith('.part') else where}"


def _why_refused(item: Fetch) -> str | None:
    why = why_unsafe(item.blob.path, item.root)
    return f"its name is not safe as a path: {why}" if why else None


def _land(item: Fetch, cloud: Source, ground: Ground) -> str:
    """Where it is then."""
    go_on(ground.stop)
    if why := _why_refused(item):
        raise CannotLandError(why)

    def wanted(chunk: bytes) -> bytes:
        go_on(ground.stop)
        return chunk

    return land(item, lambda start: map(wanted, cloud.read(item.blob, start)), ground)


def _no_room(fetches: Sequence[Fetch]) -> Iterator[str]:
    """Disks that are smaller than what would come (reliability F56, B76)."""
    for root in {fetch.root for fetch in fetches}:
        wanted = sum(fetch.blob.size for fetch in fetches if fetch.root == root)
        standing = next(folder for folder in (root, *root.parents) if folder.exists())
        if wanted > (free := shutil.disk_usage(standing).free):
            yield f"{wanted:,} bytes would come home to {root}, where {free:,} are free"


def folds_names(root: Path) -> bool:
    """Does the disk take names for one that differ in case alone, as those of macOS and Windows do?"""
    standing = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    cased = next((part for part in (standing, *standing.parents) if part.name.swapcase() != part.name), None)
    return cased is not None and os.path.exists(cased.with_name(cased.name.swapcase()))  # noqa: PTH110 - as isfile above


def _own_folders(fetches: Sequence[Fetch]) -> list[Path]:
    """Where the blobs go, as far as that is really below their roots."""
    safe = (item for item in fetches if not why_unsafe(item.blob.path, item.root))
    pairs = {(str(item.root), item.blob.path.rpartition("/")[0]) for item in safe}
    return [Path(root, below) for root, below in sorted(pairs) if not planted_link(Path(root, below), Path(root))]
