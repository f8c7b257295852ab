"""What a part of a plan takes along."""

import pytest

from batchctl.configurations import TaskDependencies
from batchctl.desired import Desired
from batchctl.errors import UsageError
from batchctl.reconcile.amend.only import comes_home, only_named
from batchctl.reconcile.choices import Choices, named
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.plan import Plan
from batchctl.resources import Blob, Container, label_of
from batchctl.work import ResourceFile, StartTask
from tests.reconcile.build import OWNER, TEXT, job, output, pool, run, situation, task

SCRIPTS = ResourceFile(container="application", blob_prefix="scripts/")
START = StartTask(command_line="cp", resource_files=(SCRIPTS,))


def blob(name: str) -> Blob:
    container, _, path = name.partition("/")
    return Blob(container=container, path=path, md5="0" * 32)


def reading(id: str, *files: str, on: TaskDependencies | None = None) -> object:
    inputs = tuple(ResourceFile(container="input", blob=file) for file in files)
    return task(id, resource_files=inputs, output_files=(TEXT,), depends_on=on)


DESIRED = Desired(
    owner=OWNER,
    resources=(
        *(Container(name=name) for name in ("application", "input", "output", "unused")),
        *map(blob, ("application/scripts/a.py", "application/notes.md", "input/a", "input/b", "input/c")),
        pool(start_task=START),
        job(),
        reading("a", "a"),
        reading("b", "b", on=TaskDependencies(task_ids=("a",))),
        reading("7", "c"),
        reading("c", on=TaskDependencies(task_ids=("7",))),
    ),
)
PLAN = diff(DESIRED, ())
EVERYTHING = ("container.*", "blob.*", "pool.*", "job.*", "task.*")


def part(*names: str, plan: Plan = PLAN) -> list[str]:
    found = only_named(plan, situation(DESIRED, (), Choices(only=names)))
    return [f"{c.kind} {label_of(c.resource)}" for c in found.changes]


POOL = ["container application", "blob application/scripts/a.py", "pool pool"]
WITH_A = ["container input", "container output", "blob input/a", "job count", "task count/a"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["container.unused"], ["container unused"]),
        (["blob.input/a"], ["container input", "blob input/a"]),
        (["blob.input/?", "container.input"], ["container input", "blob input/a", "blob input/b", "blob input/c"]),
        (["pool.POOL"], POOL),
        (["task.a"], [*POOL, *WITH_A]),
        (["task.count/a"], [*POOL, *WITH_A]),
        (["task.b"], [*POOL, *WITH_A, "blob input/b", "task count/b"]),
        (
            ["task.c"],
            [*POOL, "container input", "container output", "blob input/c", "job count", "task count/7", "task count/c"],
        ),
    ],
    ids=" ".join,
)
def test_what_is_named_comes_with_what_it_needs(names: list[str], found: list[str]) -> None:
    assert set(part(*names)) == set(found)


def test_the_order_stays_and_all_of_it_is_the_whole_plan() -> None:
    assert only_named(PLAN, situation(DESIRED, (), Choices(only=EVERYTHING))) == PLAN
    everything = part(*EVERYTHING)
    assert [line for line in everything if line in part("job.count")] == part("job.count")
    assert only_named(PLAN, situation(DESIRED, (), Choices())) is PLAN


def test_a_job_means_its_tasks() -> None:
    assert {line for line in part("job.count") if line.startswith("task")} == {
        f"task count/{i}" for i in ("a", "b", "c", "7")
    }


def test_only_what_is_named_is_waited_for() -> None:
    assert only_named(PLAN, situation(DESIRED, (), Choices(only=("pool.pool",)))).waits == ()
    assert only_named(PLAN, situation(DESIRED, (), Choices(only=("task.a",)))).waits == PLAN.waits
    busy = run("a", state="running", result=None)
    held = Plan(owner=OWNER, waits=(job(),))
    assert only_named(held, situation(DESIRED, (busy,), Choices(only=("task.a",)))).waits == held.waits
    assert only_named(held, situation(DESIRED, (busy,), Choices(only=("task.b",)))).waits == ()


def test_what_is_not_there_is_refused_with_what_is() -> None:
    [reason] = only_named(PLAN, situation(DESIRED, (), Choices(only=("container.inptu",)))).refusals
    assert reason == "--only container.inptu: there is no such container; there is application, input, output, unused"


def test_what_comes_home() -> None:
    wrote = output("x_OUTPUT.txt", task="A")
    for name in ("task.a", "container.output", "blob.output/*", "job.count"):
        assert comes_home(wrote, Choices(only=(name,))), name
    for name in ("task.b", "container.input", "pool.pool"):
        assert not comes_home(wrote, Choices(only=(name,))), name
    assert comes_home(wrote, Choices())


@pytest.mark.parametrize("text", ["pool", "pool.", ".x", "node.x", "Pool.x", ""])
def test_what_names_nothing(text: str) -> None:
    with pytest.raises(UsageError, match="it takes KIND"):
        named(text)
