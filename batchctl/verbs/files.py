"""Files of tasks and nodes, listed and brought home: from the node, and from the containers once it is gone."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from threading import Event as Flag
from threading import Semaphore

from batchctl.errors import BatchctlError, NotThere, Partial
from batchctl.frozen import dataclass
from batchctl.globs import chooser
from batchctl.reconcile.carry_out import fetch
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.events import Event, NotFetched
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Blob
from batchctl.sights import FileSight, Place
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.verbs.logs import not_begun, why_lost
from batchctl.words import plural

CHUNK = 4 << 20
"""Bytes that are asked for at once."""

AT_ONCE = 8
"""Requests for files on nodes that are under way: each goes through the service to a node that works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file of `owner`, a task or a node. `blob`: the file as what comes home; `place` and `name`: where a node has
    it, None where a container does."""

    owner: str
    blob: Blob
    place: Place | None = None
    name: str = ""

    @property
    def source(self) -> str:
        return "node" if self.place else self.blob.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files that were found. `owners`: of how many tasks or nodes; `lost`: whose cannot be read, and why."""

    found: tuple[Held, ...]
    owners: int
    lost: tuple[str, ...] = ()


def files_of(spec: Spec, cloud: Cloud, eyes: Eyes, asked: str, patterns: Sequence[str] = ()) -> Files:
    """The files of the directories that meet `asked`; those alone that meet a pattern.

    Raises NotThere where there is no such task or node, and where no file of them can be had.
    """
    asked_for = look.directories(spec, eyes, asked)
    there = {place: eyes.files(place) for place in dict.fromkeys(each.place for each in asked_for)}
    gone = {each.place: each for each in asked_for if there[each.place] is None}
    tasks = {place.id.lower(): each.label for place, each in gone.items() if place.is_task}
    kept = look.written(spec, cloud) if tasks else ()
    on_nodes = [held for each in asked_for for held in _on_node(each, there[each.place] or ())]
    in_containers = [Held(owner=tasks[who], blob=b) for b in kept if (who := (b.task or "").lower()) in tasks]
    known = {held.owner for held in in_containers}
    unread = [place for place, each in gone.items() if each.label not in known]
    lost = tuple(why_lost(unread, not_begun(unread, spec, eyes), kept=spec.logs is not None))
    if len(unread) == len(there):
        raise NotThere("; ".join(lost))
    chosen = chooser(patterns, ())
    found = (held for held in (*on_nodes, *in_containers) if chosen(held.blob.path) or chosen(held.blob.name))
    return Files(found=tuple(found), owners=len(asked_for), lost=lost)


def _on_node(asked: look.Directory, files: Sequence[FileSight]) -> Iterator[Held]:
    # No container has a slash in its name: files of nodes and blobs never bear the same.
    container = f"{asked.place.above}/{asked.place.id}/{asked.folder}".rstrip("/")
    for file in files:
        if file.path.startswith(asked.folder):
            path = file.path.removeprefix(asked.folder)
            blob = Blob(container=container, path=path, size=file.size, modified=file.modified)
            yield Held(owner=asked.label, blob=blob, place=asked.place, name=file.name)


def landings(files: Files, to: Path) -> tuple[Fetch, ...]:
    """What is not at home yet, and what of it would replace a file that differs. Below `to`, in a directory for each
    where there are several tasks or nodes."""
    every = (Fetch(blob=held.blob, root=to / held.owner if files.owners > 1 else to) for held in files.found)
    return fetch.with_replaced_files(item for item in every if not fetch.is_copy(item.blob, item.target))


def get(files: Files, due: Sequence[Fetch], cloud: Cloud, eyes: Eyes) -> Generator[Event, None, None]:
    """Bring them home. Raises CannotLandError if some of them could not be."""
    stranded, on_nodes = 0, {held.blob.name: held for held in files.found if held.place}
    for event in fetch.fetch(due, Reader(cloud=cloud, eyes=eyes, on_nodes=on_nodes)):
        stranded += isinstance(event, NotFetched)
        yield event
    if stranded:
        raise CannotLandError(f"{plural(stranded, 'file')} could not be brought home; the reasons are above")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Content from nodes, of the files that are on them, and from containers."""

    cloud: Cloud
    eyes: Eyes
    on_nodes: Mapping[str, Held]
    turns: Semaphore = field(default_factory=lambda: Semaphore(AT_ONCE))
    halted: Flag = field(default_factory=Flag)

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        held = self.on_nodes.get(blob.name)
        return self._read_on_node(held, start) if held else self.cloud.read(blob, start)

    def contents(self, blobs: Sequence[Blob]) -> Generator[tuple[int, bytes | Exception], None, None]:
        here = [n for n, blob in enumerate(blobs) if blob.name in self.on_nodes]
        there = [n for n, blob in enumerate(blobs) if blob.name not in self.on_nodes]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # No more at a time than are asked for at once: what has come is held until it is taken.
            for some in (here[k : k + AT_ONCE] for k in range(0, len(here), AT_ONCE)):
                yield from zip(some, pool.map(self._whole, (blobs[n] for n in some)), strict=True)
        if there:
            yield from ((there[n], content) for n, content in self.cloud.contents([blobs[n] for n in there]))

    def _whole(self, blob: Blob) -> bytes | Exception:
        try:
            return b"".join(self.read(blob))
        except (BatchctlError, OSError) as error:
            return error

    def _read_on_node(self, held: Held, start: int) -> Iterator[bytes]:
        """As far as it went when it was listed: a task may be writing on."""
        while held.place and start < held.blob.size:
            with self.turns:
                if self.halted.is_set():
                    raise Partial("interrupted")
                content = self.eyes.part(held.place, held.name, start, min(held.blob.size, start + CHUNK))
            if not content:
                return
            start += len(content)
            yield content

    def halt(self) -> None:
        self.halted.set()
        self.cloud.halt()
