"""What the models have and no word says: the part of them that a spec's `raw` takes, as a JSON schema."""

import datetime
import enum
from collections.abc import Iterator
from functools import cache
from typing import Any

from batchctl.spec.reading.explained import Word, explain_word
from tests.coverage.models import OBJECTS, Property, is_model, member_of, properties_of

OURS = {
    "pool": {"enableAutoScale", "metadata", "startTask"},
    "job": {"usesTaskDependencies", "onAllTasksComplete", "metadata", "poolInfo", "commonEnvironmentSettings"}
    | {"jobPreparationTask", "jobReleaseTask"},
    "task": {"dependsOn", "outputFiles", "resourceFiles", "environmentSettings", "containerSettings"},
}
"""What batchctl says itself, or makes of words that are written otherwise: no raw reaches into it."""

RAW = {"pool": "rawPool", "job": "rawJob", "task": "rawTask"}
"""The definitions of the schema that are written here."""

DURATION = {
    "type": "string",
    "pattern": "^P(?=[0-9T])([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?$",
    "patternErrorMessage": "an ISO 8601 duration, such as PT20M",
}


AUTO_POOL = "poolInfo.autoPoolSpecification."
NOT_OF_AUTO_POOLS = ("id", "identity")
"""What a pool has and an auto pool has not."""


def every_word(word: Word) -> Iterator[Word]:
    yield word
    for inner in word.inner:
        yield from every_word(inner)


@cache
def said_by_words(kind: str) -> frozenset[str]:
    """REST's names of all that has a word in a pool, job or task."""
    place = {"pool": "pool.", "job": "job.", "task": "job.tasks.", "schedule": "schedule."}[kind]
    other = ("job.tasks.", "job.taskDefaults.") if kind == "job" else ()
    words = [w for w in every_word(explain_word("")) if ".raw" not in w.path]
    of_job = {w.rest for w in words if w.rest.startswith(AUTO_POOL)}
    own = {w.rest for w in words if w.rest and w.path.startswith(place) and not w.path.startswith(other)} - of_job
    return frozenset(own | of_job | set(_of_auto_pools())) if kind == "job" else frozenset(own)


def _of_auto_pools() -> Iterator[str]:
    """The words of a pool say the same of one that is made for a job."""
    for rest in said_by_words("pool"):
        if rest.partition(".")[0] not in NOT_OF_AUTO_POOLS:
            yield f"{AUTO_POOL}pool.{rest}"


def raw_definitions() -> dict[str, Any]:
    """The definitions of `raw` of each kind; what has a word is not among their properties."""
    return {
        name: _object(OBJECTS[kind], kind, "", f"{kind.capitalize()} in REST's words") for kind, name in RAW.items()
    }


def _object(model: Any, kind: str, path: str, title: str) -> dict[str, Any]:
    found = {p.name: made for p in properties_of(model) if (made := _property(p, kind, f"{path}{p.name}"))}
    needed = [p.name for p in properties_of(model) if p.required and p.name in found]
    told = f"What no word says of it, as in `{model.__name__}` of Azure Batch; laid over what the words say."
    schema = {"title": title, "markdownDescription": told, "type": "object", "additionalProperties": False}
    whole = all(p.name in found for p in properties_of(model))
    return schema | ({"required": needed} if needed and whole else {}) | {"properties": found}


def _property(found: Property, kind: str, path: str) -> dict[str, Any]:
    """The schema of a property, nothing if a word says it."""
    said = said_by_words(kind)
    if path in OURS[kind]:
        return {}
    inner = member_of(found.kind)
    if path in said and (inner is not None or not is_model(found.kind)):
        return {}
    made = _value(found.kind, kind, f"{path}.", _title(found.name))
    if is_model(found.kind) and not made["properties"]:
        return {}
    return {"title": _title(found.name), "markdownDescription": f"`{path}` of Azure Batch.", **made} | {
        "examples": [_example(made)]
    }


def _value(kind: Any, of: str, path: str, title: str) -> dict[str, Any]:
    if (inner := member_of(kind)) is not None:
        return {"type": "array", "items": _value(inner, of, path, title)}
    if is_model(kind):
        return _object(kind, of, path, title)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        words = [str(member.value) for member in kind]
        return {"oneOf": [{"const": word, "description": word} for word in words]}
    if kind is datetime.timedelta:
        return dict(DURATION)
    if kind is str:
        return {"type": ["string", "number", "boolean"], "asWritten": True}
    if kind in (int, float, bool):
        return {"type": {int: "integer", float: "number", bool: "boolean"}[kind]}
    return {"$ref": "#/definitions/json"}


def _example(schema: dict[str, Any]) -> Any:
    if "oneOf" in schema:
        return schema["oneOf"][0]["const"]
    match schema.get("type"):
        case "array":
            return [_example(schema["items"])]
        case "object":
            needed = schema.get("required") or list(schema["properties"])[:1]
            return {name: _example(schema["properties"][name]) for name in needed}
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return "PT20M" if "pattern" in schema else "text"


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
