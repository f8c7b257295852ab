"""The words in which bodies are described: a check takes a JSON value and gives it back normalised, or refuses.

Numbers may come as texts and enum words in any case, as the service takes them; they go out as numbers, and words as
the service was recorded to spell them: most in small letters, and some not (docs/local-service.md).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchctl.emulator import times
from batchctl.emulator.refusals import Refusal, bad_body, bad_value

Json = dict[str, Any]
Check = Callable[[Any, str], Any]
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _range_in_words(least: object, most: object) -> str:
    """Bounds in words."""
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"from {least} to {most}"


def text(most: int | None = None, least: int = 0) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise bad_value(path, value, "a string is wanted")
        if len(value) < least or (most is not None and len(value) > most):
            raise bad_value(path, value[:80], f"the length must be {_range_in_words(least, most)}")
        return value

    return check


def ident(value: Any, path: str) -> str:
    """An id: letters, digits, hyphens and underscores, at most 64."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise bad_value(path, value, "an id has 1 to 64 letters, digits, hyphens and underscores")
    return value


def number(least: int | None = None, most: int | None = None) -> Check:
    """An integer, or a text that is one."""

    def check(value: Any, path: str) -> int:
        # Eighteen digits: what 64 bits hold, and no text that Python takes long to read as a number.
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_value(path, value, "an integer is wanted")
        if (least is not None and value < least) or (most is not None and value > most):
            raise bad_value(path, value, f"the value must be {_range_in_words(least, most)}")
        return value

    return check


def amount(most: float) -> Check:
    """A number, with parts of one or without, or a text that is one."""

    def check(value: Any, path: str) -> float:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value.strip()):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad_value(path, value, "a number is wanted")
        if not 0 <= value <= most:
            raise bad_value(path, value, f"the value must be {_range_in_words(0, most)}")
        return value

    return check


def flag(value: Any, path: str) -> bool:
    """true or false, also as texts."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad_value(path, value, "true or false is wanted")
    return value


def lower(check: Check) -> Check:
    """What is kept in small letters, however it was written."""
    return lambda value, path: check(value, path).lower()


def word(*words: str) -> Check:
    """One of the words, in any case; goes out as written here."""
    known = {one.lower(): one for one in words}

    def check(value: Any, path: str) -> str:
        found = known.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise bad_value(path, value, f"one of {', '.join(words)} is wanted")
        return found

    return check


def moment(value: Any, path: str) -> str:
    """A time; goes out as the service writes times."""
    try:
        return times.stamp_of(text()(value, path))
    except (ValueError, OverflowError):
        raise bad_value(path, value, "a time in ISO 8601 is wanted") from None


def span(least: str | None = None, most: str | None = None) -> Check:
    """A duration; goes out in its shortest form."""

    def check(value: Any, path: str) -> str:
        try:
            seconds = times.duration(value)
        except (ValueError, TypeError):
            raise bad_value(path, value, "a duration in ISO 8601 is wanted") from None
        if (least and seconds < times.duration(least)) or (most and seconds > times.duration(most)):
            raise bad_value(path, value, f"the duration must be {_range_in_words(least, most)}")
        return times.iso_duration(seconds)

    return check


def dictionary(value: Any, path: str) -> Json:
    """An object whose keys are the caller's own."""
    if not isinstance(value, dict):
        raise bad_value(path, value, "an object is wanted")
    return value


def anything(value: Any, path: str) -> Any:  # noqa: ARG001 - a check takes both
    """What older versions of the API carry, or what has no meaning here: kept, not looked at."""
    return value


def many(check: Check, most: int | None = None) -> Check:
    """A list."""

    def check_all(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise bad_value(path, value, "a list is wanted")
        if most is not None and len(value) > most:
            raise bad_value(path, len(value), f"at most {most} entries are allowed")
        return [check(one, f"{path}[{index}]") for index, one in enumerate(value)]

    return check_all


@dataclass(frozen=True, slots=True)
class Need:
    """A property that must be there."""

    check: Check


@dataclass(frozen=True, slots=True)
class Or:
    """A property that is `default` where it is absent."""

    check: Check
    default: Any


@dataclass(frozen=True, slots=True)
class Gone:
    """A property of versions long past: still taken, never kept."""

    check: Check


Props = dict[str, Check | Need | Or | Gone]


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


class Shape:
    """An object with known properties; unknown ones are refused by name, null is absent."""

    def __init__(self, name: str, /, **props: Check | Need | Or | Gone) -> None:
        self.name = name
        self.checks = {key: prop.check if isinstance(prop, Need | Or | Gone) else prop for key, prop in props.items()}
        self.needed = tuple(key for key, prop in props.items() if isinstance(prop, Need))
        self.gone = frozenset(key for key, prop in props.items() if isinstance(prop, Gone))
        self.defaults = {key: prop.default for key, prop in props.items() if isinstance(prop, Or)}

    def __call__(self, value: Any, path: str = "") -> Json:
        if not isinstance(value, dict):
            raise bad_body(f"An object of the type {self.name} is wanted{f' at {path}' * bool(path)}.")
        given = {key: one for key, one in value.items() if one is not None and not key.startswith("odata.")}
        for key in given:
            if key not in self.checks:
                raise bad_body(f"The property '{key}' does not exist on type '{self.name}'.")
        for key in self.needed:
            if key not in given:
                raise Refusal("MissingRequiredProperty", (("PropertyName", _join_path(path, key)),))
        checked = {key: self.checks[key](one, _join_path(path, key)) for key, one in given.items()}
        for key in self.gone.intersection(checked):
            del checked[key]
        return {**self.defaults, **checked}


def _join_path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
