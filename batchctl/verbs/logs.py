"""What tasks and start tasks wrote to their standard streams: from the node, and from the container once it is gone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from batchctl.clock import Clock
from batchctl.cloud_answers import COMING
from batchctl.errors import NotThere
from batchctl.frozen import dataclass
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Blob
from batchctl.sights import Place
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.words import some

CHUNK = 1 << 20
"""Bytes that are asked for at once."""

SHORTEST, LONGEST = 0.5, 5.0
"""Seconds between two looks at a stream that is followed."""

STREAMS = {"stdout": "stdout.txt", "stderr": "stderr.txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One standard stream. `label` tells it from the others that are shown with it; `blob`: where it is kept;
    `task`: of which it is a subtask's."""

    label: str
    place: Place
    name: str
    blob: Blob | None = None
    task: Place | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Some bytes of a stream, in their order; `anew`: another try begins, `last`: no more will come."""

    stream: Stream
    content: bytes = b""
    anew: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The streams that can be read; `lost`: why others cannot, a sentence for each reason."""

    streams: tuple[Stream, ...] = ()
    lost: tuple[str, ...] = ()


def streams_of(spec: Spec, eyes: Eyes, cloud: Cloud, wanted: Sequence[str], names: Sequence[str]) -> Found:
    """The streams (`names` of STREAMS) of the tasks that meet a pattern, of the start tasks of `node.PATTERN`, or of
    what else `look.directories` takes.

    Raises NotThere where nothing meets one of them, and where none can be read.
    """
    found = [
        Stream(
            label=_label(each.label, name, names),
            place=each.place,
            name=f"{each.folder or ('' if each.place.is_task else 'startup/')}{STREAMS[name]}",
            task=each.task,
        )
        for asked in wanted
        for each in look.directories(spec, eyes, asked)
        for name in names
    ]
    return with_blobs(found, spec, eyes, cloud)


def _label(owner: str, name: str, names: Sequence[str]) -> str:
    return owner if len(names) == 1 else f"{owner} {name}"


def with_blobs(found: Sequence[Stream], spec: Spec, eyes: Eyes, cloud: Cloud) -> Found:
    """Those that no node has any more, with the blob in which they were kept. Raises NotThere if none can be read."""
    gone = {stream for stream in found if eyes.file(stream.place, stream.name) is None}
    kept = look.streams_kept(look.written(spec, cloud)) if any(stream.place.is_task for stream in gone) else {}
    there = [replace(s, blob=kept.get(_kept_as(s))) if s in gone else s for s in found]
    readable = tuple(stream for stream in there if stream not in gone or stream.blob)
    missing = [s.place for s in there if s not in readable]
    waiting = not_begun([s.place for s in gone], spec, eyes)
    lost = tuple(why_lost(missing, waiting, kept=spec.logs is not None))
    if not readable:
        raise NotThere("; ".join(lost))
    return Found(streams=readable, lost=lost)


Kept = Callable[[Stream], Blob | None]
"""The blob in which a stream is kept by now, if it is."""


def kept_stream(spec: Spec, cloud: Cloud, stream: Stream) -> Blob | None:
    """Looked for each time: what another task wrote may have been kept since."""
    return look.streams_kept(look.written(spec, cloud)).get(_kept_as(stream)) if stream.place.is_task else None


def _kept_as(stream: Stream) -> tuple[str, str]:
    """How `look.streams_kept` calls it."""
    return stream.place.id.lower(), stream.name


def not_begun(places: Sequence[Place], spec: Spec, eyes: Eyes) -> dict[str, str]:
    """By the ids of tasks and nodes that have not come to write anything: what they do instead."""
    tasks = look.tasks(spec, eyes) if any(place.is_task for place in places) else ()
    pools = {place.above for place in places if not place.is_task}
    nodes = [node for pool in sorted(pools) for node in eyes.nodes(pool)]
    return {run.id: run.status for run in tasks if run.started is None} | {
        node.id: node.state for node in nodes if node.state in COMING
    }


def why_lost(places: Sequence[Place], not_begun: Mapping[str, str], *, kept: bool) -> Iterator[str]:
    """Why the streams of these cannot be read, alike ones together; `kept`: the spec keeps those of tasks."""
    alike: dict[str | None, list[str]] = {}
    for place in dict.fromkeys(places):
        alike.setdefault(not_begun.get(place.id), []).append(place.id)
    for state, ids in alike.items():
        one = len(ids) == 1
        if state:
            has = "has written nothing yet: it is" if one else "have written nothing yet: they are"
            yield f"{some(ids)} {has} {state}"
        else:
            gone = "its node or its files are gone" if one else "their nodes or their files are gone"
            remedy = "" if kept else "; without 'logs: false' in the spec it would be kept"
            of_tasks = all(place.is_task for place in places)
            yield f"nobody can read what {some(ids)} wrote any more: {gone}{remedy if of_tasks else ''}"


def read_logs(streams: Sequence[Stream], eyes: Eyes, cloud: Cloud, kept: Kept) -> Iterator[Heard]:
    """All that they hold now, one after the other."""
    for stream in streams:
        if stream.blob is None:
            tail, heard = Tail(stream).grown(eyes)
            yield from heard
            yield from _rest(tail, eyes, cloud, kept)
        else:
            yield from (Heard(stream, content) for content in cloud.read(stream.blob))
        yield Heard(stream, last=True)


def follow_logs(streams: Sequence[Stream], eyes: Eyes, cloud: Cloud, clock: Clock, kept: Kept) -> Iterator[Heard]:
    """All that they hold, and what comes, until all of their tasks have ended: nothing twice, and nothing left out."""
    yield from read_logs([stream for stream in streams if stream.blob], eyes, cloud, kept)
    live = {stream: Tail(stream) for stream in streams if not stream.blob}
    pause = SHORTEST
    while live:
        # Asked before the last look at the file: what a task writes before it ends is there by then.
        over = {stream for stream in live if _is_over(stream, eyes)}
        moved = False
        for stream in list(live):
            live[stream], heard = live[stream].grown(eyes)
            moved = moved or bool(heard)
            yield from heard
            if stream in over:
                yield from _rest(live[stream], eyes, cloud, kept)
                yield Heard(stream, last=True)
                del live[stream]
        pause = SHORTEST if moved else min(LONGEST, pause * 1.5)
        if live:
            clock.sleep(pause)


@dataclass(frozen=True, slots=True)
class Tail:
    """How far a stream was read, and of which file of its name that was."""

    stream: Stream
    at: int = 0
    made: str = ""

    def grown(self, eyes: Eyes) -> "tuple[Tail, list[Heard]]":
        """What came since. A file that is another one, or shorter, is that of another try, and read from its start."""
        state = eyes.file(self.stream.place, self.stream.name)
        if state is None:
            return self, []
        anew = bool(self.made) and (state.made != self.made or state.size < self.at)
        parts = list(_parts(self.stream, eyes, 0 if anew else self.at, state.size))
        read = sum(len(part.content) for part in parts)
        begun = 0 if anew else self.at
        if anew:
            parts = [Heard(self.stream, anew=True), *parts]
        return Tail(self.stream, begun + read, state.made), parts


def _rest(tail: Tail, eyes: Eyes, cloud: Cloud, kept: Kept) -> Iterator[Heard]:
    """What is not read yet of a stream whose node left since it was last looked at, of where it is kept."""
    stream = tail.stream
    if eyes.file(stream.place, stream.name) is None and (blob := kept(stream)) and blob.size > tail.at:
        yield from (Heard(stream, content) for content in cloud.read(blob, tail.at))


def _parts(stream: Stream, eyes: Eyes, start: int, end: int) -> Iterator[Heard]:
    """Up to `end`, or to where it ends by now."""
    while start < end:
        content = eyes.part(stream.place, stream.name, start, min(end, start + CHUNK))
        if not content:
            return
        start += len(content)
        yield Heard(stream, content)


def _is_over(stream: Stream, eyes: Eyes) -> bool:
    if task := stream.task or (stream.place if stream.place.is_task else None):
        run = eyes.run(task)
        return run is None or run.state == "completed"
    node = next((node for node in eyes.nodes(stream.place.above) if node.id == stream.place.id), None)
    return node is None or node.state not in COMING
