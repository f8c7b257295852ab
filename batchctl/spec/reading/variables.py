"""The spec's `vars:` and the values that the command line gives them."""

from collections.abc import Mapping
from typing import Any

from batchctl.errors import UsageError
from batchctl.sensitive import is_sensitive
from batchctl.spec.reading.typed import BOOLEANS, INTEGER, NUMBER, number_value
from batchctl.spec.source import nearest_word, shown
from batchctl.spec.template import Value, value_text


def given_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Value]:
    """`{"vars.words": 3}`. Raises UsageError."""
    for name in given:
        if name not in declared:
            near = nearest_word(name, declared)
            hint = f"did you mean {near!r}?" if near else f"it takes {', '.join(declared) or 'none'}"
            raise UsageError(f"the spec has no variable {shown(name)}; {hint}")
    return {f"vars.{name}": _variable(name, variable, given.get(name)) for name, variable in declared.items()}


def _variable(name: str, variable: Mapping[str, Any], given: str | None) -> Value:
    if given is None:
        if "default" not in variable:
            what = f" ({variable['description']})" if "description" in variable else ""
            raise UsageError(f"the spec needs --var {name}=VALUE{what}")
        default: Value = variable["default"]
        return value_text(default) if variable["type"] == "string" else default
    value = read_as(variable["type"], given)
    if why := why_misfit(value, variable):
        raise UsageError(f"--var {name}={'…' if is_sensitive(name) else given} {why}")
    return value


def read_as(kind: Any, text: str) -> Value:
    """A text of the command line as the type that the variable declares."""
    if kind == "boolean":
        return BOOLEANS.get(text, text)
    if kind == "int" and INTEGER.fullmatch(text):
        return int(text)
    return number_value(text) if kind == "number" and NUMBER.fullmatch(text) else text


def why_misfit(value: Any, variable: Mapping[str, Any]) -> str | None:
    """Why a variable cannot have this value."""
    kind = variable.get("type")
    types: dict[Any, Any] = {"int": int, "number": (int, float), "string": (str, int, float), "boolean": bool}
    wanted = types.get(kind) if isinstance(kind, str) else None
    # For Python true and false are whole numbers.
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean")):
        return f"is not of type {kind}"
    for bound, too in (("min", "less than the smallest value"), ("max", "more than the largest value")):
        limit = variable.get(bound)
        if not isinstance(limit, int | float) or not isinstance(value, int | float):
            continue
        if value < limit if bound == "min" else value > limit:
            return f"is {too}, {limit}"
    return None
