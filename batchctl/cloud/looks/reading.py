"""REST JSON to what is seen."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.faults import error_text, scheduling_error_text
from batchctl.cloud.resources.bodies import read_duration
from batchctl.cloud.resources.nodes import iso_moment
from batchctl.cloud_answers import Counts
from batchctl.prices import system_of_words
from batchctl.resources import Job
from batchctl.sights import Endpoint, FailureInfo, JobSight, JobUse, NodeSight, PoolSight, ScalingSight, TaskSight

GIB = 1 << 30


def moment(text: str | None) -> datetime | None:
    return iso_moment(text) if text else None


def read_failure(item: Mapping[str, Any] | None) -> FailureInfo | None:
    if not item:
        return None
    said = error_text(item)
    code = str(item.get("code") or "")
    return FailureInfo(
        category=str(item.get("category") or "").lower(), code=code, message=said.removeprefix(code).lstrip(": ")
    )


def read_run(job: str, generation: int, item: Json) -> TaskSight:
    info, place = item.get("executionInfo") or {}, item.get("nodeInfo") or {}
    return TaskSight(
        job=job,
        generation=generation,
        id=item["id"],
        state=_word(item.get("state")),
        result=_word(info.get("result")) or None,
        exit_code=info.get("exitCode"),
        failure=read_failure(info.get("failureInfo")),
        created=moment(item.get("creationTime")),
        started=moment(info.get("startTime")),
        ended=moment(info.get("endTime")),
        retries=info.get("retryCount", 0),
        requeues=info.get("requeueCount", 0),
        retried=moment(info.get("lastRetryTime")),
        requeued=moment(info.get("lastRequeueTime")),
        pool=place.get("poolId"),
        node=place.get("nodeId"),
        root=place.get("taskRootDirectory"),
        container=_container(info.get("containerInfo") or {}),
        slots=item.get("requiredSlots", 1),
    )


def _container(told: Json) -> str | None:
    return " ".join(str(told[key]) for key in ("containerId", "state", "error") if told.get(key)) or None


def read_node(item: Json) -> NodeSight:
    start = item.get("startTaskInfo") or {}
    return NodeSight(
        id=item["id"],
        state=_word(item.get("state")),
        vm_size=item.get("vmSize", ""),
        spot=not item.get("isDedicated", True),
        ip=item.get("ipAddress"),
        scheduling=_word(item.get("schedulingState")) or "enabled",
        running_tasks=item.get("runningTasksCount", 0),
        running_slots=item.get("runningTaskSlotsCount", 0),
        total_tasks=item.get("totalTasksRun", 0),
        allocated=moment(item.get("allocationTime")),
        booted=moment(item.get("lastBootTime")),
        since=moment(item.get("stateTransitionTime")),
        agent=(item.get("nodeAgentInfo") or {}).get("version"),
        start_began=moment(start.get("startTime")),
        start_ended=moment(start.get("endTime")),
        start_exit_code=start.get("exitCode"),
        start_failure=read_failure(start.get("failureInfo")),
        errors=tuple(error_text(error) for error in item.get("errors") or ()),
        endpoints=tuple(map(_read_endpoint, (item.get("endpointConfiguration") or {}).get("inboundEndpoints") or ())),
    )


def _read_endpoint(item: Json) -> Endpoint:
    host = item.get("publicIPAddress") or item.get("publicFQDN") or ""
    return Endpoint(host=host, port=item["frontendPort"], behind=item["backendPort"])


def read_extension(item: Json) -> str:
    """`NAME STATE`, and unless that is well, what it says (REST: NodeVMExtension)."""
    name, state = (item.get("vmExtension") or {}).get("name", ""), _word(item.get("provisioningState"))
    if state == "succeeded":
        return f"{name} {state}"
    view = item.get("instanceView") or {}
    said = "; ".join(str(s["message"]) for s in view.get("statuses") or () if s.get("message"))
    return f"{name} {state}: {said}" if said else f"{name} {state}"


def read_pool(item: Json, counted: Json) -> PoolSight:
    states: dict[str, int] = {}
    for group in ("dedicated", "lowPriority"):
        for state, count in (counted.get(group) or {}).items():
            if state != "total" and count:
                states[state] = states.get(state, 0) + count
    return PoolSight(
        id=item["id"],
        state=_word(item.get("state")),
        allocation=_word(item.get("allocationState")),
        vm_size=item.get("vmSize", ""),
        system=_system(item.get("virtualMachineConfiguration") or {}),
        slots_per_node=item.get("taskSlotsPerNode", 1),
        dedicated=(item.get("currentDedicatedNodes", 0), item.get("targetDedicatedNodes", 0)),
        spot=(item.get("currentLowPriorityNodes", 0), item.get("targetLowPriorityNodes", 0)),
        nodes=tuple(sorted(states.items())),
        resized=moment(item.get("allocationStateTransitionTime")),
        resize_errors=tuple(error_text(error) for error in item.get("resizeErrors") or ()),
        scaling=_read_scaling(item.get("autoScaleRun") or {}) if item.get("enableAutoScale") else None,
    )


def _system(machine: Json) -> str:
    image = machine.get("imageReference") or {}
    told = (image.get("publisher"), image.get("offer"), machine.get("nodeAgentSKUId"))
    return system_of_words([str(word or "") for word in told], machine.get("licenseType"))


def _read_scaling(run: Json) -> ScalingSight:
    error = run.get("error")
    return ScalingSight(
        evaluated=moment(run.get("timestamp")),
        results=run.get("results", ""),
        error=error_text(error) if error else None,
    )


def read_generation(job: Job, item: Json, counted: Json) -> JobSight:
    info = item.get("executionInfo") or {}
    return JobSight(
        id=job.id,
        generation=job.generation,
        state=_word(item.get("state")),
        pool=info.get("poolId") or job.pool,
        priority=item.get("priority", 0),
        created=moment(item.get("creationTime")),
        ended=moment(info.get("endTime")),
        why_ended=info.get("terminateReason"),
        scheduling_error=scheduling_error_text(info),
        text=job.stamp.text,
        counts=_read_counts(counted.get("taskCounts") or counted),
        slots=_read_counts(counted.get("taskSlotCounts") or {}),
    )


TIMES = ("wallClockTime", "userCPUTime", "kernelCPUTime")


def read_use(item: Json) -> JobUse | None:
    """None where the service has none yet: it sums up now and then."""
    stats = item.get("stats")
    if not stats:
        return None
    wall, *spans = (read_duration(stats.get(name) or "PT0S") or timedelta() for name in TIMES)
    moved = [float(stats.get(name) or 0) * GIB for name in ("readIOGiB", "writeIOGiB")]
    return JobUse(
        told=moment(stats.get("lastUpdateTime")),
        wall=wall,
        cpu=sum(spans, timedelta()) or None,
        read=moved[0] if any(moved) else None,
        written=moved[1] if any(moved) else None,
    )


def _read_counts(found: Json) -> Counts:
    return Counts(**{name: found.get(name, 0) for name in ("active", "running", "succeeded", "failed")})


def _word(text: Any) -> str:
    """A word of an enumeration: no two services spell them alike."""
    return str(text or "").lower()
