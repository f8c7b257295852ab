"""A pool, a job and a task of Batch's REST API as parts of a spec."""

from typing import Any

from batchctl.importing.found import Document, Found
from batchctl.importing.images import WINDOWS
from batchctl.importing.report import Line, Row, Verdict
from batchctl.importing.rest.parts import Parts, raw_of
from batchctl.resources import MACHINE, AutoPool, Job, Pool, Task
from batchctl.spec.filling.shell import LineError, bash
from batchctl.spec.reading.batch_names import BATCH_NAMES
from batchctl.spec.template import TemplateError, fill
from batchctl.work import JobManagerTask, JobPreparationTask, JobReleaseTask, StartTask

READ_ONLY = (
    *("url", "eTag", "etag", "lastModified", "creationTime", "state", "stateTransitionTime", "allocationState"),
    *("allocationStateTransitionTime", "currentDedicatedNodes", "currentLowPriorityNodes", "resizeErrors"),
    *("autoScaleRun", "stats", "poolStatistics", "jobStatistics", "executionInfo", "executionInformation", "nodeInfo"),
    *("previousState", "previousStateTransitionTime", "odata.metadata", "currentNodeCommunicationMode"),
    *("additionalProperties", "additional_properties", "jobExecutionInformation", "taskStatistics"),
)
"""What the service says of an object, and nobody asks for."""

SAID = "what the service says of it"
GONE = "Batch has it no more"

OLD = {
    "certificateReferences": "Batch has no certificates any more: secrets come by ${keyvault:VAULT/NAME}",
    "maxTasksPerNode": "",
    "applicationLicenses": GONE,
    "targetNodeCommunicationMode": GONE,
}


def auto_pool_document(specification: Found, parts: Parts) -> Document:
    """A pool that Batch makes for the job."""
    said = parts.of(specification, AutoPool, "pool")
    found = pool_document(specification.need("pool"), parts, named=False)
    found.pop("afterRun", None)
    lifetime = specification.get("poolLifetimeOption")
    if lifetime is not None and lifetime.text().lower() != "job":
        lifetime.changed("pool.lifetime", "a job has it as long as itself")
    return {**said, **found, "lifetime": "job"}


GONE_SIZES = {
    "small": "Standard_D2s_v5",
    "medium": "Standard_D2s_v5",
    "large": "Standard_D4s_v5",
    "extralarge": "Standard_D8s_v5",
}
"""What takes the place of sizes of cloud services, which are gone."""


def _without_cloud_services(said: Document, pool: Found) -> None:
    services = pool.get("cloudServiceConfiguration")
    if services is None:
        return
    services.changed("pool.image", "cloud services are gone: a Windows Server of today takes their place")
    said["image"] = dict(WINDOWS)
    if (size := GONE_SIZES.get(str(said.get("vmSize", "")).lower())) is not None:
        pool.need("vmSize").changed("pool.vmSize", f"{size}: sizes of cloud services are gone")
        said["vmSize"] = size


def pool_document(pool: Found, parts: Parts, *, named: bool = True) -> Document:
    """What becomes of each of its fields is told; not `named`: one without an id. Raises SpecError."""
    _read_only(pool)
    said = parts.of(pool, Pool, "pool")
    if named:
        said = {**said, "id": parts.say(pool.need("id").carried("pool.id"))}
    _without_cloud_services(said, pool)
    if (slots := pool.get("maxTasksPerNode")) is not None:
        said["taskSlotsPerNode"] = slots.carried("pool.taskSlotsPerNode", "as it is called today").whole()
    if (scaled := pool.get("enableAutoScale")) is not None:
        scaled.carried("pool.autoScaleFormula", "its formula says so")
    formula = "autoScaleFormula" in said and (scaled is None or scaled.truth())
    for key in ("autoScaleFormula", "autoScaleEvaluationInterval") if not formula else ():
        said.pop(key, None)
    if formula:
        said.pop("targetDedicatedNodes", None)
        said.pop("targetSpotNodes", None)
    else:
        # Nobody takes the nodes of this pool away when a job has ended.
        said["afterRun"] = "keep"
    if (start := pool.get("startTask")) is not None:
        said["startTask"] = work_document(start, StartTask, parts, "pool.startTask")
    _old(pool)
    return _with_raw(said, pool, (MACHINE,))


def job_document(job: Found, parts: Parts, *, named: bool = True) -> Document:
    """A job without its tasks; not `named`: a part of one, without an id."""
    _read_only(job)
    said = parts.of(job, Job, "job")
    if named:
        said = {"id": parts.say(job.need("id").carried("job.id")), **said}
    for name, why in (
        ("onAllTasksComplete", "batchctl ends every job once its tasks have ended"),
        ("usesTaskDependencies", "batchctl sets it where tasks depend on each other"),
    ):
        if (found := job.get(name)) is not None:
            found.carried("", why)
    if (pool := job.get("poolInfo", "poolId")) is not None:
        pool.carried("pool.id")
    for name, cls in (
        ("jobPreparationTask", JobPreparationTask),
        ("jobReleaseTask", JobReleaseTask),
        ("jobManagerTask", JobManagerTask),
    ):
        if (found := job.get(name)) is not None:
            said[name] = work_document(found, cls, parts, f"job.{name}")
    if "jobReleaseTask" in said and "jobPreparationTask" not in said:
        said["jobPreparationTask"] = {"commandLine": "/bin/true"}
    return _with_raw(said, job)


def work_document(found: Found, cls: Any, parts: Parts, to: str) -> Document:
    """A start, preparation, release or manager task, or a task."""
    said = parts.of(found, cls, to)
    line = found.get("commandLine")
    if line is not None:
        said["commandLine"] = parts.say(line.carried(f"{to}.commandLine"))
    if (files := found.get("resourceFiles")) is not None:
        said["resourceFiles"] = parts.resource_files(files, f"{to}.resourceFiles")
    if (outputs := found.get("outputFiles")) is not None:
        said["outputFiles"] = parts.output_files(outputs, f"{to}.outputFiles")
    return as_commands({name: value for name, value in said.items() if value not in ([], {})})


OUR_SHELL = "/bin/bash -c 'set -e -o pipefail\n"


def as_commands(said: Document) -> Document:
    """A command line that batchctl wrote, as the lines that it was written of."""
    line = str(said.get("commandLine", ""))
    if not line.startswith(OUR_SHELL) or not line.endswith("'"):
        return said
    lines = line[len(OUR_SHELL) : -1].split("\n")
    try:
        if bash(lines, {}) != fill(line, {}):
            return said
    except (LineError, TemplateError):
        return said
    return {("commands" if name == "commandLine" else name): value for name, value in said.items()} | {
        "commands": lines
    }


ALONE = "a task without it had a user of its own, and has that of the pool here: autoUser: {scope: task} says it"


def task_document(task: Found, parts: Parts, to: str = "job.tasks[]") -> Document:
    """A task without what it depends on."""
    _read_only(task)
    if "userIdentity" not in task.names():
        # Said once of a file.
        task.report.lines.append(
            Line(task.source.file, 1, 1, "userIdentity", Verdict.CHANGED, f"{to}.userIdentity", ALONE)
        )
    said = work_document(task, Task, parts, to)
    if (own := task.get("id")) is not None:
        said = {"id": parts.say(own.carried(f"{to}.id")), **said}
    several = task.get("multiInstanceSettings")
    if several is not None:
        said["multiInstanceSettings"] = _several(several, parts, f"{to}.multiInstanceSettings")
    return _with_raw(said, task)


def _several(found: Found, parts: Parts, to: str) -> Document:
    said: Document = {}
    number, line, files = (
        found.get(n) for n in ("numberOfInstances", "coordinationCommandLine", "commonResourceFiles")
    )
    if number is not None:
        said["numberOfInstances"] = number.carried(f"{to}.numberOfInstances").whole()
    if line is not None:
        said["coordinationCommandLine"] = parts.say(line.carried(f"{to}.coordinationCommandLine"))
    if files is not None:
        said["commonResourceFiles"] = parts.resource_files(files, f"{to}.commonResourceFiles")
    return said


def _read_only(found: Found) -> None:
    for name in READ_ONLY:
        if name in found.names() and (inner := found.get(name)) is not None:
            inner.dropped(SAID)


def _old(pool: Found) -> None:
    for name, why in OLD.items():
        found = pool.get(name)
        if found is None or found.says_something():
            continue
        if found.is_list and not found.members():
            found.covered()
        elif why == GONE:
            found.dropped(why)
        else:
            found.refused(why)


def _with_raw(said: Document, found: Found, top: tuple[str, ...] = ()) -> Document:
    skipped = frozenset(
        ("startTask", "dependsOn", "jobPreparationTask", "jobReleaseTask", "jobManagerTask", "poolInfo", "id")
    )
    raw = raw_of(found, BATCH_NAMES - skipped, top)
    return {**said, "raw": raw} if raw else said


FIELDS = (
    Row(
        "pool, job, tasks",
        Verdict.CARRIED,
        "",
        "each property under the name that a spec has for it (`batchctl explain`)",
    ),
    Row("targetLowPriorityNodes", Verdict.CARRIED, "pool.targetSpotNodes"),
    Row("virtualMachineConfiguration.*", Verdict.CARRIED, "pool"),
    Row("maxTasksPerNode", Verdict.CARRIED, "pool.taskSlotsPerNode"),
    Row("poolInfo.poolId", Verdict.CARRIED, "pool.id"),
    Row("onAllTasksComplete, usesTaskDependencies", Verdict.CARRIED, "", "by itself"),
    Row("userIdentity", Verdict.CHANGED, "userIdentity", ALONE),
    Row("dependsOn", Verdict.CARRIED, "dependsOn", "an id that no task has is refused"),
    Row(
        "resourceFiles[].httpUrl, outputFiles[].destination",
        Verdict.CHANGED,
        "resourceFiles, outputFiles",
        "a signed address becomes container and blob, which batchctl signs itself; in another account `${env:SAS_1}`",
    ),
    Row("password, accountKey, sasKey, …", Verdict.CHANGED, "", "`${env:NAME}`"),
    Row("what no word of a spec says", Verdict.CARRIED, "raw", "in REST's own words"),
    Row("poolInfo.autoPoolSpecification", Verdict.CARRIED, "pool.lifetime", "and the pool in it"),
    Row("cloudServiceConfiguration", Verdict.CHANGED, "pool.image", "a Windows Server of today, and a size of today"),
    Row("certificateReferences", Verdict.REFUSED, "", "Batch has them no more"),
    Row("schedule, jobSpecification", Verdict.REFUSED, "", "say it as `schedule:` and the job's one task"),
    Row("batchctl_…, BATCHCTL_…", Verdict.DROPPED, "", "batchctl's own marks and settings, which it writes anew"),
    Row("url, eTag, state, executionInfo, stats, …", Verdict.DROPPED, "", SAID),
)
