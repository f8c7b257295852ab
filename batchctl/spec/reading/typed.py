"""Nodes to a document of plain dicts, lists and scalars. The schema says what type a scalar has, never YAML:
`1.10` stays as it was written where text is wanted, and a quoted "2" is no number anywhere."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from batchctl.errors import Problem
from batchctl.frozen import dataclass
from batchctl.spec.reading.compose import Node
from batchctl.spec.reading.schema import Schema, chosen_branch, constant_words, spec_schema, without_reference
from batchctl.spec.source import At, Place, Source, code_point, is_hidden, shown
from batchctl.spec.template import Written

if TYPE_CHECKING:
    from decimal import Decimal

# At most 19 digits, as many as 64 bits have: a longer text is no number, and costs no time as one.
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}
IN_YAML = re.compile(r"[-+]?(?:[0-9]{1,19}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")
WHOLE = re.compile(r"[-+]?[0-9]{1,19}")
BASES: Mapping[str, int] = {"0x": 16, "0o": 8}
NOTHING = ("null", "Null", "NULL", "~")


Settle = Callable[[At, str], str | tuple[str, ...] | None]
"""(where, text) to what the text stands for, several texts for a list; None: for itself."""


@dataclass(slots=True)
class Reading:
    """What a walk over the nodes gathers."""

    settle: Settle
    keys: dict[At, Place] = field(default_factory=dict)
    values: dict[At, Place] = field(default_factory=dict)
    scalars: dict[At, str] = field(default_factory=dict)
    quoted: set[At] = field(default_factory=set)
    wrong: list[tuple[Place, str, str]] = field(default_factory=list)


def read_document(
    root: Node, source: Source, settle: Settle = lambda _at, _text: None, *, schema: Schema | None = None
) -> tuple[Any, Source, list[Problem], frozenset[At]]:
    """(document, source with its places, problems, where quoted scalars stand). Of a key that stands twice, the first
    counts. `schema`: that of specs, if no other is given."""
    reading = Reading(settle)
    document = _typed(root, spec_schema() if schema is None else schema, (), reading)
    source = replace(source, keys=reading.keys, values=reading.values, scalars=reading.scalars)
    return document, source, [source.here(*wrong) for wrong in reading.wrong], frozenset(reading.quoted)


def _typed(node: Node, schema: Schema, at: At, reading: Reading) -> Any:
    reading.values[at] = node.place
    match node.kind:
        case "mapping":
            return _mapping(node, schema, at, reading)
        case "sequence":
            return _sequence(node, schema, at, reading)
        case _:
            reading.scalars[at] = node.text
            settled = reading.settle(at, node.text)
            if isinstance(settled, tuple):
                return _settled_items(settled, node, without_reference(schema).get("items", {}), at, 0, reading)
            if settled is not None:
                return _settled_scalar(replace(node, text=settled), schema, reading)
            _look(node, reading)
            if not node.plain:
                reading.quoted.add(at)
            return _typed_scalar(node, without_reference(schema))


def _settled_scalar(node: Node, schema: Schema, reading: Reading) -> Any:
    """A value that is nothing but a placeholder is quoted for YAML alone, and nothing to YAML where it is text."""
    _look(node, reading)
    schema = without_reference(schema)
    return _typed_scalar(replace(node, plain=not _is_text(schema)), schema)


def _sequence(node: Node, schema: Schema, at: At, reading: Reading) -> list[Any]:
    items, found = without_reference(schema).get("items", {}), list[Any]()
    for item in node.items:
        inside = (*at, len(found))
        several = reading.settle(inside, item.text) if item.kind == "scalar" else None
        if isinstance(several, tuple):
            # An item that stands for a list stands for its items.
            found += _settled_items(several, item, items, at, len(found), reading)
        else:
            found.append(_typed(item, items, inside, reading))
    return found


def _settled_items(
    texts: tuple[str, ...], node: Node, schema: Schema, at: At, first: int, reading: Reading
) -> list[Any]:
    """Several texts in the place of one placeholder; which of them are numbers, the schema says."""
    for index in range(first, first + len(texts)):
        reading.values[(*at, index)] = node.place
        reading.scalars[(*at, index)] = node.text
    schema = without_reference(schema)
    as_text = {text for text in texts if _is_text(schema) or not text or text in NOTHING}
    return [_typed_scalar(replace(node, text=text, plain=text not in as_text), schema) for text in texts]


def _mapping(node: Node, schema: Schema, at: At, reading: Reading) -> dict[str, Any]:
    schema = chosen_branch(schema, {key.text: None for key, _ in node.entries})
    named_in, any_other = schema.get("properties", {}), schema.get("additionalProperties")
    other = any_other if isinstance(any_other, dict) else {}
    found: dict[str, Any] = {}
    for key, value in node.entries:
        _look(key, reading)
        inside = (*at, key.text)
        if key.text in found:
            first = reading.keys[inside].line
            reading.wrong.append((key.place, f"{shown(key.text)} stands twice: first in line {first}", "duplicate-key"))
            continue
        reading.keys[inside] = key.place
        found[key.text] = _typed(value, named_in.get(key.text, other), inside, reading)
    return found


def _typed_scalar(node: Node, schema: Schema) -> Any:
    """The scalar as the schema wants it, or its text where it is nothing that is wanted. Empty is None."""
    if not node.plain:
        return node.text
    wanted = set(_types(schema))
    if not node.text or node.text in NOTHING:
        return None
    if _is_text(schema):
        return node.text
    if "integer" in wanted and INTEGER.fullmatch(node.text):
        return int(node.text)
    if "number" in wanted and NUMBER.fullmatch(node.text):
        return number_value(node.text)
    if "boolean" in wanted and node.text in BOOLEANS:
        return BOOLEANS[node.text]
    # A number that may be text as well, an item of a list, goes on as it was written.
    as_written = "string" in wanted and "integer" not in wanted and "pattern" not in schema
    return node.text if as_written else as_in_yaml(node.text, wanted)


def _is_text(schema: Schema) -> bool:
    """Whether numbers and booleans are text here, as they were written."""
    return bool(schema.get("asWritten")) or schema.get("type") == "string"


def as_in_yaml(text: str, wanted: Set[str]) -> Any:
    """What YAML 1.2 has it for, and so every editor: `1.0`, `0x2`, `+1` and `012` are whole numbers."""
    if "boolean" in wanted and text in (text.lower().capitalize(), text.upper()) and text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    number = _number_in_yaml(text) if wanted & {"integer", "number"} else None
    if number is None or ("number" not in wanted and number != int(number)):
        return text
    return int(number) if number == int(number) else Written(text)


def _number_in_yaml(text: str) -> "int | Decimal | None":
    base = BASES.get(text[:2])
    digits = text[2:]
    try:
        # Longer texts are no numbers of 64 bits, and Python's own marks none of YAML's.
        if base and len(digits) <= 22 and "_" not in digits and digits[:1] not in "+-":
            return int(digits, base)
    except ValueError:
        return None
    if WHOLE.fullmatch(text):
        return int(text)
    if not IN_YAML.fullmatch(text):
        return None
    from decimal import Decimal  # imported late: most numbers of specs are whole

    return Decimal(text)


def number_value(text: str) -> int | Written:
    """What NUMBER lets through; as text it is again what was written, `-0` too."""
    return int(text) if INTEGER.fullmatch(text) and str(int(text)) == text else Written(text)


def _types(schema: Schema) -> Iterator[str]:
    if constant_words(schema):
        yield "string"
    declared = schema.get("type", ())
    yield from (declared,) if isinstance(declared, str) else declared


def _look(node: Node, reading: Reading) -> None:
    """Characters that an escape in double quotes brought in."""
    for char in sorted(set(filter(is_hidden, node.text))):
        reading.wrong.append(
            (node.place, f"the character {code_point(char)} is not allowed in a spec", "hidden-character")
        )
