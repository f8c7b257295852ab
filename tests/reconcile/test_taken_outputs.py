"""What somebody else put where outputs go: refused, told, or let go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchctl.output_names import written_mark
from batchctl.reconcile.amend.taken_outputs import with_taken_outputs
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Blob, Resource, Task
from batchctl.work import OutputFile
from tests.reconcile.build import OTHER, OWNER, desired, output, run, situation, task

END = datetime(2026, 11, 28, 8, 0, 0, tzinfo=UTC)
BEFORE, AFTER = END - timedelta(minutes=1), END + timedelta(minutes=1)
RAN = "2026-11-28T08:00:00.1234567Z"
REFUSED = "1 blob that we did not put there would be overwritten by outputs (output/{})"


def writes(pattern: str, path: str | None = None, id: str = "a") -> Task:
    return task(id, output_files=(OutputFile(file_pattern=pattern, container="output", path=path),), generation=1)


def strange(path: str, owner: str | None = None, **more: Any) -> Blob:
    return output(path, None, owner=owner, **more)


def told(*due: Task, held: tuple[Resource, ...], stays: tuple[Task, ...] = (), adopt: bool = False) -> Plan:
    plan = Plan(owner=OWNER, changes=tuple(Change(action=Action.CREATE, after=t) for t in due))
    return with_taken_outputs(plan, situation(desired(*due, *stays), held, Choices(adopt=adopt)))


@pytest.mark.parametrize("owner", [None, OTHER])
@pytest.mark.parametrize(
    ("pattern", "path", "name"),
    [
        ("r.txt", None, "r.txt"),
        ("r.txt", "x/y", "x/y"),
        ("a/$AZ_BATCH_TASK_ID.csv", None, "a.csv"),
        ("q[*]", None, "q*"),
    ],
)
def test_at_a_known_name_it_is_refused(pattern: str, path: str | None, name: str, owner: str | None) -> None:
    held = (strange(name, owner), strange(f"{name}2"), output(name, "b", container="more"))
    [refusal] = told(writes(pattern, path), held=held).refusals
    assert refusal.startswith(REFUSED.format(name))
    adopted = told(writes(pattern, path), held=held, adopt=True)
    assert (adopted.refusals, adopted.notes) == (
        (),
        (f"1 blob of others will be overwritten by outputs: output/{name}",),
    )


def test_what_is_ours_or_of_no_task_that_runs_is_no_matter() -> None:
    assert told(writes("r.txt"), held=(output("r.txt", "b"), output("r.txt", None))) == told(writes("r.txt"), held=())
    assert told(held=(strange("r.txt"),), stays=(writes("r.txt"),)) == told(held=())


def test_where_wildcards_leave_the_name_open_it_is_named() -> None:
    plan = told(writes("out/*.csv", "a"), held=(strange("a/1.csv"), strange("b/1.csv"), strange("a/1.txt")))
    assert plan.refusals == ()
    [note] = plan.notes
    assert "(output/a/1.csv)" in note


@pytest.mark.parametrize(("modified", "refused"), [(BEFORE, False), (END, False), (AFTER, True)])
def test_what_came_where_an_output_was_is_refused(modified: datetime, refused: bool) -> None:
    plan = told(writes("*.csv"), held=(run("a", ended=RAN), strange("1.csv", modified=modified)))
    assert [r.startswith(REFUSED.format("1.csv")) for r in plan.refusals] == [True] * refused


def test_while_the_output_is_there_a_later_blob_is_another_one() -> None:
    due = writes("*.csv")
    mark = written_mark(due.output_files[0], due)
    held = (run("a", ended=RAN), output("0.csv", "a", output=mark), strange("1.csv", modified=AFTER))
    assert told(due, held=held).refusals == ()


@pytest.mark.parametrize(("modified", "changed"), [(BEFORE, False), (END, False), (AFTER, True), (None, False)])
def test_an_output_that_is_later_than_its_task_was_changed(modified: datetime | None, changed: bool) -> None:
    kept = writes("r.txt")
    plan = told(held=(run("a", ended=RAN), output("r.txt", "A", modified=modified)), stays=(kept,))
    assert ["output/r.txt" in note and "1 output changed" in note for note in plan.notes] == [True] * changed


@pytest.mark.parametrize("state", [{"state": "running"}, {"ended": None}])
def test_while_the_task_runs_nothing_is_too_late(state: dict[str, Any]) -> None:
    held = (run("a", **({"ended": RAN} | state)), output("r.txt", "a", modified=AFTER))
    assert told(held=held, stays=(writes("r.txt"),)).notes == ()
