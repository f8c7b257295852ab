"""The vocabulary as REST JSON and back: what no field can say of itself, because it takes a signature, our mark or a
form of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from sys import intern
from typing import Any, get_args

import isodate

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.configurations import IdentityReference
from batchctl.output_names import written_mark
from batchctl.resources import Image, Job, Pool, Task
from batchctl.rest import REST, Dialect, field_entries
from batchctl.rules import JsonText, json_text, told_json
from batchctl.work import (
    JobManagerTask,
    JobPreparationTask,
    JobReleaseTask,
    OutputFile,
    ResourceFile,
    Settings,
    StartTask,
    pool_is_none,
)

UNLIMITED = timedelta(days=10_000_000)
"""Batch writes "no limit" as the longest duration it knows, 10,675,199 days."""

NodeWork = StartTask | JobPreparationTask | JobReleaseTask | JobManagerTask
"""What nodes run beside tasks."""

NODE_WORK = frozenset(get_args(NodeWork))


def rest_dialect(session: Session) -> Dialect:
    """REST JSON (2025-06-01) as this account has it; signatures are minted when something is written."""
    return Dialect(
        place=REST,
        readers={
            timedelta: read_duration,
            datetime: isodate.parse_datetime,
            JsonText: json_text,
            Settings: unmarked_settings,
            ResourceFile: partial(read_resource_file, session),
            Image: read_image,
            Pool: partial(read_specification, session),
            **{kind: partial(read_node_work, session, kind) for kind in get_args(NodeWork)},
        },
        writers={
            timedelta: duration_text,
            datetime: moment_text,
            JsonText: json.loads,
            Settings: settings_body,
            ResourceFile: partial(resource_file_body, session),
            Image: image_body,
            Pool: partial(specification_body, session),
            **{kind: partial(node_work_body, session) for kind in get_args(NodeWork)},
        },
    )


@lru_cache(maxsize=1024)  # thousands of tasks say the same few
def read_duration(text: str) -> timedelta | None:
    """A duration of the service; None for "unlimited"."""
    found = isodate.parse_duration(text)
    return None if not isinstance(found, timedelta) or found > UNLIMITED else found


@lru_cache(maxsize=1024)
def duration_text(found: timedelta) -> str:
    return str(isodate.duration_isoformat(found))


def moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def settings_body(settings: Settings) -> list[Json]:
    return [{"name": name, "value": value} for name, value in settings]


def unmarked_settings(items: Sequence[Json]) -> Settings:
    """Environment settings as the spec gave them, without what of ours travels among them."""
    return tuple([(str(i["name"]), str(i.get("value", ""))) for i in items if i["name"] not in marks.TRAVELLING])


def travelling_digest(item: Json) -> str:
    """The digest among the environment settings of a task or of what nodes run."""
    return intern(_travelling(item, marks.DIGEST_SETTING))  # one text for all that say the same


def travelling_contents(item: Json) -> str:
    """What the files of a task held; "" where nobody kept it."""
    return _travelling(item, marks.CONTENTS_SETTING)


def _travelling(item: Json, name: str) -> str:
    for setting in item.get("environmentSettings") or ():
        if setting["name"] == name:
            return str(setting.get("value", ""))
    return ""


def give_digest(body: Json, digest: str) -> None:
    """Tasks, and what nodes run, have no metadata: their digest travels in the environment."""
    body.setdefault("environmentSettings", []).append({"name": marks.DIGEST_SETTING, "value": digest})


def give_user(body: Json) -> None:
    """REST: UserIdentity. A user of the task's own scope would not see the start task's files, so the pool's, where
    nothing else is asked for."""
    user = body.setdefault("userIdentity", {})
    if "username" in user:
        user.pop("autoUser", None)
    else:
        user.setdefault("autoUser", {}).setdefault("scope", "pool")


def merged(body: Json, raw: JsonText | None) -> Json:
    """A body with what a spec says in REST's own words laid over it; null takes a property out."""
    return body if raw is None else _laid_over(body, json.loads(raw))


def _laid_over(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    laid = {name: _laid_over(below.get(name), inner) for name, inner in above.items()}
    return {name: inner for name, inner in {**below, **laid}.items() if inner is not None}


def unsaid(cls: Any, item: Json) -> JsonText | None:
    """What a spec's `raw` may have asked for: of the properties that have no word, or parts without one, what no field
    of the class reads."""
    found = json_text(_without(cls, {name: item[name] for name in cls.raw_properties if name in item}))
    return None if told_json(found) is None else found


def _without(cls: Any, item: Json) -> Json:
    """A copy of the item in which no field of the class has its place; of lists of values nothing is left."""
    left = {name: dict(inner) if isinstance(inner, dict) else inner for name, inner in item.items()}
    for entry in field_entries(cls, REST):
        above, last = left, entry.path[-1]
        for name in entry.path[:-1]:
            inner = above.get(name)
            above[name] = above = dict(inner) if isinstance(inner, dict) else {}
        found = above.pop(last, None)
        if is_dataclass(entry.kind) and isinstance(found, dict) and entry.kind not in NODE_WORK:
            above[last] = _without(entry.kind, found)
    return left


FORMULA = frozenset({"auto_scale_formula", "auto_scale_evaluation_interval"})


def specification_body(session: Session, pool: Pool) -> Json:
    """What is said of a pool, whoever makes it (REST: PoolSpecification); `raw` is laid over it."""
    scaled = {"enableAutoScale": True} if pool.auto_scale_formula is not None else {}
    body = {**rest_dialect(session).write(pool), **scaled}
    del body["id"]
    return merged(body, pool.raw)


def read_specification(session: Session, item: Json) -> Pool:
    """The same read back, of a pool without a name."""
    return Pool(**{"name": "", **specification_fields(session, item)})


def specification_fields(session: Session, item: Json) -> dict[str, Any]:
    found = rest_dialect(session).read(Pool, item)
    # It is that of the last resize, whoever asked for it: a saved plan must not fall over it.
    found.pop("resize_timeout", None)
    if not item.get("enableAutoScale"):
        # A pool that is told its targets again keeps its last formula.
        found = {name: value for name, value in found.items() if name not in FORMULA}
    return {**found, "metadata": marks.user_labels(item.get("metadata")), "raw": unsaid(Pool, item)}


def node_work_body(session: Session, work: NodeWork) -> Json:
    """What nodes run beside tasks; the digest of its files travels with it."""
    body = rest_dialect(session).write(work)
    give_user(body)
    if work.content:
        give_digest(body, work.content)
    return body


def read_node_work(session: Session, kind: Any, item: Json) -> Any:
    """The value of that kind of node work."""
    found = rest_dialect(session).read(kind, item)
    # What `give_user` says where a spec says nothing.
    found["user_scope"] = pool_is_none(found.get("user_scope"))
    return kind(**found, content=travelling_digest(item))


def resource_file_body(session: Session, file: ResourceFile) -> Json:
    """One entry of `resourceFiles`; without an identity that reads our account, its URL is signed now."""
    sas, signed = session.sas, file.identity_reference is None
    wanted: Json = {
        "httpUrl": file.http_url,
        "storageContainerUrl": file.storage_container_url,
        "autoStorageContainerName": file.auto_storage_container_name,
        "blobPrefix": file.blob_prefix,
        "filePath": file.file_path,
        "fileMode": file.file_mode,
        "identityReference": identity_body(file.identity_reference),
    }
    if file.container is not None and file.blob is not None:
        wanted["httpUrl"] = (sas.blob if signed else sas.bare)(file.container, file.blob)
    elif file.container is not None:
        wanted["storageContainerUrl"] = (sas.source if signed else sas.bare)(file.container)
    return {name: value for name, value in wanted.items() if value is not None}


def identity_body(reference: IdentityReference | None) -> Json | None:
    return None if reference is None else {"resourceId": reference.resource_id}


ELSEWHERE = {
    "http_url": "httpUrl",
    "storage_container_url": "storageContainerUrl",
    "auto_storage_container_name": "autoStorageContainerName",
}
"""What is not ours, by the field that says it."""


def read_resource_file(session: Session, item: Json) -> ResourceFile:
    """The same read back, without the signature. What nobody signed and no identity opens is an address as any."""
    url = item.get("httpUrl") or item.get("storageContainerUrl") or ""
    identity = (item.get("identityReference") or {}).get("resourceId")
    place = session.sas.place(url) if identity or "?" in url else None
    common: Json = {
        "blob_prefix": item.get("blobPrefix"),
        "file_path": item.get("filePath"),
        "file_mode": item.get("fileMode"),
        "identity_reference": IdentityReference(resource_id=identity) if identity else None,
    }
    if place is None:
        return ResourceFile(**{field: item.get(name) for field, name in ELSEWHERE.items()}, **common)
    container, blob = place
    named = blob if "httpUrl" in item else None
    return ResourceFile(container=container, blob=named, address=url.partition("?")[0], **common)


def output_file_body(session: Session, output: OutputFile, mark: Mapping[str, str]) -> Json:
    """One entry of `outputFiles`. Our mark goes along as metadata of the blob (REST: uploadHeaders)."""
    url = output.container_url
    if url is None:
        url = (session.sas.sink if output.identity_reference is None else session.sas.bare)(output.container)
    destination: Json = {
        "containerUrl": url,
        "uploadHeaders": marks.to_pairs({f"x-ms-meta-{name}": value for name, value in mark.items()}),
    }
    if output.path is not None:
        destination["path"] = output.path
    if output.identity_reference is not None:
        destination["identityReference"] = identity_body(output.identity_reference)
    return {
        "filePattern": output.file_pattern,
        "destination": {"container": destination},
        "uploadOptions": {"uploadCondition": output.upload_condition.lower()},
    }


def as_task(job: Job, manager: JobManagerTask) -> Task:
    """A manager as far as its outputs are marked like those of a task."""
    return Task(
        job=job.name,
        id=manager.id,
        output_files=manager.output_files,
        streams=manager.streams,
        digest=manager.content,
        generation=job.generation,
    )


def marked_outputs(session: Session, task: Task, owner: str) -> list[Json]:
    """The `outputFiles` of a task, each with our mark: for which declaration, in which run; streams with theirs."""
    mark = {marks.OWNER: owner, marks.TASK: task.id}
    outputs = [output_file_body(session, o, {**mark, marks.OUTPUT: written_mark(o, task)}) for o in task.output_files]
    if (kept := task.streams) is None:
        return outputs
    streams = OutputFile(
        file_pattern="../std*.txt",
        container=kept.container,
        identity_reference=kept.identity_reference,
        path=task.id,
        upload_condition=kept.upload_condition,
    )
    return [*outputs, output_file_body(session, streams, {**mark, marks.LOG: "true"})]


def image_body(image: Image) -> Json:
    if image.id is not None:
        return {name: value for field, name in IMAGE_IDS.items() if (value := getattr(image, field)) is not None}
    reference = {"publisher": image.publisher, "offer": image.offer, "sku": image.sku}
    return {**reference, "version": image.version or "latest"}


IMAGE_IDS = {
    "virtual_machine_image_id": "virtualMachineImageId",
    "shared_gallery_image_id": "sharedGalleryImageId",
    "community_gallery_image_id": "communityGalleryImageId",
}
"""By which an image of somebody's own is named."""


def read_image(reference: Mapping[str, Any]) -> Image:
    version = reference.get("version")
    return Image(
        publisher=reference.get("publisher", ""),
        offer=reference.get("offer", ""),
        sku=reference.get("sku", ""),
        version=None if version in (None, "", "latest") else version,
        **{field: reference.get(name) for field, name in IMAGE_IDS.items()},
    )
