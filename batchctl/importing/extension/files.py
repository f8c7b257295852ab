"""Templates of the extension, in any number of files, to one spec."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename
from typing import Any

from batchctl.errors import UsageError
from batchctl.importing import fnmatched
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.extension.expressions import Template
from batchctl.importing.extension.factories import say_files, say_numbers, sweep_of
from batchctl.importing.extension.fields import FIELDS, MARK
from batchctl.importing.extension.words import (
    Groups,
    alike,
    container_of,
    install_line,
    tell_line,
    with_packages,
    wrapped,
)
from batchctl.importing.found import Document, Found
from batchctl.importing.rest.bodies import auto_pool_document, job_document, pool_document, task_document
from batchctl.importing.rest.files import depends_on, spec_name
from batchctl.importing.rest.folding import folded

FACTORY = "job.tasks[]"


def knows(found: Found) -> bool:
    return (found.is_mapping and any(_is_template(found, name) for name in ("job", "pool"))) or _is_job(found)


def _is_template(found: Found, name: str) -> bool:
    part = found.get(name) if name in found.names() else None
    return part is not None and part.is_mapping and bool({"properties", "poolInfo", "vmSize"} & part.names())


def _is_job(found: Found) -> bool:
    return found.is_mapping and bool({"taskFactory", "applicationTemplateInfo"} & found.names())


def is_parameters(found: Found) -> bool:
    """Values by names, each alone or as `{"value": …}`."""
    if not found.is_mapping or not found.node.entries or knows(found):
        return False
    return all(not v.is_list and (not v.is_mapping or v.names() == {"value"}) for _, v in found.entries())


def document(files: Sequence[Found], asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    values = dict(_values(files, asked))
    templates = [file for file in files if knows(file)]
    applications = {
        basename(f.source.file): f for f in templates if "taskFactory" in f.names() and "poolInfo" not in f.names()
    }
    mains = [file for file in templates if file not in applications.values()] or templates
    resolved = [_resolved(file, values) for file in mains]
    pool = next((part for file in resolved if (part := _part(file, "pool")) is not None), None)
    job = next((part for file in resolved if (part := _part(file, "job")) is not None), None)
    said: Document = {"version": 1}
    parts = Groups()
    if job is not None and "poolInfo" not in job.names():
        raise UsageError(f"{job.source.file} is applied by a job, and has none: name the job's file as well")
    made = job.get("poolInfo", "autoPoolSpecification", "pool") if job is not None else None
    windows = any(_is_windows(found) for found in (pool, made) if found is not None)
    if job is not None:
        said["name"] = spec_name(job)
        said["job"], pool_id = _job(job, parts, applications, windows=windows)
        said["logs"] = False
        auto = job.get("poolInfo", "autoPoolSpecification")
        said["pool"] = _auto_pool(auto, parts) if auto is not None else {"id": pool_id, "external": True}
    if pool is not None:
        said.setdefault("name", spec_name(pool))
        said["pool"] = _pool(pool, parts)
    if parts.containers:
        said["storage"] = {"containers": dict(parts.containers)}
    for original, made in zip(mains, resolved, strict=True):
        made.leave()
        original.covered()
    return said


def _values(files: Sequence[Found], asked: Asked) -> Iterator[tuple[str, Any]]:
    for file in files:
        if is_parameters(file):
            for name, value in file.entries():
                inner = value.get("value") if value.is_mapping else value
                yield name, (inner or value).plain()
                value.carried("", "its value stands where the template has the parameter")
    yield from ((name, values[-1]) for name, values in asked.values.items())


def _resolved(file: Found, values: Mapping[str, Any]) -> Found:
    template = Template(file, values)
    found = template.resolved(file)
    for name in ("parameters", "variables", *ABOUT):
        if name in file.names() and (part := file.get(name)) is not None and not part.is_list:
            _tell_values(name, part, template) if name not in ABOUT else part.dropped("about the template")
            (found.get(name) or part).covered()
    for lost in dict.fromkeys(template.lost):
        file.changed("", f"{lost} is no expression: the tool takes its brackets away")
    return found


ABOUT = ("metadata", "templateMetadata", "$schema", "contentVersion")
OF_PARAMETERS = (
    *("type", "defaultValue", "allowedValues", "minValue", "maxValue", "minLength", "maxLength", "metadata"),
    "additionalProperties",
)


def _tell_values(name: str, part: Found, template: Template) -> None:
    """Of parameters and variables what is asked for is there by its value."""
    for own, value in part.entries():
        if (name, own) in template.used:
            (value.known(*OF_PARAMETERS) if name == "parameters" else value).carried("", "evaluated")
        else:
            value.dropped("no text of the template asks for it")


def _part(file: Found, name: str) -> Found | None:
    if name == "job" and _is_job(file):
        return file
    part = file.get(name) if name in file.names() else None
    if part is None:
        return None
    for about in ("type", "apiVersion"):
        if (found := part.get(about)) is not None:
            found.dropped("about the template")
    properties = part.get("properties")
    for left in part.untold() if properties is not None else ():
        if properties is not None and left.at[: len(properties.at)] != properties.at:
            left.dropped("not known")
    return properties or part


def _is_windows(pool: Found) -> bool:
    """A custom image has no publisher, and the tool takes that for Windows."""
    if pool.get("cloudServiceConfiguration") is not None:
        return True
    image = pool.get("virtualMachineConfiguration", "imageReference")
    publisher = image.get("publisher") if image else None
    return image is not None and (publisher is None or "windows" in publisher.text().lower())


def _pool(pool: Found, parts: Groups) -> Document:
    packages = pool.get("packageReferences")
    install = install_line(packages.members()) if packages else ""
    said = pool_document(pool, parts)
    start = said.get("startTask")
    if install:
        said["startTask"] = with_packages(start or {}, install)
    elif start is not None and pool.get("startTask", "commandLine") is not None:
        said["startTask"] = _first_word(start, pool.need("startTask"), windows=_is_windows(pool))
    return said


def _auto_pool(specification: Found, parts: Groups) -> Document:
    """A pool that Batch makes for the job."""
    pool = specification.need("pool")
    packages = pool.get("packageReferences")
    install = install_line(packages.members()) if packages else ""
    said = auto_pool_document(specification, parts)
    if install:
        said["startTask"] = with_packages(said.get("startTask", {}), install)
    elif "startTask" in said and pool.get("startTask", "commandLine") is not None:
        said["startTask"] = _first_word(said["startTask"], pool.need("startTask"), windows=_is_windows(pool))
    return said


def _first_word(work: Document, found: Found, *, windows: bool) -> Document:
    """Without packages the tool puts a start or preparation task behind a shell without quotes."""
    line = found.need("commandLine")
    text = str(work["commandLine"])
    if text == wrapped(text, windows=windows):
        return work
    if windows:
        return {**work, "commandLine": f'cmd.exe /c "{text}"'}
    line.changed("commandLine", "the tool puts it behind /bin/bash -c without quotes: its first word alone is run")
    return {**work, "commandLine": f"/bin/bash -c {text}"}


def _job(job: Found, parts: Groups, applications: Mapping[str, Found], *, windows: bool) -> tuple[Document, str]:
    """(the job, the id of its pool)."""
    applied = _applied(job, applications)
    factory = (applied.get("taskFactory") if applied else None) or job.get("taskFactory")
    said = job_document(job, parts)
    if factory is None and "jobManagerTask" not in said:
        raise UsageError("the template's job has no taskFactory: its tasks are made by something else")
    named = job.get("poolInfo", "poolId")
    if named is None and job.get("poolInfo", "autoPoolSpecification") is None:
        job.wrong("poolInfo says no pool")
    pool = named.text() if named is not None else ""
    if applied is not None:
        over = job_document(applied, parts, named=False)
        labels = [*said.get("metadata", ()), *over.pop("metadata", ()), {"name": MARK, "value": _template_name(job)}]
        said = {**said, **over, "metadata": labels}
    for name in ("jobManagerTask", "jobReleaseTask"):
        if name in said:
            said[name]["commandLine"] = wrapped(str(said[name]["commandLine"]), windows=windows)
    if (before := job.get("jobPreparationTask")) is not None and "commandLine" in said["jobPreparationTask"]:
        said["jobPreparationTask"] = _first_word(said["jobPreparationTask"], before, windows=windows)
    if factory is not None:
        if install := install_line(_packages(factory)):
            said["jobPreparationTask"] = with_packages(said.get("jobPreparationTask", {}), install)
        said["tasks"] = list(_tasks(factory, parts, windows=windows))
    return said, pool


def _template_name(job: Found) -> str:
    return job.need("applicationTemplateInfo").need("filePath").text()


def _applied(job: Found, applications: Mapping[str, Found]) -> Found | None:
    """The application template that a job names, with the parameters that it gives."""
    info = job.get("applicationTemplateInfo")
    if info is None:
        return None
    path = info.need("filePath")
    file = applications.get(basename(path.text()))
    if file is None:
        path.wrong("name this file as well: it has the job's tasks")
    given = info.get("parameters")
    values = given.plain() if given else {}
    file_parameters = file.get("parameters")
    known = file_parameters.names() if file_parameters else frozenset()
    for name in values:
        if name not in known and given is not None:
            given.wrong(f"the template has no parameter {name!r}")
    info.carried("job.tasks[]", "its template is applied")
    found = _resolved(file, values)
    file.covered()
    return found


def _packages(factory: Found) -> list[Found]:
    """Those of all its tasks, each once."""
    single = [t for name in ("repeatTask", "mergeTask") if (t := factory.get(name)) is not None]
    several = factory.get("tasks")
    found: dict[str, Found] = {}
    for task in [*single, *(several.members() if several else ())]:
        packages = task.get("packageReferences")
        for package in packages.members() if packages else ():
            found.setdefault(package.need("id").text(), package)
    return list(found.values())


def _tasks(factory: Found, parts: Groups, *, windows: bool) -> Iterator[Document]:
    kind = factory.need("type")
    kind.carried("job.tasks[]")
    if kind.text() == "taskCollection":
        tasks = factory.need("tasks").members()
        ids = [task.need("id").text() for task in tasks]
        made = []
        for task in tasks:
            said = _line(task_document(task, parts), task, windows=windows)
            needs = depends_on(task, ids)
            made.append({**said, **({"dependsOn": needs} if needs else {})})
        yield from folded(made)
        return
    repeated = factory.need("repeatTask")
    merge = factory.get("mergeTask")
    if kind.text() == "parametricSweep":
        sweep = sweep_of(factory)
        for_each, say, item = sweep.for_each(), say_numbers(sweep), ""
        telling = [name for name, axis in zip(sweep.names, sweep.axes, strict=True) if len(axis) > 1]
    elif kind.text() == "taskPerFile":
        for_each, say, item, telling = _files(factory.need("source"), parts), say_files, "{item}", ["item"]
    else:
        kind.wrong("no kind of taskFactory: parametricSweep, taskPerFile, taskCollection")
    filling = Groups(say=say, used=parts.used, item=item)
    said = _line(task_document(repeated, filling), repeated, windows=windows)
    _refuse_alike(said, repeated, telling)
    name = {"factory": "tasks"} if merge is not None else {}
    yield {**name, "id": "{index}", "forEach": for_each, **said}
    if merge is not None:
        last = _line(task_document(merge, parts), merge, windows=windows)
        yield {**last, "id": "merge", "dependsOn": [{"factory": "tasks"}]}


def _refuse_alike(said: Document, task: Found, telling: Sequence[str]) -> None:
    outputs = said.get("outputFiles", [])
    same = alike(outputs, telling)
    found = task.get("outputFiles")
    for number in same:
        if found is not None:
            found.members()[number].refused("several tasks would write the same blob: give each a path of its own")
    left = [output for number, output in enumerate(outputs) if number not in same]
    if same:
        said.pop("outputFiles")
    if same and left:
        said["outputFiles"] = left


def _line(said: Document, task: Found, *, windows: bool) -> Document:
    line = task.need("commandLine")
    tell_line(line, line.text(), f"{FACTORY}.commandLine", windows=windows)
    return {**said, "commandLine": wrapped(str(said["commandLine"]), windows=windows)}


def _files(source: Found, parts: Groups) -> Document:
    group, url, prefix = source.get("fileGroup"), source.get("containerUrl"), source.get("prefix")
    to = f"{FACTORY}.forEach"
    if group is not None:
        container = container_of(group.carried(f"{to}.blobs"), group.text())
    elif url is not None and (place := parts.place(url)) is not None:
        container = place[0]
        url.changed(f"{to}.blobs", "batchctl signs what it reads")
    else:
        source.wrong("a fileGroup or a containerUrl of Azure Storage")
    parts.containers.setdefault(container, {"external": True})
    said: Document = {"blobs": container}
    if prefix is not None:
        wanted = fnmatched.patterns(prefix.carried(f"{to}.include", "a plain prefix of names").text(), ())
        said |= {"include": wanted} if wanted and wanted != ["*"] else {}
    return said


EXTENSION = Kind(
    name="az-extension",
    title="the Azure CLI's Batch extension",
    knows=knows,
    beside=is_parameters,
    document=document,
    fields=FIELDS,
)
