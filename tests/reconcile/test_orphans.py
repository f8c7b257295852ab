"""Outputs whose tasks left the spec."""

from dataclasses import replace

import pytest

from batchctl.reconcile.amend.orphans import LATER, orphaned_outputs, with_orphans
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.plan import LaterFactory, Plan
from batchctl.resources import Blob, Container, Resource
from tests.reconcile.build import OTHER, OWNER, desired, held_job, job, output, run, situation, task, waiting

HELD: list[Resource] = [Container(name="output", owner=OWNER), held_job(state="completed"), run("a"), run("gone")]
WANTED = desired(Container(name="output"), job(), task("a"))


def names(found: tuple[Blob, ...]) -> list[str]:
    return [blob.path for blob in found]


def plan(*held: Resource, choices: Choices = Choices()) -> Plan:
    listed = [*HELD, *held]
    return with_orphans(diff(WANTED, listed), situation(WANTED, listed, choices))


def test_only_outputs_of_ours_whose_task_is_wanted_no_more() -> None:
    held = [output("a", "a"), output("A2", "A"), output("y", "gone"), output("x", "GONE")]
    theirs = [output("z", "gone", owner=OTHER), output("upload", None)]
    assert names(orphaned_outputs(WANTED, [*HELD, *held, *theirs])) == ["x", "y"]


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([held_job(2), waiting("gone", 2)], []),
        ([held_job(2), waiting("gone", 2, state="running")], []),
        ([held_job(2, state="completed"), waiting("gone", 2)], ["x"]),
        ([held_job(2, state="terminating"), waiting("gone", 2)], ["x"]),
    ],
)
def test_what_may_yet_be_written_is_left_alone(held: list[Resource], found: list[str]) -> None:
    assert names(orphaned_outputs(WANTED, [*HELD, *held, output("x", "gone")])) == found


def test_they_stay_and_are_named_unless_they_are_to_go() -> None:
    [note] = plan(output("x", "gone")).notes
    assert note.startswith("1 orphaned output of tasks that are in the spec no more: output/x")
    pruned = plan(output("x", "gone"), choices=Choices(prune_outputs=True))
    assert [(c.action.value, c.resource.name, c.reasons) for c in pruned.changes] == [
        ("-", "output/x", ("orphaned: task 'gone' is in the spec no more",))
    ]
    assert pruned.notes == ()


def test_what_goes_with_its_container_is_told_with_it() -> None:
    wanted = desired(job(), task("a"))
    held = [*HELD, output("x", "gone")]
    assert with_orphans(diff(wanted, held), situation(wanted, held, Choices(prune_outputs=True))) == diff(wanted, held)


@pytest.mark.parametrize("prune", [False, True])
def test_nothing_is_orphaned_while_factories_wait(prune: bool) -> None:
    held = [*HELD, output("x", "gone")]
    waiting_plan = Plan(owner=OWNER, later=(LaterFactory(factory="reduce", label="reduce", after="map"),))
    found = with_orphans(waiting_plan, situation(WANTED, held, Choices(prune_outputs=prune)))
    assert found == replace(waiting_plan, notes=(LATER,) if prune else ())
