"""What a stream of --json must be: every line as the schema says, a beginning, an end, no more after it."""

import json
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry, Resource

from batchctl.spec.reading.schema import schema_text as schema_text


@cache
def validator() -> jsonschema.Draft7Validator:
    plans: Resource[Any] = Resource.from_contents(json.loads(schema_text("plan")))
    events = json.loads(schema_text("events"))
    jsonschema.Draft7Validator.check_schema(events)
    return jsonschema.Draft7Validator(events, registry=Registry().with_resource("plan.schema.json", plans))


def checked(stream: str) -> list[dict[str, Any]]:
    """The objects of a stream; fails on the first that is not as the schema says."""
    said = [json.loads(line) for line in stream.splitlines()]
    for number, item in enumerate(said, 1):
        wrong = jsonschema.exceptions.best_match(validator().iter_errors(item))
        assert wrong is None, f"line {number}, {item}: {wrong.message}"
    kinds = [item["type"] for item in said]
    assert kinds[-1] in ("complete", "error"), kinds
    assert not {"complete", "error"} & set(kinds[:-1]), kinds
    return said
