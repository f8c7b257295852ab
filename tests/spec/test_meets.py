"""Whether a document meets the schema, told at once, is what the library says that tells of every breach."""

import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from batchctl.errors import SpecError
from batchctl.spec.reading.check import SpecValidator
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.reading.schema import SAYS, SAYS_NOTHING, meets, spec_schema
from batchctl.spec.reading.typed import read_document
from batchctl.spec.source import Source
from tests.spec.test_editors import texts

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 10**20, "", "x", "a b", "{item}", "PT1H", "é", "x\n"),
    *([], {}, ["a", "a"], [1, True], [{"a": 1}, {"a": 1.0}], {"a": 1}, {"id": "x"}, {"form": "none"}),
)


@cache
def documents() -> dict[str, Any]:
    found = {}
    for name, text in texts().items():
        source = Source("spec.yaml", text)
        try:
            found[name], *_ = read_document(compose_nodes(source)[0], source)
        except SpecError:
            continue
    return found


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping and list in a document, with a key of it."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places(inner)


def changed(document: Any, dice: random.Random) -> Any:
    """The document with one place that is otherwise, or not there, or there twice."""
    found = json.loads(json.dumps(document))
    holder, key = dice.choice(list(places(found)))
    match dice.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[dice.choice(("x", "id", "name", "x-a", "pool", "{vars.a}"))] = holder[key]
        case 1:
            holder.append(holder[key])
        case _:
            holder[key] = dice.choice(ODD)
    return found


def test_every_keyword_of_the_schema_is_known() -> None:
    def keywords(schema: Any) -> Iterator[str]:
        for key, inner in schema.items() if isinstance(schema, dict) else ():
            yield key
            if key in ("properties", "patternProperties", "definitions", "dependencies"):
                for part in inner.values():
                    yield from keywords(part)
            elif key not in ("examples", "default", "const"):
                for part in inner if isinstance(inner, list) else (inner,):
                    yield from keywords(part)

    assert set(keywords(spec_schema())) <= SAYS.keys() | SAYS_NOTHING


def test_of_every_case_both_say_the_same() -> None:
    schema = spec_schema()
    validator = SpecValidator(schema)
    other = {name for name, one in documents().items() if meets(one, schema) != validator.is_valid(one)}
    assert other == set()


def test_of_documents_that_are_changed_at_one_place_both_say_the_same() -> None:
    dice, validator = random.Random(14), SpecValidator(spec_schema())
    whole = list(documents().values())
    for _ in range(250):
        document = changed(dice.choice(whole), dice)
        assert meets(document, spec_schema()) == validator.is_valid(document), document


KEYWORDS: tuple[Any, ...] = (
    *({"type": "integer"}, {"type": ["number", "null"]}, {"const": 1}, {"const": True}, {"uniqueItems": True}),
    *({"const": [1, {"a": False}]}, {"maximum": 1}, {"minLength": 1}, {"not": {"type": "string"}}, {"maxItems": 1}),
    *({"anyOf": [{"const": ""}]}, {"propertyNames": {"pattern": "^i"}}, {"dependencies": {"a": ["b"]}}),
    *({"minProperties": 1}, {"if": {"required": ["a"]}, "then": False}, {"if": {"type": "string"}, "else": False}),
    {"patternProperties": {"^a": {"const": 1}}, "additionalProperties": False},
)


@pytest.mark.parametrize("schema", KEYWORDS, ids=repr)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_each_keyword_means_the_same(schema: Any, value: Any) -> None:
    assert meets(value, schema) == SpecValidator(schema).is_valid(value)
