"""Frozen values to JSON and back, by the types of their fields: a new field needs no code here. Pure.

Names are those of the REST API (`target_spot_nodes` as `targetSpotNodes`), durations and moments ISO 8601, paths
relative to the spec's folder, so that they mean the same in another checkout. What is as it is by default is left out.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import isodate

from batchctl.errors import BatchctlError
from batchctl.resources import KINDS
from batchctl.rest import camel
from batchctl.rules import JsonText, veiled_json
from batchctl.sensitive import Veil
from batchctl.work import Settings

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """`folder`: that of the spec, absolute. `veil`: every text passes through it."""

    folder: Path
    veil: Veil = Veil()

    def encode(self, value: Any) -> Json:
        """A value of the vocabulary as JSON; a resource says its kind."""
        match value:
            case JsonText():
                return veiled_json(value, self.veil, lambda text: self.veil.setting("password", text))
            case str():
                return self.veil(value)
            case None | bool() | int() | float():
                return value
            case Enum():
                return camel(value.name.lower())
            case datetime():
                return value.isoformat()
            case timedelta():
                return str(isodate.duration_isoformat(value))
            case Path():
                return self.veil(Path(os.path.relpath(value, self.folder)).as_posix())
            # Settings keep their order and may hold secrets by their name: a list, not an object.
            case ((str(), str()), *_):
                return [{"name": name, "value": self.veil.setting(name, setting)} for name, setting in value]
            case tuple():
                return [self.encode(item) for item in value]
            case frozenset():
                return [self.encode(item) for item in sorted(value)]  # the same in every run
            case BatchctlError():
                more = {name: getattr(value, name, None) for name in ("reasons", "status", "code")}
                said = {"exitCode": value.exit_code, "message": str(value), **{k: v for k, v in more.items() if v}}
                return {name: self.encode(inner) for name, inner in said.items()}
            case _:
                return self._encode_fields(value)

    def decode(self, data: Json, hint: Any) -> Any:
        """The value of that type that `encode` made this of. Raises ValueError, TypeError or LookupError."""
        if hint is Any or data is None:
            return data
        if hint == Settings:
            return tuple((item["name"], item["value"]) for item in data)
        if hint in (str, int, bool, float):
            return hint(data)
        origin, inner = _origin_and_arguments(hint)
        if origin in (Union, UnionType):
            return self.decode(data, _meant_branch(data, inner))
        if origin in (tuple, frozenset):
            return origin(self.decode(item, inner[0]) for item in data)
        if is_dataclass(hint) and isinstance(hint, type):
            return self._decode_fields(data, hint)
        if hint is Path:
            return Path(os.path.normpath(self.folder / data))
        if issubclass(hint, Enum):
            return hint[next(name for name in hint.__members__ if camel(name.lower()) == data)]
        return READ.get(hint, hint)(data)

    def _encode_fields(self, value: Any) -> dict[str, Json]:
        kind: Any = type(value)
        found: dict[str, Json] = {"kind": value.kind} if kind in KINDS else {}
        for name, key, default, is_secret in _keys_of_fields(kind):
            inner = getattr(value, name)
            if inner is not default and not _is_same(inner, default):
                found[key] = self.veil.setting("password", inner) if is_secret else self.encode(inner)
        return found

    def _decode_fields(self, data: Mapping[str, Json], kind: Any) -> Any:
        types = field_types(kind)
        return kind(
            **{name: self.decode(data[key], types[name]) for name, key, _, _ in _keys_of_fields(kind) if key in data}
        )


READ: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    timedelta: isodate.parse_duration,
}


@cache
def _origin_and_arguments(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


@cache
def field_types(kind: Any) -> dict[str, Any]:
    """The types of a value's fields, by their names."""
    return get_type_hints(kind)


@cache
def _keys_of_fields(kind: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    """Of every field its name, its key in JSON, what it is by default, and whether nobody may see it; first those that
    say which object it is."""
    told = sorted(fields(kind), key=lambda entry: "identity" not in entry.metadata)
    return tuple((entry.name, camel(entry.name), entry.default, "secret" in entry.metadata) for entry in told)


def _is_same(value: Any, default: Any) -> bool:
    """`1 == True` and `1 == 1.0`, but these are not the same."""
    return type(value) is type(default) and bool(value == default)


def _meant_branch(data: Json, branches: tuple[Any, ...]) -> Any:
    """The branch of a union: resources say their kind, any other has one branch beside None."""
    found = [branch for branch in branches if branch is not NoneType]
    return found[0] if len(found) == 1 else next(branch for branch in found if branch.kind == data["kind"])
