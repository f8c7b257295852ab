"""Outputs of ours that may meet: told once, of many as of few."""

from typing import Any

import pytest

from batchctl.reconcile.amend.met_outputs import with_met_outputs
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Resource, Task
from batchctl.work import OutputFile
from tests.reconcile.build import OWNER, desired, run, situation, task


def writes(id: str, pattern: str, path: str | None = None) -> Task:
    return task(id, output_files=(OutputFile(file_pattern=pattern, container="output", path=path),))


def told(*due: Task, stays: tuple[Task, ...] = (), held: tuple[Resource, ...] = ()) -> Plan:
    plan = Plan(owner=OWNER, changes=tuple(Change(action=Action.CREATE, after=t) for t in due))
    return with_met_outputs(plan, situation(desired(*due, *stays), held))


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ([("a", "*.csv"), ("b", "*.csv"), ("c", "*.csv")], "3 tasks may have the same names (output/*.csv of a, b, c)"),
        ([("a", "*.csv"), ("b", "r*.csv")], "2 tasks may have the same names (output/*.csv, output/r*.csv of a, b)"),
        ([("a", "*.csv"), ("b", "r.csv")], "2 tasks may have the same names (output/*.csv, output/r.csv of a, b)"),
        ([("a", "r*"), ("b", "ra*"), ("c", "x*"), ("d", "rab")], "(output/r*, output/ra*, output/rab of a, b, d)"),
        ([("a", "*.csv"), ("b", "*.txt"), ("c", "*/a.csv")], None),
        ([("a", "*.csv", "a"), ("b", "*.csv", "b")], None),
        ([("a", "r.csv"), ("b", "r.csv.gz")], None),
    ],
)
def test_what_may_meet_is_told_in_one_line(due: list[Any], said: str | None) -> None:
    plan = told(*(writes(*entry) for entry in due))
    assert plan.refusals == ()
    assert [said in note for note in plan.notes if said] == [True] * (said is not None)
    assert len(plan.notes) == (said is not None)


def test_two_declarations_of_one_task_are_its_own_matter() -> None:
    outputs = tuple(OutputFile(file_pattern=p, container="output") for p in ("*.csv", "r*"))
    assert told(task("a", output_files=outputs)).notes == ()


def test_what_two_of_them_have_done_is_known() -> None:
    a, b, c = (writes(name, "*.csv") for name in "abc")
    assert len(told(c, stays=(a, b), held=(run("a"),)).notes) == 1
    assert told(c, stays=(a, b), held=(run("a"), run("B"))).notes == ()
    assert told(stays=(a, b, c)).notes == ()


def test_very_many_patterns_are_looked_at_in_part() -> None:
    due = [writes(f"t{number}", f"*-{number}.csv") for number in range(3000)]
    assert told(*due).notes == ()
