"""A document that keeps the schema, to a Spec. Only shapes change here: nothing is checked, nothing is filled in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from batchctl.configurations import IdentityReference, Needs
from batchctl.desired import Limits, Tolerance
from batchctl.durations import parse_duration
from batchctl.resources import AutoPool, Image, Job, Pool, Schedule, Task
from batchctl.rest import SPEC, Dialect
from batchctl.rules import JsonText, json_text
from batchctl.sensitive import Hidden
from batchctl.spec.model import (
    AXES,
    Account,
    Chunk,
    Commands,
    ContainerSpec,
    DependsOn,
    DownloadSpec,
    Factory,
    ForEach,
    JobSpec,
    Launch,
    LogsSpec,
    MultiInstanceSpec,
    OutputFileSpec,
    PoolSpec,
    ResourceFileSpec,
    Rows,
    Spec,
    Upload,
    W,
    WorkSpec,
)
from batchctl.spec.source import At
from batchctl.work import JobManagerTask, JobPreparationTask, JobReleaseTask, Settings, StartTask

Document = Mapping[str, Any]

USER = frozenset(("elevationLevel", "userIdentity"))
"""Words that say who something runs as."""

UNSAID: Mapping[str, Any] = {"name": "", "vm_size": "", "image": Image(publisher="", offer="", sku="")}
"""What of a pool is not known where it is external; an auto pool has no name."""

MODIFIERS = ("include", "exclude", "rows", "sort", "groupBy", "expectGroupSize", "chunk", "allowEmpty")
"""Keys of `forEach` that are no form."""


def build_spec(document: Document, **outside: Any) -> Spec:
    """The Spec of a document; `outside` are the fields that no document holds (folder, source, values)."""
    storage = document.get("storage", {})
    account, wait = document.get("account"), document.get("wait")
    spec = Spec(
        name=document["name"],
        account=Account(**SPELLED.read(Account, account)) if account is not None else None,
        identity=_identity(document["identity"]) if "identity" in document else None,
        containers={name: ContainerSpec(**c) for name, c in storage.get("containers", {}).items()},
        uploads=tuple(_upload(u, ("storage", "uploads", i)) for i, u in enumerate(storage.get("uploads", ()))),
        pool=_pool_spec(document["pool"], ("pool",)) if "pool" in document else None,
        job=_job_spec(document["job"], ("job",)) if "job" in document else None,
        schedule=_schedule(document["schedule"]) if "schedule" in document else None,
        wait_timeout=parse_duration(wait["timeout"]) if wait else None,
        limits=_limits(document["limits"]) if "limits" in document else None,
        logs=_logs(document.get("logs", {})),
        expires_after=parse_duration(document.get("expiresAfter", "")),
        downloads=tuple(_download(d, ("download", i)) for i, d in enumerate(document.get("download", ()))),
        **outside,
    )
    return with_script_container(_with_logs_container(spec))


def _logs(said: bool | Document) -> LogsSpec | None:
    if isinstance(said, bool):
        return LogsSpec() if said else None
    return LogsSpec(**said)


def _with_logs_container(spec: Spec) -> Spec:
    """What tasks said outlives their nodes, which afterRun takes away, unless the spec says `logs: false`."""
    if not (spec.logs and spec.job and spec.job.tasks) or (spec.schedule and not spec.identity):
        return replace(spec, logs=None)
    if spec.logs.container:
        return spec
    kept = replace(spec.logs, container=spec.logs_container)
    own = spec.containers.get(kept.container, ContainerSpec(streams=True))
    return replace(spec, logs=kept, containers={**spec.containers, kept.container: own})


def _identity(said: str | Document) -> IdentityReference:
    return IdentityReference(resource_id=said if isinstance(said, str) else said["resourceId"])


def with_script_container(spec: Spec) -> Spec:
    """Windows runs several commands from a .cmd file, which comes from a container."""
    if not (spec.pool and spec.pool.windows):
        return spec
    from batchctl.spec.filling.windows import needs_script  # imported late: few pools run Windows

    if not any(needs_script(work.commands.lines) for work in spec.works):
        return spec
    return replace(spec, containers={spec.script_container: ContainerSpec(), **spec.containers})


def _upload(u: Document, at: At) -> Upload:
    return Upload(at=at, source=u["from"], container=u["to"], path=u.get("path", ""), **_patterns(u))


def _download(d: Document, at: At) -> DownloadSpec:
    return DownloadSpec(at=at, container=d["container"], to=d["to"], **_patterns(d))


def _pool_spec(pool: Document, at: At) -> PoolSpec:
    sizes = _sizes(pool)
    wanted = Pool(**{**UNSAID, **SPELLED.read(Pool, {**pool, **({"vmSize": sizes[0]} if sizes else {})})})
    wanted = replace(wanted, vm_sizes=sizes if len(sizes) > 1 or wanted.needs else ())
    return PoolSpec(
        at=at,
        wanted=wanted,
        auto=AutoPool(pool=wanted, **SPELLED.read(AutoPool, pool)) if "lifetime" in pool else None,
        start_task=_work_spec(StartTask, pool, at, "startTask"),
        external=pool.get("external", False),
    )


def _sizes(pool: Document) -> tuple[str, ...]:
    """All that the pool may have, in the order in which they are tried; empty where nothing says one."""
    said = pool.get("vmSize")
    if said is not None:
        return tuple(said) if isinstance(said, list) else (said,)
    if "needs" not in pool:
        return ()
    from batchctl.spec.filling.sizes import sizes_of  # imported late: most pools name their size

    return sizes_of(pool, _needs(pool["needs"]))


def _needs(said: Document) -> Needs:
    from batchctl.spec.filling.sizes import needs_of

    needs = needs_of(said)
    assert needs is not None  # the schema lets nothing else through
    return needs


def _job_spec(job: Document, at: At) -> JobSpec:
    manager = job.get("jobManagerTask")
    return JobSpec(
        at=at,
        wanted=Job(pool="", **SPELLED.read(Job, job)),
        tasks=tuple(_factories(job, at)),
        job_manager_task=JobManagerTask(**SPELLED.read(JobManagerTask, manager)) if manager else None,
        job_preparation_task=_work_spec(JobPreparationTask, job, at, "jobPreparationTask"),
        job_release_task=_work_spec(JobReleaseTask, job, at, "jobReleaseTask"),
        max_failures=_tolerance(job["maxFailures"]) if "maxFailures" in job else None,
        canary=job.get("canary"),
    )


def _factories(job: Document, at: At) -> Iterator[Factory]:
    """Those of the tasks, and the manager, which is a task as any but for who makes it."""
    yield from (_factory(task, (*at, "tasks", i)) for i, task in enumerate(job.get("tasks", ())))
    if "jobManagerTask" in job:
        manager = _factory(job["jobManagerTask"], (*at, "jobManagerTask"))
        yield replace(manager, wanted=replace(manager.wanted, manager=True))


def _limits(said: Document) -> Limits:
    cost, _, currency = str(said.get("maxCost", "")).partition(" ")
    hours = said.get("maxNodeHours")
    return Limits(
        max_cost=float(cost) if cost else None,
        currency=currency,
        max_node_hours=None if hours is None else float(hours),
        max_duration=parse_duration(said.get("maxDuration", "")),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _schedule(schedule: Document) -> Schedule:
    return Schedule(job=Job(name="", pool=""), **SPELLED.read(Schedule, schedule))


def _tolerance(said: int | str) -> Tolerance:
    return Tolerance(tasks=said) if isinstance(said, int) else Tolerance(percent=float(said.removesuffix("%")))


def _work_spec(cls: type[W], above: Document, at: At, key: str) -> WorkSpec[W] | None:
    """What a pool or job runs under that key."""
    work = above.get(key)
    if work is None:
        return None
    if "packages" in work and not USER & work.keys():
        work = {**work, "elevationLevel": "admin"}
    return WorkSpec(wanted=cls(**SPELLED.read(cls, _with_elevation(work))), **_run_parts(work, (*at, key)))


def _factory(task: Document, at: At) -> Factory:
    return Factory(
        wanted=Task(job="", **SPELLED.read(Task, _with_elevation(task))),
        name=task.get("factory", ""),
        for_each=_for_each(task["forEach"], (*at, "forEach")) if "forEach" in task else None,
        depends_on=_depends_on(task, at),
        output_files=tuple(_output(o, (*at, "outputFiles", i)) for i, o in enumerate(task.get("outputFiles", ()))),
        multi_instance=_multi_instance(task, (*at, "multiInstanceSettings")),
        **_run_parts(task, at),
    )


def _with_elevation(work: Document) -> Document:
    """Batch has `elevationLevel` inside `userIdentity`, where it may stand here too."""
    inside = work.get("userIdentity", {}).get("autoUser", {})
    return {**work, "elevationLevel": inside["elevationLevel"]} if "elevationLevel" in inside else work


def _run_parts(work: Document, at: At) -> dict[str, Any]:
    """What becomes a command line and files only when placeholders are filled."""
    return {"at": at, "commands": _commands(work, at), "resource_files": _resource_file_specs(work, at)}


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
        chunk=_chunk_spec(for_each["chunk"]) if "chunk" in for_each else None,
        **_patterns(for_each),
        **_copied(for_each, sort="sort", group_by="groupBy", group_size="expectGroupSize", allow_empty="allowEmpty"),
    )


def _chunk_spec(chunk: Document) -> Chunk:
    return Chunk(size=chunk.get("size"), bytes=byte_count(chunk["bytes"]) if "bytes" in chunk else None)


def byte_count(text: str) -> int:
    """`500 MiB` in bytes."""
    found = re.fullmatch(r"([0-9]+) ?([KMGT]iB)?", text)
    assert found is not None  # the schema lets nothing else through
    # Each letter is 1,024 times the one before it.
    return int(found[1]) << 10 * (" KMGT".index(found[2][0]) if found[2] else 0)


def _depends_on(task: Document, at: At) -> tuple[DependsOn, ...]:
    wanted = enumerate(task.get("dependsOn", ()))
    return tuple(
        DependsOn(at=(*at, "dependsOn", i), **_copied(d, factory="factory", same="same", task="task"))
        for i, d in wanted
    )


def _commands(task: Document, at: At) -> Commands:
    lines, words = tuple(task.get("commands", ())), tuple(task.get("command", ()))
    return Commands(at=at, before=_before(task), lines=lines, argv=words, line=task.get("commandLine", ""))


def _before(task: Document) -> tuple[str, ...]:
    if "packages" not in task:
        return ()
    from batchctl.spec.filling.packages import install_lines  # imported late: few start tasks have it

    return install_lines(task["packages"])


def _multi_instance(task: Document, at: At) -> MultiInstanceSpec | None:
    said = task.get("multiInstanceSettings")
    if said is None:
        return None
    number = said.get("numberOfInstances", 1)
    return MultiInstanceSpec(
        at=at,
        number=None if number == "pool" else number,
        commands=Commands(
            at=at,
            lines=tuple(said.get("coordinationCommands", ())),
            line=said.get("coordinationCommandLine", ""),
        ),
        resource_files=_resource_file_specs(said, at, "commonResourceFiles"),
        launch=_launch(task["mpi"]) if "mpi" in task else None,
    )


def _launch(mpi: Document) -> Launch:
    return Launch(
        options=tuple(mpi.get("options", ())), **_copied(mpi, processes="processesPerNode", runtime="runtime")
    )


def _resource_file_specs(task: Document, at: At, key: str = "resourceFiles") -> tuple[ResourceFileSpec, ...]:
    files = enumerate(task.get(key, ()))
    return tuple(ResourceFileSpec(at=(*at, key, i), **SPELLED.read(ResourceFileSpec, f)) for i, f in files)


def _output(output: Document, at: At) -> OutputFileSpec:
    return OutputFileSpec(at=at, **SPELLED.read(OutputFileSpec, output))


def _settings_value(settings: Sequence[Document]) -> Settings:
    return tuple((s["name"], Hidden(s["value"]) if s.get("sensitive") else s["value"]) for s in settings)


SPELLED = Dialect(
    place=SPEC,
    readers={
        Needs: _needs,
        timedelta: parse_duration,
        datetime: _moment,
        Settings: _settings_value,
        JsonText: json_text,
    },
)
"""How a spec writes what goes over as it is."""


def _patterns(part: Document) -> dict[str, Any]:
    return {key: tuple(part[key]) for key in ("include", "exclude") if key in part}


def _copied(part: Document, **names: str) -> dict[str, Any]:
    """The values that go over as they are: field names to keys. What is not there keeps the model's default."""
    return {field: part[key] for field, key in names.items() if key in part}
