"""Spec and Inventory to Desired: fan-out expanded, placeholders filled, digests taken. Pure."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from batchctl.errors import Problem, SpecError
from batchctl.resources import Container, Desired, Download, Image, Job, Pool, Resource, StartTask
from batchctl.spec.digests import Digests, short
from batchctl.spec.filling import Filler, command_line, environment, resource_file
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import JobSpec, PoolSpec, Spec, StartTaskSpec
from batchctl.spec.tasks import make_tasks

MOST_PROBLEMS = 50


def outline(spec: Spec) -> Desired:
    """What can be said without looking at files: names, policies, downloads. Enough to observe and to destroy."""
    pool = (_pool(spec, spec.pool, None),) if spec.pool else ()
    job = (_job(spec, spec.job, spec.pool, []),) if spec.job and spec.pool else ()
    return _desired(spec, (*_containers(spec), *pool, *job), [])


def resolve(spec: Spec, inventory: Inventory) -> Desired:
    """Everything that the spec asks for. Raises SpecError with every problem."""
    problems: list[Problem] = []
    made: list[Resource] = [*_containers(spec), *sorted(inventory.uploads, key=lambda blob: blob.name)]
    if pool := spec.pool:
        start = _start_task(spec, pool, pool.start_task, inventory, problems) if pool.start_task else None
        made.append(_pool(spec, pool, start))
        if job := spec.job:
            made.append(_job(spec, job, pool, problems))
            made += make_tasks(spec, job, pool, start, inventory, problems)
    desired = _desired(spec, made, problems)
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    return desired


def _desired(spec: Spec, resources: Iterable[Resource], problems: list[Problem]) -> Desired:
    return Desired(
        owner=spec.name,
        resources=tuple(resources),
        external=frozenset(name for name, c in spec.containers.items() if c.external),
        downloads=tuple(_downloads(spec, problems)),
        wait_timeout=spec.wait_timeout,
    )


def _containers(spec: Spec) -> tuple[Container, ...]:
    return tuple(Container(name=name, keep=c.keep) for name, c in sorted(spec.containers.items()) if not c.external)


def _pool(spec: Spec, pool: PoolSpec, start: StartTask | None) -> Pool:
    return Pool(
        name=pool.id,
        vm_size=pool.vm_size,
        image=Image(**pool.image),
        node_agent_sku_id=pool.node_agent_sku_id,
        target_dedicated_nodes=pool.target_dedicated_nodes,
        target_spot_nodes=pool.target_spot_nodes,
        task_slots_per_node=pool.task_slots_per_node,
        display_name=pool.display_name,
        start_task=start,
        owner=spec.name,
    )


def _job(spec: Spec, job: JobSpec, pool: PoolSpec, problems: list[Problem]) -> Job:
    at = (*job.at, "commonEnvironmentSettings")
    return Job(
        name=job.id,
        pool=pool.id,
        priority=job.priority,
        max_wall_clock_time=job.constraints.max_wall_clock_time,
        max_task_retry_count=job.constraints.max_task_retry_count or 0,
        environment=environment(Filler(spec, {}, problems), at, job.environment),
        display_name=job.display_name,
        owner=spec.name,
    )


def _start_task(
    spec: Spec, pool: PoolSpec, wanted: StartTaskSpec, inventory: Inventory, problems: list[Problem]
) -> StartTask:
    fill = Filler(spec, {}, problems)
    files = tuple(resource_file(fill, inventory, f) for f in wanted.resource_files)
    return StartTask(
        command_line=command_line(fill, wanted.commands, windows=pool.windows),
        resource_files=files,
        environment=environment(fill, (*wanted.at, "environmentSettings"), wanted.environment),
        wait_for_success=wanted.wait_for_success,
        max_task_retry_count=wanted.max_task_retry_count,
        elevation=wanted.elevation,
        content=short([Digests(inventory).content(f) for f in files]) if files else "",
    )


def _downloads(spec: Spec, problems: list[Problem]) -> Iterator[Download]:
    fill = Filler(spec, {}, problems)
    for download in spec.downloads:
        to = Path(os.path.normpath(spec.folder / fill((*download.at, "to"), download.to)))
        yield Download(container=download.container, to=to, include=download.include, exclude=download.exclude)
