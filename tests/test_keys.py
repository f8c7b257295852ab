"""The keys of the live view: what each does, and that the terminal is given back."""

import io
import os
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from batchctl.errors import CloudError
from batchctl.reconcile.events import Awaited, Cause, Looked, Progress
from batchctl.render.live.keys import Keys
from batchctl.render.live.log_view import OpenLog, after_key, keys_row, log_rows
from batchctl.render.live.seen import Log
from batchctl.render.live.view import View
from batchctl.render.terminal import Terminal
from batchctl.sights import Place
from tests.clock import FakeClock
from tests.test_live import MATTERS, progress

LOGS = tuple(Log(mark=("task", name), place=Place(above="j", id=name)) for name in ("a", "b\x1b[2J"))


@pytest.mark.parametrize(
    ("shown", "typed", "after"),
    [
        (OpenLog(), "1", OpenLog(key=1)),
        (OpenLog(key=1, lines=("x",)), "2", OpenLog(key=2)),
        (OpenLog(key=2), "2", OpenLog()),
        (OpenLog(key=2, follows=True), "q", OpenLog()),
        (OpenLog(key=2), "\x1b", OpenLog()),
        (OpenLog(), "3", OpenLog()),
        (OpenLog(), "0", OpenLog()),
        (OpenLog(), "²", OpenLog()),
        (OpenLog(), "x", OpenLog()),
        (OpenLog(), "f", OpenLog(key=1, follows=True)),
        (OpenLog(key=2, lines=("x",)), "f", OpenLog(key=2, follows=True, lines=("x",))),
        (OpenLog(key=2, follows=True), "f", OpenLog(key=2)),
    ],
)
def test_what_is_open_after_a_key(shown: OpenLog, typed: str, after: OpenLog) -> None:
    assert after_key(shown, typed, LOGS) == after


FAILED = (Log(mark=("cause", "j", "a"), place=Place(above="j", id="a")),)


def test_those_that_failed_alike_run_again_when_it_is_said_twice() -> None:
    asked = after_key(OpenLog(key=1, lines=("x",)), "r", FAILED)
    assert asked == OpenLog(key=1, lines=("x",), asks=True)
    assert after_key(asked, "r", FAILED) == OpenLog()
    assert after_key(asked, "x", FAILED) == OpenLog(key=1, lines=("x",))
    assert after_key(OpenLog(), "r", FAILED) == OpenLog(), "of nothing that is open"
    assert after_key(OpenLog(key=1), "r", LOGS) == OpenLog(key=1), "a task that is slow has not failed"


def test_no_key_opens_what_is_not_there() -> None:
    assert after_key(OpenLog(), "1", ()) == after_key(OpenLog(), "f", ()) == OpenLog()


def log_text(shown: OpenLog, height: int = 4) -> list[str]:
    return [row.text for row in log_rows(shown, LOGS, height)]


def test_the_end_of_a_log_has_the_room_that_is_left() -> None:
    lines = tuple(f"line {n}\tx\x1b[2J" for n in range(9))
    assert log_text(OpenLog(key=2, follows=True, lines=lines)) == [
        "[2]    b\\u001b[2J: the end of what it wrote, followed",
        *(f"       line {n}  x\\u001b[2J" for n in (6, 7, 8)),
    ]
    assert log_text(OpenLog(key=1))[1:] == ["       reading …"]
    assert log_text(OpenLog(key=1, lines=()))[1:] == [
        "       nothing that can be read: it wrote nothing, or its files are gone"
    ]


@pytest.mark.parametrize(
    ("shown", "logs", "can_read", "said"),
    [
        (OpenLog(), LOGS, True, "1-2 log   f follow   d detach, as Ctrl-C"),
        (OpenLog(key=1, follows=True), LOGS[:1], True, "1 log   f stop following   q close   d detach, as Ctrl-C"),
        (OpenLog(key=1), FAILED, True, "1 log   f follow   r retry these   q close   d detach, as Ctrl-C"),
        (
            OpenLog(key=1, asks=True),
            FAILED,
            True,
            "r once more lets all that failed so run again, any other key does not",
        ),
        (OpenLog(), (), True, "d detach, as Ctrl-C"),
        (OpenLog(), LOGS, False, "d detach, as Ctrl-C"),
    ],
)
def test_the_keys_that_do_something_are_told(shown: OpenLog, logs: Sequence[Log], can_read: bool, said: str) -> None:
    assert keys_row(shown, logs, can_read=can_read).text.strip() == said


@dataclass
class Reader:
    """Gives these lines, or fails; `asked`: whose."""

    lines: tuple[str, ...] = ("the end",)
    fails: bool = False
    asked: list[Place] = field(default_factory=list)

    def __call__(self, place: Place) -> Sequence[str]:
        self.asked.append(place)
        if self.fails:
            raise CloudError("busy")
        return self.lines


def view_of(reader: Reader, clock: FakeClock | None = None) -> View:
    view = View(Terminal(file=io.StringIO(), force_terminal=True, width=80, height=24), clock or FakeClock(), str)
    view.read = reader
    view.hear(progress(running=3))
    view.hear(MATTERS)
    return view


def text_of(view: View) -> str:
    return "\n".join(row.text for row in view.rows(80, 24))


def test_a_key_shows_a_log_and_the_same_closes_it() -> None:
    view = view_of(reader := Reader())
    view.pressed("2")
    assert reader.asked == [Place(above="j", id="enc-3")]
    assert "[2]    enc-3: the end of what it wrote\n       the end\n       1-4 log" in text_of(view)
    view.pressed("2")
    assert "12 tasks wait" in text_of(view)


def test_a_log_that_cannot_be_read_says_why() -> None:
    view = view_of(Reader(fails=True))
    view.pressed("1")
    assert "       busy" in text_of(view)


def test_what_is_followed_is_read_again_and_nothing_else() -> None:
    clock = FakeClock()
    view = view_of(reader := Reader(), clock)
    view.pressed("1")
    clock.sleep(9)
    view.idle()
    assert len(reader.asked) == 1
    view.pressed("f")
    view.idle()
    view.idle()
    assert len(reader.asked) == 2, "and not again at once"


def test_a_group_is_tried_again_only_when_it_was_asked_for_twice() -> None:
    view, tried = view_of(Reader()), list[Place]()
    view.retry = tried.append
    for typed in "2rx2":
        view.pressed(typed)
    assert tried == []
    for typed in "2rr":
        view.pressed(typed)
    assert tried == [Place(above="j", id="enc-3")]


def test_why_nothing_is_tried_again_is_told() -> None:
    def refused(_place: Place) -> None:
        raise CloudError("its job has ended")

    view = view_of(Reader())
    view.retry = refused
    for typed in "2rr":
        view.pressed(typed)
    assert "its job has ended" in text_of(view)


def test_a_log_stays_open_when_more_comes() -> None:
    view = view_of(Reader())
    view.pressed("1")
    more = Cause(why="exit code 9", says="", count=1, tasks=("z",), job="j")
    view.hear(Looked(causes=(more,)))
    view.hear(Progress(counts=progress(running=1).counts))
    assert "[1]    enc-1: the end of what it wrote" in text_of(view)


def test_no_key_is_heard_before_tasks_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[Keys]()
    monkeypatch.setattr(Keys, "start", lambda keys: started.append(keys))
    view = view_of(Reader())
    view.hear(Awaited(wanted=3))
    view.show("reading what is there")
    assert started == [], "what is typed now may be an answer"
    view.hear(Awaited(wanted=3))
    assert len(started) == 1
    view.hide()


HEARS = """
import os, sys, threading
from batchctl.render.live.keys import Keys
os.open(os.ttyname(0), os.O_RDWR)  # the first terminal that a session opens is its own
heard = threading.Event()
def pressed(typed):
    os.write(1, b"heard " + typed.encode())
    heard.set()
keys = Keys(pressed, lambda: None)
keys.start()
os.write(1, b"ready ")
heard.wait(20)
keys.stop()
"""


def test_a_key_is_heard_at_once_and_the_terminal_is_given_back() -> None:
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    words = [sys.executable, "-c", HEARS]
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout
        assert child.stdout.read(6) == b"ready "
        during = termios.tcgetattr(theirs)
        os.write(ours, b"7")
        assert child.stdout.read() == b"heard 7"
    assert child.returncode == 0
    assert not during[3] & (termios.ECHO | termios.ICANON)
    assert during[3] & termios.ISIG, "Ctrl-C means what it does"
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_without_a_terminal_no_key_is_heard_and_nothing_breaks() -> None:
    words = [sys.executable, "-c", HEARS.replace("os.open(", "(").replace("heard.wait(20)", "")]
    words[2] = words[2].replace("(os.ttyname(0), os.O_RDWR)", "")
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready ", b"")
