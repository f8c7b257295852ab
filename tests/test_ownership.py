"""A name belongs to one spec at one place; another place is refused, or takes over."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchctl.errors import Refused
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Action
from batchctl.resources import Job, Stamp
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import EPOCH, FakeCloud
from tests.test_verbs import TWO_TEXTS, applied, yes

HERE, THERE = "github.com/org/repo//count.yaml", "github.com/org/fork//count.yaml"
ADOPT = Choices(adopt=True)


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    shutil.copytree(TWO_TEXTS, tmp_path, dirs_exist_ok=True)
    return replace(load(tmp_path / "spec.yaml", {}, {}), origin=HERE)


def test_what_is_made_tells_where_its_spec_comes_from(spec: Spec) -> None:
    cloud = FakeCloud()
    applied(replace(spec, expires_after=timedelta(days=7)), cloud)
    stamp = Stamp(origin=HERE, expires=EPOCH + timedelta(days=7))
    containers, _ = cloud.storage(spec.name, [])
    assert {r.stamp for r in (*containers, cloud.pools["count"], cloud.jobs["count"])} == {stamp}


def test_a_spec_of_the_same_name_from_elsewhere_is_refused(spec: Spec) -> None:
    cloud, elsewhere = FakeCloud(), replace(spec, origin=THERE)
    applied(spec, cloud)
    before = list(cloud.writes)
    for refused in (
        lambda: applied(elsewhere, cloud),
        lambda: list(verbs.destroy(elsewhere, cloud, FakeClock(), yes)),
    ):
        with pytest.raises(Refused) as raised:
            refused()
        assert f"made by the spec {HERE}, and this one is {THERE}" in str(raised.value)
        assert "--adopt" in str(raised.value)
    assert cloud.writes == before


def test_adopting_makes_it_the_place_and_changes_nothing_else(spec: Spec) -> None:
    cloud, elsewhere = FakeCloud(), replace(spec, origin=THERE)
    applied(spec, cloud)
    plan = verbs.plan(elsewhere, cloud, ADOPT)
    assert {(c.kind, c.resource.name) for c in plan.changes} == {
        *(("container", name) for name in ("application", "input", "output")),
        ("pool", "count"),
    }
    assert {c.action for c in plan.changes} == {Action.ADOPT}
    assert all(HERE in c.reasons[0] for c in plan.changes)
    list(verbs.apply(elsewhere, cloud, FakeClock(), yes, ADOPT))
    assert not verbs.plan(elsewhere, cloud)
    with pytest.raises(Refused, match=f"made by the spec {THERE}"):
        applied(spec, cloud)


def test_a_job_that_ended_elsewhere_keeps_its_marks_and_is_in_nobodys_way(spec: Spec) -> None:
    cloud, elsewhere = FakeCloud(), replace(spec, origin=THERE)
    applied(spec, cloud)
    for name in ("application", "input", "output"):
        del cloud.containers[name]
    del cloud.pools["count"]
    with pytest.raises(Refused, match=f"made by the spec {HERE}"):
        applied(elsewhere, cloud)
    list(verbs.apply(elsewhere, cloud, FakeClock(), yes, ADOPT))
    assert not verbs.plan(elsewhere, cloud)
    assert {job.stamp.origin for job in cloud.jobs.values()} >= {HERE}


def test_a_job_of_others_that_ended_is_in_our_way_for_good(spec: Spec) -> None:
    cloud = FakeCloud()
    cloud.jobs["count"] = Job(name="count", pool="theirs", owner="another", state="completed")
    cloud.added["count"] = {}
    with pytest.raises(Refused, match="job 'count' exists already and is not ours"):
        list(verbs.apply(spec, cloud, FakeClock(), yes, ADOPT))


def test_destroy_may_adopt_what_a_spec_that_moved_had_made(spec: Spec) -> None:
    cloud = FakeCloud()
    applied(spec, cloud)
    list(verbs.destroy(replace(spec, origin=THERE), cloud, FakeClock(), yes, ADOPT))
    assert (cloud.containers, cloud.pools, cloud.jobs) == ({}, {}, {})


def test_destroy_adopts_nothing_of_others(spec: Spec) -> None:
    cloud = FakeCloud()
    cloud.put("output", "theirs", b"x")
    assert list(verbs.destroy(spec, cloud, FakeClock(), yes, ADOPT)) == []
    assert cloud.containers == {"output": None}


def test_what_was_made_before_places_were_kept_is_ours(spec: Spec) -> None:
    cloud = FakeCloud()
    applied(replace(spec, origin=""), cloud)
    assert not verbs.plan(spec, cloud)


def test_what_a_spec_left_elsewhere_and_nobody_wants_goes_without_adoption(spec: Spec) -> None:
    cloud, elsewhere = FakeCloud(), replace(spec, origin=THERE, containers={**spec.containers})
    applied(spec, cloud)
    cloud.pools["old"] = replace(cloud.pools["count"], name="old")
    plan = verbs.plan(elsewhere, cloud, ADOPT)
    assert [c.action for c in plan.changes if c.resource.name == "old"] == [Action.DELETE]
