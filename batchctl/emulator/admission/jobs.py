"""A new job or job schedule at the gate: quotas, its pool, its special tasks."""

from typing import Protocol

from batchctl.emulator.admission.tasks import check_packages, check_task_id, full_constraints
from batchctl.emulator.records import Job, Json, Schedule
from batchctl.emulator.refusals import Refusal, bad_value


class HoldsJobs(Protocol):
    """Whatever knows the account's jobs and job schedules by their lower-case ids."""

    jobs: dict[str, Job]
    schedules: dict[str, Schedule]


def admit_job(store: HoldsJobs, most: int, job_id: str, spec: Json, *, by_schedule: bool = False) -> Json:
    """A job as it is kept, its constraints in full. `most`: the quota of jobs; a schedule was counted for its own."""
    existing = store.jobs.get(job_id.lower())
    if existing is not None:
        raise Refusal("JobBeingDeleted" if existing.state == "deleting" else "JobExists")
    if not by_schedule:
        _check_quota(store, most)
    check_job(spec)
    lifetime = spec["poolInfo"].get("autoPoolSpecification", {}).get("poolLifetimeOption")
    if lifetime == "jobschedule" and not by_schedule:
        raise bad_value("poolInfo.autoPoolSpecification.poolLifetimeOption", "jobschedule", "only for job schedules")
    return _fill_constraints(spec)


def admit_schedule(store: HoldsJobs, most: int, schedule_id: str, spec: Json) -> Json:
    """A job schedule as it is kept. `most`: the quota of jobs and job schedules."""
    existing = store.schedules.get(schedule_id.lower())
    if existing is not None:
        raise Refusal("JobScheduleBeingDeleted" if existing.state == "deleting" else "JobScheduleExists")
    _check_quota(store, most)
    check_job(spec["jobSpecification"])
    return spec


def check_job(spec: Json) -> None:
    """What one property says of another."""
    check_pool_info(spec["poolInfo"])
    if "jobReleaseTask" in spec and "jobPreparationTask" not in spec:
        raise bad_value("jobReleaseTask", "", "a job with a release task has a preparation task too")
    if manager := spec.get("jobManagerTask"):
        check_packages(manager)
        check_task_id(spec, manager["id"])


def check_pool_info(info: Json) -> None:
    """poolInfo names a pool or describes one, not both."""
    auto = info.get("autoPoolSpecification")
    if ("poolId" in info) == (auto is not None):
        raise bad_value("poolInfo", "", "either a poolId or an autoPoolSpecification is wanted")
    if auto and "pool" not in auto:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "poolInfo.autoPoolSpecification.pool"),))


def _check_quota(store: HoldsJobs, most: int) -> None:
    """Jobs that are not completed, and job schedules, count together."""
    jobs = sum(job.state != "completed" for job in store.jobs.values())
    schedules = sum(schedule.state != "completed" for schedule in store.schedules.values())
    if jobs + schedules >= most:
        raise Refusal("ActiveJobAndScheduleQuotaReached")


def _fill_constraints(spec: Json) -> Json:
    """The constraints of the manager and the preparation task, in full; the manager may be retried as a task may."""
    retries = {"jobManagerTask": spec["constraints"]["maxTaskRetryCount"], "jobPreparationTask": 0}
    filled = {
        name: {**spec[name], "constraints": full_constraints(most, spec[name])}
        for name, most in retries.items()
        if name in spec
    }
    return {**spec, **filled}
