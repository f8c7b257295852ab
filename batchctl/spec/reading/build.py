"""A document that keeps the schema, to a Spec. Only shapes change here: nothing is checked, nothing is filled in."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from batchctl.configurations import (
    ContainerConfiguration,
    ExitConditions,
    NetworkConfiguration,
    TaskContainerSettings,
    TaskSchedulingPolicy,
)
from batchctl.resources import Settings
from batchctl.rest import camel, from_rest
from batchctl.sensitive import Hidden
from batchctl.spec.model import (
    Account,
    Chunk,
    Commands,
    Constraints,
    ContainerSpec,
    DependsOn,
    DownloadSpec,
    Factory,
    ForEach,
    JobPreparationTaskSpec,
    JobReleaseTaskSpec,
    JobSpec,
    OutputFileSpec,
    PoolSpec,
    ResourceFileSpec,
    Rows,
    Spec,
    StartTaskSpec,
    Upload,
)
from batchctl.spec.reading.source import At

Document = Mapping[str, Any]

MODIFIERS = ("include", "exclude", "rows", "sort", "groupBy", "expectGroupSize", "chunk", "allowEmpty")
"""Keys of `forEach` that are no form."""

AXES = ("product", "zip")
"""Forms that are made of others."""


def build(document: Document, **outside: Any) -> Spec:
    """The Spec of a document; `outside` are the fields that no document holds (folder, source, values)."""
    storage = document.get("storage", {})
    account, wait = document.get("account"), document.get("wait")
    return Spec(
        name=document["name"],
        account=Account(**account) if account is not None else None,
        containers={name: ContainerSpec(**c) for name, c in storage.get("containers", {}).items()},
        uploads=tuple(_upload(u, ("storage", "uploads", i)) for i, u in enumerate(storage.get("uploads", ()))),
        pool=_pool(document["pool"], ("pool",)) if "pool" in document else None,
        job=_job(document["job"], ("job",)) if "job" in document else None,
        wait_timeout=duration(wait["timeout"]) if wait else None,
        expires_after=duration(document.get("expiresAfter")),
        downloads=tuple(_download(d, ("download", i)) for i, d in enumerate(document.get("download", ()))),
        **outside,
    )


def duration(text: str | None) -> timedelta | None:
    """The ISO 8601 durations that the schema lets through: days, hours, minutes and seconds."""
    units = {"D": "days", "H": "hours", "M": "minutes", "S": "seconds"}
    parts = re.findall(r"([0-9.]+)([DHMS])", text or "")
    return timedelta(**{units[unit]: float(count) for count, unit in parts}) if parts else None


def _upload(u: Document, at: At) -> Upload:
    return Upload(at=at, source=u["from"], container=u["to"], path=u.get("path", ""), **_patterns(u))


def _download(d: Document, at: At) -> DownloadSpec:
    return DownloadSpec(at=at, container=d["container"], to=d["to"], **_patterns(d))


def _pool(pool: Document, at: At) -> PoolSpec:
    start = pool.get("startTask")
    return PoolSpec(
        at=at,
        id=pool["id"],
        vm_size=pool["vmSize"],
        image=pool["image"],
        start_task=_start_task(start, (*at, "startTask")) if start is not None else None,
        auto_scale_evaluation_interval=duration(pool.get("autoScaleEvaluationInterval")),
        resize_timeout=duration(pool.get("resizeTimeout")),
        metadata=_settings(pool.get("metadata", ())),
        **_parts(
            pool,
            task_scheduling_policy=TaskSchedulingPolicy,
            network_configuration=NetworkConfiguration,
            container_configuration=ContainerConfiguration,
        ),
        **_plain(
            pool,
            auto_scale_formula="autoScaleFormula",
            enable_inter_node_communication="enableInterNodeCommunication",
            display_name="displayName",
            node_agent_sku_id="nodeAgentSKUId",
            target_dedicated_nodes="targetDedicatedNodes",
            target_spot_nodes="targetSpotNodes",
            task_slots_per_node="taskSlotsPerNode",
        ),
    )


def _start_task(start: Document, at: At) -> StartTaskSpec:
    return StartTaskSpec(
        **_node_task(start, at),
        **_plain(start, wait_for_success="waitForSuccess", max_task_retry_count="maxTaskRetryCount"),
    )


def _preparation(task: Document, at: At) -> JobPreparationTaskSpec:
    return JobPreparationTaskSpec(
        **_node_task(task, at),
        constraints=_constraints(task.get("constraints", {})),
        **_plain(
            task,
            wait_for_success="waitForSuccess",
            rerun_on_node_reboot_after_success="rerunOnNodeRebootAfterSuccess",
        ),
    )


def _release(task: Document, at: At) -> JobReleaseTaskSpec:
    return JobReleaseTaskSpec(**_node_task(task, at), constraints=_constraints(task))


def _node_task(task: Document, at: At) -> dict[str, Any]:
    """What start, preparation and release tasks have in common."""
    return {
        "at": at,
        "commands": _commands(task, at),
        "resource_files": _resource_files(task, at),
        "environment": _settings(task.get("environmentSettings", ())),
        **_plain(task, elevation="elevationLevel"),
        **_parts(task, container_settings=TaskContainerSettings),
    }


def _job(job: Document, at: At) -> JobSpec:
    before, after = job.get("jobPreparationTask"), job.get("jobReleaseTask")
    return JobSpec(
        at=at,
        id=job["id"],
        tasks=tuple(_factory(task, (*at, "tasks", i)) for i, task in enumerate(job["tasks"])),
        constraints=_constraints(job.get("constraints", {})),
        environment=_settings(job.get("commonEnvironmentSettings", ())),
        job_preparation_task=_preparation(before, (*at, "jobPreparationTask")) if before is not None else None,
        job_release_task=_release(after, (*at, "jobReleaseTask")) if after is not None else None,
        metadata=_settings(job.get("metadata", ())),
        **_plain(
            job,
            priority="priority",
            display_name="displayName",
            max_parallel_tasks="maxParallelTasks",
            allow_task_preemption="allowTaskPreemption",
            on_task_failure="onTaskFailure",
        ),
    )


def _factory(task: Document, at: At) -> Factory:
    return Factory(
        at=at,
        id=task["id"],
        commands=_commands(task, at),
        name=task.get("factory", ""),
        for_each=_for_each(task["forEach"], (*at, "forEach")) if "forEach" in task else None,
        depends_on=_depends_on(task, at),
        resource_files=_resource_files(task, at),
        output_files=tuple(_output(o, (*at, "outputFiles", i)) for i, o in enumerate(task.get("outputFiles", ()))),
        environment=_settings(task.get("environmentSettings", ())),
        constraints=_constraints(task.get("constraints", {})),
        **_plain(task, required_slots="requiredSlots", elevation="elevationLevel", display_name="displayName"),
        **_parts(task, container_settings=TaskContainerSettings, exit_conditions=ExitConditions),
    )


def _for_each(for_each: Document, at: At) -> ForEach:
    """The form is the key that none of the modifiers is."""
    form = next(key for key in for_each if key not in MODIFIERS)
    source = for_each[form]
    if form in AXES:
        source = {name: _for_each(axis, (*at, form, name)) for name, axis in source.items()}
    return ForEach(
        at=at,
        form=form,
        source=source,
        rows=Rows(**for_each.get("rows", {})),
        chunk=_chunk(for_each["chunk"]) if "chunk" in for_each else None,
        **_patterns(for_each),
        **_plain(for_each, sort="sort", group_by="groupBy", group_size="expectGroupSize", allow_empty="allowEmpty"),
    )


def _chunk(chunk: Document) -> Chunk:
    return Chunk(size=chunk.get("size"), bytes=byte_count(chunk["bytes"]) if "bytes" in chunk else None)


def byte_count(text: str) -> int:
    """`500 MiB` in bytes."""
    found = re.fullmatch(r"([0-9]+) ?([KMGT]iB)?", text)
    assert found is not None  # the schema lets nothing else through
    return int(found[1]) << 10 * (" KMGT".index(found[2][0]) if found[2] else 0)


def _depends_on(task: Document, at: At) -> tuple[DependsOn, ...]:
    wanted = enumerate(task.get("dependsOn", ()))
    return tuple(
        DependsOn(at=(*at, "dependsOn", i), **_plain(d, factory="factory", same="same", task="task")) for i, d in wanted
    )


def _commands(task: Document, at: At) -> Commands:
    return Commands(at=at, lines=tuple(task.get("commands", ())), argv=tuple(task.get("command", ())))


def _resource_files(task: Document, at: At) -> tuple[ResourceFileSpec, ...]:
    names = {
        "container": "container",
        "blob_prefix": "blobPrefix",
        "blob": "blob",
        "blobs": "blobs",
        "http_url": "httpUrl",
        "file_path": "filePath",
        "file_mode": "fileMode",
    }
    files = enumerate(task.get("resourceFiles", ()))
    return tuple(ResourceFileSpec(at=(*at, "resourceFiles", i), **_plain(f, **names)) for i, f in files)


def _output(output: Document, at: At) -> OutputFileSpec:
    return OutputFileSpec(
        at=at,
        file_pattern=output["filePattern"],
        container=output["container"],
        **_plain(output, path="path", upload_condition="uploadCondition", optional="optional"),
    )


def _constraints(limits: Document) -> Constraints:
    return Constraints(
        max_wall_clock_time=duration(limits.get("maxWallClockTime")),
        max_task_retry_count=limits.get("maxTaskRetryCount"),
        retention_time=duration(limits.get("retentionTime")),
    )


def _settings(settings: Sequence[Document]) -> Settings:
    return tuple((s["name"], Hidden(s["value"]) if s.get("sensitive") else s["value"]) for s in settings)


def _patterns(part: Document) -> dict[str, Any]:
    return {key: tuple(part[key]) for key in ("include", "exclude") if key in part}


def _plain(part: Document, **names: str) -> dict[str, Any]:
    """The values that go over as they are: field names to keys. What is not there keeps the model's default."""
    return {field: part[key] for field, key in names.items() if key in part}


def _parts(part: Document, **types: type[Any]) -> dict[str, Any]:
    """The values that REST JSON spells as the spec does, as what they are in resources."""
    return {field: from_rest(cls, part[camel(field)]) for field, cls in types.items() if camel(field) in part}
