"""What holds for every state that can be wanted, on a cloud that holds anything."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batchctl.desired import Desired
from batchctl.reconcile.amend.amendments import amended
from batchctl.reconcile.amend.orphans import orphaned_outputs, with_orphans
from batchctl.reconcile.amend.pool_renewal import by_reboot
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.plan import Action
from batchctl.resources import Blob, Container, Job, Pool, Resource, Task
from batchctl.work import OutputFile, StartTask
from tests.fake_cloud import Crash, FakeCloud
from tests.reconcile.build import (
    CHANGED,
    OTHER,
    OWNER,
    applied,
    desired,
    destroyed,
    job,
    observed,
    planned,
    pool,
    situation,
    task,
    upload,
)

NAMES = ("one", "two", "output")
CONTENTS = (b"", b"text", b"another text")

containers = st.sets(st.sampled_from(NAMES)).map(lambda names: sorted(names | {"output"}))
uploads = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("a.txt", "b/c.txt"))), st.integers(0, len(CONTENTS) - 1)
)


def varied(kind: type[Any], *but: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the compared fields of a kind, each as it is by default or otherwise."""
    others = {name: st.just(value) for name, value in CHANGED[kind][1].items() if name not in but}
    return st.fixed_dictionaries({}, optional=others)


def scaled(found: Pool) -> Pool:
    """A formula and its interval come together, and targets not with them."""
    if found.auto_scale_formula is None:
        return replace(found, auto_scale_evaluation_interval=None)
    interval = found.auto_scale_evaluation_interval or timedelta(minutes=15)
    targets = {"target_dedicated_nodes": None, "target_spot_nodes": None}
    return replace(found, auto_scale_evaluation_interval=interval, **targets)


drawn_pools = st.builds(
    pool,
    st.sampled_from(("pool", "Pool", "other")),
    vm_size=st.sampled_from(("Standard_D2s_v5", "STANDARD_D4S_V5")),
    target_dedicated_nodes=st.integers(1, 3),
    target_spot_nodes=st.integers(0, 2),
    task_slots_per_node=st.integers(1, 2),
    display_name=st.sampled_from((None, "Shown")),
    start_task=st.sampled_from((None, StartTask(command_line="x"), StartTask(command_line="x", content="1"))),
)
TARGETS = ("target_dedicated_nodes", "target_spot_nodes", "image", "node_agent_sku_id")
pools = st.builds(lambda drawn, more: scaled(replace(drawn, **more)), drawn_pools, varied(Pool, *TARGETS))
outputs = st.sampled_from(
    (
        OutputFile(file_pattern="*_OUTPUT.txt", container="output"),
        OutputFile(file_pattern="parts/*.csv", container="output", path="csv"),
        OutputFile(file_pattern="../stdout.txt", container="output", path="logs/{id}.txt"),
        OutputFile(file_pattern="core.*", container="output", upload_condition="taskFailure"),
    )
)
tasks = st.dictionaries(
    st.sampled_from(("a", "b", "c", "d-1")),
    st.tuples(
        st.sampled_from(("command=1;inputs=1", "command=2;inputs=1", "command=1;inputs=1;handling=1")),
        st.lists(outputs, max_size=2),
        varied(Task, "digest"),
    ),
    max_size=4,
)
drawn_jobs = st.builds(
    job,
    st.sampled_from(("count", "COUNT", "other")),
    priority=st.integers(0, 1),
    max_wall_clock_time=st.sampled_from((None, timedelta(hours=1))),
    environment=st.sampled_from(((), (("A", "1"),))),
)
jobs = st.builds(lambda drawn, more: replace(drawn, **more), drawn_jobs, varied(Job, "pool"))


@st.composite
def wants(draw: st.DrawFn) -> dict[str, Any]:
    """A wanted state without its files: those are written when the test has a directory."""
    return {
        "containers": draw(containers),
        "keep": draw(st.booleans()),
        "uploads": draw(uploads),
        "pool": draw(pools),
        "job": draw(st.none() | jobs),
        "tasks": draw(tasks),
    }


def wanted(drawn: dict[str, Any], folder: Path) -> Desired:
    resources: list[Resource] = [Container(name=n, keep=drawn["keep"] and n == "output") for n in drawn["containers"]]
    for (container, path), content in drawn["uploads"].items():
        if container in drawn["containers"]:
            source = folder / f"{content}"
            source.write_bytes(CONTENTS[content])
            resources.append(upload(path, source, container))
    resources.append(drawn["pool"])
    if drawn["job"]:
        resources.append(replace(drawn["job"], pool=drawn["pool"].name))
        for id, (digest, declared, limits) in drawn["tasks"].items():
            named = tuple(replace(o, path=o.path and o.path.replace("{id}", id)) for o in declared)
            resources.append(task(id, job=drawn["job"].name, digest=digest, output_files=named, **limits))
    return desired(*resources)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def with_strangers() -> FakeCloud:
    """A cloud that others use too, some of them in our containers."""
    cloud = FakeCloud()
    cloud.containers |= {"theirs": OTHER, "by-hand": None}
    cloud.put("theirs", "x", b"x", OTHER)
    cloud.put("by-hand", "x", b"x")
    cloud.pools["their-pool"] = replace(pool("their-pool"), owner=OTHER, state="active")
    cloud.jobs["their-job"] = Job(name="their-job", pool="their-pool", owner=OTHER, state="active")
    cloud.added["their-job"] = {"a": Task(job="their-job", id="a", state="active", generation=1)}
    return cloud


def strangers(cloud: FakeCloud) -> list[object]:
    blobs = [blob for blob, _ in cloud.stored.values() if blob.owner != OWNER]
    made = {job.made_pool for job in cloud.jobs.values()}  # these come and go with their jobs
    pools = [p for p in cloud.pools.values() if p.owner != OWNER and p.name not in made]
    jobs = [j for j in cloud.jobs.values() if j.owner != OWNER]
    named = [(name, owner) for name, owner in cloud.containers.items() if owner != OWNER]
    return [blobs, pools, jobs, named, cloud.added["their-job"]]


def ours(cloud: FakeCloud, *, beside: frozenset[str] = frozenset()) -> list[str]:
    """What bears our mark, but for what lies in the containers `beside`."""
    held: list[Container | Blob | Pool | Job] = [Container(name=n, owner=o) for n, o in cloud.containers.items()]
    held += [blob for blob, _ in cloud.stored.values()]
    held += [*cloud.pools.values(), *cloud.jobs.values()]
    return [r.name for r in held if r.owner == OWNER and r.name.partition("/")[0] not in beside]


@given(wants(), wants(), st.sets(st.sampled_from(("a", "b"))))
def test_after_an_apply_there_is_nothing_to_do(first: dict[str, Any], then: dict[str, Any], fails: set[str]) -> None:
    cloud = with_strangers()
    untouched = strangers(cloud)
    with folder() as path:
        cloud.fails = dict.fromkeys(fails, 1)
        applied(wanted(first, path), cloud)
        cloud.fails = {}
        again = wanted(then, path)
        applied(again, cloud)
        plan = planned(again, cloud)
    assert (plan.changes, plan.refusals, plan.waits) == ((), (), ())
    assert plan.unchanged == len(again.resources)
    assert strangers(cloud) == untouched


@given(wants(), wants(), st.integers(0, 20), st.integers(0, 20))
def test_after_crashes_one_apply_is_enough(
    first: dict[str, Any], then: dict[str, Any], crash_first: int, crash_then: int
) -> None:
    cloud = with_strangers()
    with folder() as path:
        for drawn, writes in ((first, crash_first), (then, crash_then)):
            cloud.crash_after = len(cloud.writes) + writes
            with suppress(Crash):
                applied(wanted(drawn, path), cloud)
        cloud.crash_after = None
        # What was left waiting in a job of the first state ends before the second can have its way.
        for held in list(cloud.jobs.values()):
            if held.owner == OWNER:
                cloud.counts(held)
        again = wanted(then, path)
        if refused := planned(again, cloud).refusals:
            assert all(" is still " in reason for reason in refused)
            return
        applied(again, cloud)
        assert not planned(again, cloud)


@given(wants(), wants(), st.integers(0, 30))
def test_destroy_leaves_nothing_of_ours_and_all_of_theirs(
    first: dict[str, Any], then: dict[str, Any], crash_after: int
) -> None:
    cloud = with_strangers()
    with folder() as path:
        applied(wanted(first, path), cloud)
        cloud.crash_after = len(cloud.writes) + crash_after
        last = wanted(then, path)
        with suppress(Crash):
            applied(last, cloud)
        cloud.crash_after = None
        cloud.put("output", "by-hand.txt", b"x")
        untouched = strangers(cloud)
        destroyed(last, cloud)
    keeps = Container(name="output", keep=True) in last.resources
    assert ours(cloud, beside=frozenset({"output"})) == []
    assert keeps or ours(cloud) == ["output"]
    assert strangers(cloud) == untouched


@given(wants(), wants(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_held_does_not_matter(first: dict[str, Any], then: dict[str, Any], random: Any) -> None:
    cloud = with_strangers()
    with folder() as path:
        applied(wanted(first, path), cloud)
        again = wanted(then, path)
        held = list(observed(again, cloud))
        plan = diff(again, held)
        random.shuffle(held)
        assert diff(again, held) == plan


@given(wants(), wants())
def test_what_the_plan_shows_is_what_apply_writes(first: dict[str, Any], then: dict[str, Any]) -> None:
    cloud = with_strangers()
    with folder() as path:
        applied(wanted(first, path), cloud)
        again = wanted(then, path)
        plan = planned(again, cloud)
        cloud.writes.clear()
        applied(again, cloud)
    verbs = {"+": ["create"], "~": ["update"], "-": ["delete"], "-/+": ["delete", "create"]}
    shown = [(verb, c.kind, c.resource.name) for c in plan.changes for verb in verbs[c.action.value]]
    written = [
        (verb, kind, name.replace("-g2", "").replace("-g3", "")) for verb, kind, name in cloud.writes if verb != "seal"
    ]
    assert sorted(written) == sorted(shown)


@given(wants(), wants())
def test_pruned_outputs_are_those_of_tasks_that_left_and_a_start_task_comes_by_reboot(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    cloud = with_strangers()
    untouched = strangers(cloud)
    choices = Choices(prune_outputs=True, reboot_nodes=True)
    with folder() as path:
        applied(wanted(first, path), cloud)
        again = wanted(then, path)
        held = observed(again, cloud)
        plan = amended(diff(again, held), situation(again, held, choices), (with_orphans, by_reboot))
        list(execute(plan, cloud))
        for waited in plan.waits:
            cloud.counts(waited)
        after = observed(again, cloud)
        assert orphaned_outputs(again, after) == ()
        assert diff(again, after).changes == ()
    gone = [blob for c in plan.of(Blob, Action.DELETE) if isinstance(blob := c.before, Blob) and blob.task]
    left = {r.id.lower() for r in again.resources if isinstance(r, Task)}
    assert all(blob.task and blob.task.lower() not in left for blob in gone)
    assert strangers(cloud) == untouched
