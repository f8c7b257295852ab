"""Streams that are read and followed: nothing twice, nothing left out, and nothing that a reader would obey."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchctl.cloud_answers import COMING
from batchctl.render.log_lines import LineReader, harmless_line
from batchctl.resources import Blob
from batchctl.sights import FileState, NodeSight, Place, TaskSight
from batchctl.spec.load import load
from batchctl.verbs.logs import Stream, follow_logs, kept_stream, read_logs, why_lost
from batchctl.words import plain_lines
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud

STREAM = Stream(label="a", place=Place(above="j", id="a"), name="stdout.txt")


class Growing:
    """A stream that is another one at each look: (when it was made, what is in it); the task ends with the last."""

    def __init__(self, looks: Sequence[tuple[str, bytes] | None]) -> None:
        self._looks, self._at, self.asked = list(looks), -1, 0

    def _now(self) -> tuple[str, bytes] | None:
        return self._looks[min(max(self._at, 0), len(self._looks) - 1)]

    def run(self, place: Place) -> TaskSight | None:
        self._at += 1
        state = "completed" if self._at >= len(self._looks) - 1 else "running"
        return TaskSight(job=place.above, generation=1, id=place.id, state=state)

    def file(self, _place: Place, _name: str) -> FileState | None:
        found = self._now()
        return FileState(size=len(found[1]), made=found[0]) if found else None

    def part(self, _place: Place, _name: str, start: int, end: int) -> bytes:
        self.asked += end - start
        found = self._now()
        return found[1][start:end] if found else b""


def nothing(_stream: Stream) -> Blob | None:
    """Nothing is kept."""
    return None


def followed(eyes: Any) -> list[bytes | None]:
    """What was heard; None where it begins anew."""
    heard = follow_logs([STREAM], eyes, FakeCloud(), FakeClock(), nothing)
    return [None if part.anew else part.content for part in heard if not part.last]


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8))
def test_a_stream_that_grows_is_told_once(grown: list[bytes]) -> None:
    looks = [("1", b"".join(grown[: n + 1])) for n in range(len(grown))]
    eyes = Growing(looks)
    assert b"".join(part or b"" for part in followed(eyes)) == b"".join(grown)
    assert eyes.asked == len(b"".join(grown))


class OfNode(Growing):
    """A stream of the start task of a node, which is in this state until the last look."""

    def __init__(self, looks: Sequence[tuple[str, bytes] | None], state: str) -> None:
        super().__init__(looks)
        self._state = state

    def nodes(self, _pool: str) -> tuple[NodeSight, ...]:
        self._at += 1
        return (NodeSight(id="n", state="idle" if self._at >= len(self._looks) - 1 else self._state),)


@pytest.mark.parametrize("state", sorted(COMING))
def test_a_start_task_is_followed_until_its_node_is_there(state: str) -> None:
    stream = Stream(label="n", place=Place(above="p", id="n", is_task=False), name="startup/stdout.txt")
    eyes = OfNode([("1", b"one\n"), ("1", b"one\ntwo\n"), ("1", b"one\ntwo\nthree\n")], state)
    heard = b"".join(part.content for part in follow_logs([stream], eyes, FakeCloud(), FakeClock(), nothing))  # type: ignore[arg-type]  # as far as it is asked
    assert heard == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("second", ["2", "1"])
def test_another_try_is_read_from_its_start(second: str) -> None:
    looks = [("1", b"first try, long"), (second, b"second"), (second, b"second, and more")]
    assert followed(Growing(looks)) == [b"first try, long", None, b"second", b", and more"]


def test_a_longer_second_try_is_told_by_when_it_was_made() -> None:
    assert followed(Growing([("1", b"one"), ("2", b"two, longer")])) == [b"one", None, b"two, longer"]


def test_a_stream_that_is_not_there_yet_and_one_that_goes() -> None:
    assert followed(Growing([None, None, ("1", b"a"), None])) == [b"a"]


def test_reading_takes_what_is_there_in_parts() -> None:
    content = bytes(range(256)) * 5000
    eyes: Any = Growing([("1", content)])
    parts = list(read_logs([STREAM], eyes, FakeCloud(), nothing))
    assert [part.last for part in parts] == [False, False, True]
    assert b"".join(part.content for part in parts) == content


class Leaving(Growing):
    """A node that leaves: what it has, and how many looks at the file and its parts it answers."""

    def __init__(self, content: bytes, answers: int) -> None:
        super().__init__([("1", content)])
        self._answers = answers

    def _now(self) -> tuple[str, bytes] | None:
        self._answers -= 1
        return super()._now() if self._answers >= 0 else None


@pytest.mark.parametrize("answers", range(4))
@pytest.mark.parametrize("follow", [False, True])
def test_what_a_node_took_along_is_read_where_it_is_kept(answers: int, follow: bool) -> None:
    content = bytes(range(256)) * 5000
    cloud, blob = FakeCloud(), Blob(container="logs", path="a/stdout.txt", size=len(content))
    cloud.stored["logs", "a/stdout.txt"] = blob, content
    eyes: Any = Leaving(content, answers)
    streams = [STREAM], eyes, cloud
    heard = follow_logs(*streams, FakeClock(), lambda _: blob) if follow else read_logs(*streams, lambda _: blob)
    assert b"".join(part.content for part in heard) == content


def test_where_a_stream_is_kept_is_looked_for_anew() -> None:
    """Of tasks that are followed one ends after the other, and each is kept when it has ended."""
    spec, cloud = load(Path("specs/hello.yaml"), {}, {}), FakeCloud()
    found = partial(kept_stream, spec, cloud)
    assert found(STREAM) is None
    blob = Blob(container="hello-logs", path="a/stdout.txt", owner="hello", task="a", is_log=True)
    cloud.containers["hello-logs"], cloud.stored["hello-logs", "a/stdout.txt"] = "hello", (blob, b"")
    assert found(STREAM) == blob


def test_why_streams_cannot_be_read_is_told_once_for_each_reason() -> None:
    tasks = [Place(above="j", id=task) for task in ("a", "b", "c", "d", "d")]
    assert list(why_lost(tasks, {"a": "waiting", "b": "waiting", "c": "preparing"}, kept=False)) == [
        "a, b have written nothing yet: they are waiting",
        "c has written nothing yet: it is preparing",
        "nobody can read what d wrote any more: its node or its files are gone; "
        "without 'logs: false' in the spec it would be kept",
    ]
    assert list(why_lost(tasks[3:], {}, kept=True)) == [
        "nobody can read what d wrote any more: its node or its files are gone"
    ]


def test_a_node_that_comes_up_has_lost_nothing() -> None:
    node = Place(above="p", id="n1", is_task=False)
    assert list(why_lost([node], {"n1": "creating"}, kept=False)) == ["n1 has written nothing yet: it is creating"]
    assert list(why_lost([node], {}, kept=False)) == [
        "nobody can read what n1 wrote any more: its node or its files are gone",
    ]


def cut(content: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    edges = [0, *sorted(min(c, len(content)) for c in cuts), len(content)]
    return (content[a:b] for a, b in pairwise(edges))


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", "ü".encode(), b"\xff", b"\t"])), st.lists(st.integers(0, 40))
)
def test_lines_are_the_same_however_the_bytes_come(pieces: list[bytes], cuts: list[int]) -> None:
    content = b"".join(pieces)
    once, reader = list(LineReader().lines(content, last=True)), LineReader()
    told = [line for part in cut(content, cuts) for line in reader.lines(part)]
    assert [*told, *reader.lines(b"", last=True)] == once
    assert not any(end in line for line in once for end in "\r\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::set-output name=a::b", r"\u003a:set-output name=a::b"),
        ("  ::warning::x", r"  \u003a:warning::x"),
        ("a ::b", "a ::b"),
        (":one", ":one"),
        ("##[error]x", r"\u0023#[error]x"),
        ("text ##vso[task.x]y", r"text \u0023#vso[task.x]y"),
        ("## title", "## title"),
        ("\x1b[31mred\x1b[0m\x1b[2K", "red"),
        ("\x1b[?25lhidden\x1b[?1049h\x1b[38:5:1m", "hidden"),
        ("\x1b]0;title\x07", "\x1b]0;title\x07"),
    ],
)
def test_no_line_is_a_command_to_a_ci_system(line: str, shown: str) -> None:
    assert harmless_line(line) == shown


def test_the_end_of_what_a_task_wrote_has_no_colours() -> None:
    assert plain_lines(b"\xff\x1b[1;31merror\x1b[0m: x\r\n 1%\r 2%\n") == ("\ufffderror: x", " 1%", " 2%")
