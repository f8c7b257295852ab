"""A new job at the gate: quotas, its pool, its special tasks."""

from batchctl.emulator.admission import tasks
from batchctl.emulator.life import auto_pools, job_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json
from batchctl.emulator.refusals import Fault, bad_value

_ONLY_IN_JOBS = ("killJobOnCompletion", "runExclusive", "allowLowPriorityNode")


def admit(
    service: Service, job_id: str, spec: Json, *, made: auto_pools.Made | None = None, schedule: str | None = None
) -> Job:
    """Takes in a new job. The pool that it names need not exist; one that it describes is made, or was (`made`)."""
    existing = service.store.jobs.get(job_id.lower())
    if existing is not None:
        raise Fault("JobBeingDeleted" if existing.state == "deleting" else "JobExists")
    if schedule is None:
        check_quota(service)
    check(spec)
    if (
        schedule is None
        and spec["poolInfo"].get("autoPoolSpecification", {}).get("poolLifetimeOption") == "jobschedule"
    ):
        raise bad_value("poolInfo.autoPoolSpecification.poolLifetimeOption", "jobschedule", "only for job schedules")
    if made is None and "autoPoolSpecification" in spec["poolInfo"]:
        made = auto_pools.make(service, spec)
    job = Job(
        id=job_id,
        spec=fill_constraints(spec),
        pool=(made.pool_id if made else spec["poolInfo"]["poolId"]).lower(),
        auto_pool=made.pool_id if made else None,
        scheduling_error=made.error if made else None,
        schedule=schedule,
    )
    service.store.add(job)
    _add_manager(service, job)
    job_life.start(service, job)
    if job.scheduling_error:
        job_life.terminate(service, job, None)
    return job


def fill_constraints(spec: Json) -> Json:
    """The constraints of the manager and the preparation task, in full; the manager may be retried as a task may."""
    retries = {"jobManagerTask": spec["constraints"]["maxTaskRetryCount"], "jobPreparationTask": 0}
    filled = {
        name: {**spec[name], "constraints": tasks.constraints(most, spec[name])}
        for name, most in retries.items()
        if name in spec
    }
    return {**spec, **filled}


def check(spec: Json) -> None:
    """What one property says of another."""
    auto_pools.check(spec)
    if "jobReleaseTask" in spec and "jobPreparationTask" not in spec:
        raise bad_value("jobReleaseTask", "", "a job with a release task has a preparation task too")
    if manager := spec.get("jobManagerTask"):
        tasks.check_packages(manager)
        tasks.check_id(spec, manager["id"])


def check_quota(service: Service) -> None:
    """Jobs that are not completed, and job schedules, count together."""
    jobs = sum(job.state != "completed" for job in service.store.jobs.values())
    schedules = sum(schedule.state != "completed" for schedule in service.store.schedules.values())
    if jobs + schedules >= service.rules.quota("jobs", service.settings.job_quota):
        raise Fault("ActiveJobAndScheduleQuotaReached")


def _add_manager(service: Service, job: Job) -> None:
    """The job manager is the job's first task."""
    if manager := job.spec.get("jobManagerTask"):
        asked = {name: value for name, value in manager.items() if name not in _ONLY_IN_JOBS}
        tasks.admit(service, job, asked)
