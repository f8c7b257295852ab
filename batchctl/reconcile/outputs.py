"""Which blobs come home, where to, and which would be lost. Pure: what is on the disk is handed in."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from batchctl.desired import Download
from batchctl.globs import chooser
from batchctl.resources import Blob

IsCopy = Callable[[Blob, Path], bool]
"""Is the file at this path a whole copy of the blob?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One blob that comes home. `root` is the directory that it never leaves.

    `replaces`: a file that differs is there.
    """

    blob: Blob
    root: Path
    replaces: bool = False

    @property
    def target(self) -> Path:
        return self.root / self.blob.path


def wanted_at_home(downloads: Sequence[Download], blobs: Iterable[Blob]) -> tuple[Fetch, ...]:
    """Every blob that a download names, once for each place."""
    listed = tuple(blobs)
    fetches = {
        (blob.name, download.to): Fetch(blob=blob, root=download.to)
        for download, chosen in [(d, chooser(d.include, d.exclude)) for d in downloads]
        for blob in listed
        if blob.container == download.container and chosen(blob.path)
    }
    return tuple(sorted(fetches.values(), key=lambda f: (str(f.root), f.blob.path)))


def pending(downloads: Sequence[Download], blobs: Iterable[Blob], is_copy: IsCopy) -> tuple[Fetch, ...]:
    """What is not at home yet, or differs from what is there; blobs that fight for one file never settle there."""
    fetches = wanted_at_home(downloads, blobs)
    claims = Counter(f.target for f in fetches)
    return tuple(f for f in fetches if claims[f.target] > 1 or not is_home(f, is_copy))


def is_home(fetch: Fetch, is_copy: IsCopy) -> bool:
    return unsafe(fetch.blob.path) is None and is_copy(fetch.blob, fetch.target)


def lost(owner: str, doomed: Iterable[Blob], downloads: Sequence[Download], is_copy: IsCopy) -> tuple[Blob, ...]:
    """Outputs of ours among the blobs that would go, of which no complete copy is at home."""
    outputs = [b for b in doomed if b.owner == owner and b.task is not None]
    home = {f.blob.name for f in wanted_at_home(downloads, outputs) if is_home(f, is_copy)}
    return tuple(b for b in outputs if b.name not in home)


def unsafe(path: str) -> str | None:
    """Why a blob's name must not become a path below the download's directory (reliability S4, B65, B73)."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "it has an empty, '.' or '..' segment"
    if "\\" in path or (len(path) > 1 and path[1] == ":"):
        return "it has a backslash or a drive"
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in path):
        return "it has a control character"
    return None


def clashes(fetches: Iterable[Fetch]) -> tuple[str, ...]:
    """Two blobs that would meet in one file, or a blob that is another one's directory (B57, B74)."""
    targets: dict[str, Fetch] = {}
    folders: dict[str, Fetch] = {}
    found = []
    for fetch in fetches:
        # As texts: to take very many paths apart would cost as much as to bring their blobs home.
        place = f"{fetch.root.as_posix()}/{fetch.blob.path}"
        if other := targets.get(place):
            found.append(f"{other.blob.name} and {fetch.blob.name} would both become {fetch.target}")
        targets[place] = fetch
        folder = place.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = fetch
            folder = folder.rpartition("/")[0]
    found += [
        f"{fetch.blob.name} and {below.blob.name} cannot both be files below {below.root}"
        for place, fetch in targets.items()
        if (below := folders.get(place))
    ]
    return tuple(found)
