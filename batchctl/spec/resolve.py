"""Spec and Inventory to Desired: fan-out expanded, placeholders filled, digests taken. Pure."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from batchctl.configurations import ExitConditions, Scale
from batchctl.desired import Desired, Download, Stage
from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.resources import Blob, Container, Job, Pool, Resource, Resources, Schedule, Stamp, Task
from batchctl.spec.doubts import doubts_for_plans
from batchctl.spec.filling.digests import Digests, short_hash
from batchctl.spec.filling.filler import Filler, command_line, filled_resource_files, filled_settings
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import JobSpec, PoolSpec, Spec, WorkSpec
from batchctl.spec.tasks import make_tasks
from batchctl.work import JobPreparationTask, JobReleaseTask, StartTask

QUARTER = timedelta(minutes=15)
"""The service's own autoScaleEvaluationInterval."""

NodeWork = TypeVar("NodeWork", StartTask, JobPreparationTask, JobReleaseTask)


def outline(spec: Spec) -> Desired:
    """What can be said without looking at files: names, policies, downloads. Enough to observe and to destroy."""
    pool = (_wanted_pool(spec, spec.pool, None),) if spec.pool and spec.pool.is_made else ()
    job: tuple[Resource, ...] = ()
    if spec.job and spec.pool:
        job = (_wanted_job(spec, spec.job, spec.pool, Inventory(known=False), [], {}),)
    if spec.schedule:
        job = (_schedule_of(spec, spec.schedule, job),)
    return _desired(spec, (*_wanted_containers(spec), *pool, *job), [])


def resolve(spec: Spec, inventory: Inventory) -> Desired:
    """Everything that the spec asks for. Raises SpecError with every problem."""
    problems: list[Problem] = []
    stages: tuple[Stage, ...] = ()
    made: list[Resource] = []
    scripts: dict[str, Blob] = {}
    if pool := spec.pool:
        start = _wanted_work(pool.start_task, spec, pool, inventory, problems, scripts) if pool.start_task else None
        if pool.is_made:
            made.append(_wanted_pool(spec, pool, start))
        if job := spec.job:
            asked = _wanted_job(spec, job, pool, inventory, problems, scripts, start)
            tasks, stages = make_tasks(spec, job, pool, start, asked, inventory, problems, scripts)
            asked = _with_manager(asked, job, tasks)
            if spec.schedule:
                problems += _scripts_that_expire(spec, (asked, *tasks), scripts)
            made += [_schedule_of(spec, spec.schedule, (asked, *tasks))] if spec.schedule else [asked, *tasks]
    if spec.identity:
        from batchctl.spec.filling.identity import with_identity  # imported late: most specs are signed for

        made = [with_identity(resource, spec.identity) for resource in made]
    blobs = sorted((*inventory.uploads, *scripts.values()), key=attrgetter("container", "path"))
    desired = replace(_desired(spec, (*_wanted_containers(spec), *blobs, *made), problems), stages=stages)
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    return desired


def _desired(spec: Spec, resources: Iterable[Resource], problems: list[Problem]) -> Desired:
    return Desired(
        owner=spec.name,
        origin=spec.origin,
        file=spec.source.file,
        resources=Resources(resources),
        external=frozenset(name for name, c in spec.containers.items() if c.external),
        external_pool=spec.pool.wanted if spec.pool and spec.pool.external else None,
        downloads=tuple(_wanted_downloads(spec, problems)),
        wait_timeout=spec.wait_timeout,
        limits=spec.limits,
        prices=spec.prices,
        region=spec.region,
        doubts=doubts_for_plans(spec),
        max_failures=spec.job.max_failures if spec.job else None,
        canary=spec.job.canary if spec.job else None,
    )


def _schedule_of(spec: Spec, schedule: Schedule, made: Iterable[Resource]) -> Schedule:
    """The schedule of a job, whose one task is its manager."""
    from batchctl.spec.filling.schedules import scheduled  # imported late: few jobs are scheduled

    return replace(scheduled(schedule, made), owner=spec.name, stamp=_spec_stamp(spec))


def _scripts_that_expire(spec: Spec, made: Iterable[Resource], scripts: Mapping[str, Blob]) -> Iterator[Problem]:
    """On Windows several commands come from a .cmd file, which is signed for where no identity opens it."""
    if spec.identity is not None or spec.job is None or not scripts:
        return
    from batchctl.spec.filling.schedules import OUTLIVED, files_of

    names = {file.blob for resource in made for file in files_of(resource)}
    if names & scripts.keys():
        yield spec.problem(
            (*spec.job.at, "tasks"),
            f"several commands are a file on Windows: {OUTLIVED}",
            "signature-too-short",
            at_key=True,
        )


def _spec_stamp(spec: Spec) -> Stamp:
    return Stamp(origin=spec.origin, expires_after=spec.expires_after, text=spec.source.trace)


def _wanted_containers(spec: Spec) -> tuple[Container, ...]:
    return tuple(
        Container(name=name, keep=c.keep, stamp=_spec_stamp(spec))
        for name, c in sorted(spec.containers.items())
        if not c.external
    )


def _wanted_pool(spec: Spec, pool: PoolSpec, start: StartTask | None) -> Pool:
    return replace(_filled_pool(spec, pool, start), owner=spec.name, stamp=_spec_stamp(spec))


def _filled_pool(spec: Spec, pool: PoolSpec, start: StartTask | None) -> Pool:
    return replace(pool.wanted, start_task=start, **_scaling(spec, pool.wanted))


def _scaling(spec: Spec, wanted: Pool) -> dict[str, Any]:
    """A formula sets the targets, and is evaluated as often as the service does by itself; without one, nothing is."""
    if wanted.scale is not None:
        return {**OPEN, **_written_scaling(spec, wanted, wanted.scale)}
    if wanted.auto_scale_formula is None:
        return {"auto_scale_evaluation_interval": None}
    interval = wanted.auto_scale_evaluation_interval or QUARTER
    return {**OPEN, "auto_scale_evaluation_interval": interval}


OPEN: dict[str, Any] = {"target_dedicated_nodes": None, "target_spot_nodes": None}


def _written_scaling(spec: Spec, wanted: Pool, scale: Scale) -> dict[str, Any]:
    # imported late: few pools scale
    from batchctl.spec.filling.scale import EVERY, scaling_formula, tasks_of_a_node

    tasks = spec.job.tasks if spec.job else ()
    per_node = tasks_of_a_node(
        wanted.task_slots_per_node,
        max((factory.wanted.required_slots for factory in tasks), default=1),
        meeting=any(factory.multi_instance for factory in tasks),
    )
    return {"auto_scale_formula": scaling_formula(scale, per_node), "auto_scale_evaluation_interval": EVERY}


def _wanted_job(
    spec: Spec,
    job: JobSpec,
    pool: PoolSpec,
    inventory: Inventory,
    problems: list[Problem],
    scripts: dict[str, Blob],
    start: StartTask | None = None,
) -> Job:
    at, wanted = (*job.at, "commonEnvironmentSettings"), job.wanted
    before, after = job.job_preparation_task, job.job_release_task
    frame = (spec, pool, inventory, problems, scripts)
    return replace(
        wanted,
        pool=pool.wanted.name,
        max_wall_clock_time=_wall_clock(spec, pool.wanted, wanted.max_wall_clock_time),
        auto_pool=replace(pool.auto, pool=_filled_pool(spec, pool, start)) if pool.auto else None,
        environment=filled_settings(Filler(spec, {}, problems), at, wanted.environment),
        job_preparation_task=_wanted_work(before, *frame) if before else None,
        job_release_task=_wanted_work(after, *frame) if after else None,
        uses_task_dependencies=any(f.depends_on or _acts_on_dependents(f.wanted.exit_conditions) for f in job.tasks),
        owner=spec.name,
        stamp=_spec_stamp(spec),
    )


def _with_manager(asked: Job, job: JobSpec, tasks: Iterable[Task]) -> Job:
    """The job with its manager, which is told like a task. Alone, it needs nobody to close the job behind it."""
    manager = next((task for task in tasks if task.manager), None)
    if manager is None or job.job_manager_task is None:
        return asked
    same = ("command_line", "resource_files", "environment", "container_settings", "display_name")
    told = {name: getattr(manager, name) for name in (*same, "output_files", "streams")}
    made = replace(job.job_manager_task, **told, content=manager.digest)
    return replace(asked, job_manager_task=made, uses_task_dependencies=True, sealed=len(job.tasks) == 1)


LATER = timedelta(minutes=2)
"""By how much the service ends a job later than apply does, which tells why it does and ends the pool as well."""

LONG = 24 * 365 * 10
"""Hours that are no limit."""


def _wall_clock(spec: Spec, pool: Pool, asked: timedelta | None) -> timedelta | None:
    """The job's own, or as much as the limits let it have at most: they end it when nobody waits for it any more."""
    limits = spec.limits
    if limits is None:
        return asked
    from batchctl.prices import hourly  # imported late: few specs have limits

    # Of a pool that scales nobody knows how many nodes it will have, and its ceiling would end most runs too soon.
    fixed = pool.scale is None and pool.auto_scale_formula is None
    counts = (pool.target_dedicated_nodes or 0, pool.target_spot_nodes or 0) if fixed else (0, 0)
    hours = [] if limits.max_node_hours is None or not sum(counts) else [limits.max_node_hours / sum(counts)]
    rate = hourly(spec.prices, pool, *counts) if spec.prices and limits.max_cost is not None else None
    if rate and limits.max_cost is not None:
        hours.append(limits.max_cost / rate)
    times = [timedelta(hours=n) for n in hours if n < LONG] + ([limits.max_duration] if limits.max_duration else [])
    ends = [time + LATER for time in times] + ([asked] if asked else [])
    # To the second, as the service keeps it.
    return timedelta(seconds=int(min(ends).total_seconds())) if ends else None


def _acts_on_dependents(conditions: ExitConditions | None) -> bool:
    """REST: ExitOptions.dependencyAction is refused in a job without dependencies."""
    return conditions is not None and any(options.dependency_action for options in conditions.options)


def _wanted_work(
    asked: WorkSpec[NodeWork],
    spec: Spec,
    pool: PoolSpec,
    inventory: Inventory,
    problems: list[Problem],
    scripts: dict[str, Blob],
) -> NodeWork:
    """A start, preparation or release task with its placeholders filled."""
    fill = Filler(spec, {}, problems, scripts)
    files = filled_resource_files(fill, inventory, asked.resource_files)
    line, script = command_line(fill, asked.commands, on_windows=pool.windows)
    files += script
    return replace(
        asked.wanted,
        command_line=line,
        resource_files=files,
        environment=filled_settings(fill, (*asked.at, "environmentSettings"), asked.wanted.environment),
        content=short_hash([Digests(inventory).content(f) for f in files]) if files else "",
    )


def _wanted_downloads(spec: Spec, problems: list[Problem]) -> Iterator[Download]:
    fill = Filler(spec, {}, problems)
    for download in spec.downloads:
        to = Path(os.path.normpath(spec.folder / fill((*download.at, "to"), download.to)))
        yield Download(container=download.container, to=to, include=download.include, exclude=download.exclude)
