"""How values are compared, and what it means that they differ. Knows no kind."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from typing import Any, cast

from batchctl.frozen import dataclass


class JsonText(str):
    """An object of JSON as text, its keys sorted: what nobody here looks into, property by property."""

    __slots__ = ()


def json_text(value: Any) -> JsonText:
    return JsonText(json.dumps(value, sort_keys=True, ensure_ascii=False))


NEVER_TOLD = frozenset({"password", "accountKey", "sasKey", "sshPrivateKey", "protectedSettings"})
"""Properties that the service takes and never gives back, wherever they stand."""


def veiled_json(text: JsonText, write: Callable[[str], str], hide: Callable[[str], str]) -> JsonText:
    """A JSON text with its texts as `write` has them, and as `hide` has them what the service never gives back."""
    return json_text(_veiled(json.loads(text), write, hide))


def _veiled(value: Any, write: Callable[[str], str], hide: Callable[[str], str]) -> Any:
    match value:
        case dict():
            return {name: _veiled(inner, hide if name in NEVER_TOLD else write, hide) for name, inner in value.items()}
        case list():
            return [_veiled(item, write, hide) for item in value]
        case str():
            return write(value)
        case _:
            return value


def told_json(value: JsonText | None) -> Any:
    """A JSON text as it is compared: without what the service never gives back, words in small letters; nothing if it
    says nothing."""
    told = None if value is None else _given_back(json.loads(value), str.lower)
    return json_text(told) if _says(told) else None


def _says(value: Any) -> bool:
    """Is there any value in it, however deep?"""
    return any(map(_says, value.values())) if isinstance(value, dict) else value is not None


def _given_back(value: Any, write: Callable[[str], str] = str) -> Any:
    """A JSON value without what the service never gives back."""
    match value:
        case dict():
            return {name: _given_back(inner, write) for name, inner in value.items() if name not in NEVER_TOLD}
        case list():
            return [_given_back(item, write) for item in value]
        case str():
            return write(value)
        case _:
            return value


class Rule(Enum):
    """What a change of a field means for the object that holds it; the value is why, as a plan says it."""

    IN_PLACE = "in place"
    WHEN_EMPTY = "can be patched only when the pool is empty"
    REBOOT = "comes to the nodes by rebooting them"
    NEW_GENERATION = "in a new generation of the job"
    NEXT_JOB = "from its next job on"
    REPLACE = "by replacing it"


@dataclass(frozen=True, slots=True)
class Difference:
    """A compared field that is not as it is wanted."""

    name: str
    old: Any
    new: Any
    rule: Rule


def exact(value: Any) -> Any:
    return value


def lower(value: str | None) -> str | None:
    """Names that the service compares without regard to case, and gives back as they were given."""
    return None if value is None else value.lower()


@lru_cache(maxsize=256)
def word(value: str) -> str:
    """Words of an enumeration: in small letters wherever they are held, for no two services spell them alike. There are
    few of them, and very many who say them hold the same."""
    return value.lower()


def unordered(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Lists whose order means nothing."""
    return tuple(sorted(values, key=repr))


def default_is_none(value: Any) -> Any:
    """A value with all its fields as the service has them by default says no more than none at all."""
    found = folded(value)
    return None if found == folded(type(value)()) else found


def compared(
    rule: Rule,
    default: Any = ...,
    *,
    optional: bool = False,
    resets: bool = False,
    fold: Callable[[Any], Any] = exact,
    key: str | None = None,
    rest: str | None = None,
) -> Any:
    """A field that the service holds and that diff compares.

    `optional`: None leaves it to the service; `resets`: and sent without it, the service is back at its own choice, so
    that None after something was asked for is a change. `fold` normalises before comparing. `key`: where a spec has it
    (dotted), if not under its own name in camelCase; `rest`: where REST JSON has it, if not there as well. "": nowhere.
    """
    return _field(default, rule=rule, optional=optional, resets=resets, fold=fold, key=key, rest=rest)


def sent(
    default: Any = ...,
    *,
    digest: str = "",
    always: bool = False,
    fill: bool = False,
    fold: Callable[[Any], Any] = exact,
    key: str | None = None,
    rest: str | None = None,
) -> Any:
    """A field that the service is given and that diff does not compare: of a task, its digest does.

    `digest`: the part of a task's digest that tells of its change. What is as it is by default says nothing there, so
    that no task runs again because batchctl has learnt a word; `always`: but this did from the beginning.
    `fill`: a text in which the placeholders of a task's item are filled.
    """
    return _field(default, digest=digest, always=always, fill=fill, fold=fold, key=key, rest=rest)


def part(
    default: Any = ...,
    *,
    optional: bool = False,
    fold: Callable[[Any], Any] = exact,
    fill: bool = False,
    key: str | None = None,
    rest: str | None = None,
) -> Any:
    """A field of a value inside another field, with a fold of its own. `optional`: None leaves it to the service."""
    return _field(default, optional=optional, fold=fold, fill=fill, key=key, rest=rest)


def secret() -> Any:
    """A text that goes to the service and is never shown, kept or compared: the service never gives it back."""
    return _field(None, secret=True, optional=True, fold=unseen)


def unseen(_value: Any) -> None:
    """What cannot be compared."""


def identity(*, key: str = "") -> Any:
    """A field that says which object it is, and never changes. `key` as in `compared`; "": no document has it."""
    return _field(..., identity=True, key=key, rest=key)


def policy(default: Any, *, key: str | None = "", shown: bool = False) -> Any:
    """A field that batchctl needs to know, and that is not compared. `key`: where a spec has it; "": nowhere.
    `shown`: a plan that makes the object tells it."""
    return _field(default, policy=True, key=key, rest="", shown=shown)


def observed(default: Any = None, *, rest: str = "", fold: Callable[[Any], Any] = exact) -> Any:
    """A field that only the service sets; `rest`: where it says so, "" where it takes more than a look."""
    return _field(default, observed=True, fold=fold, key="", rest=rest)


def aside() -> Any:
    """A field that is no part of the value: what was seen when it was read."""
    return field(default=None, compare=False, metadata={"observed": True, "key": "", "rest": "", "fold": unseen})


def _field(default: Any, **metadata: Any) -> Any:
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


def as_compared(value: Any) -> Any:
    """A value inside another one, by those of its fields that are compared."""
    return value and tuple(folded(getattr(value, f.name), f.metadata["fold"]) for f in _compared(value.__class__))


def field_differences(found: Any, wanted: Any) -> Iterator[Difference]:
    """The compared fields in which two objects of a kind differ, after folding."""
    for entry in _compared(wanted.__class__):
        old, new = getattr(found, entry.name), getattr(wanted, entry.name)
        # Nearly all fields of nearly all objects: told before anything is folded.
        if old == new:
            continue
        fold, old = entry.metadata["fold"], _as_asked(old, new)
        if not _left_to_service(found, entry, new) and folded(old, fold) != folded(new, fold):
            yield Difference(entry.name, old, new, entry.metadata["rule"])


def _left_to_service(found: Any, entry: Field[Any], new: Any) -> bool:
    if new is not None or not entry.metadata["optional"]:
        return False
    last = f"{entry.name}={_short_sha(None)}"
    return not entry.metadata["resets"] or last in found.asked.split(";") or f"{entry.name}=" not in found.asked


def _as_asked(old: Any, new: Any) -> Any:
    """The old value without what the new one leaves to the service, which may have filled it in."""
    if isinstance(new, JsonText) and isinstance(old, JsonText):
        named = _named(_given_back(json.loads(old)), json.loads(new))
        return json_text(named) if _says(named) else None
    if isinstance(new, tuple) and isinstance(old, tuple) and len(old) == len(new):
        return tuple(map(_as_asked, old, new))
    if not is_dataclass(new) or isinstance(new, type) or type(old) is not type(new):
        return old
    if as_said := getattr(old, "as_said_by", None):
        old = as_said(new)
    said = {f.name: (getattr(old, f.name), getattr(new, f.name), f.metadata) for f in fields(new)}
    asked = {name: None if _is_left(b, told) else _as_asked(a, b) for name, (a, b, told) in said.items()}
    return old if all(asked[name] is a for name, (a, _, _) in said.items()) else replace(cast("Any", old), **asked)


@cache
def _compared(kind: type) -> tuple[Field[Any], ...]:
    """The compared fields of a kind; looked up once, for a plan may compare a hundred thousand blobs."""
    return tuple(entry for entry in fields(kind) if "rule" in entry.metadata)


def _is_left(new: Any, metadata: Mapping[str, Any]) -> bool:
    return "secret" in metadata or (new is None and bool(metadata.get("optional")))


def _named(old: Any, new: Any) -> Any:
    """Of a JSON value, what the other one names."""
    if isinstance(old, dict) and isinstance(new, dict):
        named = {name: _named(old[name], inner) for name, inner in new.items() if name in old}
        return {name: inner for name, inner in named.items() if inner != {} or new[name] == {}}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_named(*pair) for pair in zip(old, new, strict=True)]
    return old


def differs(old: Any, new: Any) -> bool:
    """Do two values differ, as they are compared?"""
    return bool(folded(_as_asked(old, new)) != folded(new))


def folded(value: Any, fold: Callable[[Any], Any] = exact) -> Any:
    """The value as it is compared: values with fields of their own by the folds of these."""
    # Most values, told first: there may be very many.
    if value is None or (fold is exact and isinstance(value, str | int)):
        return value
    if fold is not exact:
        return fold(tuple(map(folded, value)) if isinstance(value, tuple) else value)
    if is_dataclass(value):
        return tuple(folded(getattr(value, f.name), f.metadata.get("fold", exact)) for f in fields(value) if f.compare)
    return tuple(map(folded, value)) if isinstance(value, tuple) else value


def asked_hashes(wanted: Any) -> str:
    """What was asked of every compared field, `vm_size=0f3a…;…`: kept in the service, it tells drift from an edit."""
    told = ((f.name, folded(getattr(wanted, f.name), f.metadata["fold"])) for f in _compared(wanted.__class__))
    return ";".join(f"{name}={_short_sha(value)}" for name, value in told)


def _short_sha(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]
