"""Values of REST JSON to frozen values and back, by the names of their fields."""

from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

ABBREVIATIONS = {"sku": "SKU", "ip": "IP", "vnet": "VNet", "os": "OS"}
"""Words that REST writes in capitals wherever they do not come first."""


def camel(snake: str) -> str:
    """`target_spot_nodes` as `targetSpotNodes`, `node_agent_sku_id` as `nodeAgentSKUId`."""
    first, *rest = snake.split("_")
    return first + "".join(ABBREVIATIONS.get(word, word.capitalize()) for word in rest)


def to_rest(value: Any) -> Any:
    """JSON of a frozen value; what is None or an empty tuple is left out."""
    if is_dataclass(value):
        found = {camel(f.name): getattr(value, f.name) for f in fields(value)}
        return {name: to_rest(inner) for name, inner in found.items() if inner is not None and inner != ()}
    return [to_rest(inner) for inner in value] if isinstance(value, tuple) else value


def from_rest(cls: type[T], item: dict[str, Any]) -> T:
    """The frozen value of JSON; what it has no field for is left out."""
    known: Any = cls
    return cls(**{name: _read(kind, item[key]) for name, key, kind in _fields(known) if item.get(key) is not None})


@cache
def _fields(cls: type[Any]) -> tuple[tuple[str, str, Any], ...]:
    hints = get_type_hints(cls)
    return tuple((f.name, camel(f.name), hints[f.name]) for f in fields(cls))


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType):
        kind = next(option for option in get_args(kind) if option is not type(None))
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return tuple(_read(inner, item) for item in value)
    return from_rest(kind, value) if is_dataclass(kind) and isinstance(kind, type) else value
