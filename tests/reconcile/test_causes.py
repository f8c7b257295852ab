"""Failures that are alike: by their reason and their last line, in which numbers do not count."""

from datetime import UTC, datetime, timedelta

import pytest

from batchctl.reconcile.decide.causes import FailedRun, alike, folded, last_line
from batchctl.sights import TaskSight

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def failed(id: str, says: str | None, exit_code: int = 1, ended: int | None = 0) -> FailedRun:
    end = None if ended is None else NOON + timedelta(seconds=ended)
    return FailedRun(
        run=TaskSight(
            job="j", generation=1, id=id, state="completed", result="failure", exit_code=exit_code, ended=end
        ),
        says=says,
    )


def groups(*runs: FailedRun) -> list[list[str]]:
    return [[one.run.id for one in group] for group in alike(runs)]


def test_the_greatest_group_first_and_each_in_the_order_of_its_ends() -> None:
    runs = (
        failed("d", "no space", ended=9),
        failed("odd", "no space", exit_code=2, ended=1),
        failed("b", "frame 7 of 0x1F is bad", ended=5),
        failed("a", "frame 812 of 0xa0 is bad", ended=3),
        failed("going", "no space", ended=None),
        failed("c", "frame 1 of 0x2 is bad", ended=4),
    )
    assert groups(*runs) == [["a", "c", "b"], ["d", "going"], ["odd"]] == groups(*reversed(runs))


def test_what_was_not_read_joins_the_one_cause_that_has_its_reason_and_no_other() -> None:
    unread = failed("x", None, ended=2)
    assert groups(failed("a", "one", ended=3), unread) == [["x", "a"]]
    assert groups(failed("a", "one"), failed("b", "two", ended=1), unread) == [["a"], ["b"], ["x"]]
    assert groups(failed("a", "one", exit_code=2), unread) == [["a"], ["x"]]


def test_who_said_nothing_is_alike_no_one_who_did() -> None:
    assert groups(failed("a", "one"), failed("b", "")) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("line", "same"), [("at 12:30:01.5", "at 9:03:44.25"), ("x 0x1f", "x 0xDEAD"), (" a1 ", "a22")]
)
def test_numbers_do_not_count(line: str, same: str) -> None:
    assert folded(line) == folded(same)


def test_the_last_line_is_one_that_says_something() -> None:
    assert last_line(["a", " b ", "", " "]) == "b"
    assert last_line([" "]) == ""
