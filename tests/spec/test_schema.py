"""The schema keeps its promises to editors: every property is told, and every example is valid."""

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import regress
from jsonschema import Draft7Validator

from batchctl.spec.fanout.forms import FORMS
from batchctl.spec.reading import schema
from batchctl.spec.reading.ecma import as_in_json_schema
from batchctl.spec.reading.schema import schema_text as schema_text

ROOT: Any = schema.spec_schema()
FILES = Path(__file__).parents[2] / "schemas"


def objects(part: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every object schema, by its definition's name."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            yield name, part
        for key, inner in part.items():
            if key not in ("definitions", "examples", "default"):
                yield from objects(inner, name)


OBJECTS = dict([*objects(ROOT, "spec"), *(pair for n, d in ROOT["definitions"].items() for pair in objects(d, n))])


def texts(part: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of a text that is a value."""
    if isinstance(part, dict):
        if part.get("type") == "string" or "asWritten" in part:
            yield key, part
        for inside, inner in part.items():
            if inside not in ("examples", "default", "propertyNames"):
                yield from texts(inner, inside if inside != "items" else key)


PROPERTIES = [(f"{name}.{key}", value) for name, part in OBJECTS.items() for key, value in part["properties"].items()]


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(ROOT)
    assert json.loads(schema_text()) == ROOT


@pytest.mark.parametrize("name", OBJECTS)
def test_no_object_takes_what_it_does_not_know(name: str) -> None:
    assert OBJECTS[name]["additionalProperties"] is False


@pytest.mark.parametrize(("name", "told"), PROPERTIES, ids=[name for name, _ in PROPERTIES])
def test_every_property_is_told(name: str, told: dict[str, Any]) -> None:
    assert told["title"]
    assert told["markdownDescription"]
    assert told["examples"]
    resolved = {**schema.without_reference(told), "definitions": ROOT["definitions"]}
    for example in told["examples"]:
        assert [e.message for e in Draft7Validator(resolved).iter_errors(example)] == []
    if "default" in told:
        assert Draft7Validator(resolved).is_valid(told["default"])


def kinds_of(text: dict[str, Any]) -> list[str]:
    """What a value of YAML can be, to fit the text's pattern as it was written."""

    def fits(*written: str) -> bool:
        return any(as_in_json_schema(text.get("pattern", "")).search(one) for one in written)

    number = ["number"] if fits("1.5", "1e-1") else ["integer"] if fits("2024", "755") else []
    return ["string", *number, *(["boolean"] if fits("true") else [])]


def test_a_text_takes_numbers_and_booleans_that_fit_it() -> None:
    found = list(texts(ROOT))
    assert len(found) > 150
    for key, text in found:
        kinds = kinds_of(text)
        said = [kind for kind in text["type"] if kind != "array"] if "items" in text else text["type"]
        assert (key, said) == (key, kinds if len(kinds) > 1 else "string")
        assert ("asWritten" in text) == (len(kinds) > 1), key


def test_every_form_of_for_each_is_in_the_schema() -> None:
    assert set(schema.branches_by_key(ROOT["definitions"]["forEach"])) == set(FORMS)


def test_where_keys_belong() -> None:
    assert schema.homes_of_keys()["vmSize"] == ("pool",)
    assert "job.tasks[]" in schema.homes_of_keys()["outputFiles"]


def patterns(part: Any) -> Iterator[tuple[str, list[str]]]:
    """Every pattern of a schema, with texts that it takes."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"], [text for text in part.get("examples", ()) if isinstance(text, str)]
        for inner in part.values():
            yield from patterns(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from patterns(inner)


@pytest.mark.parametrize(("pattern", "examples"), dict(patterns(ROOT)).items(), ids=str)
def test_a_pattern_means_what_it_means_to_an_editor(pattern: str, examples: list[str]) -> None:
    """ECMA 262, as JSON schema has it: `$` is the end and no line's, and a digit is one of ten."""
    means = as_in_json_schema(pattern)
    assert all(means.search(text) for text in examples)
    if pattern.endswith("$"):
        assert not [text for text in examples if means.search(f"{text}\n")]
    assert r"\d" not in means.pattern
    assert r"\w" not in means.pattern


ODD = (
    "a",
    "Z",
    "0",
    "_",
    "-",
    ".",
    "/",
    "\n",
    "\r",
    "\t",
    " ",
    "\u00a0",
    "\u2028",
    "\u0663",
    "\u00e9",
    "\x1c",
    "\ufeff",
)
SPOKEN = (
    r"^\d+$",
    r"^[\d.]+$",
    r"^\w+$",
    r"^[^\w]$",
    r"^\s$",
    r"^[^\s]$",
    r"^\S\D\W$",
    r"a\b",
    r"a\B",
    r"^a.$",
    r"^[$.]$",
)


@pytest.mark.parametrize("pattern", SPOKEN)
def test_patterns_mean_what_they_mean_to_an_editor(pattern: str) -> None:
    ours, theirs = as_in_json_schema(pattern), regress.Regex(pattern)
    texts = ["".join(letters) for count in (1, 2, 3) for letters in product(ODD, repeat=count)]
    differ = [text for text in texts if (ours.search(text) is None) is not (theirs.find(text) is None)]
    assert not differ


def test_every_pattern_of_the_schema_means_what_it_means_to_an_editor() -> None:
    texts = [f"{before}{odd}{after}" for before in ("", "a", "PT5M", "123") for odd in ODD for after in ("", "b")]
    patterns = sorted(set(re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', schema_text())))
    assert len(patterns) > 10
    for pattern in map(json.loads, patterns):
        ours, theirs = as_in_json_schema(pattern), regress.Regex(pattern)
        assert [t for t in texts if (ours.search(t) is None) is not (theirs.find(t) is None)] == [], pattern


def test_the_entry_for_schemastore_is_of_this_version() -> None:
    """As https://json.schemastore.org/schema-catalog.json asks for it; `fileMatch` meets nothing that others use."""
    catalog = json.loads((FILES / "catalog.json").read_text(encoding="utf-8"))
    (entry,) = catalog["schemas"]
    version = json.loads((FILES / "batchctl.schema.json").read_text(encoding="utf-8"))["$id"].rpartition(":")[2]
    assert list(entry["versions"]) == [version]
    assert entry["url"] == entry["versions"][version]
    assert entry["url"].endswith(f"batchctl-{version}.json")
    assert all("batchctl" in pattern for pattern in entry["fileMatch"])
