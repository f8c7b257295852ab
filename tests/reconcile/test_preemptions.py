"""Dedicated nodes in place of spot ones that were taken away: counted, told, and nothing that a plan would undo."""

from collections.abc import Sequence
from typing import Any

import pytest

from batchctl.cloud_answers import Counts, PoolHealth
from batchctl.configurations import OnFailure
from batchctl.reconcile.carry_out.follow import wait_for_tasks
from batchctl.reconcile.carry_out.pool_watch import Known
from batchctl.reconcile.decide.ceiling import most_nodes
from batchctl.reconcile.decide.preemptions import as_asked
from batchctl.reconcile.events import PoolNotice
from batchctl.resources import Job, Pool, Resource
from batchctl.rules import asked_hashes
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import OWNER, held_job, held_pool, pool


def spotted(**more: Any) -> Pool:
    return pool(**({"target_spot_nodes": 3, "on_failure": OnFailure(preemptions=2), "owner": OWNER} | more))


def held(asked: Pool, **more: Any) -> Pool:
    return held_pool(asked=asked_hashes(asked), **more)


class Taken(FakeCloud):
    """Nodes that are taken away, look by look."""

    def __init__(self, taken: Sequence[frozenset[str]], *, steady: bool = True) -> None:
        super().__init__()
        self.taken, self.steady, self.changed = [*taken], steady, list[tuple[Resource, Resource]]()

    def counts(self, job: Job) -> Counts:
        return Counts(running=1) if self.taken else Counts(succeeded=1)

    def unfinished(self, job: Job) -> bool:
        return False

    def health(self, pool: str) -> PoolHealth:
        states = (("preempted", 1), ("running", 1)) if self.taken and self.taken[0] else (("running", 1),)
        return PoolHealth(steady=self.steady, nodes=states, able=1)

    def preempted(self, pool: str) -> frozenset[str]:
        return self.taken[0]

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Any:
        self.changed += changes
        return iter(())


class Looking(FakeClock):
    """A quarter of a minute goes by at a time, and what is taken away changes."""

    def __init__(self, cloud: Taken) -> None:
        super().__init__()
        self.cloud = cloud

    def sleep(self, seconds: float, halt: Any = None) -> None:
        super().sleep(max(seconds, 15), halt)
        del self.cloud.taken[:1]


A, B = frozenset({"n1 12:00"}), frozenset({"n1 12:00", "n2 12:01"})
AGAIN = frozenset({"n1 12:09"})


@pytest.mark.parametrize(
    ("taken", "more", "switches"),
    [
        ([frozenset(), A, A, A, A], {}, False),
        ([frozenset(), A, B], {}, True),
        ([frozenset(), A, frozenset(), AGAIN], {}, True),
        ([frozenset(), A, B, B], {"steady": False}, False),
    ],
)
def test_preemptions_are_counted(taken: list[frozenset[str]], more: dict[str, bool], switches: bool) -> None:
    cloud = Taken([*taken, frozenset()], **more)
    events = list(wait_for_tasks([held_job()], cloud, Looking(cloud), known=Known(wanted=spotted())))
    said = [line for event in events if isinstance(event, PoolNotice) for line in event.says]
    told = ["2 preemptions (onFailure): dedicated nodes take the place of its 3 spot nodes"]
    assert said == (told if switches else [])
    assert [(old, new) for old, new in cloud.changed] == (
        [(spotted(), spotted(switched=True, asked_again=True))] if switches else []
    )


def test_a_pool_that_has_switched_is_as_it_was_asked_for() -> None:
    wanted = spotted(target_dedicated_nodes=1)
    (found,) = as_asked([wanted], [held(wanted, target_dedicated_nodes=4)])
    assert isinstance(found, Pool)
    assert (found.target_dedicated_nodes, found.target_spot_nodes, found.switched) == (1, 3, True)


@pytest.mark.parametrize(
    "there",
    [
        # So many dedicated nodes were asked for by another spec.
        held(pool(target_dedicated_nodes=3), target_dedicated_nodes=3),
        # Somebody else resized it.
        held(spotted(), target_dedicated_nodes=2),
        held(spotted(), target_spot_nodes=3),
        held(spotted()),
    ],
)
def test_other_nodes_are_what_they_are(there: Pool) -> None:
    assert as_asked([spotted()], [there]) == (there,)


def test_a_pool_without_the_rule_is_left_alone() -> None:
    there = held(spotted(), target_dedicated_nodes=3)
    assert as_asked([spotted(on_failure=None)], [there]) == (there,)


def test_the_ceiling_is_that_of_dedicated_nodes() -> None:
    nodes = most_nodes(spotted(target_dedicated_nodes=1))
    assert nodes
    assert (nodes.dedicated, nodes.spot) == (4, 0)
