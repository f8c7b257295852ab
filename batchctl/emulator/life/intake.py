"""What admission let in becomes a record and begins to live: a task, a pool, a job with its pool and its manager."""

import uuid
from dataclasses import dataclass

from batchctl.emulator.admission.jobs import admit_job
from batchctl.emulator.admission.pools import admit_pool
from batchctl.emulator.admission.tasks import admit_task
from batchctl.emulator.life import auto_scale, job_life, pool_life, scheduler, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Job, Json, Pool, Task, asked_text
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.versions import JUNE_2025

SCHEDULING_ERRORS = {
    "PoolQuotaReached": "AutoPoolCreationFailedWithQuotaReached",
    "AutoScalingFormulaSyntaxError": "InvalidAutoScaleFormulaInAutoPool",
    "InvalidCertificateReferences": "InvalidCertificatesInAutoPool",
}
"""What refuses a pool, and how a job says it that was to have that pool (.NET: JobSchedulingErrorCodes)."""
_ONLY_IN_JOBS = ("killJobOnCompletion", "runExclusive", "allowLowPriorityNode")
"""What a job says of its manager, and no task of itself."""


@dataclass(frozen=True, slots=True)
class AutoPool:
    """The id of a pool that was to be made, and why it was not if it was not (a schedulingError)."""

    pool_id: str
    error: Json | None = None


def add_task(service: Service, job: Job, asked: object) -> Task:
    """Takes in a new task; it runs as soon as there is room, or once those that it depends on have ended."""
    spec = admit_task(job, asked)
    task = Task(
        id=spec.pop("id"),
        job=job.id,
        asked=asked_text(spec),
        slots=spec["requiredSlots"],
        affinity=spec.get("affinityInfo", {}).get("affinityId"),
        instances=spec.get("multiInstanceSettings", {}).get("numberOfInstances"),
    )
    service.store.add(task)
    job.unfinished += 1
    task_life.enqueue_task(service, job, task)
    return task


def add_pool(service: Service, pool_id: str, spec: Json, version: str = JUNE_2025) -> Pool:
    """Takes in a new pool; its nodes come at once, or as slowly as the time scale says. `version` is the caller's."""
    most = service.faults.quota("pools", service.settings.pool_quota)
    pool = Pool(id=pool_id, spec=admit_pool(service.store.pools, most, pool_id, spec, version))
    service.store.add(pool)
    pool.allocation_time = pool.created
    scheduler.look_again(service, pool.key)
    if pool.spec["enableAutoScale"]:
        auto_scale.watch_pool(service, pool)
        auto_scale.apply_formula(service, pool)
    if pool.allocation == "steady":  # a pool that is new is being resized, be it to no nodes
        pool_life.resize_pool(service, pool, pool.spec["targetDedicatedNodes"], pool.spec["targetLowPriorityNodes"])
    return pool


def add_job(
    service: Service, job_id: str, spec: Json, *, shared: AutoPool | None = None, schedule: str | None = None
) -> Job:
    """Takes in a new job. The pool that it names need not exist; one that it describes is made, unless it is `shared`.

    `schedule`: the key of the schedule that makes it.
    """
    spec = admit_job(service.store, job_quota(service), job_id, spec, by_schedule=schedule is not None)
    made = shared
    if made is None and "autoPoolSpecification" in spec["poolInfo"]:
        made = add_auto_pool(service, spec)
    job = Job(
        id=job_id,
        spec=spec,
        pool=(made.pool_id if made else spec["poolInfo"]["poolId"]).lower(),
        auto_pool=made.pool_id if made else None,
        scheduling_error=made.error if made else None,
        schedule=schedule,
    )
    service.store.add(job)
    _add_manager(service, job)
    job_life.start_job(service, job)
    if job.scheduling_error:
        job_life.terminate_job(service, job, None)
    return job


def add_auto_pool(service: Service, spec: Json) -> AutoPool:
    """The pool that a job's poolInfo describes. What the account refuses is told by the job, not by the request."""
    auto = spec["poolInfo"]["autoPoolSpecification"]
    name = f"{auto.get('autoPoolIdPrefix', '')}_{str(uuid.uuid4()).upper()}".lstrip("_")
    try:
        add_pool(service, name, dict(auto["pool"]))
    except Refusal as refusal:
        if refusal.code not in SCHEDULING_ERRORS:  # the request itself is refused
            raise
        details = [{"name": key, "value": value} for key, value in refusal.values if value is not None]
        error = {"category": "UserError", "code": SCHEDULING_ERRORS[refusal.code], "message": refusal.message}
        return AutoPool(name, {**error, **({"details": details} if details else {})})
    return AutoPool(name)


def job_quota(service: Service) -> int:
    """How many jobs and job schedules the account may have."""
    return service.faults.quota("jobs", service.settings.job_quota)


def _add_manager(service: Service, job: Job) -> None:
    """The job manager is the job's first task."""
    if manager := job.spec.get("jobManagerTask"):
        add_task(service, job, {name: value for name, value in manager.items() if name not in _ONLY_IN_JOBS})
