"""The vocabulary as REST JSON and back: what no field can say of itself, because it takes a signature, our mark or a
form of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, get_args

import isodate

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.resources import Image
from batchctl.rest import REST, Dialect, field_entries
from batchctl.rules import JsonText, json_text
from batchctl.work import (
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

NodeWork = StartTask | JobPreparationTask | JobReleaseTask
"""What nodes run beside tasks."""

NODE_WORK = frozenset(get_args(NodeWork))


def rest_dialect(session: Session) -> Dialect:
    """REST JSON (2025-06-01) as this account has it; signatures are minted when something is written."""
    return Dialect(
        place=REST,
        readers={
            timedelta: read_duration,
            JsonText: json_text,
            Settings: unmarked_settings,
            ResourceFile: partial(read_resource_file, session),
            Image: read_image,
            **{kind: partial(read_node_work, session, kind) for kind in get_args(NodeWork)},
        },
        writers={
            timedelta: duration_text,
            JsonText: json.loads,
            Settings: settings_body,
            ResourceFile: partial(resource_file_body, session),
            Image: image_body,
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


def settings_body(settings: Settings) -> list[Json]:
    return [{"name": name, "value": value} for name, value in settings]


def unmarked_settings(items: Sequence[Json]) -> Settings:
    """Environment settings as the spec gave them, without the digest that travels among them."""
    found = ((str(i["name"]), str(i.get("value", ""))) for i in items)
    return tuple(pair for pair in found if pair[0] != marks.DIGEST_SETTING)


def travelling_digest(item: Json) -> str:
    """The digest among the environment settings of a task or of what nodes run."""
    settings = item.get("environmentSettings") or ()
    return next((str(i.get("value", "")) for i in settings if i["name"] == marks.DIGEST_SETTING), "")


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


def unsaid(cls: Any, item: Json) -> JsonText:
    """What a spec's `raw` may have asked for: of the properties that have no word, or parts without one, what no field
    of the class reads."""
    return json_text(_without(cls, {name: item[name] for name in cls.raw_properties if name in item}))


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


def read_resource_file(session: Session, item: Json) -> ResourceFile:
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
        "uploadHeaders": marks.to_pairs({f"x-ms-meta-{name}": value for name, value in mark.items()}),
    }
    if output.path is not None:
        destination["path"] = output.path
    return {
        "filePattern": output.file_pattern,
        "destination": {"container": destination},
        "uploadOptions": {"uploadCondition": output.upload_condition.lower()},
    }


def image_body(image: Image) -> Json:
    reference = {"publisher": image.publisher, "offer": image.offer, "sku": image.sku}
    return {**reference, "version": image.version or "latest"}


def read_image(reference: Mapping[str, Any]) -> Image:
    version = reference.get("version")
    return Image(
        publisher=reference.get("publisher", ""),
        offer=reference.get("offer", ""),
        sku=reference.get("sku", ""),
        version=None if version in (None, "", "latest") else version,
    )
