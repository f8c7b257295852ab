"""What is wanted against what is held: every change, every refusal, every note; and what holds for all of them."""

import random
from dataclasses import dataclass, fields, replace
from itertools import permutations
from pathlib import Path
from typing import Any, ClassVar

import pytest

from batchctl.configurations import ContainerConfiguration, NetworkConfiguration, TaskSchedulingPolicy
from batchctl.reconcile.decide.diff import change_needed, diff, kept_by_destroy
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.plan import Action, Change, Plan, field_changes
from batchctl.resources import KINDS, Blob, Container, Image, Job, Pool, Resource, Task
from batchctl.rules import Rule, asked_hashes, compared
from batchctl.work import StartTask
from tests.reconcile.build import (
    CHANGED,
    OTHER,
    OWNER,
    desired,
    failed,
    held_job,
    held_pool,
    job,
    output,
    pool,
    run,
    schedule,
    task,
    waiting,
)

INPUT = Container(name="input")
OURS = Container(name="input", owner=OWNER)
TEXT = Blob(container="input", path="a.txt", md5="1" * 32, size=3)
HELD_TEXT = replace(TEXT, owner=OWNER, etag="1")


def said(plan: Plan) -> list[str]:
    return [
        f"{c.action.value} {c.kind} {c.resource.name}" + (f": {'; '.join(c.reasons)}" if c.reasons else "")
        for c in plan.changes
    ]


def test_all_is_made_in_the_order_of_kinds() -> None:
    plan = diff(desired(INPUT, TEXT, pool(), job(), task()), [])
    assert said(plan) == [
        "+ container input",
        "+ blob input/a.txt",
        "+ pool pool",
        "+ job count",
        "+ task count/a: new",
    ]
    assert (plan.refusals, plan.notes, plan.unchanged) == ((), (), 0)
    assert plan


def test_nothing_to_do() -> None:
    held: list[Resource] = [OURS, HELD_TEXT, held_pool(), held_job(state="completed"), run()]
    plan = diff(desired(INPUT, TEXT, pool(), job(), task()), held)
    assert plan == Plan(owner=OWNER, unchanged=5)
    assert not plan


def test_what_waits_or_comes_home_is_something_to_do() -> None:
    home = Fetch(blob=output("x"), root=Path("/home"))
    assert diff(desired(job(), task()), [held_job(), waiting()]).waits
    assert diff(desired(job(), task()), [held_job(), waiting()])
    assert diff(desired(), [], [home]).fetches == (home,)
    assert diff(desired(), [], [home])


@pytest.mark.parametrize(
    ("held", "unchanged"),
    [
        ([], 0),
        ([OURS], 1),
        ([OURS, HELD_TEXT], 2),
        ([OURS, replace(HELD_TEXT, md5="2" * 32)], 1),
        ([OURS, HELD_TEXT, held_pool(vm_size="Old")], 2),
        ([OURS, HELD_TEXT, held_pool(state="deleting")], 2),
        ([OURS, HELD_TEXT, held_pool(), held_job(), waiting()], 5),
        ([OURS, HELD_TEXT, held_pool(), held_job(priority=9), waiting()], 4),
        ([OURS, HELD_TEXT, held_pool(), held_job(sealed=False), waiting()], 4),
        ([OURS, HELD_TEXT, held_pool(), held_job(sealed=False)], 3),
        ([OURS, HELD_TEXT, held_pool(), held_job(state="completed"), failed()], 3),
        ([OURS, HELD_TEXT, held_pool(), held_job(state="completed"), run()], 5),
        ([OURS, HELD_TEXT, held_pool(), held_job(state="completed"), run(), Container(name="old", owner=OWNER)], 5),
        ([OURS, HELD_TEXT, held_pool(owner=OTHER)], 2),
        ([OURS, HELD_TEXT, held_pool(owner=OTHER, vm_size="Old")], 2),
    ],
)
def test_unchanged_counts_what_stays_as_it_is(held: list[Resource], unchanged: int) -> None:
    assert diff(desired(INPUT, TEXT, pool(), job(), task()), held).unchanged == unchanged


# One object against another.


def test_a_pool_that_is_being_deleted_is_made_anew() -> None:
    change = change_needed(pool(), held_pool(state="deleting", vm_size="Old"))
    assert change == Change(
        action=Action.CREATE, after=pool(), reasons=("the old one is still being deleted: waits for it",)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stone:
    """A kind with a field that cannot change: the differ asks only for rules."""

    kind: ClassVar[str] = "stone"
    name: str = "stone"
    weight: int = compared(Rule.IN_PLACE, 1)
    colour: str = compared(Rule.REPLACE, "grey")


def test_one_field_that_replaces_replaces_the_object() -> None:
    wanted, found = Stone(weight=2, colour="red"), Stone()
    change = change_needed(wanted, found)  # type: ignore[arg-type]  # the differ is generic: no kind has such a field yet
    assert change is not None
    assert (change.action, [f.name for f in change.fields]) == (Action.REPLACE, ["weight", "colour"])


def subnet(id: str) -> NetworkConfiguration:
    return NetworkConfiguration(subnet_id=id)


def images(*names: str) -> ContainerConfiguration:
    return ContainerConfiguration(container_image_names=names)


def scaled() -> Pool:
    return pool(auto_scale_formula="x", target_dedicated_nodes=None, target_spot_nodes=None)


FIELDS = [
    (kind, field.name, field.metadata["rule"]) for kind in KINDS for field in fields(kind) if "rule" in field.metadata
]


@pytest.mark.parametrize(("kind", "name", "rule"), FIELDS, ids=lambda value: getattr(value, "kind", str(value)))
def test_every_field_with_a_rule_changed_alone_is_what_the_plan_says(kind: type[Any], name: str, rule: Rule) -> None:
    found, others = CHANGED[kind]
    wanted = replace(found, **{name: others[name]})
    [change] = field_changes(found, wanted)
    assert (change.name, change.old, change.new, change.rule) == (name, getattr(found, name), others[name], rule)
    if kind in (Blob, Pool):
        [planned] = diff(desired(wanted), [replace(found, owner=OWNER)]).changes
        assert (planned.action, planned.before, planned.after) == (Action.UPDATE, replace(found, owner=OWNER), wanted)
        assert planned.fields == (change,)
    if kind is Job and rule is Rule.IN_PLACE:
        live = replace(found, owner=OWNER, state="active", sealed=True)
        [planned] = diff(desired(wanted, task()), [live, waiting()]).changes
        assert (planned.action, planned.fields) == (Action.UPDATE, (change,))
    if kind is Task and rule is Rule.IN_PLACE:
        run = replace(waiting(), **{name: getattr(found, name)})
        [planned] = diff(desired(job(), wanted), [held_job(), run]).changes
        assert (planned.action, planned.fields) == (Action.UPDATE, (change,))
        assert (
            diff(desired(job(), wanted), [held_job(), replace(run, state="completed", result="success")]).changes == ()
        )
    if kind is Job and rule is Rule.NEW_GENERATION:
        done = replace(found, owner=OWNER, state="completed", sealed=True)
        [made, _] = diff(desired(wanted, task()), [done, failed()]).changes
        assert made.after == replace(wanted, generation=2)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (pool(vm_size="STANDARD_d2s_V5"), pool()),
        (pool(node_agent_sku_id="Batch.Node.Ubuntu 24.04"), pool()),
        (pool(), pool(node_agent_sku_id=None)),
        (pool(display_name="By hand"), pool()),
        (pool(image=Image(publisher="Canonical", offer="Ubuntu-24_04-LTS", sku="Server")), pool()),
        (pool(task_scheduling_policy=TaskSchedulingPolicy(node_fill_type="Spread")), pool()),
        (pool(network_configuration=NetworkConfiguration()), pool()),
        (pool(network_configuration=subnet("/SUBNETS/One")), pool(network_configuration=subnet("/subnets/one"))),
        (pool(container_configuration=images("a", "b")), pool(container_configuration=images("b", "a"))),
        (pool(metadata=(("A", "1"), ("B", "2"))), pool(metadata=(("B", "2"), ("A", "1")))),
        (pool(auto_scale_formula="x", target_dedicated_nodes=7), scaled()),
        (pool(), pool(image=replace(pool().image, version="latest"))),
        (job(on_task_failure="NoAction"), job()),
        (job(pool="POOL"), job()),
        (job(display_name="By hand"), job()),
    ],
)
def test_what_the_service_writes_otherwise_or_fills_in_is_no_change(found: Resource, wanted: Resource) -> None:
    assert field_changes(found, wanted) == ()


def test_every_compared_field_of_every_kind_has_its_example() -> None:
    assert {(kind, name) for kind, name, _ in FIELDS} == {(k, n) for k, (_, others) in CHANGED.items() for n in others}


def test_sealing_is_a_change_that_the_plan_shows() -> None:
    [change] = diff(desired(job(), task()), [held_job(sealed=False), waiting()]).changes
    assert [(f.name, f.old, f.new) for f in change.fields] == [("on_all_tasks_complete", "noaction", "terminatejob")]


# Whose doing a difference is.


def asked_before(found: Any, **since: Any) -> Any:
    """The object as we asked for it, changed since by somebody else."""
    return replace(found, asked=asked_hashes(found), **since)


@pytest.mark.parametrize(
    ("found", "wanted", "drifts"),
    [
        (asked_before(pool(), target_dedicated_nodes=9), pool(), {"target_dedicated_nodes": True}),
        (asked_before(pool()), pool(target_dedicated_nodes=9), {"target_dedicated_nodes": False}),
        (
            asked_before(pool(), start_task=None, target_spot_nodes=4),
            pool(start_task=StartTask(command_line="true")),
            {"start_task": False, "target_spot_nodes": True},
        ),
        (asked_before(pool(metadata=(("a", "1"),)), metadata=()), pool(metadata=(("a", "1"),)), {"metadata": True}),
        (asked_before(job(), priority=4), job(), {"priority": True}),
        (pool(target_dedicated_nodes=9), pool(), {"target_dedicated_nodes": False}),
    ],
)
def test_drift_is_told_from_an_edit_of_the_spec(found: Any, wanted: Any, drifts: dict[str, bool]) -> None:
    assert {f.name: f.drift for f in field_changes(found, wanted)} == drifts


# What is not ours.


@pytest.mark.parametrize(
    ("owner", "whose"), [(OTHER, "it belongs to the spec 'another-spec'"), (None, "it bears no mark")]
)
@pytest.mark.parametrize(
    "found",
    [OURS, replace(HELD_TEXT, md5="2" * 32), held_pool(name="POOL", vm_size="Old"), held_job()],
    ids=lambda r: str(r.kind),
)
def test_what_sits_at_our_name_and_is_not_ours_is_refused_and_not_touched(
    found: Any, owner: str | None, whose: str
) -> None:
    theirs: Resource = replace(found, owner=owner)
    plan = diff(desired(INPUT, TEXT, pool(), job(), task()), [theirs])
    [refusal] = plan.refusals
    assert refusal.startswith(f"{found.kind} {found.name!r} exists already and is not ours: {whose}")
    assert not [c for c in plan.changes if c.before is not None]


def test_what_is_not_ours_and_not_wanted_is_never_touched() -> None:
    theirs: list[Resource] = [
        replace(OURS, owner=OTHER),
        replace(HELD_TEXT, owner=None),
        held_pool(owner=OTHER),
        held_job(owner=OTHER),
    ]
    assert diff(desired(), theirs) == Plan(owner=OWNER)


# What left the spec.


def test_what_left_the_spec_goes() -> None:
    held: list[Resource] = [OURS, HELD_TEXT, held_pool(), held_job(), run("a"), run("b")]
    plan = diff(desired(), held)
    assert said(plan) == ["- container input: 1 blob", "- pool pool", "- job count: with 2 tasks"]
    assert plan.unchanged == 0


def test_an_empty_container_goes_without_a_count() -> None:
    assert said(diff(desired(), [OURS])) == ["- container input"]
    assert said(diff(desired(), [OURS, HELD_TEXT, output("b", container="input")])) == ["- container input: 2 blobs"]


def test_a_file_that_left_the_spec_takes_its_blob_along_but_never_an_output() -> None:
    held: list[Resource] = [
        OURS,
        HELD_TEXT,
        replace(HELD_TEXT, path="b.txt"),
        replace(HELD_TEXT, path="c.txt", task="c"),
    ]
    plan = diff(desired(INPUT, TEXT), held)
    assert said(plan) == ["- blob input/b.txt: no longer uploaded by the spec"]


def test_what_is_being_deleted_already_is_waited_for() -> None:
    held: list[Resource] = [held_pool(state="deleting"), held_job(state="deleting")]
    plan = diff(desired(), held)
    assert said(plan) == [
        "- pool pool: it is being deleted already: waits until it is gone",
        "- job count: it is being deleted already: waits until it is gone",
    ]


def test_foreign_blobs_keep_a_container_and_ours_go() -> None:
    held: list[Resource] = [OURS, HELD_TEXT, *(replace(HELD_TEXT, path=f"x{i:02}", owner=None) for i in range(21))]
    plan = diff(desired(), held)
    assert said(plan) == ["- blob input/a.txt"]
    [note] = plan.notes
    assert note.startswith("container 'input' is kept: it holds 21 blobs that we did not put there (x00, x01,")
    assert note.endswith("x09, …)")
    assert diff(desired(), held[1:3]).notes == ()
    [note] = diff(desired(), [OURS, held[2]]).notes
    assert note == "container 'input' is kept: it holds 1 blob that we did not put there (x00)"


def test_an_external_container_stays_and_so_do_its_outputs() -> None:
    held: list[Resource] = [
        OURS,
        HELD_TEXT,
        replace(HELD_TEXT, path="o", task="o"),
        replace(HELD_TEXT, path="x", owner=None),
    ]
    plan = diff(desired(external=frozenset({"input"})), held)
    assert said(plan) == ["- blob input/a.txt: no longer uploaded by the spec"]
    assert plan.notes == ()


def test_destroy_keeps_what_the_spec_keeps() -> None:
    wanted = desired(replace(INPUT, keep=True), Container(name="output"), TEXT, pool(), job(), external=frozenset("e"))
    held: list[Resource] = [
        OURS,
        HELD_TEXT,
        replace(HELD_TEXT, path="theirs", owner=OTHER),
        Container(name="output", owner=OWNER),
        output("x"),
        held_pool(),
        held_job(),
        run(),
    ]
    left = kept_by_destroy(wanted, held)
    assert left == desired(OURS, HELD_TEXT, external=frozenset("e"))
    assert said(diff(left, held)) == ["- container output: 1 blob", "- pool pool", "- job count: with 1 task"]


def test_destroy_never_keeps_what_is_not_ours() -> None:
    assert kept_by_destroy(desired(replace(INPUT, keep=True)), [Container(name="input")]).resources == ()


# What holds for every plan.


def test_the_order_of_what_is_held_does_not_matter() -> None:
    wanted = desired(INPUT, TEXT, pool("p1"), pool("p2"), job(), *(task(i) for i in "abc"))
    held: list[Resource] = [
        Container(name="old1", owner=OWNER),
        Container(name="old2", owner=OWNER),
        replace(HELD_TEXT, container="old1", owner=None),
        replace(HELD_TEXT, container="old2", owner=None),
        replace(HELD_TEXT, container="old2", path="b"),
        held_pool("p1", owner=None),
        held_pool("p2", owner=OTHER),
        held_job(1, sealed=False),
        held_job(2, sealed=False),
        held_job(3, name="other"),
        waiting("a", 1),
        waiting("b", 2, digest="command=0"),
        failed("c", 1),
    ]
    plan = diff(wanted, held)
    assert [len(plan.notes), len(plan.refusals), len(plan.waits), len(plan.changes)] == [2, 2, 2, 9]
    shuffled = random.Random(7)
    for _ in range(100):
        shuffled.shuffle(held)
        assert diff(wanted, held) == plan


def test_kinds_are_always_in_their_order() -> None:
    everything: list[Resource] = [INPUT, TEXT, pool(), job(), schedule(), task()]
    for order in permutations(everything):
        assert [c.kind for c in diff(desired(*order), []).changes] == [kind.kind for kind in KINDS]
