"""Lists that are shown again while a run goes on."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from batchctl.cli import again
from batchctl.cli.again import Shown, show
from batchctl.sights import JobSight
from tests.clock import FakeClock

JOB = JobSight(id="j", generation=1, state="active", pool="p")


@dataclass
class Run:
    """A run whose list says these, look by look, and which is over after so many."""

    says: list[str]
    over_after: int
    looks: int = 0
    eyes: Any = field(init=False)

    def __post_init__(self) -> None:
        self.eyes = SimpleNamespace(generations=self.generations)

    def generations(self, _owner: str) -> tuple[JobSight, ...]:
        return (replace(JOB, state="active" if self.looks <= self.over_after else "completed"),)

    def look(self) -> Shown:
        said = self.says[min(self.looks, len(self.says) - 1)]
        self.looks += 1
        return Shown(text=f"{said} at {self.looks}\n", means=said)

    def shown(self, *, watch: bool = True) -> FakeClock:
        clock = FakeClock()
        opened: Any = SimpleNamespace(cloud=self, spec=SimpleNamespace(name="a"))
        show(self.look, opened, clock, again=watch)
        return clock


def test_once_is_once(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(["one"], over_after=9)
    run.shown(watch=False)
    assert (capsys.readouterr().out, run.looks) == ("one at 1\n", 1)


def test_a_log_is_told_what_changed_until_nothing_does(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(["one", "one", "two", "three"], over_after=2)
    clock = run.shown()
    assert capsys.readouterr().out == "one at 1\n\ntwo at 3\n\nthree at 4\n"
    # One look more: what is over may yet change, as nodes do that go.
    assert (run.looks, clock.slept) == (5, [3.0] * 4)


def test_it_goes_on_while_a_job_does(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(["one"], over_after=6)
    run.shown()
    assert (capsys.readouterr().out, run.looks) == ("one at 1\n", 7)


def test_a_screen_is_drawn_over(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "_is_screen", lambda: True)
    monkeypatch.setattr(again.shutil, "get_terminal_size", lambda: (8, 4))
    Run(["one\ntwo and more\nthree\nfour", "five"], over_after=0).shown()
    first, second, _ = capsys.readouterr().out.split("\x1b[H")[1:]
    assert first == "\x1b[Jone\x1b[K\ntwo and \x1b[K\n… and 2 \x1b[K\n\x1b[J"
    assert second == "five at \x1b[K\n\x1b[J"


def test_ctrl_c_ends_it_quietly(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: FakeClock, _seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeClock, "sleep", interrupted)
    Run(["one"], over_after=9).shown()
    assert capsys.readouterr() == ("one at 1\n", "")
