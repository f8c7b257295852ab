# ruff: noqa: ARG005 - every getter takes the record and the base of URLs
"""How pools, nodes, jobs, tasks and schedules look on the wire: a table for each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from batchctl.emulator import times
from batchctl.emulator.records import Job, Json, Node, Pool, Schedule, Task
from batchctl.emulator.wire import on_paper, statistics
from batchctl.emulator.wire.checks import Shape, words
from batchctl.emulator.wire.job_bodies import JOB as JOB_BODY
from batchctl.emulator.wire.job_bodies import JOB_SCHEDULE as SCHEDULE_BODY
from batchctl.emulator.wire.messages import View
from batchctl.emulator.wire.pool_bodies import POOL as POOL_BODY
from batchctl.emulator.wire.task_bodies import TASK as TASK_BODY
from batchctl.emulator.wire.versions import JUNE_2025, OCTOBER_2026, as_of_version, known_by, task_of_version

Getter = Callable[[Any, str], Any]


def _stamp_or_none(seconds: float | None) -> str | None:
    return None if seconds is None else times.stamp(seconds)


def pool_url(pool_id: str, base: str) -> str:
    return f"{base}/pools/{quote(pool_id, safe='')}"


def node_url(pool_id: str, node_id: str, base: str) -> str:
    return f"{pool_url(pool_id, base)}/nodes/{quote(node_id, safe='')}"


def job_url(job_id: str, base: str) -> str:
    return f"{base}/jobs/{quote(job_id, safe=':')}"  # `schedule:job-1` stands as it is


def task_url(job_id: str, task_id: str, base: str) -> str:
    return f"{job_url(job_id, base)}/tasks/{quote(task_id, safe='')}"


def schedule_url(schedule_id: str, base: str) -> str:
    return f"{base}/jobschedules/{quote(schedule_id, safe='')}"


_ENTITY: Mapping[str, Getter] = {
    "id": lambda record, base: record.id,
    "eTag": lambda record, base: record.etag,
    "lastModified": lambda record, base: times.stamp(record.modified),
    "creationTime": lambda record, base: times.stamp(record.created),
    "state": lambda record, base: record.state,
    "stateTransitionTime": lambda record, base: times.stamp(record.state_time),
}
_PREVIOUS: Mapping[str, Getter] = {
    "previousState": lambda record, base: record.previous,
    "previousStateTransitionTime": lambda record, base: _stamp_or_none(record.previous_time),
}


def _count_nodes(pool: Pool, dedicated: bool) -> int:
    return sum(node.dedicated is dedicated for node in pool.nodes.values())


def _told_run(pool: Pool) -> Json | None:
    return None if pool.autoscale_first and pool.allocation == "resizing" else pool.autoscale_run


SECRETS = words("password sshPrivateKey accountKey sasKey protectedSettings")
"""What goes in and never comes out."""
_FREE = words("settings resourceTags")


def hide_secrets(spec: Any) -> Any:
    """A body as it is read: without its secrets, wherever they stand."""
    if isinstance(spec, list):
        return [hide_secrets(one) for one in spec]
    if not isinstance(spec, dict):
        return spec
    return {
        name: value if name in _FREE else hide_secrets(value) for name, value in spec.items() if name not in SECRETS
    }


_WHEN_FILLED = ("metadata", "applicationPackageReferences")


def without_empty_lists(spec: Json) -> Json:
    """An empty list that was sent is not there when it is read (Azure/azure-cli, test_batch_pool_cmd.yaml, 2024)."""
    return {name: value for name, value in spec.items() if value != [] or name not in _WHEN_FILLED}


def _known_properties(body: Shape) -> frozenset[str]:
    """What a body can hold, and what older versions and managed identities add to it where there are any."""
    return frozenset(body.checks) | {"identity", "currentNodeCommunicationMode"}


POOL = View(
    "pools",
    {
        "url": lambda pool, base: pool_url(pool.id, base),
        **_ENTITY,
        "allocationState": lambda pool, base: pool.allocation,
        "allocationStateTransitionTime": lambda pool, base: times.stamp(pool.allocation_time),
        "currentDedicatedNodes": lambda pool, base: _count_nodes(pool, True),
        "currentLowPriorityNodes": lambda pool, base: _count_nodes(pool, False),
        "resizeErrors": lambda pool, base: pool.resize_errors or None,
        "autoScaleRun": lambda pool, base: _told_run(pool),
    },
    lambda pool: without_empty_lists(hide_secrets(pool.spec)),
    words(
        "id state stateTransitionTime allocationState allocationStateTransitionTime creationTime "
        "lastModified enableAutoScale vmSize enableInterNodeCommunication"
    ),
    _known_properties(POOL_BODY),
    lambda pool, base: statistics.pools_statistics([pool], pool, pool_url(pool.id, base)),
    by_version=as_of_version,
)


def _recent_tasks(node: Node, jobs: Mapping[str, Job], base: str) -> list[Json] | None:
    """The tasks that ran last, as far as they still exist."""
    found = []
    for job_id, task_id in node.recent:
        job = jobs.get(job_id.lower())
        if job and (task := job.tasks.get(task_id.lower())):
            about = {"taskUrl": task_url(job_id, task_id, base), "jobId": job_id, "taskId": task_id}
            found.append({**about, "taskState": task.state, "executionInfo": task.info})
    return found or None


NODE_FILTERS = words(
    "state stateTransitionTime lastBootTime allocationTime startTaskInfo/state startTaskInfo/result "
    "startTaskInfo/exitCode startTaskInfo/startTime startTaskInfo/endTime id schedulingState "
    "isDedicated"
)


def _public_addresses(pool: Pool) -> Mapping[str, Callable[[Any, str], Any]]:
    """Since 2026-10-01: the addresses of the load balancer in front of a node."""
    return {
        "publicIPAddress": lambda node, base: on_paper.public_address(pool),
        "publicIPv6Address": lambda node, base: on_paper.public_ipv6_address(pool),
    }


def node_view(pool: Pool, jobs: Mapping[str, Job], version: str) -> View:
    """Nodes look at their pool and at the tasks that ran on them."""
    return View(
        "nodes",
        {
            "id": lambda node, base: node.id,
            "url": lambda node, base: node_url(pool.id, node.id, base),
            "state": lambda node, base: node.state,
            "schedulingState": lambda node, base: node.shown_scheduling,
            "stateTransitionTime": lambda node, base: times.stamp(node.state_time),
            "lastBootTime": lambda node, base: _stamp_or_none(node.booted),
            "allocationTime": lambda node, base: times.stamp(node.created),
            "ipAddress": lambda node, base: node.ip,
            "ipv6Address": lambda node, base: on_paper.ipv6_address(pool, node),
            **(_public_addresses(pool) if version >= OCTOBER_2026 else {}),
            "affinityId": lambda node, base: node.affinity,
            "vmSize": lambda node, base: node.size or pool.spec["vmSize"],
            "totalTasksRun": lambda node, base: node.tasks_run,
            # At first not before a node was up (Azure/azure-sdk-for-python, test_batch_compute_nodes, 2017-11-08).
            "totalTasksSucceeded": lambda node, base: (
                node.tasks_succeeded if node.booted or version >= "2022-01-01.15.0" else None
            ),
            "runningTasksCount": lambda node, base: len(node.busy),
            "runningTaskSlotsCount": lambda node, base: node.slots_used,
            "isDedicated": lambda node, base: node.dedicated,
            "recentTasks": lambda node, base: _recent_tasks(node, jobs, base),
            "startTask": lambda node, base: as_of_version(hide_secrets(node.start_task), version),
            "startTaskInfo": lambda node, base: node.start,
            "errors": lambda node, base: node.errors or None,
            "endpointConfiguration": lambda node, base: on_paper.endpoints_of_node(
                pool, node, login=version < JUNE_2025
            ),
            "nodeAgentInfo": lambda node, base: on_paper.agent_info(node),
            "virtualMachineInfo": lambda node, base: on_paper.image_info(pool),
        },
        lambda node: {},
        NODE_FILTERS,
        words("certificateReferences"),
        by_version=known_by,
    )


def _job_info(job: Job, base: str) -> Json:  # noqa: ARG001 - a getter takes both
    info = {
        "startTime": times.stamp(job.started),
        "endTime": _stamp_or_none(job.ended),
        "poolId": job.spec["poolInfo"].get("poolId") or job.auto_pool,
        "terminateReason": job.reason,
        "schedulingError": job.scheduling_error,
    }
    return {name: value for name, value in info.items() if value is not None}


JOB = View(
    "jobs",
    {"url": lambda job, base: job_url(job.id, base), **_ENTITY, **_PREVIOUS, "executionInfo": _job_info},
    lambda job: hide_secrets(job.spec),
    words(
        "id state stateTransitionTime creationTime lastModified executionInfo/startTime "
        "executionInfo/endTime executionInfo/poolId"
    ),
    _known_properties(JOB_BODY),
    lambda job, base: statistics.jobs_statistics([job], job, job_url(job.id, base)),
    by_version=as_of_version,
)


def node_info(task: Task, base: str) -> Json | None:
    """Where a task runs or ran; nothing in it where it was ended before it ran."""
    if task.state == "completed" and task.node is None:
        return {}
    if task.node is None or task.pool is None or task.directory is None:
        return None
    return _place_entry(task.pool, task.node, task.directory, base)


def _place_entry(pool: str, node: str, directory: str, base: str) -> Json:
    url = node_url(pool, node, base)
    return {
        "affinityId": f"TVM:{node}",
        "nodeUrl": url,
        "poolId": pool,
        "nodeId": node,
        "taskRootDirectory": directory,
        "taskRootDirectoryUrl": f"{url}/files/{directory}",
    }


def subtask_entry(entry: Json, base: str) -> Json:
    """One of the subtasks of a multi-instance task."""
    kept = {name: value for name, value in entry.items() if name not in ("poolId", "nodeId", "directory", "pid")}
    return {**kept, "nodeInfo": _place_entry(entry["poolId"], entry["nodeId"], entry["directory"], base)}


def _shown_spec(task: Task) -> Json:
    """Most tasks have no secret: a look at the text tells."""
    hidden: Json = hide_secrets(task.spec) if '"password"' in task.asked else task.spec
    return hidden


TASK = View(
    "tasks",
    {
        "url": lambda task, base: task_url(task.job, task.id, base),
        **_ENTITY,
        **_PREVIOUS,
        "executionInfo": lambda task, base: task.info,
        "nodeInfo": node_info,
    },
    _shown_spec,
    words(
        "id state stateTransitionTime creationTime lastModified lastModifiedTime executionInfo/startTime "
        "executionInfo/endTime executionInfo/exitCode executionInfo/result"
    ),
    _known_properties(TASK_BODY),
    lambda task, base: statistics.task_statistics(task, task_url(task.job, task.id, base)),
    by_version=task_of_version,
)


def _schedule_info(schedule: Schedule, base: str) -> Json:
    recent = schedule.recent and {"id": schedule.recent, "url": job_url(schedule.recent, base)}
    info = {
        "nextRunTime": _stamp_or_none(schedule.next_run),
        "recentJob": recent,
        "endTime": _stamp_or_none(schedule.ended),
    }
    return {name: value for name, value in info.items() if value}


SCHEDULE = View(
    "jobschedules",
    {
        "url": lambda schedule, base: schedule_url(schedule.id, base),
        **_ENTITY,
        **_PREVIOUS,
        "executionInfo": _schedule_info,
    },
    lambda schedule: hide_secrets(schedule.spec),
    words(
        "id state stateTransitionTime creationTime lastModified schedule/doNotRunUntil "
        "schedule/doNotRunAfter schedule/startWindow schedule/recurrenceInterval executionInfo/endTime "
        "executionInfo/nextRunTime"
    ),
    _known_properties(SCHEDULE_BODY),
    by_version=as_of_version,
)


def schedule_view(jobs: Mapping[str, Job]) -> View:
    """Statistics of a schedule are those of its jobs."""

    def of_schedule(schedule: Schedule, base: str) -> Json:
        made = [job for job in jobs.values() if job.schedule == schedule.key]
        return statistics.jobs_statistics(made, schedule, schedule_url(schedule.id, base))

    return replace(SCHEDULE, stats=of_schedule)


PREPARATION_FILTERS = words(
    "poolId nodeId jobPreparationTaskExecutionInfo/state jobPreparationTaskExecutionInfo/startTime "
    "jobPreparationTaskExecutionInfo/endTime jobPreparationTaskExecutionInfo/exitCode "
    "jobPreparationTaskExecutionInfo/result jobReleaseTaskExecutionInfo/state jobReleaseTaskExecutionInfo/startTime "
    "jobReleaseTaskExecutionInfo/endTime jobReleaseTaskExecutionInfo/exitCode jobReleaseTaskExecutionInfo/result"
)


def preparation_entry(pool: Pool, node: Node, job: Job, base: str) -> Json:
    """How the preparation and the release of a job went on one node."""
    url = node_url(pool.id, node.id, base)
    about: Json = {"poolId": pool.id, "nodeId": node.id, "nodeUrl": url}
    for name, notes in (("jobPreparationTask", node.preparations), ("jobReleaseTask", node.releases)):
        if info := notes.get(job.key):
            root = f"{url}/files/{info['taskRootDirectory']}"
            about[f"{name}ExecutionInfo"] = {**info, "taskRootDirectoryUrl": root}
    return about
