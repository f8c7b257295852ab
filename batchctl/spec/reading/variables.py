"""The spec's `vars:` and the values that the environment, files and the command line give them."""

import json
from collections.abc import Mapping
from typing import Any

from batchctl.errors import UsageError
from batchctl.frozen import dataclass
from batchctl.sensitive import is_sensitive
from batchctl.spec.fanout.group_patterns import BadPatternError, has_match
from batchctl.spec.reading.ecma import from_ecma
from batchctl.spec.reading.typed import BOOLEANS, INTEGER, NUMBER, as_in_yaml, number_value
from batchctl.spec.source import listed, nearest_word, shown
from batchctl.spec.template import Value, value_text

Given = Mapping[str, str | tuple[str, ...]]
"""Texts of the command line by the names of variables: several where a name was given several times."""

IN_ENVIRONMENT = "BATCHCTL_VAR_"
"""How the names of variables begin in the environment."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a variable is given, of its type where the text has that; `by` is how it was given: `--var x`."""

    value: Any
    by: str


def said_values(
    declared: Mapping[str, Any], environ: Mapping[str, str], filed: Mapping[str, Said], given: Given
) -> dict[str, Said]:
    """What is given, by the names of variables: the command line counts before files, and these before the
    environment. What the environment has for other specs is left out."""
    outside = {
        name: Said(read_as(variable, environ[found]), found)
        for name, variable in declared.items()
        if (found := in_environment(name, environ, declared))
    }
    asked = {name: Said(read_as(declared[name], given[name]), f"--var {name}") for name in given if name in declared}
    return {**outside, **filed, **asked}


def in_environment(name: str, environ: Mapping[str, str], others: Mapping[str, Any]) -> str | None:
    """What the variable is called in the environment, if it is there: `BATCHCTL_VAR_words`, or in capitals, as Windows
    has all its names, unless that is another variable of the spec."""
    capitals = name.upper()
    called = (name,) if capitals in others else (name, capitals)
    return next((full for word in called if (full := IN_ENVIRONMENT + word) in environ), None)


def given_values(declared: Mapping[str, Any], said: Mapping[str, Said]) -> dict[str, Value]:
    """`{"vars.words": 3}`. Raises UsageError for a value that is missing or does not fit."""
    return {f"vars.{name}": _variable(name, variable, said.get(name)) for name, variable in declared.items()}


def require_declared(declared: Mapping[str, Any], given: Given) -> None:
    """Raises UsageError for a name that the spec does not have."""
    for name in given:
        if name not in declared:
            raise UsageError(f"the spec has no variable {shown(name)}; {meant_variable(name, declared)}")


def meant_variable(name: str, declared: Mapping[str, Any]) -> str:
    """What a name that is none was probably to be."""
    near = nearest_word(name, declared)
    return f"did you mean {near!r}?" if near else f"it takes {', '.join(declared) or 'none'}"


def _variable(name: str, variable: Mapping[str, Any], said: Said | None) -> Value:
    if said is None:
        if "default" not in variable:
            what = f" ({variable['description']})" if "description" in variable else ""
            raise UsageError(f"the spec needs --var {name}=VALUE{what}")
        return as_value(variable["type"], variable["default"])
    if why := why_misfit(said.value, variable, hidden=is_sensitive(name)):
        told = "…" if is_sensitive(name) else _as_given(said.value)
        raise UsageError(f"{said.by}={told} {why}")
    return as_value(variable["type"], said.value)


def _as_given(value: Any) -> str:
    return ",".join(map(value_text, value)) if isinstance(value, tuple) else value_text(value)


def as_value(kind: Any, value: Any) -> Value:
    """What a placeholder stands for: of a string its text, of a list its texts."""
    if kind == "list":
        return tuple(map(value_text, value))
    found: Value = value_text(value) if kind == "string" else _as_declared(kind, value)
    return found


TYPED: Mapping[str, frozenset[str]] = {
    "int": frozenset({"integer"}),
    "number": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
}


def _as_declared(kind: Any, value: Any) -> Any:
    """`True` and `0x10` as YAML 1.2 has them; a text that was quoted to be one stays one."""
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or kind not in TYPED or value in BOOLEANS or NUMBER.fullmatch(value):
        return value
    return as_in_yaml(value, TYPED[kind])


def read_as(variable: Any, text: str | tuple[str, ...]) -> Any:
    """What the environment or the command line says, as the type that the variable declares."""
    kind = variable.get("type") if isinstance(variable, dict) else None
    texts = (text,) if isinstance(text, str) else text
    if kind == "list":
        return tuple(item for one in texts for item in _items(one))
    last = texts[-1]
    if kind == "boolean":
        return BOOLEANS.get(last, last)
    if kind == "int" and INTEGER.fullmatch(last):
        return int(last)
    return number_value(last) if kind == "number" and NUMBER.fullmatch(last) else last


def _items(text: str) -> tuple[str, ...]:
    """`a,b` and, for items that have commas themselves, `["a,b"]`."""
    if text.startswith("["):
        try:
            found = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(item, str | bool) for item in found):
            return tuple(map(value_text, found))
    return tuple(item.strip() for item in text.split(",")) if text else ()


def text_of(value: Value) -> str:
    """A value as `--var` takes it: `read_as` gives it back."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value_text(value)


def why_misfit(value: Any, variable: Mapping[str, Any], *, hidden: bool = False) -> str | None:
    """Why a variable cannot have this value; of a `hidden` one nothing is shown."""
    kind = variable.get("type")
    value = _as_declared(kind, value) if isinstance(kind, str) else value
    types: dict[Any, Any] = {"int": int, "number": (int, float), "string": (str, int, float), "boolean": bool}
    wanted = {**types, "list": (list, tuple)}.get(kind) if isinstance(kind, str) else None
    # For Python true and false are whole numbers.
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean")):
        return f"is not of type {kind}"
    for bound, too in (("min", "less than the smallest value"), ("max", "more than the largest value")):
        limit = variable.get(bound)
        if not isinstance(limit, int | float) or not isinstance(value, int | float):
            continue
        if value < limit if bound == "min" else value > limit:
            return f"is {too}, {limit}"
    if kind == "list" and isinstance(value, list | tuple):
        # Of nothing the schema tells.
        told = ((item, _why_not_allowed(item, variable)) for item in value if item is not None)
        named = ((shown(value_text(item)) if not hidden else "an item", why) for item, why in told if why)
        return next((f"has {item}, which {why}" for item, why in named), None)
    return _why_not_allowed(value, variable)


def _why_not_allowed(value: Any, variable: Mapping[str, Any]) -> str | None:
    """Why a single value is none of those that the variable takes."""
    if not isinstance(value, str | int | float):
        return "is a list or a mapping, and not one value"
    text, allowed = value_text(value), variable.get("enum")
    if isinstance(allowed, list) and allowed and not _is_among(value, allowed):
        words = [value_text(word) for word in allowed if isinstance(word, str | int | float)]
        near = nearest_word(text, words)
        return f"is not one of {listed(words)}" + (f"; did you mean {shown(near)}?" if near else "")
    pattern = variable.get("pattern")
    if isinstance(pattern, str) and variable.get("type") in WITH_PATTERN:
        try:
            return None if has_match(from_ecma(pattern), text) else f"does not match {shown(pattern)}"
        except (BadPatternError, ValueError) as error:
            return f"cannot be held against the pattern {shown(pattern)}: {error}"
    return None


WITH_PATTERN = ("string", "list")
"""JSON schema: a pattern says something of texts alone."""


def _is_among(value: Any, allowed: list[Any]) -> bool:
    """By what is written; of numbers by how much it is, too."""
    if value_text(value) in (value_text(word) for word in allowed if isinstance(word, str | int | float)):
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and any(value == word for word in allowed if not isinstance(word, bool))


def why_bad_pattern(pattern: str) -> tuple[str, int | None] | None:
    """What is wrong with a pattern, and where in it if that can be told."""
    try:
        has_match(from_ecma(pattern), "")
    except BadPatternError as error:
        return error.message, error.position if from_ecma(pattern) == pattern else None
    except ValueError as error:
        return f"{error}: write what it stands for", None
    return None
