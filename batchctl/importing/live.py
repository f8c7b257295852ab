"""What an account holds, a pool, a job and its tasks, as a spec that plans nothing against it."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batchctl.cloud import marks
from batchctl.cloud_answers import Held
from batchctl.errors import NotThere
from batchctl.frozen import dataclass
from batchctl.importing.asked import Asked
from batchctl.importing.found import Document, Found
from batchctl.importing.json_nodes import json_nodes
from batchctl.importing.report import Report
from batchctl.importing.rest.bodies import READ_ONLY
from batchctl.importing.rest.files import one_spec
from batchctl.importing.rest.parts import Parts
from batchctl.resources import Blob, Container
from batchctl.spec.source import Source

LOG = f"x-ms-meta-{marks.LOG}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A blob that the spec uploads, and where its file is to be, below the folder of files."""

    blob: Blob
    path: str


def live_document(
    held: Held, containers: Iterable[Container], blobs: Callable[[str], Iterable[Blob]], files: str, report: Report
) -> tuple[Document, list[Brought]]:
    """(the spec, the files that it uploads). `files`: the folder of these, beside the spec; "" for none.

    Raises NotThere and SpecError.
    """
    if held.pool is None and not held.jobs:
        raise NotThere("neither such a job nor such a pool is there")
    job = _found(_asked(_unmarked_job(held.jobs[-1])), "job", report) if held.jobs else None
    pool = _found(_asked(_unmarked(held.pool)), "pool", report) if held.pool else None
    tasks = [_found(_asked(_plain_task(item)), "task", report) for item in held.tasks]
    parts = Parts(account=held.storage)
    said = one_spec([pool] if pool else [], [job] if job else [], tasks, Asked(), parts)
    for found in filter(None, (pool, job, *tasks)):
        found.leave()
    owner = _owner(held)
    if not owner:
        return said, []
    said["name"] = owner
    _without_what_the_job_says(said.get("job", {}))
    ours = {c.name: c for c in containers if c.owner == owner}
    kept = _streams(held)
    if kept:
        said.pop("logs", None)
        if kept != f"{owner}-logs":
            said["logs"] = {"container": kept}
    wanted = {c: said.get("storage", {}).get("containers", {}).get(c) or {} for c in ours if c != f"{owner}-logs"}
    named = {n: c for n, c in said.get("storage", {}).get("containers", {}).items() if n not in ours}
    storage = {**named, **{name: {"keep": True} if ours[name].keep else {} for name in wanted}}
    brought = [
        Brought(blob=b, path=f"{b.container}/{b.path}") for name in wanted for b in blobs(name) if _is_upload(b, owner)
    ]
    uploads = [_upload(name, files) for name in dict.fromkeys(b.blob.container for b in brought)] if files else []
    if storage:
        said["storage"] = {"containers": storage, **({"uploads": uploads} if uploads else {})}
    return said, brought


def _upload(container: str, files: str) -> Document:
    return {"from": f"{files}/{container}/**", "to": container}


def _is_upload(blob: Blob, owner: str) -> bool:
    return blob.owner == owner and blob.task is None and not blob.is_log


def _asked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what nobody asks for: the service alone says it."""
    return {name: value for name, value in body.items() if name not in READ_ONLY}


def _without_what_the_job_says(job: Document) -> None:
    """The service tells of each task how often it is tried, though the job says it."""
    tries = job.get("constraints", {}).get("maxTaskRetryCount", 0)
    for task in job.get("tasks", ()):
        limits = task.get("constraints", {})
        if limits.get("maxTaskRetryCount") == tries:
            del limits["maxTaskRetryCount"]
        if not limits:
            task.pop("constraints", None)


def _found(body: Mapping[str, Any], kind: str, report: Report) -> Found:
    source = Source(f"{kind} {body.get('id', '')}", json.dumps(body, indent=1))
    return Found(json_nodes(source), source, report)


def _owner(held: Held) -> str:
    body = held.jobs[-1] if held.jobs else held.pool
    return marks.from_pairs((body or {}).get("metadata")).get(marks.OWNER, "")


def made_by(held: Held) -> str:
    """Where the spec is that made it; "" for none."""
    body = held.jobs[-1] if held.jobs else held.pool
    return marks.read_stamp(marks.from_pairs((body or {}).get("metadata"))).origin


def _unmarked(body: Mapping[str, Any] | None) -> dict[str, Any]:
    """Without what marks it as made by batchctl."""
    found = dict(body or {})
    labels = [pair for pair in found.get("metadata") or () if not pair["name"].startswith(marks.OURS)]
    found.pop("metadata", None)
    return {**found, **({"metadata": labels} if labels else {})}


def _unmarked_job(body: Mapping[str, Any]) -> dict[str, Any]:
    name = marks.from_pairs(body.get("metadata")).get(marks.JOB)
    return {**_unmarked(body), **({"id": name} if name else {})}


def _plain_task(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without the streams that are kept, and the marks of outputs."""
    outputs = [_plain_output(output) for output in body.get("outputFiles") or () if not _is_stream(output)]
    found = {name: value for name, value in body.items() if name != "outputFiles"}
    return {**found, **({"outputFiles": outputs} if outputs else {})}


def _is_stream(output: Mapping[str, Any]) -> bool:
    headers = output["destination"]["container"].get("uploadHeaders")
    return LOG in marks.from_pairs(headers)


def _plain_output(output: Mapping[str, Any]) -> dict[str, Any]:
    there = {n: v for n, v in output["destination"]["container"].items() if n != "uploadHeaders"}
    return {**output, "destination": {"container": there}}


def _streams(held: Held) -> str:
    """The container where the streams of tasks are kept; "" for none."""
    for task in held.tasks:
        for output in task.get("outputFiles") or ():
            if _is_stream(output):
                url = str(output["destination"]["container"]["containerUrl"])
                return url.partition("?")[0].rpartition("/")[2]
    return ""
