"""The lines of --json, as their schema has them."""

import json
from typing import Any

from batchctl.spec.reading.schema import schema_text
from tests.documents.tables import cell, code, row, table


def events_page() -> str:
    schema = json.loads(schema_text("events"))
    parts = [f"# Events\n\n{schema['description']} As a schema: `batchctl schema events`.\n"]
    for event in schema["oneOf"]:
        parts.append(f"## `{event['properties']['type']['const']}`\n\n{cell(event['description'])}\n")
        if rows := [
            _row(name, what, event, schema) for name, what in event["properties"].items() if name not in ("type", "at")
        ]:
            parts.append("\n".join(table(("field", "holds", "what it means"), rows)) + "\n")
    return "\n".join(parts)


def _row(name: str, what: dict[str, Any], event: dict[str, Any], schema: dict[str, Any]) -> str:
    always = "" if name in event.get("required", ()) else " Not always there."
    told = what.get("description") or _behind(what, schema).get("description", "")
    return row(f"`{name}`", _holds(what, schema), cell(told) + always)


def _behind(what: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The definition that is meant, where it is one of this schema."""
    named = what.get("$ref", "")
    return schema["definitions"][named.rpartition("/")[2]] if named.startswith("#") else what


def _holds(what: dict[str, Any], schema: dict[str, Any]) -> str:
    match _behind(what, schema):
        case {"const": value}:
            return code(json.dumps(value))
        case {"enum": values}:
            return " ".join(code(str(value)) for value in values)
        case {"$ref": elsewhere}:
            return f"{code(elsewhere.rpartition('/')[2])} of `batchctl schema plan`"
        case {"type": "array", "items": [*inner]}:
            return f"list of {' and '.join(_holds(one, schema) for one in inner)}"
        case {"type": "array", "items": inner}:
            return f"list of {_holds(inner, schema)}"
        case {"type": "object", "properties": inner}:
            return "object: " + ", ".join(f"`{name}`" for name in inner)
        case {"type": [*kinds]}:
            return " or ".join(map(str, kinds))
        case {"type": kind}:
            return str(kind)
        case _:
            return ""
