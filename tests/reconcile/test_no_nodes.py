"""Which pools are told to have no nodes for the tasks that are to run."""

import pytest

from batchctl.reconcile.amend.pool_notes import with_note_of_no_nodes
from batchctl.reconcile.decide.diff import diff
from batchctl.resources import Pool, Resource
from batchctl.rules import json_text
from tests.reconcile.build import desired, held_pool, job, pool, situation, task

OPEN = {"target_dedicated_nodes": None, "target_spot_nodes": None}


@pytest.mark.parametrize(
    ("wanted", "held", "told"),
    [
        (pool(), [], True),
        (pool(**OPEN), [], True),
        (pool(**OPEN), [held_pool(target_spot_nodes=2)], False),
        (pool(), [held_pool(target_spot_nodes=2)], True),
        (pool(target_dedicated_nodes=1), [], False),
        (pool(target_spot_nodes=1), [], False),
        (pool(auto_scale_formula="$TargetDedicatedNodes = 0;", **OPEN), [], False),
        (pool(raw=json_text({"targetDedicatedNodes": 3})), [], False),
        (pool("another"), [], False),
    ],
)
def test_a_pool_without_nodes_is_told(wanted: Pool, held: list[Resource], told: bool) -> None:
    everything = desired(wanted, job(), task())
    plan = with_note_of_no_nodes(diff(everything, held), situation(everything, held))
    assert [note.startswith("pool 'pool' will have no nodes") for note in plan.notes] == [True] * told


def test_nothing_to_run_needs_no_nodes() -> None:
    everything = desired(pool(), job())
    assert with_note_of_no_nodes(diff(everything, []), situation(everything)).notes == ()
