"""Frozen values to JSON and back, by what their fields say of themselves: a new property needs no code here.

A field has a place in a spec (`key`) and one in REST JSON (`rest`), both its own name in camelCase where it says
nothing else (`rules`). A Dialect is one of the two, with what single types are read and written as.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from batchctl.frozen import dataclass
from batchctl.rules import word

ABBREVIATIONS = {"sku": "SKU", "ip": "IP", "vnet": "VNet", "os": "OS", "gb": "GB", "vm": "VM", "nat": "NAT"}
"""Words that REST writes in capitals wherever they do not come first."""

Json = dict[str, Any]
Path = tuple[str, ...]
"""Names of nested objects, from the outside in."""

Convert = Callable[[Any], Any]

SPEC, REST = "key", "rest"
"""The two dialects, by the metadata of a field that says its place in them."""


def camel(snake: str) -> str:
    """`target_spot_nodes` as `targetSpotNodes`, `node_agent_sku_id` as `nodeAgentSKUId`."""
    first, *rest = snake.split("_")
    return first + "".join(ABBREVIATIONS.get(word, word.capitalize()) for word in rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`place`: SPEC or REST. `readers` and `writers`: types that are not written field by field, as what they are."""

    place: str
    readers: Mapping[Any, Convert] = field(default_factory=dict)
    writers: Mapping[Any, Convert] = field(default_factory=dict)

    def read(self, cls: Any, document: Mapping[str, Any]) -> Json:
        """The fields of `cls` that the document says, by name; what has no field, or means nothing, is left out."""
        found: Json = {}
        self._read_below(fields_below(cls, self.place), document, found)
        return found

    def _read_below(self, below: "Below", document: Mapping[str, Any], found: Json) -> None:
        # What is said is asked for its place: of a hundred thousand tasks each says a few of many fields.
        for name, said in document.items():
            if said is None or (place := below.get(name)) is None:
                continue
            for entry in place.entries:
                value = word(said) if entry.is_word else said if entry.is_plain else self._read(entry.kind, said)
                if value is not None:
                    found[entry.name] = value
            if place.below and (said.__class__ is dict or isinstance(said, Mapping)):
                self._read_below(place.below, said, found)

    def write(self, value: Any, *, only: Container[str] | None = None, sparse: bool = False) -> Json:
        """The document of a value: all its fields that have a place, or `only` these. What is None or an empty tuple is
        left out; `sparse`: so is what is as it is by default."""
        found: Json = {}
        cls: Any = type(value)
        for entry in written_entries(cls, self.place):
            inner = getattr(value, entry.name)
            if inner is None or inner == () or (sparse and inner == entry.default):
                continue
            if only is None or entry.name in only:
                said = inner if entry.is_plain else word(inner) if entry.is_word else self._write(entry.kind, inner)
                # Most names stand at the top, and a hundred thousand tasks are written one by one.
                if len(entry.path) == 1:
                    found[entry.path[0]] = said
                else:
                    _put_at(found, entry.path, said)
        return found

    def _read(self, kind: Any, value: Any) -> Any:
        if kind in self.readers:
            return self.readers[kind](value)
        if (member := member_of(kind)) is not None:
            return tuple(self._read(member, item) for item in value)
        return kind(**self.read(kind, value)) if isinstance(kind, type) and is_dataclass(kind) else value

    def _write(self, kind: Any, value: Any) -> Any:
        if kind in self.writers:
            return self.writers[kind](value)
        if (member := member_of(kind)) is not None:
            return [self._write(member, item) for item in value]
        return self.write(value) if is_dataclass(kind) else value


PLAIN = (str, int, bool)
"""Types that JSON has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A field with its place in a dialect, its type (without None) and its default. `is_plain`: it goes over as it
    is."""

    name: str
    path: Path
    kind: Any
    default: Any
    is_word: bool
    is_plain: bool
    observed: bool


@cache
def field_entries(cls: Any, place: str) -> tuple[Entry, ...]:
    """The fields of a class that have a place in a dialect; looked up once, for there may be very many values."""
    hints = get_type_hints(cls)
    placed = ((f, path) for f in fields(cls) if (path := path_of(f, place)))
    return tuple(_entry(f, path, without_none(hints[f.name])) for f, path in placed)


def _entry(f: Any, path: Path, kind: Any) -> Entry:
    is_word = f.metadata.get("fold") is word
    return Entry(
        name=f.name,
        path=path,
        kind=kind,
        default=f.default,
        is_word=is_word,
        is_plain=kind in PLAIN and not is_word,
        observed="observed" in f.metadata,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a document: the fields that stand there, and what stands below it."""

    entries: tuple[Entry, ...]
    below: "Below"


Below = Mapping[str, Place]


@cache
def fields_below(cls: Any, place: str, above: Path = ()) -> Below:
    """The fields of a class by the names of a document, below a path."""
    depth = len(above)
    found = [entry for entry in field_entries(cls, place) if entry.path[:depth] == above and len(entry.path) > depth]
    return {
        name: Place(
            tuple(entry for entry in found if entry.path == (*above, name)), fields_below(cls, place, (*above, name))
        )
        for name in dict.fromkeys(entry.path[depth] for entry in found)
    }


@cache
def written_entries(cls: Any, place: str) -> tuple[Entry, ...]:
    """Those of them that are not for the service alone to say."""
    return tuple(entry for entry in field_entries(cls, place) if not entry.observed)


@cache
def member_of(kind: Any) -> Any:
    """What a tuple of any length is made of; None for all that is no such tuple."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def path_of(entry: Any, place: str) -> Path:
    """Where a field (of `dataclasses`) stands in a dialect; () for nowhere. REST has it where a spec has it, or where
    `rest` says."""
    key, rest = entry.metadata.get(SPEC), entry.metadata.get(REST)
    said = key if place == SPEC else (key or None) if rest is None else rest
    return tuple((camel(entry.name) if said is None else said).split(".")) if said != "" else ()


@cache
def filled_fields(cls: Any) -> tuple[tuple[str, Path], ...]:
    """The fields whose texts have the placeholders of a task (`rules.sent`), and where a spec has them."""
    return tuple((f.name, path_of(f, SPEC)) for f in fields(cls) if f.metadata.get("fill"))


def filled_places(cls: Any) -> tuple[str, ...]:
    """The places of all these texts in a spec, dotted: `displayName`, `containerSettings.imageName`."""
    found: list[str] = []
    hints = get_type_hints(cls)
    for name, path in filled_fields(cls):
        kind, place = without_none(hints[name]), ".".join(path)
        found += [f"{place}.{inner}" for inner in filled_places(kind)] if is_dataclass(kind) else [place]
    return tuple(found)


def without_none(hint: Any) -> Any:
    """A type that may be None as what it is else."""
    if isinstance(hint, UnionType):
        return next(option for option in get_args(hint) if option is not type(None))
    return hint


def _put_at(document: Json, path: Path, value: Any) -> None:
    *above, name = path
    for outer in above:
        document = document.setdefault(outer, {})
    document[name] = value
