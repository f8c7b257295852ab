"""Outputs: is what a task declared there, what comes home and where to, what would be lost. Pure: no disk is asked."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath

from batchctl import frozen
from batchctl.desired import Download
from batchctl.frozen import dataclass
from batchctl.globs import chooser
from batchctl.output_names import BlobNames, blob_names, written_mark
from batchctl.resources import Blob, Resource, Task, id_key
from batchctl.words import some
from batchctl.work import OutputFile

Written = Mapping[str, Sequence[Blob]]
"""Blobs by the id, in lower case, of the task that wrote them."""

IsCopy = Callable[[Blob, Path], bool]
"""Is the file at this path a whole copy of the blob?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One blob that comes home. `root` is the directory that it never leaves.

    `replaces`: a file that differs is there, or, if the blob has no MD5, may differ.
    """

    blob: Blob
    root: Path
    replaces: bool = False

    @property
    def target(self) -> Path:
        return self.root / self.blob.path


class Standing:
    """Blobs that stand where outputs go, sorted out once for very many tasks."""

    def __init__(self, blobs: Iterable[Blob]) -> None:
        self._blobs: dict[str, dict[str, Blob]] = {}
        for blob in blobs:
            self._blobs.setdefault(blob.container, {})[blob.path] = blob
        self._paths = {container: sorted(found) for container, found in self._blobs.items()}
        self._met: dict[BlobNames, list[Blob]] = {}

    def __bool__(self) -> bool:
        return bool(self._blobs)

    def met(self, names: BlobNames) -> list[Blob]:
        """Those that have a name that can be made. Many tasks have the same names."""
        if names.container not in self._blobs:
            return []
        if names not in self._met:
            self._met[names] = list(self._having(names))
        return self._met[names]

    def _having(self, names: BlobNames) -> Iterator[Blob]:
        blobs, paths = self._blobs[names.container], self._paths[names.container]
        for n in range(bisect_left(paths, names.beginning), len(paths)):
            if not paths[n].startswith(names.beginning):
                return
            if names.fits(paths[n]):
                yield blobs[paths[n]]


def newest_runs(held: Iterable[Resource]) -> dict[str, Task]:
    """The run of the highest generation of each task that is held, by id in lower case."""
    newest: dict[str, Task] = {}
    for run in (r for r in held if isinstance(r, Task)):
        key = id_key(run.id)
        if (run.generation or 1) > (newest.setdefault(key, run).generation or 1):
            newest[key] = run
    return newest


def outputs_by_task(outputs: Iterable[Blob]) -> Written:
    """Sorted out once, so that many tasks do not each look at all blobs."""
    written: dict[str, list[Blob]] = {}
    for blob in outputs:
        if blob.task is not None:
            written.setdefault(blob.task.lower(), []).append(blob)
    return written


def missing_outputs(task: Task, written: Written, run: Task | None = None) -> tuple[OutputFile, ...]:
    """The declared outputs of a task of which there is no blob that it wrote for them in this run, which succeeded."""
    if not task.output_files:
        return ()
    blobs = written.get(task.id.lower(), ())
    if run is not None:
        task = frozen.replace(task, digest=run.digest, generation=run.generation)
    return tuple(
        output
        for output in task.output_files
        if not output.optional
        and output.upload_condition.lower() != "taskfailure"
        and not any(_is_of(output, blob, task) for blob in blobs)
    )


def missing_line(output: OutputFile, task: Task, written: Written, *, just_now: bool = False) -> str:
    """A missing output by its name, with what was written in its place.

    Of names that wildcards leave open another task's are told only `just_now`, when both have run.
    """
    names = blob_names(output, task)
    instead = sorted(
        f"{blob.name} was written by task {blob.task!r}"
        for key, blobs in written.items()
        if just_now or names.only or key == task.id.lower()
        for blob in blobs
        if blob.container == names.container and names.fits(blob.path)
    )
    return f"{str(names)!r} is not there" + (f" ({some(instead, 3)})" if instead else "")


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


def not_at_home(downloads: Sequence[Download], blobs: Iterable[Blob], is_copy: IsCopy) -> tuple[Fetch, ...]:
    """What is not at home yet, or differs from what is there; blobs that fight for one file never settle there."""
    fetches = wanted_at_home(downloads, blobs)
    claims = Counter(f.target for f in fetches)
    return tuple(f for f in fetches if claims[f.target] > 1 or not is_at_home(f, is_copy))


def is_at_home(fetch: Fetch, is_copy: IsCopy) -> bool:
    return why_unsafe(fetch.blob.path, fetch.root) is None and is_copy(fetch.blob, fetch.target)


def lost_outputs(
    owner: str, doomed: Iterable[Blob], downloads: Sequence[Download], is_copy: IsCopy
) -> tuple[Blob, ...]:
    """Outputs of ours among the blobs that would go, of which no complete copy is at home."""
    outputs = [b for b in doomed if b.owner == owner and b.task is not None and not b.is_log]
    home = {f.blob.name for f in wanted_at_home(downloads, outputs) if is_at_home(f, is_copy)}
    return tuple(b for b in outputs if b.name not in home)


LONGEST_PART = 255
"""Bytes of a file's name (NAME_MAX of Linux and macOS; Windows counts as many UTF-16 units)."""

NO_FILES = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\..*)?|.*[. ]", re.IGNORECASE)
"""Names that Windows keeps for devices, or makes others of (Learn: Naming Files, Paths, and Namespaces)."""


def why_unsafe(path: str, root: PurePath) -> str | None:
    """Why a blob's name must not become a path below the download's directory (reliability S4, B65, B73)."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "it has an empty, '.' or '..' segment"
    if "\\" in path:
        return "it has a backslash"
    # What can be printed has none; to look at every character of very many names takes longer.
    if not path.isprintable() and any(ord(c) < 0x20 or ord(c) == 0x7F for c in path):
        return "it has a control character"
    # A character has four bytes at most.
    if len(path) * 4 > LONGEST_PART and any(len(part.encode(errors="replace")) > LONGEST_PART for part in parts):
        return f"a segment of it is longer than {LONGEST_PART} bytes"
    if isinstance(root, PureWindowsPath) and (set(path) & set('<>:"|?*') or any(map(NO_FILES.fullmatch, parts))):
        return "no file of Windows can be called so"
    return None


def clashing_fetches(fetches: Iterable[Fetch], *, folded: bool = False) -> tuple[str, ...]:
    """Two blobs that would meet in one file, or a blob that is another one's directory (B57, B74). `folded`: the disk
    takes names for one that differ in case, or in how letters are put together (B58)."""
    targets: dict[str, Fetch] = {}
    folders: dict[str, Fetch] = {}
    found = []
    for fetch in fetches:
        # As texts: to take very many paths apart would cost as much as to bring their blobs home.
        place = f"{fetch.root.as_posix()}/{fetch.blob.path}"
        if folded:
            place = unicodedata.normalize("NFC", place).casefold()
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


def _is_of(output: OutputFile, blob: Blob, task: Task) -> bool:
    """Was this blob, which bears the task's mark, written for that declaration?

    What an older batchctl had written says nothing of declarations: there the name tells.
    """
    if blob.container != output.container:
        return False
    if blob.output is None:
        return blob_names(output, task).fits(blob.path)
    if blob.output == written_mark(output, task):
        return True
    other = next((o for o in task.output_files if o is not output and blob.output == written_mark(o, task)), None)
    # Two declarations may name one file, and it is uploaded twice: the second mark is the one that stays.
    return (
        other is not None and blob_names(output, task).blob_of(blob_names(other, task).file_of(blob.path)) == blob.path
    )
