"""What keeps the tasks of a run from running, for those who look at it. Reads alone."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.cloud_answers import PoolHealth
from batchctl.reconcile.decide.dependents import blames, gets_no_more
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.standstill import TROUBLES, Reason, pool_reasons, reasons, schedule_reasons
from batchctl.reconcile.explain.why import standing_of
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Schedule, Task
from batchctl.sights import JobSight, PoolSight, Status
from batchctl.spec.model import Spec


def standstills(spec: Spec, cloud: Cloud, found: Status, path: str) -> tuple[Reason, ...]:
    """What keeps tasks of a run from running, and what is wrong with its pools. `path`: the spec's, as it was named."""
    return tuple(dict.fromkeys(_all(spec, cloud, found, path)))


def _all(spec: Spec, cloud: Cloud, found: Status, path: str) -> Iterator[Reason]:
    pools = {pool.id: pool for pool in found.pools}
    waiting = [job for job in found.jobs if job.counts.active and job.state != "completed"]
    for job in waiting:
        yield from _of_job(spec, cloud, job, pools.get(job.pool), path)
    for pool in found.pools:
        if pool.id not in {job.pool for job in waiting}:
            yield from pool_reasons(pool.id, cloud.health(pool.id), spec=path, external=pool.external)
    held = cloud.batch(spec.name, ()) if found.schedule else ()
    for schedule in held:
        if isinstance(schedule, Schedule):
            yield from schedule_reasons(schedule.name, schedule.state or "")


def _of_job(spec: Spec, cloud: Cloud, job: JobSight, pool: PoolSight | None, path: str) -> tuple[Reason, ...]:
    scene = Scene(
        job=job.id,
        pool=job.pool,
        health=health_of(cloud, job.pool),
        standing=standing_of(job),
        spec=path,
        running=job.counts.running,
        external=pool is not None and pool.external,
        made_for=job.id if pool and pool.of_job else "",
    )
    found = reasons(scene)
    if job.counts.running:
        return tuple(reason for reason in found if reason.kind in TROUBLES or not reason.passes)
    return found or reasons(_closer(spec, cloud, job, scene))


def _closer(spec: Spec, cloud: Cloud, job: JobSight, scene: Scene) -> Scene:
    """Nothing runs, and nothing that was seen explains it: what do its tasks wait for, what do they want of nodes?"""
    ours, runs = held_of(spec, cloud, job.id)
    if ours is None:
        return scene
    return replace(
        scene,
        waiting=cloud.waiting(ours),
        vain=blames(runs, whole=gets_no_more(ours)),
        unprepared=cloud.failed_preparations(ours) if ours.job_preparation_task else (),
    )


def held_of(spec: Spec, cloud: Cloud, job: str) -> tuple[Job | None, list[Task]]:
    """The job of this id and its tasks: a spec whose job got another name has several of one generation. None where it
    has gone meanwhile."""
    held = cloud.batch(spec.name, ())
    ours = next((r for r in held if isinstance(r, Job) and r.id == job), None)
    if ours is None:
        return None, []
    runs = (r for r in held if isinstance(r, Task))
    return ours, [r for r in runs if (r.job, r.generation) == (ours.name, ours.generation)]


def health_of(cloud: Cloud, pool: str) -> PoolHealth:
    """Of a pool that Batch is still to make for its job, nothing is known."""
    return cloud.health(pool) if pool else PoolHealth(steady=False, nodes=(), able=0)
