"""A job schedule over time: when its next job is due, and what becomes of its jobs when it ends."""

import copy
import logging

from batchctl.emulator import times
from batchctl.emulator.admission.jobs import admit_schedule
from batchctl.emulator.life import auto_pools, intake, job_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json, Schedule
from batchctl.emulator.refusals import Refusal

TRY_AGAIN = 60.0
"""Seconds until a job that could not be made is tried again."""
_log = logging.getLogger(__name__)


def add_schedule(service: Service, schedule_id: str, spec: Json) -> Schedule:
    """Takes in a new schedule. It stands here and not with the intake of the other records: it makes jobs itself."""
    admitted = admit_schedule(service.store, intake.job_quota(service), schedule_id, spec)
    schedule = Schedule(id=schedule_id, spec=admitted)
    service.store.add(schedule)
    start_schedule(service, schedule)
    return schedule


def start_schedule(service: Service, schedule: Schedule) -> None:
    """The first job is made at once, unless the schedule begins later."""
    begin = schedule.spec.get("schedule", {}).get("doNotRunUntil")
    schedule.next_run = max(times.seconds_of(begin) if begin else 0.0, service.clock.now())
    set_timer(service, schedule)


def plan_again(service: Service, schedule: Schedule) -> None:
    """Looks again when the next job is due, after a job was made or the schedule was changed."""
    rule = schedule.spec.get("schedule", {})
    interval = rule.get("recurrenceInterval")
    if schedule.recent is None:
        start_schedule(service, schedule)
        return
    if interval is None:
        schedule.next_run = None
    elif schedule.next_run is not None:
        step = times.duration(interval)
        while schedule.next_run <= service.clock.now():
            schedule.next_run += step
    set_timer(service, schedule)


def set_timer(service: Service, schedule: Schedule) -> None:
    """Sets the timer for what is due next: a job, or the end."""
    service.cancel(schedule)
    if schedule.state != "active":
        return
    end = schedule.spec.get("schedule", {}).get("doNotRunAfter")
    due = [moment for moment in (schedule.next_run, times.seconds_of(end) if end else None) if moment is not None]
    if due and min(due) <= service.clock.now():
        _do_next(service, schedule)
    elif due:
        service.timer(schedule, min(due) - service.clock.now(), lambda: set_timer(service, schedule))
    else:
        service.wake(schedule)


def disable_schedule(service: Service, schedule: Schedule) -> None:
    """No more jobs until it is enabled; the one that runs goes on."""
    if schedule.state == "active":
        schedule.move("disabled", service.clock.now())
        service.store.touch(schedule)
        service.cancel(schedule)


def enable_schedule(service: Service, schedule: Schedule) -> None:
    """Jobs are made again."""
    if schedule.state == "disabled":
        schedule.move("active", service.clock.now())
        service.store.touch(schedule)
        set_timer(service, schedule)


def terminate_schedule(service: Service, schedule: Schedule) -> None:
    """Ends the active job and then the schedule."""
    service.cancel(schedule)
    schedule.move("terminating", service.clock.now())
    schedule.next_run = None
    service.store.touch(schedule)
    for job in jobs_of(service, schedule):
        if job.state in ("active", "disabling", "disabled", "enabling"):
            job_life.terminate_job(service, job, "TerminateJobSchedule")
    service.wake(schedule)


def delete_schedule(service: Service, schedule: Schedule) -> None:
    """All its jobs go, then the schedule."""
    service.cancel(schedule)
    schedule.move("deleting", service.clock.now())
    service.store.touch(schedule)
    for job in jobs_of(service, schedule):
        if job.state != "deleting":
            job_life.delete_job(service, job)
    service.wake(schedule)


def settle_schedule(service: Service, schedule: Schedule) -> None:
    """Takes the schedule to its end once its jobs have ended; makes the next job if it waited for the last one."""
    if service.store.schedules.get(schedule.key) is not schedule:
        return
    jobs = jobs_of(service, schedule)
    if schedule.state == "deleting" and not jobs:
        if _schedule_waits(service, schedule, "deletingschedule"):
            return
        auto_pools.end_auto_pool(service, schedule.spec["jobSpecification"], schedule.pool)
        service.store.drop(schedule)
    elif any(job.state != "completed" for job in jobs):
        return
    elif schedule.state == "terminating":
        if not _schedule_waits(service, schedule, "terminating"):
            _complete_schedule(service, schedule)
    elif schedule.state == "active" and _is_over(service, schedule):
        _complete_schedule(service, schedule)
    elif schedule.state == "active" and schedule.next_run is not None:
        set_timer(service, schedule)


def _complete_schedule(service: Service, schedule: Schedule) -> None:
    schedule.ended, schedule.next_run = service.clock.now(), None
    schedule.move("completed", service.clock.now())
    auto_pools.end_auto_pool(service, schedule.spec["jobSpecification"], schedule.pool, linger=True)
    service.store.touch(schedule)


def _schedule_waits(service: Service, schedule: Schedule, step: str) -> bool:
    return service.waits(schedule, step, schedule.state_time, lambda: service.wake(schedule))


def jobs_of(service: Service, schedule: Schedule) -> list[Job]:
    """The jobs that the schedule made and that still exist."""
    return [job for job in service.store.jobs.values() if job.schedule == schedule.key]


def _is_over(service: Service, schedule: Schedule) -> bool:
    """No job will come any more: one run was all, or the time is past."""
    end = schedule.spec.get("schedule", {}).get("doNotRunAfter")
    past = end is not None and times.seconds_of(end) <= service.clock.now()
    return past or (schedule.next_run is None and schedule.recent is not None)


def _do_next(service: Service, schedule: Schedule) -> None:
    """Makes the job that is due, unless the last one is still active or the time is past."""
    rule = schedule.spec.get("schedule", {})
    now = service.clock.now()
    if _is_over(service, schedule):
        service.wake(schedule)
        return
    if any(job.state != "completed" for job in jobs_of(service, schedule)):
        return
    window = rule.get("startWindow")
    due = schedule.next_run or now
    in_time = window is None or now <= due + times.duration(window)
    if in_time and not _make_job(service, schedule):
        schedule.next_run = now + TRY_AGAIN
        set_timer(service, schedule)
        return
    schedule.next_run = due
    plan_again(service, schedule)


def _make_job(service: Service, schedule: Schedule) -> bool:
    """Whether the job could be made."""
    # What one job changes is not to be in the next.
    spec = copy.deepcopy(schedule.spec["jobSpecification"])
    schedule.runs += 1  # also of a job that could not be made: its id may have been what was refused
    try:
        shared = _shared_pool(service, schedule)
        name = f"{schedule.id}:job-{schedule.runs}"
        job = intake.add_job(service, name, spec, shared=shared, schedule=schedule.key)
    except Refusal as refusal:
        _log.warning("schedule %s: no job %s: %s", schedule.id, schedule.runs, refusal)
        return False
    schedule.recent = job.id
    service.store.touch(schedule)
    return True


def _shared_pool(service: Service, schedule: Schedule) -> intake.AutoPool | None:
    """The auto pool that all jobs of the schedule share, if it says so."""
    spec = schedule.spec["jobSpecification"]
    if spec["poolInfo"].get("autoPoolSpecification", {}).get("poolLifetimeOption") != "jobschedule":
        return None
    pool = service.store.pools.get((schedule.pool or "").lower())
    usable = pool is not None and pool.state == "active"
    shared = intake.AutoPool(pool.id) if pool and usable else intake.add_auto_pool(service, spec)
    schedule.pool = shared.pool_id
    return shared
