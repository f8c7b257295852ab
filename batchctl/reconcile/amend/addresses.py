"""Containers that batchctl makes, named by their address alone: nobody may read them so. Pure.

What the spec's `account` says of its storage `validate` knows; here it is the account that the command speaks to.
"""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Container, Job, Pool, Resource, Schedule, Task, label_of
from batchctl.words import plural
from batchctl.work import OutputFile, ResourceFile, Work

File = ResourceFile | OutputFile


def refuse_private_addresses(plan: Plan, situation: Situation) -> Plan:
    """The plan, refused where nodes would be turned away."""
    made = {r.name for r in situation.desired.of(Container)}
    found: dict[str, list[str]] = {}
    for resource in (change.after for change in plan.changes if change.after is not None):
        for file in _files(resource):
            url = _address(file)
            place = situation.account.place(url) if url else None
            if place and place[0] in made:
                found.setdefault(_instead(url, file, *place), []).append(f"{resource.kind} {label_of(resource)!r}")
    return replace(plan, refusals=(*plan.refusals, *(_refusal(how, who) for how, who in found.items())))


def _address(file: File) -> str:
    """An address that nothing opens, or ""."""
    url = file.container_url if isinstance(file, OutputFile) else file.http_url or file.storage_container_url
    return "" if url is None or "?" in url or file.identity_reference is not None else url


def _files(resource: Resource) -> Iterator[File]:
    match resource:
        case Task():
            yield from resource.all_resource_files
            yield from resource.output_files
        case Pool():
            yield from resource.start_task.resource_files if resource.start_task else ()
        case Job():
            works: tuple[Work | None, ...] = (resource.job_preparation_task, resource.job_release_task)
            yield from (file for work in works if work for file in work.resource_files)
            if manager := resource.job_manager_task:
                yield from manager.resource_files
                yield from manager.output_files
            yield from _files(resource.auto_pool.pool) if resource.auto_pool else ()
        case Schedule():
            yield from _files(resource.job)
            yield from _files(resource.task) if resource.task else ()


def _instead(url: str, file: File, container: str, path: str) -> str:
    is_blob = isinstance(file, ResourceFile) and file.http_url
    word = f"blob: {container}/{path}" if is_blob else f"container: {container}"
    return f"{url} opens to nobody by its address alone: write {word!r}, which nodes can open"


def _refusal(how: str, who: list[str]) -> str:
    others = f" and {plural(len(who) - 1, 'other')}" if len(who) > 1 else ""
    return f"{who[0]}{others}: {how}"
