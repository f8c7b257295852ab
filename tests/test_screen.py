"""The voice on a terminal: what stands above the view, and that nothing of the view stays."""

import io
import sys
from typing import Any

import pytest

from batchctl.cli.options import Options
from batchctl.cli.speaking import can_be_live, voice_for
from batchctl.cloud_answers import Counts
from batchctl.errors import TasksFailed, UsageError
from batchctl.reconcile.carry_out.lookout import Lookout
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.events import Applied, Awaited, Begun, Event, PoolSeen, Progress
from batchctl.reconcile.plan import Action, Change, LaterFactory, Plan
from batchctl.render.live.screen import Screen
from batchctl.render.live.taskbar import shows_progress
from batchctl.render.terminal import Terminal
from tests.clock import FakeClock
from tests.reconcile.build import OWNER, desired, held_job, task
from tests.reconcile.test_follow import IDLE, Scripted

HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
"""What makes a terminal's cursor go and come."""


class Drawn:
    """A screen, and what it has written to its terminal."""

    def __init__(self, **options: bool) -> None:
        self._file = io.StringIO()
        console = Terminal(file=self._file, force_terminal=True, width=80, height=24, highlight=False, markup=False)
        self.screen = Screen(console, console, FakeClock(), **options)

    def told(self, *events: Event) -> str:
        self.screen.target("local", "no Azure account is named")
        self.screen.plan(Plan(owner=OWNER))
        self.screen.agreed()
        for event in events:
            self.screen.event(event)
        return self.text

    @property
    def text(self) -> str:
        return self._file.getvalue()


def applied(kind: str, count: int) -> list[Event]:
    names = tuple(f"n{n}" for n in range(count))
    done = (Applied(verb="create", kind=kind, name=name) for name in names)
    return [Begun(verb="create", kind=kind, names=names), *done]


def test_what_is_done_stands_above_the_view_and_of_many_their_number() -> None:
    drawn = Drawn()
    text = drawn.told(*applied("container", 1), *applied("task", 200), Progress(counts=Counts(succeeded=200)))
    assert "created container n0" in text
    assert "added 200 tasks" in text
    assert "added task n7" not in text
    assert "tasks: 0 waiting, 0 running, 200 succeeded, 0 failed" in text
    drawn.screen.done("apply")
    assert "Apply complete: 201 created." in drawn.text


@pytest.mark.parametrize("ending", ["done", "error", "end"])
def test_however_it_ends_the_terminal_is_as_it_was(ending: str) -> None:
    drawn = Drawn()
    drawn.told(Progress(counts=Counts(running=3)))
    arguments: dict[str, Any] = {"done": ("apply",), "error": (TasksFailed("1 task failed"),)}
    getattr(drawn.screen, ending)(*arguments.get(ending, ()))
    assert drawn.text.count(HIDDEN) == drawn.text.count(SHOWN) > 0
    assert drawn.text.rindex(HIDDEN) < drawn.text.rindex(SHOWN)


@pytest.mark.parametrize(
    ("options", "terminal", "environ", "voice"),
    [
        ({}, True, {}, "live"),
        ({}, False, {}, "lines"),
        ({}, True, {"CI": "true"}, "lines"),
        ({}, True, {"TERM": "dumb"}, "lines"),
        ({"voice": "live"}, True, {"CI": "true", "TERM": "dumb"}, "live"),
        ({"voice": "lines"}, True, {}, "lines"),
        ({"voice": "json"}, True, {}, "json"),
        ({"as_json": True}, True, {}, "json"),
        ({"as_json": True, "voice": "json"}, False, {}, "json"),
    ],
)
def test_what_was_asked_for_counts_more_than_what_is_suggested(
    options: dict[str, Any], terminal: bool, environ: dict[str, str], voice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert voice_for(Options(**options)) == voice
    assert can_be_live(environ) == (terminal and not environ)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"voice": "yaml"}, "-o is one of live, lines, json, not 'yaml'"),
        ({"voice": "lines", "as_json": True}, "--json and -o lines say two things"),
        ({"voice": "live"}, "-o live draws on a terminal, and standard error is none"),
    ],
)
def test_a_voice_that_cannot_be_is_refused(options: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with pytest.raises(UsageError, match=says):
        voice_for(Options(**options))


def looked(lookout: Lookout, cloud: Scripted, times: int = 1) -> list[Event]:
    watch = PoolWatch(job=held_job(), cloud=cloud, clock=FakeClock())
    return [event for _ in range(times) for event in lookout.look([held_job()], Counts(running=1), watch, None)]


def test_a_pool_is_told_when_it_differs_and_asked_for_by_those_who_look_on_alone() -> None:
    cloud = Scripted([Counts(running=1)], [IDLE])
    assert (looked(Lookout(clock=FakeClock()), cloud), cloud.looks) == ([], 0)
    seen = PoolSeen(pool="pool", wanted=0, nodes=(("idle", 1),))
    assert (looked(Lookout(clock=FakeClock(), close=True), cloud, times=5), cloud.looks) == ([seen], 1)


@pytest.mark.parametrize(
    ("plan", "added"),
    [
        (Plan(owner=OWNER, waits=(held_job(),)), 0),
        (Plan(owner=OWNER, waits=(held_job(),), changes=(Change(action=Action.CREATE, after=task("b")),)), 1),
        (Plan(owner=OWNER, waits=(held_job(),), later=(LaterFactory(factory="f", label="f", after="a"),)), None),
    ],
)
def test_the_whole_is_told_only_where_it_is_certain(plan: Plan, added: int | None) -> None:
    wanted = desired(task("a"), task("b"))
    assert list(Lookout(clock=FakeClock()).expect(wanted, plan)) == [Awaited(wanted=2, added=added)]


def test_nothing_is_awaited_where_nothing_runs() -> None:
    assert list(Lookout(clock=FakeClock()).expect(desired(), Plan(owner=OWNER))) == []


@pytest.mark.parametrize(
    ("environ", "knows"),
    [
        ({}, False),
        ({"TERM_PROGRAM": "ghostty"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"WT_SESSION": "c5ac"}, True),
        ({"WT_SESSION": "c5ac", "TMUX": "/x"}, False),
        ({"VTE_VERSION": "8001"}, True),
        ({"VTE_VERSION": "7600"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"ConEmuANSI": "ON"}, True),
    ],
)
def test_a_terminal_that_shows_progress_by_itself_is_known(environ: dict[str, str], knows: bool) -> None:
    assert shows_progress(environ) == knows


def test_the_bar_is_told_how_far_it_is_and_is_left_empty() -> None:
    steps = [Counts(active=4), Counts(running=2, succeeded=2), Counts(running=1, succeeded=2, failed=1)]
    events: list[Event] = [Awaited(wanted=4, added=4), *(Progress(counts=counts) for counts in steps)]
    drawn = Drawn(on_bar=True)
    drawn.told(*applied("blob", 2), *events)
    drawn.screen.done("apply")
    told = [part.partition("\x07")[0] for part in drawn.text.split("\x1b]9;4;")[1:]]
    assert told == ["1;0", "1;50", "1;100", "3;0", "1;0", "1;50", "2;50", "0;0"]
    plain = Drawn()
    plain.told(*events)
    assert "\x1b]9" not in plain.text
