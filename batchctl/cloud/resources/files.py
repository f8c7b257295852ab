"""Resource files, output files, environment settings: the parts that pools, jobs and tasks share, as REST JSON."""

from collections.abc import Mapping, Sequence

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks
from batchctl.configurations import TaskContainerSettings
from batchctl.resources import JobPreparationTask, JobReleaseTask, OutputFile, ResourceFile, Settings, StartTask
from batchctl.rest import from_rest, to_rest

NodeTask = StartTask | JobPreparationTask | JobReleaseTask
"""What nodes run beside tasks."""


def resource_file_body(session: Session, file: ResourceFile) -> Json:
    """One entry of `resourceFiles`, its URL signed now."""
    wanted: Json = {}
    if file.http_url is not None:
        wanted["httpUrl"] = file.http_url
    elif file.container is not None and file.blob is not None:
        wanted["httpUrl"] = session.sas.blob(file.container, file.blob)
    elif file.container is not None:
        wanted["storageContainerUrl"] = session.sas.source(file.container)
        if file.blob_prefix is not None:
            wanted["blobPrefix"] = file.blob_prefix
    if file.file_path is not None:
        wanted["filePath"] = file.file_path
    if file.file_mode is not None:
        wanted["fileMode"] = file.file_mode
    return wanted


def resource_file(session: Session, item: Json) -> ResourceFile:
    """The same read back, without the signature."""
    url = item.get("httpUrl") or item.get("storageContainerUrl") or ""
    place = session.sas.place(url)
    common = {"file_path": item.get("filePath"), "file_mode": item.get("fileMode")}
    if place is None:
        return ResourceFile(http_url=url, **common)
    container, blob = place
    if "httpUrl" in item:
        return ResourceFile(container=container, blob=blob, **common)
    return ResourceFile(container=container, blob_prefix=item.get("blobPrefix"), **common)


def output_file_body(session: Session, output: OutputFile, mark: Mapping[str, str]) -> Json:
    """One entry of `outputFiles`. Our mark goes along as metadata of the blob (REST: uploadHeaders)."""
    destination: Json = {
        "containerUrl": session.sas.sink(output.container),
        "uploadHeaders": marks.pairs({f"x-ms-meta-{name}": value for name, value in mark.items()}),
    }
    if output.path is not None:
        destination["path"] = output.path
    return {
        "filePattern": output.file_pattern,
        "destination": {"container": destination},
        "uploadOptions": {"uploadCondition": output.upload_condition.lower()},
    }


def settings_body(settings: Settings) -> list[Json]:
    return [{"name": name, "value": value} for name, value in settings]


def settings(items: Sequence[Json] | None) -> tuple[Settings, str]:
    """Environment settings as the spec gave them, and the digest that travelled among them."""
    found = [(str(i["name"]), str(i.get("value", ""))) for i in items or ()]
    digest = next((value for name, value in found if name == marks.DIGEST_SETTING), "")
    return tuple(pair for pair in found if pair[0] != marks.DIGEST_SETTING), digest


def identity_body(elevation: str) -> Json:
    """REST: UserIdentity; a task user of its own scope would not see the start task's files, so the pool's."""
    return {"autoUser": {"scope": "pool", "elevationLevel": elevation.lower()}}


def node_task_body(session: Session, task: NodeTask) -> Json:
    """What start, preparation and release tasks have in common; the digest of their files travels with them."""
    environment = (*task.environment, *(((marks.DIGEST_SETTING, task.content),) if task.content else ()))
    return {
        "commandLine": task.command_line,
        "resourceFiles": [resource_file_body(session, f) for f in task.resource_files],
        "environmentSettings": settings_body(environment),
        "userIdentity": identity_body(task.elevation),
        **container_body(task.container_settings),
    }


def node_task(session: Session, item: Json) -> Json:
    """The fields of the same, read back."""
    environment, content = settings(item.get("environmentSettings"))
    user = (item.get("userIdentity") or {}).get("autoUser") or {}
    return {
        "command_line": item["commandLine"],
        "resource_files": tuple(resource_file(session, f) for f in item.get("resourceFiles") or ()),
        "environment": environment,
        "elevation": str(user.get("elevationLevel", "nonadmin")).lower(),
        "container_settings": container_settings(item.get("containerSettings")),
        "content": content,
    }


def container_body(container: TaskContainerSettings | None) -> Json:
    return {} if container is None else {"containerSettings": to_rest(container)}


def container_settings(item: Json | None) -> TaskContainerSettings | None:
    return from_rest(TaskContainerSettings, item) if item else None
