"""Jobs with a manager: when it runs again, and what of the job is its own business."""

from collections.abc import Sequence
from dataclasses import replace

from batchctl.reconcile.decide.generations import Schedule, schedule_tasks
from batchctl.reconcile.plan import Action
from batchctl.resources import Job, Task
from batchctl.work import JobManagerTask
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import applied, desired, failed, held_job, job, planned, pool, run, task, waiting
from tests.reconcile.test_generations import made

MANAGER = JobManagerTask(id="m", command_line="true", content="command=1;inputs=1")
WITH = {"job_manager_task": MANAGER, "uses_task_dependencies": True}
M = task("m", manager=True)


def decide(wanted: Sequence[Task], jobs: Sequence[Job], runs: Sequence[Task]) -> Schedule:
    return schedule_tasks(desired(job(**WITH), *wanted), (*jobs, *runs))


def test_it_comes_with_its_job_and_is_added_by_nobody() -> None:
    cloud = FakeCloud()
    wanted = desired(pool(), job(**WITH), M, task("a"))
    plan = planned(wanted, cloud)
    assert sorted(c.resource.name for c in plan.of(Task, Action.CREATE)) == ["count/a", "count/m"]
    applied(wanted, cloud)
    assert [name for verb, kind, name in cloud.writes if (verb, kind) == ("create", "task")] == ["count/a"]
    assert planned(wanted, cloud).changes == ()


def test_a_manager_alone_ends_its_job_which_nobody_seals() -> None:
    cloud = FakeCloud()
    wanted = desired(pool(), job(**WITH, sealed=True), M)
    applied(wanted, cloud)
    assert [verb for verb, kind, _ in cloud.writes if kind in ("job", "task")] == ["create"]
    assert planned(wanted, cloud).changes == ()


def test_it_runs_again_where_it_failed_or_the_job_is_made_anew() -> None:
    done = held_job(state="completed", **WITH)
    assert made(decide([M, task("a")], [done], [run("m"), run("a")])) == []
    again = ["job count-g2: generation 2: a finished job takes no tasks"]
    assert made(decide([M, task("a")], [done], [failed("m"), run("a")])) == [*again, "2/m: failed with exit code 3"]
    both = [*again, "2/a: failed with exit code 3", "2/m: it comes with its job"]
    assert made(decide([M, task("a")], [done], [run("m"), failed("a")])) == both


def test_two_of_them_do_not_run_at_once() -> None:
    running = waiting("m", state="running")
    decided = decide([M, task("a")], [held_job(**WITH)], [running, failed("a")])
    assert decided.refusals == ("the manager 'm' of job 'count' has not ended: wait until it has, then apply again",)


def test_what_it_adds_is_its_own_business() -> None:
    added = replace(waiting("x"), digest="")
    decided = decide([M], [held_job(**WITH)], [waiting("m"), added])
    assert (decided.changes, decided.notes, decided.strays) == ((), (), ())
    ended = decide([M], [held_job(**WITH)], [run("m"), added])
    assert (ended.changes, ended.notes, ended.strays) == ((), (), ())
