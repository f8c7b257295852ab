"""Real deletion takes its time: what is on its way out is waited for, and gone means that it does not come back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl.errors import Partial
from batchctl.local import Services
from batchctl.reconcile.carry_out import deletion
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Container
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.proxy import Meddle, Meddling
from tests.sweeps.stage import WHOLE, Stage, inside, staged, through


@pytest.fixture
def stage(tmp_path: Path, services: Services) -> Iterator[Stage]:
    found = staged(tmp_path / "stage", services)
    yield found
    found.clear()


def times(count: int, matches: Meddle) -> Meddle:
    """Meddle with the first `count` requests that match."""
    left = [count]

    def meddle(method: str, path: str) -> Meddling | None:
        found = matches(method, path) if left[0] else None
        left[0] -= found is not None
        return found

    return meddle


def about_containers(wanted: str) -> Meddle:
    """`PUT` of a container, `DELETE` of one, or the listing (`GET`) of its blobs."""

    def matches(method: str, path: str) -> Meddling | None:
        if method != wanted or "restype=container" not in path or "batchctl?" in path:
            return None
        # Somebody else's delete was sooner: it is as if ours had been done.
        return Meddling(status=409, code="ContainerBeingDeleted", forwarded=method == "DELETE")

    return matches


def test_a_container_of_that_name_is_still_being_deleted(stage: Stage) -> None:
    with through(stage.services, times(3, about_containers("PUT"))) as ways:
        inside(stage, ways, "apply")
    puts = [r for r in ways.requests if (r.startswith("PUT") and r.endswith("-input")) or r.endswith("-output")]
    assert len(puts) >= 3
    assert stage.held() == WHOLE


@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_a_container_goes_while_we_take_it_away(stage: Stage, method: str) -> None:
    inside(stage, None, "apply")
    with through(stage.services, times(1, about_containers(method))) as ways:
        inside(stage, ways, "destroy")
    assert len(ways.requests) > 4
    inside(stage, None, "destroy")
    assert stage.held() == {}


def test_a_second_destroy_and_one_of_nothing_change_nothing(stage: Stage) -> None:
    with through(stage.services) as ways:
        inside(stage, ways, "destroy")
        assert ways.mutating == []
        assert 0 < len(ways.requests) < 10


class Slow(FakeCloud):
    """A deleted container is seen for so many more listings."""

    def __init__(self, listings: int) -> None:
        super().__init__()
        self.left = listings

    def storage(self, owner: str, names: object) -> tuple[tuple[Container, ...], tuple[()]]:
        self.left -= 1
        return ((Container(name="input", owner=owner),), ()) if self.left >= 0 else ((), ())


DELETED = Plan(owner="count", changes=(Change(action=Action.DELETE, before=Container(name="input", owner="count")),))


@pytest.mark.parametrize("listings", [0, 1, 5])
def test_gone_is_what_a_second_look_does_not_find(listings: int) -> None:
    clock = FakeClock()
    deletion.confirm_gone(DELETED, Slow(listings), clock)
    assert len(clock.slept) == listings + 1
    assert clock.slept[0] >= 1.0


def test_what_does_not_go_is_named() -> None:
    with pytest.raises(Partial, match="still there after 900 s: container input"):
        deletion.confirm_gone(DELETED, Slow(10_000), FakeClock())


def test_nothing_is_looked_for_where_nothing_was_deleted() -> None:
    clock = FakeClock()
    deletion.confirm_gone(Plan(owner="count"), Slow(10), clock)
    assert clock.slept == []
