"""How schedules go that are there and wanted: a plan says it, for nothing of it is a difference from the spec."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Schedule


def with_schedule_notes(plan: Plan, situation: Situation) -> Plan:
    """The plan with the state of each schedule, when its next job comes, and how the last one ended."""
    wanted = {r.name.lower() for r in situation.desired.of(Schedule)}
    held = (r for r in situation.held_of(Schedule) if r.owner == situation.desired.owner)
    notes = [line for schedule in held if schedule.name.lower() in wanted for line in _told(schedule, situation)]
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def _told(schedule: Schedule, situation: Situation) -> Iterator[str]:
    due = schedule.state == "active" and schedule.next_run
    comes = f", its next job comes at {schedule.next_run:%Y-%m-%d %H:%M} UTC" if due else ""
    yield f"schedule {schedule.name!r} is {schedule.state}{comes}"
    if schedule.last_job and (how := situation.account.last_run(schedule)):
        yield f"schedule {schedule.name!r}: its last job, {schedule.last_job}, is {how}"
