"""A job from its first state to its last: started, disabled, enabled, terminated, deleted."""

from batchctl.emulator import times
from batchctl.emulator.life import auto_pools, preparation, run_orders, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import Job, Json

EMPTY_FOR = 30.0
"""Seconds in which an empty job with onAllTasksComplete=terminatejob may still get tasks. On Azure one was active after
21 s (Azure/azure-sdk-assets, python/…/test_batch_jobs, 2025-06-01, 2026-01-22); when it ends is not on record."""
_AWAITING = {"JobTerminationAwaitingNodeProcessing": "node", "JobDeletionAwaitingNodeProcessing": "nodes"}
"""Codes of a job that ends, each with the last word of its message (Azure/azure-sdk-assets, net/…/JobOperations.json,
2025-09-03; java/…/TaskTests.testTaskUnifiedModel, 2024-07-01, 2025-08-27)."""


def start_job(service: Service, job: Job) -> None:
    """The job begins."""
    job.started = job.created
    watch_time(service, job)
    service.wake(job)


def watch_time(service: Service, job: Job) -> None:
    """Sets the timer of maxWallClockTime, which counts from the job's creation."""
    limit = times.duration(job.spec["constraints"]["maxWallClockTime"])
    if job.state not in ("active", "disabling", "disabled", "enabling") or limit >= times.duration(times.UNLIMITED):
        service.cancel(job)
        return
    left = job.created + limit - service.clock.now()
    service.timer(job, left, lambda: terminate_job(service, job, "MaxWallClockTimeExpiry"))


def terminate_job(service: Service, job: Job, reason: str | None) -> None:
    """Ends the running tasks and then the job; tasks that wait stay active."""
    service.cancel(job)
    job.move("terminating", service.clock.now())
    job.reason = reason
    job.scheduling_error = job.scheduling_error or _awaited_nodes(service, job, "Termination")
    preparation.stop_preparations(service, job)
    _interrupt_all(service, job, KillReason.TERMINATE)


def disable_job(service: Service, job: Job, option: str) -> None:
    """No task starts any more; running ones are requeued, terminated or waited for."""
    if job.state == "active":
        job.move("disabling", service.clock.now())
    job.disabling = option
    service.store.touch(job)
    if option != "wait":
        _interrupt_all(service, job, KillReason(option))
    service.wake(job)


def enable_job(service: Service, job: Job) -> None:
    """Tasks start again."""
    job.move("enabling", service.clock.now())
    service.store.touch(job)
    service.wake(job)


def delete_job(service: Service, job: Job) -> None:
    """Ends and forgets the tasks, then the job."""
    service.cancel(job)
    job.move("deleting", service.clock.now())
    job.scheduling_error = _awaited_nodes(service, job, "Deletion") or job.scheduling_error
    preparation.stop_preparations(service, job)
    _interrupt_all(service, job, KillReason.TERMINATE)


def settle_job(service: Service, job: Job) -> None:
    """Takes the job to the state that follows, if nothing stands in the way."""
    if service.store.jobs.get(job.key) is not job:
        return
    _do_what_task_asked(service, job)  # first: it may lead to another state, and that one is what is settled
    if job.state == "enabling":
        # Without a glimpse: after `enable` no recorded job was anything but active.
        if not service.waits(job, "enabling", job.state_time, lambda: service.wake(job), glimpse=0):
            _move_job(service, job, "active")
    elif job.state == "active" and job.spec["onAllTasksComplete"] == "terminatejob" and not job.unfinished:
        if job.tasks or not _may_still_be_filled(service, job):
            terminate_job(service, job, "AllTasksComplete")
    elif job.at_work:  # all that follows waits for the tasks that run
        return
    elif job.state == "disabling":
        if not _job_waits(service, job, "disabling"):
            _move_job(service, job, "disabled")
    elif job.state in ("terminating", "deleting") and not preparation.release_nodes(service, job):
        return
    elif job.state == "terminating" and not _job_waits(service, job, "terminating"):
        _complete_job(service, job)
    elif job.state == "deleting" and not _job_waits(service, job, "deletingjob"):
        _forget_job(service, job)


def _complete_job(service: Service, job: Job) -> None:
    job.ended = service.clock.now()
    if job.scheduling_error and job.scheduling_error["code"] in _AWAITING:
        job.scheduling_error = None
    end_pool_of_job(service, job, linger=True)
    _move_job(service, job, "completed")
    _tell_schedule(service, job)


def _may_still_be_filled(service: Service, job: Job) -> bool:
    """Whether the job has no task yet and is young; if so, it is looked at again when it is older."""
    left = job.modified + EMPTY_FOR - service.clock.now()
    if left > 0:
        service.timer((job, "empty"), left, lambda: service.wake(job))
    return left > 0


def _awaited_nodes(service: Service, job: Job, end: str) -> Json | None:
    """What the job says of the nodes that it waits for: those of its tasks, and those where it is to be released."""
    nodes = {task.node for task in job.at_work.values()}
    if preparation.RELEASE in job.spec:
        nodes |= {node.id for _, node in preparation.touched(service, job) if job.key in node.preparations}
    if not nodes:
        return None
    code = f"Job{end}AwaitingNodeProcessing"
    details = [{"name": "Number of nodes awaiting processing", "value": str(len(nodes))}]
    message = f"The Job {end.lower()} operation is waiting for processing from one or more {_AWAITING[code]}."
    return {"category": "ServerError", "code": code, "message": message, "details": details}


def _job_waits(service: Service, job: Job, step: str) -> bool:
    return service.waits(job, step, job.state_time, lambda: service.wake(job))


def _do_what_task_asked(service: Service, job: Job) -> None:
    """Does what the end of a task asked for, if the job still goes on."""
    action, job.action = job.action, None
    if action is None or job.state != "active":
        return
    if action[0] == "terminate":
        terminate_job(service, job, action[1])
    else:
        disable_job(service, job, "requeue")


def _interrupt_all(service: Service, job: Job, why: KillReason) -> None:
    for task in list(job.at_work.values()):  # a copy: a task that only waits for a preparation leaves at once
        task_life.interrupt_task(service, job, task, why)
    service.store.touch(job)
    service.wake(job)


def _move_job(service: Service, job: Job, state: str) -> None:
    job.move(state, service.clock.now())
    service.store.touch(job)
    service.wake(service.store.pools.get(job.pool or ""))


def _tell_schedule(service: Service, job: Job) -> None:
    """The schedule that made this job may go on, or end."""
    if job.schedule and (schedule := service.store.schedules.get(job.schedule)):
        service.wake(schedule)


def end_pool_of_job(service: Service, job: Job, *, linger: bool = False) -> None:
    """A pool that was made for this job alone goes with it."""
    lifetime = job.spec["poolInfo"].get("autoPoolSpecification", {}).get("poolLifetimeOption")
    if lifetime == "job":
        auto_pools.end_auto_pool(service, job.spec, job.auto_pool, linger=linger)


def _forget_job(service: Service, job: Job) -> None:
    end_pool_of_job(service, job)
    for task in list(job.tasks.values()):
        service.store.drop(task)
    item = run_orders.job_directory(job)
    for pool in service.store.pools.values():
        for node in pool.nodes.values():
            service.discard(run_orders.node_root(service.settings, node) / item)
    service.store.drop(job)
    service.wake(*service.store.pools.values())  # as where a task is deleted
    _tell_schedule(service, job)
