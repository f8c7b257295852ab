"""Carrying a plan out: the order, what stops it, and that a crash at any moment is mended by the next apply."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchctl.cloud_answers import Outcome
from batchctl.desired import Desired
from batchctl.errors import CloudError, Partial
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.events import Applied, Begun, Event, Failed
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Blob, Container, Job, Resource
from tests.fake_cloud import Crash, FakeCloud
from tests.reconcile.build import (
    OWNER,
    TEXT,
    applied,
    desired,
    destroyed,
    job,
    planned,
    pool,
    task,
    upload,
)


class Picky(FakeCloud):
    """Refuses what bears one of these names."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = set(refused)

    def _each(self, verb: str, resources: Sequence[Any], work: Callable[[Any], None]) -> Iterator[Outcome]:
        def or_refuse(resource: Resource) -> None:
            if resource.name in self.refused:
                raise CloudError(f"no {resource.name}", status=403)
            work(resource)

        return super()._each(verb, resources, or_refuse)


@pytest.fixture
def wanted(tmp_path: Path) -> Desired:
    (tmp_path / "a.txt").write_bytes(b"text")
    (tmp_path / "b.txt").write_bytes(b"more")
    return desired(
        Container(name="input"),
        Container(name="output"),
        upload("a.txt", tmp_path / "a.txt"),
        upload("b.txt", tmp_path / "b.txt"),
        pool(target_dedicated_nodes=1),
        job(),
        task("a", output_files=(TEXT,)),
        task("b", output_files=(TEXT,)),
    )


MADE = [
    ("create", "container", "input"),
    ("create", "container", "output"),
    ("create", "blob", "input/a.txt"),
    ("create", "blob", "input/b.txt"),
    ("create", "pool", "pool"),
    ("create", "job", "count"),
    ("create", "task", "count/a"),
    ("create", "task", "count/b"),
    ("seal", "job", "count"),
]


def failures(events: Sequence[Event]) -> list[tuple[str, str, str]]:
    return [(e.verb, e.kind, e.name) for e in events if isinstance(e, Failed)]


def test_all_is_made_in_order_and_the_job_is_sealed_last(wanted: Desired) -> None:
    cloud = FakeCloud()
    applied(wanted, cloud)
    assert cloud.writes == MADE


def test_each_kind_is_begun_once_and_each_object_told(wanted: Desired) -> None:
    events = applied(wanted, FakeCloud())
    assert events[:3] == [
        Begun(verb="create", kind="container", names=("input", "output")),
        Applied(verb="create", kind="container", name="input"),
        Applied(verb="create", kind="container", name="output"),
    ]
    assert [e.kind for e in events if isinstance(e, Begun)] == ["container", "blob", "pool", "job", "task"]


def test_nothing_to_do_sends_no_write(wanted: Desired) -> None:
    cloud = FakeCloud()
    applied(wanted, cloud)
    assert not planned(wanted, cloud)
    cloud.writes.clear()
    assert applied(wanted, cloud) == []
    assert cloud.writes == []


def test_what_goes_goes_first_and_in_reverse_order(wanted: Desired) -> None:
    cloud = FakeCloud()
    applied(wanted, cloud)
    cloud.writes.clear()
    applied(desired(Container(name="new"), pool("new"), job("new")), cloud)
    assert cloud.writes == [
        ("delete", "job", "count"),
        ("delete", "pool", "pool"),
        ("delete", "container", "input"),
        ("delete", "container", "output"),
        ("create", "container", "new"),
        ("create", "pool", "new"),
        ("create", "job", "new"),
        ("seal", "job", "new"),
    ]


@pytest.mark.parametrize(
    ("refused", "last"),
    [("output", "container"), ("input/a.txt", "blob"), ("pool", "pool"), ("count", "job"), ("count/a", "task")],
)
def test_a_kind_that_failed_is_finished_and_the_next_is_not_begun(wanted: Desired, refused: str, last: str) -> None:
    cloud = Picky(refused)
    events = list(execute(planned(wanted, cloud), cloud))
    assert failures(events) == [("create", last, refused)]
    assert [kind for _, kind, _ in cloud.writes] == [k for v, k, _ in MADE if v == "create"][: len(cloud.writes)]
    assert cloud.writes[-1][1] == last
    assert ("create", "task", "count/b") in cloud.writes or last != "task"
    assert ("seal", "job", "count") not in cloud.writes
    cloud.refused.clear()
    applied(wanted, cloud)
    assert not planned(wanted, cloud)


def test_a_deletion_that_failed_makes_nothing(wanted: Desired) -> None:
    cloud = Picky()
    applied(wanted, cloud)
    cloud.refused.add("pool")
    cloud.writes.clear()
    events = applied(desired(Container(name="new")), cloud)
    assert failures(events) == [("delete", "pool", "pool")]
    assert [verb for verb, _, _ in cloud.writes] == ["delete", "delete"]


def test_an_update_that_failed_adds_no_tasks(wanted: Desired) -> None:
    cloud = Picky()
    applied(wanted, cloud)
    cloud.refused.add("pool")
    kept = [r for r in wanted.resources if r.kind != "pool"]
    again = replace(wanted, resources=(*kept, pool(target_dedicated_nodes=2), task("c")))
    assert failures(list(execute(planned(again, cloud), cloud))) == [("update", "pool", "pool")]
    cloud.refused.clear()
    applied(again, cloud)
    assert not planned(again, cloud)


def test_a_job_that_lacks_a_task_is_not_sealed(wanted: Desired) -> None:
    class Forgetful(FakeCloud):
        def _add(self, task: Any) -> None:
            if task.id != "b":
                super()._add(task)

    cloud = Forgetful()
    events = list(execute(planned(wanted, cloud), cloud))
    assert failures(events) == [("seal", "job", "count")]
    assert isinstance(events[-1], Failed)
    assert isinstance(events[-1].error, Partial)
    assert not cloud.jobs["count"].sealed


def test_replacing_deletes_first_and_makes_after() -> None:
    cloud = FakeCloud()
    applied(desired(pool()), cloud)
    held = cloud.pools["pool"]
    cloud.writes.clear()
    change = Change(action=Action.REPLACE, before=held, after=pool(vm_size="Other"))
    list(execute(Plan(owner=OWNER, changes=(change,)), cloud))
    assert cloud.writes == [("delete", "pool", "pool"), ("create", "pool", "pool")]
    assert cloud.pools["pool"].vm_size == "Other"


def test_the_next_generation_holds_what_runs_again_alone(wanted: Desired) -> None:
    cloud = FakeCloud()
    cloud.fails["a"] = 3
    applied(wanted, cloud)
    cloud.fails.clear()
    cloud.writes.clear()
    events = applied(wanted, cloud)
    assert cloud.writes == [
        ("create", "job", "count-g2"),
        ("create", "task", "count-g2/a"),
        ("seal", "job", "count-g2"),
    ]
    assert [e.name for e in events if isinstance(e, Applied)] == ["count-g2", "count-g2/a"]
    assert not planned(wanted, cloud)


@pytest.mark.parametrize("crash_after", range(len(MADE)))
def test_a_crash_at_any_moment_is_mended_by_the_next_apply(wanted: Desired, crash_after: int) -> None:
    whole, cloud = FakeCloud(), FakeCloud()
    applied(wanted, whole)
    cloud.crash_after = crash_after
    with pytest.raises(Crash):
        applied(wanted, cloud)
    assert cloud.writes == MADE[:crash_after]
    cloud.crash_after = None
    applied(wanted, cloud)
    assert not planned(wanted, cloud)
    assert cloud.jobs == whole.jobs
    assert cloud.added == whole.added
    assert len([w for w in cloud.writes if w[1] == "task"]) == 2


@pytest.mark.parametrize("crash_after", range(7))
def test_a_destroy_that_was_interrupted_is_finished_by_the_next(wanted: Desired, crash_after: int) -> None:
    cloud = FakeCloud()
    applied(wanted, cloud)
    cloud.put("input", "theirs", b"x")
    cloud.crash_after = len(cloud.writes) + crash_after
    try:
        destroyed(wanted, cloud)
    except Crash:
        cloud.crash_after = None
        destroyed(wanted, cloud)
    assert (cloud.pools, cloud.jobs, cloud.containers) == ({}, {}, {"input": OWNER})
    assert [blob.path for blob, _ in cloud.stored.values()] == ["theirs"]


def test_a_job_that_an_interrupted_apply_left_takes_the_rest_and_is_sealed(wanted: Desired) -> None:
    cloud = FakeCloud()
    cloud.crash_after = len(MADE) - 2
    with pytest.raises(Crash):
        applied(wanted, cloud)
    cloud.crash_after = None
    cloud.writes.clear()
    applied(wanted, cloud)
    assert cloud.writes == [
        ("update", "job", "count"),
        ("create", "task", "count/b"),
        ("seal", "job", "count"),
    ]
    assert cloud.jobs["count"].state == "completed"


def test_what_someone_took_meanwhile_is_told_and_stays_theirs(wanted: Desired) -> None:
    cloud = FakeCloud()
    plan = planned(wanted, cloud)
    cloud.jobs["count"], cloud.added["count"] = Job(name="count", pool="theirs"), {}
    assert failures(list(execute(plan, cloud))) == [("create", "job", "count")]
    assert cloud.jobs["count"] == Job(name="count", pool="theirs")


def test_a_blob_that_changed_after_the_plan_is_not_overwritten(wanted: Desired, tmp_path: Path) -> None:
    cloud = FakeCloud()
    applied(wanted, cloud)
    (tmp_path / "a.txt").write_bytes(b"new text")
    blob = upload("a.txt", tmp_path / "a.txt")
    again = replace(wanted, resources=tuple(blob if r.name == blob.name else r for r in wanted.resources))
    plan = planned(again, cloud)
    assert [c.resource for c in plan.of(Blob, Action.UPDATE)] == [blob]
    cloud.put("input", "a.txt", b"theirs")
    assert failures(list(execute(plan, cloud))) == [("update", "blob", "input/a.txt")]
    assert cloud.stored["input", "a.txt"][1] == b"theirs"


def test_each_open_job_is_sealed_with_its_own_tasks(wanted: Desired) -> None:
    cloud = FakeCloud()
    cloud.crash_after = len(MADE) - 1
    with pytest.raises(Crash):
        applied(wanted, cloud)
    cloud.crash_after = None
    cloud.fails["a"] = 3
    cloud.counts(job())
    cloud.fails.clear()
    cloud.writes.clear()
    again = replace(wanted, resources=(*wanted.resources, task("c")))
    assert failures(applied(again, cloud)) == []
    assert {name for verb, _, name in cloud.writes if verb == "seal"} == {"count", "count-g2"}
    assert not planned(again, cloud)
