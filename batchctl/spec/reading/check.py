"""What the schema has against a document, as problems that a person can act on. The only user of jsonschema."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from batchctl.errors import MOST_PROBLEMS, Problem
from batchctl.frozen import dataclass
from batchctl.spec.reading import schema as contract
from batchctl.spec.reading.batch_words import about_batch
from batchctl.spec.reading.compose import ENOUGH
from batchctl.spec.reading.ecma import as_in_json_schema
from batchctl.spec.source import At, Source, nearest_word, same_word, shown
from batchctl.spec.template import is_a_variable

WANTED: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a mapping (key: value)",
    "array": "a list",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """A value that breaks a rule of its schema. `rule` is the keyword, `wanted` what the schema says under it.

    `key`: the value is a name of the mapping at `at`. `quoted`: where quoted scalars stand.
    """

    at: At
    value: Any
    rule: str
    wanted: Any
    schema: Mapping[str, Any]
    key: bool
    quoted: frozenset[At]
    branches: Sequence[ValidationError]

    @property
    def known(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.schema.get("properties", {})
        return found

    @property
    def unknown(self) -> list[str]:
        """Keys that the schema does not know, not more than anybody is told."""
        free = [as_in_json_schema(pattern) for pattern in self.schema.get("patternProperties", ())]
        unknown = (key for key in self.value if key not in self.known and not any(one.search(key) for one in free))
        return list(islice(unknown, MOST_PROBLEMS))

    @property
    def where(self) -> str:
        """What a reader calls the place: its key, with the number in a list."""
        words = [part for part in self.at if isinstance(part, str)]
        if not words:
            return "the spec"
        number = f"[{self.at[-1]}]" if isinstance(self.at[-1], int) else ""
        return shown(words[-1])[1:-1] + number


@dataclass(frozen=True, slots=True)
class Finding:
    at: At
    message: str
    code: str
    at_key: bool = False


def _meets_pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not as_in_json_schema(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


SpecValidator: Any = extend(Draft7Validator, {"pattern": _meets_pattern})  # type: ignore[no-untyped-call]  # has no types


def check_schema(document: Any, source: Source, quoted: frozenset[At]) -> list[Problem]:
    """Every breach of the schema, each told once."""
    errors = SpecValidator(contract.spec_schema()).iter_errors(document)
    findings = dict.fromkeys(islice((found for error in errors for found in _findings(error, quoted)), ENOUGH))
    return [source.problem(f.at, f.message, f.code, at_key=f.at_key) for f in findings]


def _findings(error: ValidationError, quoted: frozenset[At]) -> Iterator[Finding]:
    schema: Any = error.schema
    breach = Breach(
        at=tuple(error.absolute_path),
        value=error.instance,
        rule=str(error.validator),
        wanted=error.validator_value,
        schema=schema if isinstance(schema, Mapping) else {},
        key="propertyNames" in list(error.relative_schema_path)[-2:],
        quoted=quoted,
        branches=error.context or (),
    )
    return TELLERS.get(breach.rule, _not_allowed)(breach)


def _not_allowed(breach: Breach) -> Iterator[Finding]:
    yield Finding(breach.at, f"{breach.where} cannot be {_in_words(breach.value)}", "not-allowed")


def _type(breach: Breach) -> Iterator[Finding]:
    types = (
        ["string", *(["array"] if "items" in breach.schema else [])]
        if breach.schema.get("asWritten")
        else [breach.wanted]
        if isinstance(breach.wanted, str)
        else breach.wanted
    )
    wanted = " or ".join(WANTED[name] for name in types)
    if breach.value is None:
        yield Finding(breach.at, f"{breach.where} is empty: it takes {wanted}", "empty-value", at_key=True)
    elif "integer" in types and isinstance(breach.value, str) and re.fullmatch(r"-?[0-9]{19,}", breach.value):
        yield Finding(breach.at, f"{breach.where} is out of range: {shown(breach.value, 24)}", "range")
    else:
        message = f"{breach.where} takes {wanted}, not {_in_words(breach.value)}{_how_to_write(breach, types)}"
        yield Finding(breach.at, message, "shape" if _holds_mappings(breach, types) else "type")


def _holds_mappings(breach: Breach, types: Sequence[str]) -> bool:
    """Whether no text, and no list of texts, can ever be what is wanted: no value of a variable mends it."""
    items = contract.without_reference(breach.schema.get("items", {}))
    of_mappings = types == ["array"] and items.get("type") == "object"
    if types == ["array"] and isinstance(breach.value, str) and "{" in breach.value:
        return of_mappings or not is_a_variable(breach.value)
    return of_mappings or ("object" in types and not {"string", "integer", "number"} & {*types})


def _how_to_write(breach: Breach, types: Sequence[str]) -> str:
    value = breach.value
    single = isinstance(value, dict) and list(value.values()) == [None]
    if single and ("string" in types or next(iter(value)).startswith("vars.")):
        return f"; braces begin a mapping in YAML, so quote it: '{{{shown(next(iter(value)))[1:-1]}}}'"
    if isinstance(value, dict) and "string" in types:
        return "; a ': ' in it makes it one, so quote it all"
    if types == ["array"] and isinstance(value, str):
        return _as_list(breach, value)
    if breach.at in breach.quoted and {"integer", "number", "boolean"} & set(types):
        return ": write it without quotes"
    return ""


def _as_list(breach: Breach, value: str) -> str:
    """How a text that stands alone becomes a list, where a list of texts is wanted."""
    if breach.at[-1:] == ("command",):
        return ": the program and each argument; a line for the shell is an item of 'commands'"
    takes = contract.without_reference(breach.schema.get("items", {})).get("type", ())
    return f"; write [{shown(value)}]" if value and "string" in takes else ""


def _in_words(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else shown(value)


def _additional(breach: Breach) -> Iterator[Finding]:
    for key in breach.unknown:
        yield _unknown_key(breach, key, breach.known)


def _unknown_key(breach: Breach, key: str, known: Iterable[str]) -> Finding:
    hint = _other_form(breach, key) or _suggestion(breach.at, key, list(known))
    message = f"unknown key {shown(key)} in {breach.where}{_glyph(key)}{hint}"
    return Finding((*breach.at, key), message, "unknown-key", at_key=True)


def _other_form(breach: Breach, key: str) -> str:
    """A key of this very place, which another key there leaves no room for."""
    place = "".join("[]" if isinstance(part, int) else f".{part}" for part in breach.at).lstrip(".")
    telling = [name for name in breach.schema.get("required", ()) if name in breach.value]
    belongs = place in contract.homes_of_keys().get(key, ())
    return f"; it does not go with '{telling[0]}': take out one of them" if belongs and telling else ""


def _suggestion(at: At, key: str, known: list[str]) -> str:
    """What the writer probably wanted, and where the key belongs if it is one of another level (B06, B07)."""
    if not same_word(key, known) and (said := about_batch(at, key)):
        return f"; {said}"
    if near := nearest_word(key, known):
        return f"; did you mean '{near}'?"
    if homes := contract.homes_of_keys().get(key):
        return f"; it belongs in {', '.join(homes[:3])}"
    if near := nearest_word(key, contract.homes_of_keys()):
        return f"; did you mean '{near}', which belongs in {contract.homes_of_keys()[near][0]}?"
    # A longer list is for the documentation.
    return f"; it takes {', '.join(known)}" if 0 < len(known) <= 8 else ""


def _glyph(key: str) -> str:
    """A letter that only looks like the right one (B08)."""
    odd = [c for c in key if ord(c) > 0x7F]
    return f" with U+{ord(odd[0]):04X} ({unicodedata.name(odd[0], 'unnamed')})" if odd else ""


def _required(breach: Breach) -> Iterator[Finding]:
    for key in breach.wanted:
        if key not in breach.value and not _misspelt(key, breach):
            yield Finding(breach.at, f"{breach.where} needs '{key}'", "missing-key", at_key=True)


def _depends(breach: Breach) -> Iterator[Finding]:
    for key, needs in breach.wanted.items():
        for need in needs if key in breach.value else ():
            if need not in breach.value and not _misspelt(need, breach):
                yield Finding((*breach.at, key), f"'{key}' needs '{need}' beside it", "missing-key", at_key=True)


def _misspelt(key: str, breach: Breach) -> bool:
    """Whether it is there under a wrong name, or in another form of Azure Batch's, which is told as such."""
    unknown = breach.unknown
    return key in {nearest_word(other, breach.known) for other in unknown} or any(
        about_batch(breach.at, other) for other in unknown
    )


def _pattern(breach: Breach) -> Iterator[Finding]:
    expected = breach.schema.get("patternErrorMessage", f"text that matches {breach.wanted}")
    at = (*breach.at, breach.value) if breach.key else breach.at
    which = "whose names are" if breach.key else "which is"
    message = f"{shown(breach.value)} is not valid for {breach.where}, {which} {expected}"
    yield Finding(at, message, "format", at_key=breach.key)


def _one_of(breach: Breach) -> Iterator[Finding]:
    """Told by the word that is meant, or by the key that tells the branches apart."""
    if words := contract.constant_words(breach.schema):
        return _word(breach, words)
    kinds = contract.branches_by_key(breach.schema)
    if not isinstance(breach.value, dict):
        return _no_mapping(breach, kinds)
    present = [key for key in kinds if key in breach.value]
    if not present:
        return _no_kind(breach, kinds)
    return _two_kinds(breach, present) if len(present) > 1 else _inside(breach, list(kinds).index(present[0]))


def _word(breach: Breach, words: Sequence[str]) -> Iterator[Finding]:
    if breach.value is None:
        yield Finding(breach.at, f"{breach.where} is empty: it takes {_or(words)}", "empty-value", at_key=True)
        return
    near = nearest_word(breach.value, words) if isinstance(breach.value, str) else None
    hint = f"; did you mean '{near}'?" if near else ""
    yield Finding(breach.at, f"{breach.where} takes {_or(words)}, not {_in_words(breach.value)}{hint}", "unknown-word")


def _no_mapping(breach: Breach, kinds: Iterable[str]) -> Iterator[Finding]:
    empty = breach.value is None
    said = "is empty" if empty else f"is {_in_words(breach.value)}"
    message = f"{breach.where} {said}: it takes a mapping with {_or(kinds)}"
    yield Finding(breach.at, message, "empty-value" if empty else "shape", at_key=empty)


def _no_kind(breach: Breach, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """None of the telling keys is there: a misspelt one says more than that one is missing."""
    known = {key for kind in kinds.values() for key in kind.get("properties", kind["required"])}
    unknown = list(islice((key for key in breach.value if key not in known and key not in breach.known), MOST_PROBLEMS))
    if not any(nearest_word(key, kinds) for key in unknown):
        yield Finding(breach.at, f"{breach.where} needs {_or(kinds)}", "missing-key", at_key=True)
    if not breach.known:
        yield from (_unknown_key(breach, key, sorted(known)) for key in unknown)


def _two_kinds(breach: Breach, present: Sequence[str]) -> Iterator[Finding]:
    message = f"{breach.where} has both '{present[0]}' and '{present[1]}': only one of them can be meant"
    yield Finding((*breach.at, present[1]), message, "two-forms", at_key=True)


def _inside(breach: Breach, branch: int) -> Iterator[Finding]:
    for inner in breach.branches:
        if inner.relative_schema_path[0] == branch:
            yield from _findings(inner, breach.quoted)


def _or(words: Iterable[str]) -> str:
    *most, last = [f"'{word}'" for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def _range(breach: Breach) -> Iterator[Finding]:
    low, high = breach.schema.get("minimum"), breach.schema.get("maximum")
    limits = f"from {low} to {high}" if low is not None and high is not None else f"at least {low}"
    yield Finding(breach.at, f"{breach.where} is out of range: {breach.value}; it is {limits}", "range")


def _const(breach: Breach) -> Iterator[Finding]:
    if isinstance(breach.value, int):
        message = f"{breach.where} {breach.value} is not read by this batchctl, which reads {breach.wanted}"
        yield Finding(breach.at, message, "version")


def _empty(breach: Breach) -> Iterator[Finding]:
    yield Finding(breach.at, f"{breach.where} is empty", "empty-value")


def _long(breach: Breach) -> Iterator[Finding]:
    yield Finding(breach.at, f"{breach.where} is longer than {breach.wanted} characters", "too-long")


TELLERS: Mapping[str, Callable[[Breach], Iterator[Finding]]] = {
    "type": _type,
    "additionalProperties": _additional,
    "required": _required,
    "dependencies": _depends,
    "pattern": _pattern,
    "oneOf": _one_of,
    "const": _const,
    "minimum": _range,
    "maximum": _range,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
    "maxLength": _long,
}
"""Keywords of the schema, and how a breach of each is told."""
