"""Frozen values to JSON and back, by the types of their fields: a new field needs no code here. Pure.

Names are those of the REST API (`target_spot_nodes` as `targetSpotNodes`), durations and moments ISO 8601, paths
relative to the spec's folder, so that they mean the same in another checkout. What is as it is by default is left out.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import isodate

from batchctl.errors import BatchctlError
from batchctl.frozen import dataclass
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
        """The value of that type that `encode` made this of. Raises ValueError for what has another shape."""
        if hint is Any:
            return data
        if hint == Settings:
            return tuple((_of(item, dict, "name", str), _of(item, dict, "value", str)) for item in _of(data, list))
        if hint in (str, int, bool, float):
            return _of(data, hint)
        origin, inner = _origin_and_arguments(hint)
        if origin in (Union, UnionType):
            return None if data is None and NoneType in inner else self.decode(data, _meant_branch(data, inner))
        if origin in (tuple, frozenset):
            return origin(self.decode(item, inner[0]) for item in _of(data, list))
        if is_dataclass(hint) and isinstance(hint, type):
            return self._decode_fields(_of(data, dict), hint)
        return self._decode_text(_of(data, str), hint)

    def _decode_text(self, data: str, hint: Any) -> Any:
        if hint is Path:
            return Path(os.path.normpath(self.folder / data))
        if issubclass(hint, Enum):
            members = {camel(name.lower()): member for name, member in hint.__members__.items()}
            if data not in members:
                raise ValueError(f"{data!r} is none of {', '.join(members)}")
            return members[data]
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
        known = _keys_of_fields(kind)
        if missing := [key for _, key, default, _ in known if default is MISSING and key not in data]:
            raise ValueError(f"{kind.__name__} lacks {missing[0]!r}")
        return kind(**{name: self.decode(data[key], types[name]) for name, key, _, _ in known if key in data})


def _of(data: Json, kind: Any, key: str | None = None, inner: Any = Any) -> Any:
    """The data, if it is of that kind of JSON; with a `key` what stands there, if it is of the `inner` kind."""
    if type(data) is not kind and not (kind is float and type(data) is int):
        raise ValueError(f"{str(data)[:60]!r} is no {JSON_WORDS[kind]}")
    if key is None:
        return data
    if key not in data:
        raise ValueError(f"there is no {key!r} in {str(data)[:60]!r}")
    return _of(data[key], inner)


JSON_WORDS = {str: "text", int: "whole number", float: "number", bool: "boolean", list: "list", dict: "mapping"}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def _duration(text: str) -> timedelta:
    try:
        found = isodate.parse_duration(text)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, timedelta):
        raise ValueError(f"{text!r} is of no certain length")
    return found


READ: dict[Any, Callable[[Any], Any]] = {datetime: _moment, timedelta: _duration}


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
    if len(found) == 1:
        return found[0]
    kind = _of(data, dict, "kind", str)
    named = [branch for branch in found if branch.kind == kind]
    if not named:
        raise ValueError(f"there is no kind {kind!r}")
    return named[0]
