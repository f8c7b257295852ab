"""What happens as lines: few while it goes well, and never none for long."""

import io

import pytest

from batchctl.cloud_answers import Counts
from batchctl.reconcile.events import (
    Awaited,
    Begun,
    Blocked,
    Broken,
    Cause,
    Event,
    Looked,
    PoolSeen,
    Progress,
    TaskFailed,
)
from batchctl.render.failures import task_failure_lines
from batchctl.render.lines import EVERY, Lines, still_line
from batchctl.render.live.seen import Seen, heard
from batchctl.render.terminal import Terminal
from tests.clock import FakeClock
from tests.reconcile.build import failed

NO_SPACE = Cause(why="exit code 4", says="no space", count=1, tasks=("a",), job="j")
BAD_DATA = Cause(why="exit code 3", says="bad data", count=1, tasks=("b",), job="j")
NODE = Broken(node="n1", pool="p", why="starttaskfailed, exit code 100", says="E: no lock")


class Told:
    """A voice of lines, and what it has said."""

    def __init__(self) -> None:
        self._file, self.clock = io.StringIO(), FakeClock()
        console = Terminal(file=self._file, width=80, highlight=False, markup=False)
        self.lines = Lines(console, console, self.clock)

    def after(self, *events: tuple[float, Event]) -> list[str]:
        """What is said of events that come so many seconds after one another."""
        for pause, event in events:
            self.clock.sleep(pause)
            self.lines.event(event)
        return self._file.getvalue().splitlines()


def progress(active: int, running: int, succeeded: int, failed: int = 0) -> Progress:
    return Progress(counts=Counts(active=active, running=running, succeeded=succeeded, failed=failed))


def test_tasks_that_end_are_told_together() -> None:
    steps = [progress(100, 0, 0), *(progress(100 - n, 8, n) for n in range(1, 93)), progress(0, 0, 100)]
    said = Told().after(*((1.0, step) for step in steps))
    assert said == [
        "tasks: 100 waiting, 0 running, 0 succeeded, 0 failed",
        "tasks: 99 waiting, 8 running, 1 succeeded, 0 failed",
        "tasks: 69 waiting, 8 running, 31 succeeded, 0 failed",
        "tasks: 39 waiting, 8 running, 61 succeeded, 0 failed",
        "tasks: 9 waiting, 8 running, 91 succeeded, 0 failed",
        "tasks: 0 waiting, 0 running, 100 succeeded, 0 failed",
    ]


def test_a_new_cause_is_told_at_once_and_more_of_it_together() -> None:
    more = [Cause(why="exit code 4", says="no space", count=n, tasks=("a", "c"), job="j") for n in range(2, 40)]
    said = Told().after(
        (1.0, Looked(causes=(NO_SPACE,))),
        *((1.0, Looked(causes=(cause,))) for cause in more),
        (1.0, Looked(causes=(more[-1], BAD_DATA))),
    )
    assert said == [
        "1 failed: exit code 4: no space (a)",
        "31 failed: exit code 4: no space (a, c, …)",
        "39 failed: exit code 4: no space (a, c, …)",
        "1 failed: exit code 3: bad data (b)",
    ]


def test_what_is_stuck_or_broken_is_told_once() -> None:
    found = Looked(blocked=Blocked(count=2, tasks=("m", "n"), culprit="a"), nodes=(NODE,))
    assert Told().after((0.0, found), (60.0, found)) == [
        "2 tasks wait for a, which failed: nothing starts m, n",
        "node n1 starttaskfailed, exit code 100: E: no lock",
    ]


def test_half_a_minute_of_silence_is_broken() -> None:
    told = Told()
    told.after((0.0, Awaited(wanted=9, added=9)), (0.0, progress(5, 4, 0)))
    for _ in range(3):
        told.clock.sleep(EVERY / 2)
        told.lines.beat()
    assert told.after() == [
        "tasks: 5 waiting, 4 running, 0 succeeded, 0 failed",
        "still 5 waiting, 4 running, 0 succeeded, 0 failed",
    ]


POOL = PoolSeen(pool="p", wanted=2, nodes=(("idle", 1), ("starting", 1)))


@pytest.mark.parametrize(
    ("events", "at", "said"),
    [
        ([], 40.0, ""),
        (
            [(0.0, Begun(verb="create", kind="blob", names=("a", "b", "c")))],
            90.0,
            "still uploading 3 blobs, 0 of 3, for 0:01:30 by now",
        ),
        ([(0.0, Begun(verb="delete", kind="pool", names=("p",)))], 61.0, "still deleting pool p, for 0:01:01 by now"),
        (
            [(0.0, POOL), (0.0, progress(3, 0, 0))],
            40.0,
            "still 3 waiting, 0 running, 0 succeeded, 0 failed; nodes: 1 idle, 1 starting of 2 wanted",
        ),
        (
            [(0.0, Awaited(wanted=200, added=200)), (0.0, progress(200, 0, 0)), (100.0, progress(99, 1, 100))],
            100.0,
            "still 99 waiting, 1 running, 100 succeeded, 0 failed; 1.0/s; 1 min 58 s left (p90)",
        ),
    ],
)
def test_how_it_stands_in_a_line(events: list[tuple[float, Event]], at: float, said: str) -> None:
    seen = Seen()
    for when, event in events:
        seen = heard(seen, event, when)
    assert still_line(seen, at) == said


def test_failures_that_differ_in_numbers_alone_are_told_together() -> None:
    def fails(name: str, said: str) -> TaskFailed:
        return TaskFailed(task=failed(name), why="failed with exit code 3", stderr=(said,))

    told = [fails("a", "bad byte 700"), fails("b", "bad byte 1400"), fails("c", "no space")]
    assert list(task_failure_lines(told)) == [
        "2 tasks (a, b) failed with exit code 3",
        "  [a] bad byte 700",
        "task c failed with exit code 3",
        "  [c] no space",
    ]
