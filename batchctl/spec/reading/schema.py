"""The contract of the spec: schemas/batchctl.schema.json, and which of its branches a mapping means."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Schema = Mapping[str, Any]


def schema_text(of: str = "batchctl") -> str:
    """A schema as it ships: in the wheel inside the package, in a checkout beside it."""
    package, name = files("batchctl"), f"{of}.schema.json"
    inside = package / "schemas" / name
    found = inside if inside.is_file() else package / ".." / "schemas" / name
    return found.read_text(encoding="utf-8")


@cache
def spec_schema() -> Schema:
    loaded: Schema = json.loads(schema_text())
    return loaded


def without_reference(schema: Schema) -> Schema:
    """The schema itself where it only refers to another one. Annotations beside a `$ref` are for editors."""
    while reference := schema.get("$ref"):
        schema = spec_schema()["definitions"][reference.rpartition("/")[2]]
    return schema


def branches_by_key(schema: Schema) -> dict[str, Schema]:
    """The branches of a `oneOf` by the key that tells them apart: the first that each requires."""
    found = (without_reference(branch) for branch in schema.get("oneOf", ()))
    return {branch["required"][0]: branch for branch in found if "required" in branch}


def constant_words(schema: Schema) -> tuple[str, ...]:
    """The words of a `oneOf` of constants, but for other spellings of the same, which are taken and not advertised."""
    branches = (branch for branch in schema.get("oneOf", ()) if "const" in branch and not branch.get("deprecated"))
    return tuple(branch["const"] for branch in branches)


def chosen_branch(schema: Schema, keys: Mapping[str, Any]) -> Schema:
    """The schema that a mapping with these keys has to satisfy: its branch, where it has one and only one."""
    schema = without_reference(schema)
    telling = [branch for key, branch in branches_by_key(schema).items() if key in keys]
    return telling[0] if len(telling) == 1 and "properties" in telling[0] else schema


ANY_JSON = "#/definitions/json"
"""What may hold anything, itself included; its keys are no words of the language."""


@cache
def homes_of_keys() -> Mapping[str, tuple[str, ...]]:
    """Every key of the language, with the places where it belongs: `{"vmSize": ("pool",)}`."""
    found: dict[str, list[str]] = {}
    for place, key in _keys_below(spec_schema(), ""):
        found.setdefault(key, []).append(place)
    return {key: tuple(dict.fromkeys(places)) for key, places in found.items()}


def _keys_below(schema: Schema, place: str) -> Iterator[tuple[str, str]]:
    if schema.get("$ref") == ANY_JSON:
        return
    schema = without_reference(schema)
    for branch in schema.get("oneOf", ()):
        yield from _keys_below(branch, place)
    if "items" in schema:
        yield from _keys_below(schema["items"], f"{place}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _keys_below(schema["additionalProperties"], f"{place}.*")
    for key, inner in schema.get("properties", {}).items():
        yield place or "the top level", key
        yield from _keys_below(inner, f"{place}.{key}" if place else key)
