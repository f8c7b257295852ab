"""A plan is carried out only while it is our turn and it still holds."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchctl.errors import Refused
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Container
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs.under_lock import FIRST_LOCK, under_lock
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import Crash, FakeCloud
from tests.test_verbs import TWO_TEXTS


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    shutil.copytree(TWO_TEXTS, tmp_path, dirs_exist_ok=True)
    return load(tmp_path / "spec.yaml", {}, {})


def applied(spec: Spec, cloud: FakeCloud, patience: timedelta | None = timedelta()) -> list[Plan]:
    """Apply; returns the plans that were shown."""
    shown: list[Plan] = []

    def yes(plan: Plan) -> bool:
        shown.append(plan)
        return True

    list(verbs.apply(spec, cloud, FakeClock(), yes, patience=patience))
    return shown


def somebody(spec: Spec, cloud: FakeCloud) -> None:
    """Somebody else's turn, from its beginning to its end."""
    applied(spec, cloud)


def test_the_container_of_the_first_lock_is_shown(spec: Spec) -> None:
    cloud = FakeCloud()
    cloud.has_locks = False
    assert FIRST_LOCK in verbs.plan(spec, cloud).notes
    assert not cloud.has_locks
    [shown] = applied(spec, cloud)
    assert FIRST_LOCK in shown.notes
    assert cloud.has_locks
    assert FIRST_LOCK not in verbs.plan(spec, cloud).notes


def test_nobody_takes_a_lock_for_a_plan_without_changes(spec: Spec) -> None:
    cloud = FakeCloud()
    applied(spec, cloud)
    taken = cloud.locks[spec.name].taken
    applied(spec, cloud)
    assert cloud.locks[spec.name].taken == taken
    assert cloud.locks[spec.name].holder is None


def test_who_holds_the_lock_keeps_others_away(spec: Spec) -> None:
    cloud = FakeCloud()
    cloud.lock(spec.name).take(timedelta())
    with pytest.raises(Refused, match="is at work"):
        applied(spec, cloud)
    with pytest.raises(Refused, match="is at work"):
        applied(spec, cloud, timedelta())
    assert cloud.writes == []
    applied(spec, cloud, None)
    assert cloud.writes


def test_a_plan_that_somebody_overtook_is_made_and_asked_for_again(spec: Spec) -> None:
    cloud, shown = FakeCloud(), list[Plan]()

    def yes(plan: Plan) -> bool:
        shown.append(plan)
        if len(shown) == 1:
            somebody(spec, cloud)
            cloud.pools["count"] = replace(cloud.pools["count"], task_slots_per_node=2)
        return True

    list(verbs.apply(spec, cloud, FakeClock(), yes))
    assert [len(plan.changes) for plan in shown] == [10, 1]
    assert cloud.locks[spec.name].holder is None


def test_what_was_approved_is_not_carried_out_if_the_new_plan_is_not(spec: Spec) -> None:
    cloud, shown = FakeCloud(), list[Plan]()

    def once(plan: Plan) -> bool:
        shown.append(plan)
        if len(shown) == 1:
            somebody(spec, cloud)
            cloud.pools["count"] = replace(cloud.pools["count"], task_slots_per_node=2)
        return len(shown) == 1

    with pytest.raises(Refused, match="not approved"):
        list(verbs.apply(spec, cloud, FakeClock(), once))
    assert cloud.pools["count"].task_slots_per_node == 2
    assert cloud.locks[spec.name].holder is None


def test_the_lock_is_let_go_however_it_ends(spec: Spec) -> None:
    cloud = FakeCloud()
    cloud.crash_after = 2
    with pytest.raises(Crash):
        applied(spec, cloud)
    assert cloud.locks[spec.name].holder is None
    cloud.crash_after = None
    events = verbs.apply(spec, cloud, FakeClock(), lambda plan: True)
    next(events)
    assert cloud.locks[spec.name].holder is not None
    events.close()
    assert cloud.locks[spec.name].holder is None


def test_a_later_plan_takes_the_lock_that_the_first_did_not_need() -> None:
    cloud, nothing = FakeCloud(), Plan(owner="count")
    something = Plan(owner="count", changes=(Change(action=Action.DELETE, before=Container(name="input")),))
    with under_lock(cloud, "count", timedelta()) as turn:
        assert turn.agrees(nothing, lambda plan: True)
        assert turn.holds(nothing)
        assert cloud.lock("count").held.holder is None
        assert turn.holds(something)
        assert cloud.lock("count").held.holder is not None
        assert turn.holds(something)
    assert cloud.lock("count").held.holder is None
    with under_lock(cloud, "count", timedelta()) as turn:
        assert turn.agrees(nothing, lambda plan: True)
        other = cloud.lock("count")
        other.take(timedelta())
        with pytest.raises(Refused, match="is at work"):
            turn.holds(something)
        other.release()
        assert not turn.holds(something), "somebody was at work since: it is made anew"
        assert turn.holds(something)
