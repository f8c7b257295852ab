"""Coming back to a run on a cloud in memory: what a watcher tells, what it ends, and what it leaves to others."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from batchctl.errors import NotThere, Partial, TasksFailed
from batchctl.reconcile.events import Event, Fetched, Notice, Phase, TaskFailed, UnderWay
from batchctl.spec.model import Spec
from batchctl.verbs.watch import watch
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud, FakeLock
from tests.test_leaving import STAGED, keep, loaded, set_going, yes

ENDING = ("  afterRun: keep\n", "")
"""The pool is resized to 0 nodes once its tasks have ended."""

SECOND = """\
    - id: last
      dependsOn: [{task: count-a}]
      commands: ['true']
wait:"""


def watched(spec: Spec, cloud: FakeCloud, clock: FakeClock | None = None) -> list[Event]:
    return list(watch(spec, cloud, clock or FakeClock()))


def said(events: Iterable[Event]) -> list[str]:
    return [line for event in events if isinstance(event, Notice) for line in event.says]


def nodes(cloud: FakeCloud) -> int | None:
    return cloud.pools["count"].target_dedicated_nodes


# A run that was left to itself.


def test_a_run_that_was_left_ends_as_an_apply_would_have_ended_it(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    set_going(spec, cloud)
    taken = cloud.locks[spec.name].taken
    events = watched(spec, cloud)
    assert [event.name for event in events if isinstance(event, Phase)] == ["tasks", "pools", "downloads"]
    assert said(events)[0] == "waits for the tasks of count"
    assert sum(isinstance(event, Fetched) for event in events) == 2
    assert nodes(cloud) == 0
    assert not verbs.plan(spec, cloud)
    assert cloud.locks[spec.name].taken == taken + 1
    assert cloud.locks[spec.name].holder is None
    # Who comes later still finds nothing to do, and takes no lock.
    written = list(cloud.writes)
    assert not any(isinstance(event, Fetched) for event in watched(spec, cloud))
    assert (cloud.writes, cloud.locks[spec.name].taken) == (written, taken + 1)


def test_while_tasks_are_waited_for_nobody_is_kept_away(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    set_going(spec, cloud)
    free = [
        (cloud.locks[spec.name].holder is None, event.unattended[0])
        for event in watch(spec, cloud, FakeClock())
        if isinstance(event, UnderWay)
    ]
    assert [is_free for is_free, _ in free] == [True]
    assert free[0][1].startswith("`batchctl watch` or `apply` brings the outputs home")


def test_failed_tasks_are_told_also_to_who_comes_late(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    cloud.fails["count-a"] = 3
    set_going(spec, cloud)
    for _ in range(2):
        events = list[Event]()
        with pytest.raises(TasksFailed, match=r"1 of the tasks failed \(count-a\); apply again runs it alone"):
            keep(events, watch(spec, cloud, FakeClock()))
        [failed] = [event for event in events if isinstance(event, TaskFailed)]
        assert (failed.why, failed.stderr) == ("failed with exit code 3", ("it goes", "it breaks"))
        assert nodes(cloud) == 0
    assert (tmp_path / "results" / "count-b_OUTPUT.txt").exists()


def test_a_job_in_which_nothing_can_run_is_ended(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING, ("wait:", SECOND)), FakeCloud()
    cloud.fails["count-a"] = 1
    set_going(spec, cloud)
    events = list[Event]()
    with pytest.raises(TasksFailed, match="did not run"):
        keep(events, watch(spec, cloud, FakeClock()))
    assert {event.task.id for event in events if isinstance(event, TaskFailed)} == {"count-a", "last"}
    assert cloud.jobs["count"].state == "completed"
    assert nodes(cloud) == 0


def test_bounds_that_an_apply_keeps_are_kept_by_nobody(tmp_path: Path) -> None:
    limits = ("wait:", "limits: {maxNodeHours: 1}\nwait:")
    spec, cloud = (
        loaded(tmp_path, ENDING, limits, ("  id: count\n  tasks", "  id: count\n  maxFailures: 0\n  tasks")),
        FakeCloud(),
    )
    set_going(spec, cloud)
    assert "maxFailures and limits.maxNodeHours are kept only while `batchctl apply` waits" in said(
        watched(spec, cloud)
    )


def test_where_nothing_has_run_there_is_nothing_to_come_back_to(tmp_path: Path) -> None:
    cloud = FakeCloud()
    with pytest.raises(NotThere, match="nothing of this spec has run: `batchctl apply` runs it"):
        watched(loaded(tmp_path), cloud)
    assert cloud.writes == []


# What is left to others.


def test_while_an_apply_is_at_work_it_ends_what_is_to_end(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    set_going(spec, cloud)
    cloud.lock(spec.name).take(timedelta())
    written = list(cloud.writes)
    events = watched(spec, cloud)
    assert sum(isinstance(event, Fetched) for event in events) == 2
    assert said(events)[1:] == [
        "ada@elsewhere, since a while, is at work on this spec, and sees to what comes then",
        "ada@elsewhere, since a while, is at work on this spec, and ends what is to end",
    ]
    assert cloud.writes == written


class Elsewhere(FakeClock):
    """While somebody sleeps here, somebody works elsewhere."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work: Callable[[], None] | None = work

    def sleep(self, seconds: float, halt: object = None) -> None:
        super().sleep(seconds)
        work, self._work = self._work, None
        if work:
            work()


def test_tasks_that_somebody_is_about_to_add_are_waited_for(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    lock = cloud.lock(spec.name)
    lock.take(timedelta())

    def go_on() -> None:
        lock.release()
        set_going(spec, cloud)

    events = watched(spec, cloud, Elsewhere(go_on))
    assert said(events)[0].startswith("no task goes on just now; ada@elsewhere, since a while, is at work on this spec")
    assert sum(isinstance(event, Fetched) for event in events) == 2
    assert nodes(cloud) == 0


class Disturbed(FakeLock):
    """Somebody else has it for a moment, before we do."""

    def take(self, patience: timedelta, ticket: object = None) -> bool:
        if self._cloud.locks[self._owner].taken < 3:
            other = FakeLock(self._cloud, self._owner)
            other.take(patience)
            other.release()
        return super().take(patience)


def test_what_somebody_may_have_changed_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    cloud.fails["count-a"] = 3
    set_going(spec, cloud)
    monkeypatch.setattr(cloud, "lock", lambda owner: Disturbed(cloud, owner))
    events = list[Event]()
    with pytest.raises(TasksFailed):
        keep(events, watch(spec, cloud, FakeClock()))
    assert sum(isinstance(event, TaskFailed) for event in events) == 1
    assert nodes(cloud) == 0
    assert cloud.locks[spec.name].holder is None


def test_a_spec_from_another_place_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    spec, cloud = loaded(tmp_path / "one", ENDING), FakeCloud()
    set_going(spec, cloud)
    written = list(cloud.writes)
    events = watched(loaded(tmp_path / "other", ENDING), cloud)
    assert "what an apply would end is left as it is: the name 'count' is taken" in said(events)[-1]
    assert (tmp_path / "other" / "results" / "count-a_OUTPUT.txt").exists()
    assert cloud.writes == written


def test_where_the_files_of_the_spec_are_not_what_runs_is_watched(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    cloud.fails["count-b"] = 3
    set_going(spec, cloud)
    written = list(cloud.writes)
    for file in (tmp_path / "texts").iterdir():
        file.unlink()
    events = list[Event]()
    with pytest.raises(TasksFailed, match=r"1 of the tasks failed \(count-b\)"):
        keep(events, watch(spec, cloud, FakeClock()))
    first, *_, last = said(events)
    assert "for here the spec is not whole: " in first
    assert "spec.yaml:12:14: no file matches 'texts/*.txt'" in first
    assert last.startswith("what an apply would end is left as it is: ")
    assert (tmp_path / "results" / "count-a_OUTPUT.txt").exists()
    assert cloud.writes == written


# What nobody has set going.


def test_tasks_that_were_never_added_are_told(tmp_path: Path) -> None:
    edits = (ENDING, ("    - id", "    - factory: count\n      id"), ("wait:", STAGED))
    spec, cloud = loaded(tmp_path, *edits), FakeCloud()
    events = verbs.apply(spec, cloud, FakeClock(), yes)
    assert any(isinstance(event, UnderWay) and event.more for event in events)
    events.close()
    with pytest.raises(
        Partial, match=r"2 tasks \(sum-count-a_OUTPUT, sum-count-b_OUTPUT\) have not run as the spec has them now"
    ):
        watched(spec, cloud)
    assert nodes(cloud) == 0


def test_what_the_spec_says_otherwise_by_now_is_told(tmp_path: Path) -> None:
    spec, cloud = loaded(tmp_path, ENDING), FakeCloud()
    set_going(spec, cloud)
    later = loaded(tmp_path, ENDING, ("{vars.words}", "{vars.words} --all"))
    with pytest.raises(Partial, match=r"2 tasks \(count-a, count-b\) have not run as the spec has them now: `batchctl"):
        watched(later, cloud)
    assert (tmp_path / "results" / "count-a_OUTPUT.txt").exists()
