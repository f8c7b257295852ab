"""What destroy needs of a document: names, places, and what stays hidden; the rest may wait for values that nobody has.

A secret of tasks may be lost, and a variable forgotten, long before their pool goes.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from batchctl.errors import Problem
from batchctl.spec import template
from batchctl.spec.reading.paths import as_mapping, find_texts, get_in
from batchctl.spec.source import Source
from batchctl.spec.template import Values

NEEDED = (
    "name",
    "account.*",
    "storage.containers.*.*",
    "pool.id",
    "job.id",
    "schedule.id",
    "download.*.container",
    "download.*.to",
    "download.*.include.*",
    "download.*.exclude.*",
)
"""Where no value may be missing."""

POOL = ("id", "external", "lifetime", "keepAlive", "nodeDeallocationOption", "vmSize", "image", "nodeAgentSKUId")
WORK = ("id", "commands", "command", "environmentSettings")
NODE_WORK = ("startTask", "jobPreparationTask", "jobReleaseTask", "jobManagerTask")


def outlined(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with that alone: what a pool or a job bears its name by, and which settings of tasks are hidden."""
    found = {key: document[key] for key in ("version", "name", "account", "download", "logs") if key in document}
    if containers := get_in(document, "storage", "containers"):
        found["storage"] = {"containers": containers}
    if pool := as_mapping(document.get("pool")):
        found["pool"] = _parts(pool, POOL) | _node_work(pool)
    if schedule := as_mapping(document.get("schedule")):
        found["schedule"] = _parts(schedule, ("id",))
    if job := as_mapping(document.get("job")):
        tasks = [_parts(task, WORK) for task in job.get("tasks", ())]
        found["job"] = _parts(job, ("id", "commonEnvironmentSettings")) | _node_work(job) | {"tasks": tasks}
    return found


def _node_work(above: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _parts(above[key], WORK) for key in NODE_WORK if key in above}


def _parts(part: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: part[key] for key in keys if key in part}


def needed_names(document: Mapping[str, Any]) -> frozenset[str]:
    """The placeholders that have to be filled."""
    texts = (text for pattern in NEEDED for _, text in find_texts(document, pattern))
    return frozenset(hole.name for text in texts for hole in template.holes(text))


def missing_values(document: Mapping[str, Any], source: Source, values: Values) -> Iterator[Problem]:
    """Placeholders of what is needed that nothing fills."""
    for pattern in NEEDED:
        for at, text in find_texts(document, pattern):
            for error in template.placeholder_errors(text, values):
                yield source.problem(at, error.message, error.code, offset=error.start, width=error.width)
