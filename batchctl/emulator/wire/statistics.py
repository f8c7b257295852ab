"""Statistics of tasks, jobs, schedules and pools ($expand=stats), and of the account over its life.

Times and counts are real; CPU, memory, disk and network of the tasks are not measured here and stand at zero.
"""

from collections.abc import Iterable

from batchctl.emulator import times
from batchctl.emulator.records import Entity, Job, Json, Pool, Task
from batchctl.emulator.wire.vm_sizes import cores_of

_UNMEASURED: Json = {"userCPUTime": "PT0S", "kernelCPUTime": "PT0S", "readIOps": "0", "writeIOps": "0"}
_UNMEASURED |= {"readIOGiB": 0.0, "writeIOGiB": 0.0}
_RESOURCES = ("avgCPUPercentage", "avgMemoryGiB", "peakMemoryGiB", "avgDiskGiB", "peakDiskGiB", "diskReadGiB")
_MORE_RESOURCES = ("diskWriteGiB", "networkReadGiB", "networkWriteGiB")


def task_statistics(task: Task, url: str) -> Json:
    """How long the task waited and ran."""
    waited, ran = _task_spans(task)
    spans = {"wallClockTime": times.iso_duration(ran), "waitTime": times.iso_duration(waited)}
    return {**_statistics_head(task, url), **_UNMEASURED, **spans}


def jobs_statistics(jobs: Iterable[Job], entity: Entity | None, url: str) -> Json:
    """Of one job, of the jobs of a schedule, or of all (`entity` is whose statistics they are, if anybody's)."""
    jobs = list(jobs)
    tasks = [task for job in jobs for task in job.tasks.values()]
    spans = [_task_spans(task) for task in tasks]
    ended = [task for task in tasks if task.state == "completed"]
    failed = sum(task.failed for task in ended)
    return {
        **(_statistics_head(entity, url) if entity else _lifetime_head(jobs, url)),
        **_UNMEASURED,
        "wallClockTime": times.iso_duration(sum(ran for _, ran in spans)),
        "waitTime": times.iso_duration(sum(waited for waited, _ in spans)),
        "numSucceededTasks": str(len(ended) - failed),
        "numFailedTasks": str(failed),
        "numTaskRetries": str(sum(task.info.get("retryCount", 0) for task in tasks)),
    }


def pools_statistics(pools: Iterable[Pool], entity: Pool | None, url: str) -> Json:
    """Of one pool or of all: the core time of its dedicated nodes, up to the last thing that happened to them."""
    pools = list(pools)
    head = _statistics_head(entity, url) if entity else _lifetime_head(pools, url)
    span = {name: head[name] for name in ("startTime", "lastUpdateTime")}
    seconds = sum(_core_seconds(pool) for pool in pools)
    resources: Json = dict.fromkeys((*_RESOURCES, *_MORE_RESOURCES), 0.0)
    return {
        **head,
        "usageStats": {**span, "dedicatedCoreTime": times.iso_duration(seconds)},
        "resourceStats": {**span, **resources, "diskReadIOps": "0", "diskWriteIOps": "0"},
    }


def _statistics_head(entity: Entity, url: str) -> Json:
    return _between(url, entity.created, max(entity.modified, entity.state_time))


def _lifetime_head(entities: Iterable[Entity], url: str) -> Json:
    """From the first to the last thing that the account knows of."""
    known = [(one.created, max(one.modified, one.state_time)) for one in entities] or [(0.0, 0.0)]
    return _between(url, min(start for start, _ in known), max(end for _, end in known))


def _between(url: str, start: float, end: float) -> Json:
    return {"url": url, "startTime": times.stamp(start), "lastUpdateTime": times.stamp(end)}


def _task_spans(task: Task) -> tuple[float, float]:
    """Seconds from creation to start, and from start to end; zero for what has not happened."""
    started, ended = task.info.get("startTime"), task.info.get("endTime")
    if started is None:
        return 0.0, 0.0
    start = times.seconds_of(started)
    return max(0.0, start - task.created), max(0.0, times.seconds_of(ended) - start) if ended else 0.0


def _core_seconds(pool: Pool) -> float:
    dedicated = [node for node in pool.nodes.values() if node.dedicated]
    latest = max([pool.modified, pool.allocation_time, *(node.state_time for node in dedicated)])
    return cores_of(pool.spec) * sum(latest - node.created for node in dedicated)
