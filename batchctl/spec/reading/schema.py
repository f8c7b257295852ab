"""The contract of the spec: schemas/batchctl.schema.json, whether a document meets it, and which of its branches a
mapping means."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from batchctl.spec.reading.ecma import as_in_json_schema

Schema = Mapping[str, Any]


def schema_text(of: str = "batchctl") -> str:
    """A schema as it ships: in the wheel inside the package, in a checkout beside it."""
    # No importlib.resources: it loads zipfile and tempfile, and what needs libcurl runs from no archive.
    package, name = Path(__file__).parents[2], f"{of}.schema.json"
    inside = package / "schemas" / name
    found = inside if inside.is_file() else package.parent / "schemas" / name
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


def meets(value: Any, schema: Any) -> bool:
    """Does the value meet the schema (JSON schema, draft 7)?

    It says no more than that: most specs are right, and what tells of a breach costs three times as much to load as all
    else that reads a spec (`check`).
    """
    if isinstance(schema, bool):
        return schema
    schema = without_reference(schema)
    return all(SAYS[name](value, told, schema) for name, told in schema.items() if name in SAYS)


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (is_whole or (kind == "number" and isinstance(value, float)))
    return isinstance(value, KINDS[kind])


KINDS: Mapping[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}


def _same(one: Any, other: Any) -> bool:
    """As JSON has it: true is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(inner, other[key]) for key, inner in one.items())
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _is_number(value: Any) -> bool:
    return _is(value, "number")


def _properties(value: Any, told: Any, _: Schema) -> bool:
    return not isinstance(value, dict) or all(meets(value[key], told[key]) for key in value if key in told)


def _pattern_properties(value: Any, told: Any, _: Schema) -> bool:
    return not isinstance(value, dict) or all(
        meets(inner, rule)
        for pattern, rule in told.items()
        for key, inner in value.items()
        if as_in_json_schema(pattern).search(key)
    )


def _additional(value: Any, told: Any, schema: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    known, free = schema.get("properties", {}), schema.get("patternProperties", ())
    return all(
        key in known or any(as_in_json_schema(pattern).search(key) for pattern in free) or meets(inner, told)
        for key, inner in value.items()
    )


def _dependencies(value: Any, told: Any, _: Schema) -> bool:
    return not isinstance(value, dict) or all(
        all(need in value for need in needs) if isinstance(needs, list) else meets(value, needs)
        for key, needs in told.items()
        if key in value
    )


def _unique(value: Any, told: Any, _: Schema) -> bool:
    if not told or not isinstance(value, list):
        return True
    if all(isinstance(item, str) for item in value):  # there may be very many
        return len(set(value)) == len(value)
    return not any(_same(one, other) for place, one in enumerate(value) for other in value[:place])


def _then(value: Any, told: Any, schema: Schema) -> bool:
    return "if" not in schema or not meets(value, schema["if"]) or meets(value, told)


def _else(value: Any, told: Any, schema: Schema) -> bool:
    return "if" not in schema or meets(value, schema["if"]) or meets(value, told)


SAYS: Mapping[str, Callable[[Any, Any, Schema], bool]] = {
    "type": lambda value, told, _: any(_is(value, kind) for kind in ([told] if isinstance(told, str) else told)),
    "const": lambda value, told, _: _same(value, told),
    "required": lambda value, told, _: not isinstance(value, dict) or all(key in value for key in told),
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": lambda value, told, _: not isinstance(value, dict) or all(meets(key, told) for key in value),
    "dependencies": _dependencies,
    "minProperties": lambda value, told, _: not isinstance(value, dict) or len(value) >= told,
    "items": lambda value, told, _: not isinstance(value, list) or all(meets(item, told) for item in value),
    "minItems": lambda value, told, _: not isinstance(value, list) or len(value) >= told,
    "maxItems": lambda value, told, _: not isinstance(value, list) or len(value) <= told,
    "uniqueItems": _unique,
    "minLength": lambda value, told, _: not isinstance(value, str) or len(value) >= told,
    "maxLength": lambda value, told, _: not isinstance(value, str) or len(value) <= told,
    "pattern": lambda value, told, _: not isinstance(value, str) or bool(as_in_json_schema(told).search(value)),
    "minimum": lambda value, told, _: not _is_number(value) or value >= told,
    "maximum": lambda value, told, _: not _is_number(value) or value <= told,
    "oneOf": lambda value, told, _: sum(meets(value, branch) for branch in told) == 1,
    "anyOf": lambda value, told, _: any(meets(value, branch) for branch in told),
    "allOf": lambda value, told, _: all(meets(value, branch) for branch in told),
    "not": lambda value, told, _: not meets(value, told),
    "then": _then,
    "else": _else,
}
"""Keywords of JSON schema, as far as the schema has them; a test looks that no other one stands in it."""

SAYS_NOTHING = frozenset(
    {"$schema", "$id", "$ref", "title", "description", "markdownDescription", "examples", "default", "deprecated"}
    | {"definitions", "if", "asWritten", "patternErrorMessage"}
)
"""Keywords that ask nothing of a value by themselves."""
