"""Which tasks run again, where, and what stands in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batchctl.configurations import TaskDependencies, TaskIdRange
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.generations import Schedule, schedule_tasks
from batchctl.reconcile.decide.runs import GIVEN_UP, runs_of_job
from batchctl.reconcile.decide.verdicts import verdicts_on, why_failed
from batchctl.reconcile.outputs import missing_outputs, outputs_by_task
from batchctl.reconcile.plan import Action
from batchctl.resources import Blob, Job, Resource, Task, label_of
from batchctl.work import OutputFile
from tests.reconcile.build import (
    OTHER,
    TEXT,
    desired,
    failed,
    held_job,
    job,
    output,
    run,
    task,
    waiting,
)


def decide(
    wanted: Sequence[Task],
    jobs: Sequence[Job] = (),
    runs: Sequence[Task] = (),
    outputs: Sequence[Blob] = (),
    asked: Job | None = job(),  # noqa: B008 (frozen)
) -> Schedule:
    return schedule_tasks(desired(*([asked] if asked else []), *wanted), (*jobs, *runs, *outputs))


def made(decided: Schedule) -> list[str]:
    """`job:id` and `generation/task: reasons`."""
    said = [(c.resource, ", ".join(c.reasons)) for c in decided.changes if c.action is Action.CREATE]
    return [f"{r.generation}/{r.id}: {why}" if isinstance(r, Task) else f"job {label_of(r)}: {why}" for r, why in said]


def updated(decided: Schedule) -> tuple[tuple[Any, Any], ...]:
    """Jobs as they are, and as they will be while they go on."""
    return tuple((old, new) for old, new, _ in _jobs(decided) if old.state == new.state)


def ended(decided: Schedule) -> tuple[tuple[Any, Any, tuple[str, ...]], ...]:
    return tuple((old, new, why) for old, new, why in _jobs(decided) if old.state != new.state)


def _jobs(decided: Schedule) -> Iterator[tuple[Any, Any, tuple[str, ...]]]:
    for c in decided.changes:
        if c.action is Action.UPDATE and isinstance(c.before, Job):
            yield c.before, c.after, c.reasons


def gone(decided: Schedule) -> tuple[tuple[Any, tuple[str, ...]], ...]:
    return tuple((c.before, c.reasons) for c in decided.changes if c.action is Action.DELETE)


def test_everything_is_new_at_first() -> None:
    decided = decide([task("a"), task("b")])
    assert made(decided) == ["job count: ", "1/a: new", "1/b: new"]
    assert [j.id for j in decided.waits] == ["count"]
    assert (updated(decided), gone(decided), decided.kept, decided.refusals) == ((), (), 0, ())


def test_what_has_succeeded_stays() -> None:
    decided = decide([task("a")], [held_job(state="completed")], [run("a")])
    assert decided == Schedule(kept=2)


def test_a_job_without_tasks_is_made_and_not_waited_for() -> None:
    assert made(decide([])) == ["job count: "]
    assert decide([]).waits == ()


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (run(digest="command=0;inputs=1"), "command changed"),
        (run(digest="command=0;inputs=0"), "command changed, inputs changed"),
        (run(digest=""), "command changed, inputs changed"),
        (failed(code=3), "failed with exit code 3"),
        (failed(code=0, failure="FileUploadMiscError: no"), "failed: FileUploadMiscError: no"),
        (failed(exit_code=None, failure="MaxWallClockTime: out of time"), "failed: MaxWallClockTime: out of time"),
        (failed(code=3, digest="command=0;inputs=1"), "failed with exit code 3, command changed"),
        (waiting(), "its job ended before it ran"),
        (waiting(state="running"), "its job ended while it ran"),
        (waiting(digest="command=1;inputs=0"), "its job ended before it ran, inputs changed"),
    ],
)
def test_what_runs_again_runs_in_the_next_generation(held: Task, reason: str) -> None:
    decided = decide([task("a"), task("b")], [held_job(state="completed")], [held, run("b")])
    assert made(decided) == ["job count-g2: generation 2: a finished job takes no tasks", f"2/a: {reason}"]
    assert [j.id for j in decided.waits] == ["count-g2"]
    assert decided.kept == 1


def test_the_newest_run_counts() -> None:
    jobs = [held_job(1, state="completed"), held_job(2, state="completed")]
    assert made(decide([task()], jobs, [failed(generation=1), run(generation=2)])) == []
    assert made(decide([task()], jobs, [failed(generation=2), run(generation=1)]))[1:] == [
        "3/a: failed with exit code 3"
    ]


@pytest.mark.parametrize("state", ["active", "running", "preparing"])
def test_what_is_under_way_is_waited_for(state: str) -> None:
    decided = decide([task("a"), task("b")], [held_job()], [waiting("a", state=state), run("b")])
    assert decided == Schedule(kept=3, waits=(held_job(),))


def test_what_is_under_way_in_an_older_generation_is_waited_for_beside_the_new_one() -> None:
    decided = decide([task("a"), task("b")], [held_job()], [waiting("a"), failed("b")])
    assert made(decided)[1:] == ["2/b: failed with exit code 3"]
    assert [j.id for j in decided.waits] == ["count", "count-g2"]


def test_what_is_under_way_and_has_changed_is_in_the_way() -> None:
    decided = decide([task()], [held_job()], [waiting(state="running", digest="command=0;inputs=1")])
    assert made(decided) == []
    [refusal] = decided.refusals
    assert refusal.startswith("task 'a' is still running in job 'count' with what the spec said before")


def test_what_runs_in_a_pool_that_the_job_no_longer_names_is_in_the_way() -> None:
    decided = decide([task()], [held_job(pool="old")], [waiting(state="running")])
    [refusal] = decided.refusals
    assert refusal.startswith("task 'a' is still running in job 'count' with what the spec said before")


@pytest.mark.parametrize(
    ("held", "run", "why"),
    [
        (held_job(pool="old"), waiting(), "its job ended before it ran"),
        (held_job(), waiting(digest="command=0;inputs=1"), "its job ended before it ran, command changed"),
        (held_job(sealed=False), waiting(digest="command=1;inputs=0"), "its job ended before it ran, inputs changed"),
    ],
)
def test_what_waits_otherwise_than_the_spec_says_is_given_up(held: Job, run: Task, why: str) -> None:
    decided = decide([task("a"), task("b")], [held], [run, waiting("b")])
    assert ended(decided) == ((held, replace(held, state="terminating"), (GIVEN_UP,)),)
    assert made(decided)[1:] == [f"2/a: {why}", "2/b: its job ended before it ran"]
    assert [j.id for j in decided.waits] == ["count-g2"]
    assert decided.refusals == ()


def test_what_waits_and_is_wanted_no_more_is_given_up() -> None:
    decided = decide([task("a")], [held_job()], [waiting("a"), waiting("gone")])
    assert [new.state for _, new, _ in ended(decided)] == ["terminating"]
    assert made(decided)[1:] == ["2/a: its job ended before it ran"]
    assert (decided.strays, decided.notes) == ((), ())


def test_nothing_is_given_up_while_anything_of_the_job_runs() -> None:
    runs = [waiting("a", digest="command=0;inputs=1"), waiting("gone", state="running")]
    decided = decide([task("a")], [held_job()], runs)
    assert ended(decided) == ()
    assert len(decided.refusals) == 1
    assert [t.id for t in decided.strays] == ["gone"]
    assert decided.notes == ("task 'gone' is in the spec no more, and is still running in job 'count': it goes on",)


def test_the_case_of_a_pool_does_not_matter() -> None:
    assert decide([task()], [held_job(pool="POOL")], [waiting()]).refusals == ()


# A job that an interrupted apply left open.


def test_an_open_job_takes_what_it_does_not_hold_yet() -> None:
    left = held_job(sealed=False)
    decided = decide([task("a"), task("b")], [left], [waiting("a")])
    assert made(decided) == ["1/b: new"]
    assert updated(decided) == ((left, replace(left, sealed=True)),)
    assert [j.generation for j in decided.waits] == [1]
    assert decided.kept == 1


def test_a_number_that_a_task_with_zeros_could_mean_is_no_part_of_a_range() -> None:
    numbers = tuple(task(str(number)) for number in range(1, 5))
    last = task("02", depends_on=TaskDependencies(task_ids=("1", "2", "3", "4")))
    stray = waiting("0004")  # left by an apply that was interrupted; the spec has it no more
    decided = decide([*numbers, last], [held_job(sealed=False)], [stray])
    (waits,) = (r.depends_on for c in decided.changes if isinstance(r := c.after, Task) and r.depends_on)
    ranges = (TaskIdRange(start=1, end=1), TaskIdRange(start=3, end=3))
    assert waits == TaskDependencies(task_ids=("2", "4"), task_id_ranges=ranges)


def test_an_open_job_that_holds_all_is_sealed() -> None:
    left = held_job(sealed=False)
    decided = decide([task("a")], [left], [waiting("a")])
    assert (made(decided), updated(decided)) == ([], ((left, replace(left, sealed=True)),))
    assert [j.generation for j in decided.waits] == [1]


def test_an_open_job_whose_tasks_have_ended_is_sealed_and_not_waited_for() -> None:
    left = held_job(sealed=False)
    decided = decide([task("a")], [left], [run("a")])
    assert (made(decided), updated(decided), decided.waits) == ([], ((left, replace(left, sealed=True)),), ())


def test_an_open_job_takes_no_task_again() -> None:
    left = held_job(sealed=False)
    decided = decide([task("a"), task("b")], [left], [failed("a")])
    assert made(decided)[1:] == ["2/a: failed with exit code 3", "2/b: new"]
    assert updated(decided) == ((left, replace(left, sealed=True)),)
    assert [j.id for j in decided.waits] == ["count-g2"]


@pytest.mark.parametrize("state", ["terminating", "completed"])
def test_an_open_job_that_somebody_ended_takes_nothing_and_is_not_sealed(state: str) -> None:
    decided = decide([task("a"), task("b")], [held_job(sealed=False, state=state)], [waiting("a")])
    assert made(decided)[1:] == ["2/a: its job ended before it ran", "2/b: new"]
    assert made(decide([task("b")], [held_job(sealed=False, state=state)]))[1:] == ["2/b: new"]
    assert updated(decided) == ()


def test_only_the_newest_open_job_takes_tasks() -> None:
    jobs = [held_job(1, sealed=False), held_job(2, state="completed")]
    decided = decide([task("a")], jobs)
    assert made(decided)[1:] == ["3/a: new"]
    assert [new.id for _, new in updated(decided)] == ["count"]


@pytest.mark.parametrize(
    "changed", [{"pool": "old"}, {"environment": (("A", "1"),)}, {"display_name": "Old"}], ids=lambda c: next(iter(c))
)
def test_an_open_job_that_cannot_become_what_is_wanted_takes_nothing(changed: dict[str, Any]) -> None:
    left = held_job(sealed=False, **changed)
    decided = decide([task("a")], [left], asked=job(display_name="New"))
    assert made(decided)[1:] == ["2/a: new"]
    assert updated(decided) == ((left, replace(left, sealed=True)),)


def test_what_changes_in_place_changes_in_the_open_job() -> None:
    left = held_job(sealed=False)
    decided = decide([task("a")], [left], asked=job(priority=7))
    assert made(decided) == ["1/a: new"]
    assert updated(decided) == ((left, replace(left, sealed=True, priority=7)),)


# Jobs that change, end, or go.


@pytest.mark.parametrize(
    "changed", [{"priority": 5}, {"max_wall_clock_time": timedelta(hours=1)}, {"max_task_retry_count": 2}], ids=str
)
def test_a_job_under_way_changes_in_place(changed: dict[str, Any]) -> None:
    decided = decide([task()], [held_job()], [waiting()], asked=job(**changed))
    assert updated(decided) == ((held_job(), held_job(**changed)),)
    assert decided.kept == 1


def test_a_finished_job_stays_as_it_is() -> None:
    assert updated(decide([task()], [held_job(state="completed")], [run()], asked=job(priority=5))) == ()


def test_a_job_that_is_being_deleted_takes_its_runs_along() -> None:
    decided = decide([task()], [held_job(state="deleting")], [run()])
    assert made(decided)[1:] == ["2/a: new"]
    assert gone(decided) == ()


def test_a_generation_that_is_being_deleted_leaves_the_others() -> None:
    jobs = [held_job(1, state="completed"), held_job(2, state="deleting")]
    assert made(decide([task()], jobs, [run("a", 1), failed("a", 2)])) == []
    assert decide([task()], jobs, [run("a", 1)]).kept == 2


def test_a_job_that_left_the_spec_goes_with_all_its_generations() -> None:
    jobs = [held_job(1, name="old"), held_job(2, name="old"), held_job(3, name="old", state="deleting")]
    theirs = [held_job(1, name="old-g4", owner=OTHER), held_job(1, name="x", owner=None)]
    runs = [run("a", 1, job="OLD"), run("b", 1, job="old"), run("a", 2, job="old"), run("a", 1, job="x")]
    decided = decide([task()], [*jobs, *theirs], runs)
    assert [(j.id, *reasons) for j, reasons in gone(decided)] == [
        ("old", "with 2 tasks"),
        ("old-g2", "with 1 task"),
        ("old-g3", "it is being deleted already: waits until it is gone"),
    ]
    assert gone(decide([], jobs, runs, asked=None)) == gone(decided)
    assert made(decided) == ["job count: ", "1/a: new"]


def test_ids_are_the_same_in_any_case() -> None:
    held, runs = [held_job(name="Count", state="completed")], [run("Top-A", job="COUNT")]
    assert made(decide([task("top-a")], held, runs)) == []
    assert made(decide([task("top-a", digest="command=2;inputs=1")], held, runs)) == [
        "job count-g2: generation 2: a finished job takes no tasks",
        "2/top-a: command changed",
    ]
    left = [held_job(name="Count", sealed=False)]
    assert made(decide([task("top-a"), task("b")], left, [waiting("TOP-A", job="Count")])) == ["1/b: new"]


def test_runs_of_another_job_say_nothing() -> None:
    jobs = [held_job(state="completed"), held_job(name="other", owner=OTHER)]
    assert made(decide([task()], jobs, [run(job="other"), run(generation=5)]))[1:] == ["2/a: new"]


@pytest.mark.parametrize(("owner", "whose"), [(OTHER, "the spec 'another-spec'"), (None, "no mark of batchctl")])
def test_a_job_of_others_at_the_id_that_is_needed(owner: str | None, whose: str) -> None:
    [refusal] = decide([task()], [held_job(owner=owner)], []).refusals
    assert refusal.startswith("job 'count' exists already and is not ours")
    assert whose in refusal
    theirs = held_job(name="COUNT-g2", owner=owner)
    [refusal] = decide([task()], [held_job(state="completed"), theirs], [failed()]).refusals
    assert "'count-g2'" in refusal
    assert decide([task()], [held_job(state="completed"), theirs], [run()]).refusals == ()


# Outputs that were declared.


def test_a_task_whose_output_is_gone_runs_again() -> None:
    wanted = [task("a", output_files=(TEXT,)), task("b", output_files=(TEXT,))]
    decided = decide(wanted, [held_job(state="completed")], [run("a"), run("b")], [output("b_OUTPUT.txt", "B")])
    assert made(decided)[1:] == ["2/a: output 'output/*_OUTPUT.txt' is not there"]


@pytest.mark.parametrize(
    ("declared", "path", "there"),
    [
        ({"file_pattern": "out.txt"}, "out.txt", True),
        ({"file_pattern": "out.txt"}, "other.txt", False),
        ({"file_pattern": "sub/out.txt"}, "out.txt", True),
        ({"file_pattern": "sub\\out.txt"}, "out.txt", True),
        ({"file_pattern": "../stdout.txt"}, "stdout.txt", True),
        ({"file_pattern": "out.txt", "path": "a/b.txt"}, "a/b.txt", True),
        ({"file_pattern": "out.txt", "path": "a/b.txt"}, "out.txt", False),
        ({"file_pattern": "*.txt"}, "x.txt", True),
        ({"file_pattern": "*.txt"}, "x.csv", False),
        ({"file_pattern": "*.txt", "path": "a"}, "a/x.txt", True),
        ({"file_pattern": "*.txt", "path": "a/"}, "a/x.txt", True),
        ({"file_pattern": "*.txt", "path": "a"}, "ab/x.txt", False),
        ({"file_pattern": "**/*.txt", "path": "a"}, "a/b/c/x.txt", True),
        ({"file_pattern": "**/*.txt"}, "b/c/x.txt", True),
        ({"file_pattern": "parts/**"}, "c/x", True),
        ({"file_pattern": "parts/?.txt"}, "1.txt", True),
        ({"file_pattern": "parts/?.txt"}, "12.txt", False),
        ({"file_pattern": "*/part-[0-9].txt"}, "c/part-1.txt", True),
        ({"file_pattern": "*/part-[0-9].txt"}, "c/part-x.txt", False),
        ({"file_pattern": "[!b]*.txt"}, "a.txt", True),
        ({"file_pattern": "$AZ_BATCH_TASK_ID.txt"}, "a.txt", True),
        ({"file_pattern": "${AZ_BATCH_TASK_ID}-1.txt"}, "a-1.txt", True),
        ({"file_pattern": "%AZ_BATCH_TASK_ID%-1.txt"}, "a-2.txt", False),
        ({"file_pattern": "$AZ_BATCH_TASK_ID.txt", "path": "b.txt"}, "b.txt", True),
        ({"file_pattern": "$AZ_BATCH_TASK_WORKING_DIR/out.txt"}, "out.txt", True),
        ({"file_pattern": "*.txt", "container": "elsewhere"}, "x.txt", False),
    ],
)
def test_a_blob_that_can_be_of_a_declaration(declared: dict[str, Any], path: str, there: bool) -> None:
    wanted = task(output_files=(OutputFile(**({"container": "output"} | declared)),))
    assert (missing_outputs(wanted, outputs_by_task([output(path)])) == ()) is there


@pytest.mark.parametrize(
    ("declared", "needed"),
    [
        ({}, True),
        ({"upload_condition": "taskCompletion"}, True),
        ({"upload_condition": "taskFailure"}, False),
        ({"upload_condition": "taskfailure"}, False),
        ({"optional": True}, False),
    ],
)
def test_which_outputs_must_be_there(declared: dict[str, Any], needed: bool) -> None:
    wanted = task(output_files=(OutputFile(file_pattern="x", container="output", **declared),))
    assert bool(missing_outputs(wanted, {})) is needed


def test_only_what_the_task_itself_wrote_counts() -> None:
    wanted = task("a", output_files=(TEXT,))
    assert missing_outputs(wanted, outputs_by_task([output("a_OUTPUT.txt", "b"), output("a_OUTPUT.txt", None)])) == (
        TEXT,
    )


def test_why_a_run_failed_is_always_said() -> None:
    assert why_failed(failed(exit_code=None, failure=None)) == "failed: unknown"


class Counted(Sequence[Any]):
    """Resources that count how often one of them is looked at."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources, self.looks = resources, 0

    def __len__(self) -> int:
        return len(self.resources)

    def __getitem__(self, index: Any) -> Any:
        self.looks += 1
        return self.resources[index]

    def __iter__(self) -> Iterator[Any]:
        for resource in self.resources:
            self.looks += 1
            yield resource


def test_ten_thousand_tasks_look_at_each_output_once() -> None:
    many = range(10_000)
    wanted = [task(f"t{i}", output_files=(TEXT,)) for i in many]
    outputs = Counted([output(f"t{i}_OUTPUT.txt", f"t{i}") for i in many])
    ended, listed = held_job(state="completed"), [run(f"t{i}") for i in many]
    runs = runs_of_job(job(), wanted, [ended], listed)
    assert not any(v.reasons for v in verdicts_on(wanted, runs, outputs_by_task(outputs), Choices()))
    assert outputs.looks <= 2 * len(outputs)
    held = Counted([ended, *listed, *outputs])
    assert made(schedule_tasks(desired(job(), *wanted), held)) == []
    assert held.looks <= 2 * len(held)
