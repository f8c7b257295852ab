"""Schedules: made, changed, replaced, deleted; what a plan tells of them, and what it would lose."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import Counts, PoolUse
from batchctl.errors import Refused
from batchctl.reconcile.amend.amendments import APPLYING, DESTROYING, amended
from batchctl.reconcile.amend.orphans import orphaned_outputs
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff, diff_to_destroy
from batchctl.reconcile.decide.holdings import holdings_by_owner
from batchctl.reconcile.plan import Action, Plan
from batchctl.resources import Job, Schedule
from batchctl.rules import asked_hashes
from tests.fake_cloud import EPOCH, FakeCloud
from tests.reconcile.build import (
    OTHER,
    OWNER,
    applied,
    desired,
    destroyed,
    held_job,
    held_pool,
    job,
    output,
    planned,
    pool,
    schedule,
    situation,
    task,
)


def held(**changed: Any) -> Schedule:
    found = schedule(**changed)
    return replace(found, owner=OWNER, state=found.state or "active", asked=asked_hashes(schedule()))


def lines(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action.value, f"{change.kind} {change.resource.name}") for change in plan.changes]


def test_made_left_alone_changed_and_gone() -> None:
    cloud = FakeCloud()
    wanted = desired(pool(), schedule(task=task(job="")))
    assert lines(planned(wanted, cloud)) == [("+", "pool pool"), ("+", "schedule nightly")]
    applied(wanted, cloud)
    assert not planned(wanted, cloud)
    daily = desired(pool(), schedule(recurrence_interval=timedelta(days=1), task=task(job="")))
    applied(daily, cloud)
    assert cloud.schedules["nightly"].recurrence_interval == timedelta(days=1)
    assert lines(planned(desired(pool()), cloud)) == [("-", "schedule nightly")]
    destroyed(daily, cloud)
    assert (cloud.schedules, cloud.pools) == ({}, {})


def test_a_job_that_is_scheduled_from_now_on_goes() -> None:
    changes = diff(desired(pool(), schedule()), [held_pool(), held_job()]).changes
    assert [(c.action, c.kind) for c in changes] == [(Action.DELETE, "job"), (Action.CREATE, "schedule")]


@pytest.mark.parametrize("state", ["terminating", "completed"])
def test_one_that_has_ended_is_made_anew_if_it_is_to_change(state: str) -> None:
    ended = held(state=state)
    assert not diff(desired(schedule()), [ended])
    [change] = diff(desired(schedule(metadata=(("a", "b"),))), [ended]).changes
    assert (change.action, change.reasons) == (
        Action.REPLACE,
        ("it has ended: what is to run again is made anew",),
    )


def test_one_that_is_being_deleted_is_waited_for() -> None:
    [change] = diff(desired(schedule()), [held(state="deleting")]).changes
    assert (change.action, change.reasons) == (Action.CREATE, ("the old one is still being deleted: waits for it",))


def test_one_of_somebody_else_is_refused_and_may_be_adopted() -> None:
    cloud = FakeCloud()
    applied(replace(desired(schedule()), owner=OTHER), cloud)
    [refusal] = planned(desired(schedule()), cloud).refusals
    assert refusal.startswith(
        "schedule 'nightly' exists already and is not ours: it belongs to the spec 'another-spec'"
    )
    [theirs] = cloud.schedules.values()
    list(cloud.adopt([(theirs, replace(theirs, owner=OWNER))], OWNER))
    assert not planned(desired(schedule()), cloud)


def test_a_job_of_it_that_runs_is_not_lost() -> None:
    busy = held(last_job="nightly:job-3", runs=True)
    plan = diff_to_destroy(desired(schedule()), [busy])
    refused = amended(plan, situation(desired(schedule()), [busy]), DESTROYING)
    assert refused.refusals == (
        "job 'nightly:job-3' of schedule 'nightly' has not ended: wait until it has, or pass --force to end it",
    )
    forced = amended(plan, situation(desired(schedule()), [busy], Choices(force=True)), DESTROYING)
    assert forced.refusals == ()


class Busy(FakeCloud):
    """Of the tasks that run in its pool, two are of the schedule's last job."""

    def __init__(self, running: int) -> None:
        super().__init__()
        self._running = running

    def use(self, pool: str) -> PoolUse:
        return PoolUse(nodes=("n",), running_tasks=self._running)

    def counts(self, job: Job) -> Counts:
        assert job.id == "nightly:job-3"
        return Counts(running=2)


@pytest.mark.parametrize(
    ("only", "running", "told"),
    [
        ((), 2, ["job 'nightly:job-3' of schedule 'nightly' has not ended"]),
        (
            (),
            3,
            [
                "job 'nightly:job-3' of schedule 'nightly' has not ended",
                "tasks of jobs that are not ours run in pool 'pool' (1)",
            ],
        ),
        (("pool.pool",), 2, ["tasks of job 'nightly:job-3' of schedule 'nightly' run in pool 'pool' (2)"]),
    ],
)
def test_tasks_of_its_job_are_ours(only: tuple[str, ...], running: int, told: list[str]) -> None:
    everything = [held_pool(nodes=1), held(last_job="nightly:job-3", runs=True)]
    plan = diff_to_destroy(desired(pool(), schedule()), everything)
    found = amended(
        plan, situation(desired(pool(), schedule()), everything, Choices(only=only), Busy(running)), DESTROYING
    ).refusals
    assert [reason.partition(": wait")[0] for reason in found] == told


def test_outputs_of_its_task_are_no_orphans() -> None:
    wanted = desired(schedule(task=task("count")))
    assert [b.path for b in orphaned_outputs(wanted, [output("a", "count"), output("b", "gone")])] == ["b"]


def test_a_plan_tells_how_it_goes() -> None:
    there = held(next_run=EPOCH, last_job="nightly:job-2")
    wanted = desired(schedule())
    plan = amended(diff(wanted, [there]), situation(wanted, [there]), APPLYING)
    assert (plan.changes, plan.notes) == (
        (),
        (
            "schedule 'nightly' is active, its next job comes at 2026-01-01 00:00 UTC",
            "schedule 'nightly': its last job, nightly:job-2, is completed (AllTasksComplete): 1 task succeeded",
        ),
    )


def test_a_disabled_one_tells_no_next_job() -> None:
    there = held(state="disabled", next_run=EPOCH)
    wanted = desired(schedule())
    assert amended(diff(wanted, [there]), situation(wanted, [there]), APPLYING).notes == (
        "schedule 'nightly' is disabled",
    )


def test_gc_counts_it() -> None:
    [holdings] = holdings_by_owner([held(), held_pool()], EPOCH, lambda _: None)
    assert holdings.counts == (("pool", 1), ("schedule", 1))


def test_it_is_made_once() -> None:
    cloud = FakeCloud()
    applied(desired(schedule()), cloud)
    [outcome] = cloud.create([schedule(job=job(name="", priority=9))], OWNER)
    assert outcome.error is not None
    assert not isinstance(outcome.error, Refused)
