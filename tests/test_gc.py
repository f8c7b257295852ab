"""gc: what nobody wants any more goes, all else stays; no spec is needed to know which is which."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchctl.errors import Refused
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Applied
from batchctl.reconcile.plan import Plan
from batchctl.resources import Container, Pool, Stamp
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs.gc import clear, inspect
from tests.clock import START, FakeClock
from tests.fake_cloud import FakeCloud
from tests.test_verbs import TWO_TEXTS, applied

WEEK = timedelta(days=7)
DISCARD = Choices(discard_outputs=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A working tree of github.com/org/repo with the spec `count` in it."""
    shutil.copytree(TWO_TEXTS, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:org/repo.git\n')
    return tmp_path


@pytest.fixture
def spec(checkout: Path) -> Spec:
    return load(checkout / "spec.yaml", {}, {})


def made(spec: Spec) -> FakeCloud:
    """What an apply of today leaves."""
    cloud = FakeCloud()
    cloud.now = START
    applied(spec, cloud)
    return cloud


def later(days: float) -> FakeClock:
    clock = FakeClock()
    clock.sleep(days * 86400)
    return clock


def test_what_is_there_is_told_by_spec(spec: Spec, checkout: Path) -> None:
    cloud = made(replace(spec, expires_after=WEEK))
    cloud.put("theirs", "x", b"x")
    [estate] = inspect(cloud, FakeClock(), checkout)
    assert (estate.owner, estate.origins) == ("count", ("github.com/org/repo//spec.yaml",))
    assert estate.counts == (("container", 3), ("pool", 1), ("job", 1))
    assert (estate.expires, estate.unwanted) == (START + WEEK, None)


@pytest.mark.parametrize(("days", "unwanted"), [(6.9, False), (7.1, True)])
def test_a_spec_expires_when_the_last_of_its_things_does(
    spec: Spec, checkout: Path, days: float, unwanted: bool
) -> None:
    cloud = made(replace(spec, expires_after=WEEK))
    old = replace(cloud.pools["count"], stamp=Stamp(expires=START + timedelta(days=1)))
    cloud.pools["count"] = old
    [estate] = inspect(cloud, later(days), checkout)
    assert bool(estate.unwanted) == unwanted
    assert not unwanted or estate.unwanted == "expired on 2026-01-08 00:00 UTC"


def test_nothing_expires_without_a_word(spec: Spec, checkout: Path) -> None:
    [estate] = inspect(made(spec), later(10_000), checkout)
    assert estate.unwanted is None


def test_a_spec_that_is_gone_from_its_checkout_is_unwanted(spec: Spec, checkout: Path, tmp_path: Path) -> None:
    cloud = made(spec)
    (checkout / "spec.yaml").unlink()
    [estate] = inspect(cloud, FakeClock(), checkout / "texts")
    assert estate.unwanted == "its spec is gone: github.com/org/repo//spec.yaml is not in this checkout"
    (checkout / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:org/other.git\n')
    [elsewhere] = inspect(cloud, FakeClock(), checkout)
    assert elsewhere.unwanted is None
    shutil.rmtree(checkout / ".git")
    [nowhere] = inspect(cloud, FakeClock(), checkout)
    assert nowhere.unwanted is None


def test_clearing_asks_and_refuses_as_destroy_does(spec: Spec, checkout: Path) -> None:
    cloud, shown = made(replace(spec, expires_after=WEEK)), list[Plan]()
    cloud.put("input", "theirs", b"x")
    [estate] = inspect(cloud, later(8), checkout)

    def yes(plan: Plan) -> bool:
        shown.append(plan)
        return True

    before = list(cloud.writes)
    with pytest.raises(Refused, match="2 outputs are not at home"):
        list(clear(estate, cloud, FakeClock(), yes))
    with pytest.raises(Refused, match="not approved"):
        list(clear(estate, cloud, FakeClock(), lambda plan: False, DISCARD))
    assert cloud.writes == before
    done = {e.name for e in clear(estate, cloud, FakeClock(), yes, DISCARD) if isinstance(e, Applied)}
    assert done == {"count", "application", "output", "input/a.txt", "input/b.txt"}
    assert shown[-1].notes[0] == "expired on 2026-01-08 00:00 UTC"
    assert cloud.containers == {"input": "count"}
    assert set(cloud.stored) == {("input", "theirs")}


def test_what_its_spec_kept_is_kept(spec: Spec, checkout: Path) -> None:
    kept = {**spec.containers, "output": replace(spec.containers["output"], keep=True)}
    cloud = made(replace(spec, expires_after=WEEK, containers=kept))
    cloud.put("others", "x", b"x", owner="another")
    cloud.containers["others"] = "another"
    [_, estate] = inspect(cloud, later(8), checkout)
    list(clear(estate, cloud, FakeClock(), lambda plan: True))
    assert cloud.containers == {"output": "count", "others": "another"}
    assert len(cloud.stored) == 3
    assert (cloud.pools, cloud.jobs) == ({}, {})


def test_who_applies_keeps_gc_away(spec: Spec, checkout: Path) -> None:
    cloud = made(replace(spec, expires_after=WEEK))
    [estate] = inspect(cloud, later(8), checkout)
    cloud.lock("count").take(timedelta())
    with pytest.raises(Refused, match="is at work"):
        list(clear(estate, cloud, FakeClock(), lambda plan: True, DISCARD))


def test_the_fake_tells_what_bears_a_mark(spec: Spec) -> None:
    cloud = made(spec)
    assert {type(r) for r in cloud.made()} > {Container, Pool}


def test_pools_of_a_size_that_azure_takes_away_are_told(spec: Spec) -> None:
    cloud = made(spec)
    (held,) = [r for r in cloud.made() if isinstance(r, Pool)]
    cloud.pools[held.name] = replace(held, vm_size="Standard_NV12s_v2", node_agent_sku_id="batch.node.centos 7")
    (found,) = inspect(cloud, FakeClock(), Path("/"))
    assert [said.partition(" (")[0] for said in found.retiring] == [
        f"pool {held.name!r}: this node agent: retired on 2024-12-31"
    ]
