"""Spec and Inventory to Desired: fan-out expanded, placeholders filled, digests taken. Pure."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from batchctl.configurations import ExitConditions
from batchctl.errors import Problem, SpecError
from batchctl.resources import (
    RETENTION,
    Container,
    Desired,
    Download,
    Image,
    Job,
    JobPreparationTask,
    JobReleaseTask,
    Pool,
    Resource,
    Stage,
    Stamp,
    StartTask,
)
from batchctl.spec.filling.digests import Digests, short
from batchctl.spec.filling.filler import Filler, command_line, environment, resource_files
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import (
    JobPreparationTaskSpec,
    JobReleaseTaskSpec,
    JobSpec,
    NodeTaskSpec,
    PoolSpec,
    Spec,
    StartTaskSpec,
)
from batchctl.spec.tasks import make_tasks, scripts

MOST_PROBLEMS = 50

QUARTER = timedelta(minutes=15)
"""The service's own autoScaleEvaluationInterval, and the longest that a release task may run."""


def outline(spec: Spec) -> Desired:
    """What can be said without looking at files: names, policies, downloads. Enough to observe and to destroy."""
    pool = (_pool(spec, spec.pool, None),) if spec.pool else ()
    job = (_job(spec, spec.job, spec.pool, Inventory(known=False), []),) if spec.job and spec.pool else ()
    return _desired(spec, (*_containers(spec), *pool, *job), [])


def resolve(spec: Spec, inventory: Inventory) -> Desired:
    """Everything that the spec asks for. Raises SpecError with every problem."""
    problems: list[Problem] = []
    stages: tuple[Stage, ...] = ()
    made: list[Resource] = [*_containers(spec), *sorted(inventory.uploads, key=lambda blob: blob.name)]
    if pool := spec.pool:
        start = _start_task(spec, pool, pool.start_task, inventory, problems) if pool.start_task else None
        made.append(_pool(spec, pool, start))
        if job := spec.job:
            asked = _job(spec, job, pool, inventory, problems)
            tasks, stages = make_tasks(spec, job, pool, scripts(start, asked), inventory, problems)
            made += [asked, *tasks]
    desired = replace(_desired(spec, made, problems), stages=stages)
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    return desired


def _desired(spec: Spec, resources: Iterable[Resource], problems: list[Problem]) -> Desired:
    return Desired(
        owner=spec.name,
        origin=spec.origin,
        resources=tuple(resources),
        external=frozenset(name for name, c in spec.containers.items() if c.external),
        downloads=tuple(_downloads(spec, problems)),
        wait_timeout=spec.wait_timeout,
    )


def _stamp(spec: Spec) -> Stamp:
    return Stamp(origin=spec.origin, expires_after=spec.expires_after)


def _containers(spec: Spec) -> tuple[Container, ...]:
    return tuple(
        Container(name=name, keep=c.keep, stamp=_stamp(spec))
        for name, c in sorted(spec.containers.items())
        if not c.external
    )


def _pool(spec: Spec, pool: PoolSpec, start: StartTask | None) -> Pool:
    scaled = pool.auto_scale_formula is not None
    return Pool(
        name=pool.id,
        vm_size=pool.vm_size,
        image=Image(**pool.image),
        node_agent_sku_id=pool.node_agent_sku_id,
        container_configuration=pool.container_configuration,
        target_dedicated_nodes=None if scaled else pool.target_dedicated_nodes,
        target_spot_nodes=None if scaled else pool.target_spot_nodes,
        auto_scale_formula=pool.auto_scale_formula,
        auto_scale_evaluation_interval=(pool.auto_scale_evaluation_interval or QUARTER) if scaled else None,
        resize_timeout=pool.resize_timeout,
        task_slots_per_node=pool.task_slots_per_node,
        task_scheduling_policy=pool.task_scheduling_policy,
        enable_inter_node_communication=pool.enable_inter_node_communication,
        network_configuration=pool.network_configuration,
        display_name=pool.display_name,
        start_task=start,
        metadata=pool.metadata,
        owner=spec.name,
        stamp=_stamp(spec),
    )


def _job(spec: Spec, job: JobSpec, pool: PoolSpec, inventory: Inventory, problems: list[Problem]) -> Job:
    at = (*job.at, "commonEnvironmentSettings")
    frame = (spec, pool, inventory, problems)
    return Job(
        name=job.id,
        pool=pool.id,
        priority=job.priority,
        max_wall_clock_time=job.constraints.max_wall_clock_time,
        max_task_retry_count=job.constraints.max_task_retry_count or 0,
        environment=environment(Filler(spec, {}, problems), at, job.environment),
        display_name=job.display_name,
        max_parallel_tasks=job.max_parallel_tasks,
        allow_task_preemption=job.allow_task_preemption,
        on_task_failure=job.on_task_failure,
        job_preparation_task=_preparation(job.job_preparation_task, *frame) if job.job_preparation_task else None,
        job_release_task=_release(job.job_release_task, *frame) if job.job_release_task else None,
        uses_task_dependencies=any(f.depends_on or _acts_on_dependents(f.exit_conditions) for f in job.tasks),
        metadata=job.metadata,
        owner=spec.name,
        stamp=_stamp(spec),
    )


def _acts_on_dependents(conditions: ExitConditions | None) -> bool:
    """REST: ExitOptions.dependencyAction is refused in a job without dependencies."""
    return conditions is not None and any(options.dependency_action for options in conditions.options)


def _start_task(
    spec: Spec, pool: PoolSpec, wanted: StartTaskSpec, inventory: Inventory, problems: list[Problem]
) -> StartTask:
    return StartTask(
        **_node_task(wanted, spec, pool, inventory, problems),
        wait_for_success=wanted.wait_for_success,
        max_task_retry_count=wanted.max_task_retry_count,
    )


def _preparation(
    wanted: JobPreparationTaskSpec, spec: Spec, pool: PoolSpec, inventory: Inventory, problems: list[Problem]
) -> JobPreparationTask:
    return JobPreparationTask(
        **_node_task(wanted, spec, pool, inventory, problems),
        max_wall_clock_time=wanted.constraints.max_wall_clock_time,
        max_task_retry_count=wanted.constraints.max_task_retry_count or 0,
        retention_time=wanted.constraints.retention_time or RETENTION,
        wait_for_success=wanted.wait_for_success,
        rerun_on_node_reboot_after_success=wanted.rerun_on_node_reboot_after_success,
    )


def _release(
    wanted: JobReleaseTaskSpec, spec: Spec, pool: PoolSpec, inventory: Inventory, problems: list[Problem]
) -> JobReleaseTask:
    return JobReleaseTask(
        **_node_task(wanted, spec, pool, inventory, problems),
        max_wall_clock_time=wanted.constraints.max_wall_clock_time or QUARTER,
        retention_time=wanted.constraints.retention_time or RETENTION,
    )


def _node_task(
    wanted: NodeTaskSpec, spec: Spec, pool: PoolSpec, inventory: Inventory, problems: list[Problem]
) -> dict[str, Any]:
    """What start, preparation and release tasks have in common."""
    fill = Filler(spec, {}, problems)
    files = resource_files(fill, inventory, wanted.resource_files)
    return {
        "command_line": command_line(fill, wanted.commands, windows=pool.windows),
        "resource_files": files,
        "environment": environment(fill, (*wanted.at, "environmentSettings"), wanted.environment),
        "elevation": wanted.elevation,
        "container_settings": wanted.container_settings,
        "content": short([Digests(inventory).content(f) for f in files]) if files else "",
    }


def _downloads(spec: Spec, problems: list[Problem]) -> Iterator[Download]:
    fill = Filler(spec, {}, problems)
    for download in spec.downloads:
        to = Path(os.path.normpath(spec.folder / fill((*download.at, "to"), download.to)))
        yield Download(container=download.container, to=to, include=download.include, exclude=download.exclude)
