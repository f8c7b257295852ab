"""What a job says in short, laid out in its tasks, with the places where it stands: `taskDefaults`, and `mpi`.

Every rule then looks at one form alone, and nothing behind the reading of a spec knows of the other. Of defaults a
task's own wins: a mapping goes in key by key, of a list what has another name, and files beside those of the task. Who
a task runs as is one thing, though two words say it. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from batchctl.spec.reading.paths import as_mapping, get_in
from batchctl.spec.source import At, Laid, Source

HERE: At = ("job", "taskDefaults")
NAMED: Mapping[str, str | None] = {
    "environmentSettings": "name",
    "applicationPackageReferences": "applicationId",
    "resourceFiles": None,
}
"""Lists that have what both of them say, and what tells their items apart."""
MERGED = frozenset(("constraints", "containerSettings", "exitConditions"))
WHOLE = frozenset(("requiredSlots",))
USER = frozenset(("elevationLevel", "userIdentity"))


def with_task_defaults(document: Any, source: Source) -> tuple[Any, Source]:
    """The document with its defaults in its tasks, and a source that finds them there."""
    defaults, tasks = as_mapping(get_in(document, *map(str, HERE))), get_in(document, "job", "tasks")
    if not defaults or not isinstance(tasks, list):
        return document, source
    laid: list[Laid] = []
    made = [
        _task(task, defaults, ("job", "tasks", i), laid) if isinstance(task, dict) else task
        for i, task in enumerate(tasks)
    ]
    return {**document, "job": {**document["job"], "tasks": made}}, source.with_places(laid)


def _task(task: Mapping[str, Any], defaults: Mapping[str, Any], at: At, laid: list[Laid]) -> dict[str, Any]:
    merged, without = dict(task), task.get("withoutDefaults")
    left_out = without if isinstance(without, list) else []
    for key, said in defaults.items():
        if key in left_out:
            continue
        own, here, there = task.get(key), (*at, key), (*HERE, key)
        if key in USER and USER & task.keys():
            continue
        if key not in task and key in {*NAMED, *MERGED, *WHOLE, *USER}:
            merged[key] = said
            laid.append((here, there))
        elif key in NAMED and isinstance(own, list) and isinstance(said, list):
            merged[key] = own + [item for _, item in _others(own, said, NAMED[key])]
            numbers = (number for number, _ in _others(own, said, NAMED[key]))
            laid += [((*here, len(own) + i), (*there, number)) for i, number in enumerate(numbers)]
        elif key in MERGED and isinstance(own, dict) and isinstance(said, dict):
            merged[key] = {**said, **own}
            laid += [((*here, name), (*there, name)) for name in said if name not in own]
    return merged


def _others(own: list[Any], said: list[Any], name: str | None) -> Iterator[tuple[int, Any]]:
    """The default's items that the task has not under their names, with their numbers."""
    taken = [get_in(item, name) for item in own] if name else []
    return ((number, item) for number, item in enumerate(said) if not name or get_in(item, name) not in taken)


NOTHING = "/bin/true"
"""What coordinates: MPI on Linux starts what it needs on other nodes by itself."""


def with_mpi_instances(document: Any, source: Source) -> tuple[Any, Source]:
    """The document with the long form beside the short one, and a source that finds it."""
    tasks = get_in(document, "job", "tasks")
    if not isinstance(tasks, list) or not any(isinstance(get_in(task, "mpi"), dict) for task in tasks):
        return document, source
    laid: list[Laid] = []
    made = [_with_instances(task, ("job", "tasks", i), laid) for i, task in enumerate(tasks)]
    return {**document, "job": {**document["job"], "tasks": made}}, source.with_places(laid)


def _with_instances(task: Any, at: At, laid: list[Laid]) -> Any:
    said = get_in(task, "mpi")
    if not isinstance(said, dict) or "multiInstanceSettings" in task:
        return task
    here, there = (*at, "multiInstanceSettings"), (*at, "mpi")
    laid += [(here, there), ((*here, "numberOfInstances"), (*there, "nodes"))]
    files = {"commonResourceFiles": said["commonResourceFiles"]} if "commonResourceFiles" in said else {}
    number = {"numberOfInstances": said["nodes"]} if "nodes" in said else {}
    return {**task, "multiInstanceSettings": {**number, "coordinationCommandLine": NOTHING, **files}}
