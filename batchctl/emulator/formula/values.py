"""The values of autoscale formulas, their operators and functions. Pure but for `random`."""

import contextlib
import math
import operator
import random
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batchctl.emulator import times


class Stopped(Exception):  # noqa: N818 - what a formula asked for, not an error
    """`stop()`: the evaluation ends here, with what was assigned so far."""


class FormulaError(Exception):
    """The formula cannot be understood, or not be evaluated; says why."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time."""

    seconds: float


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A length of time."""

    seconds: float


INTERVALS: Mapping[str, Interval] = {
    "TimeInterval_Zero": Interval(0.0),
    "TimeInterval_100ns": Interval(1e-7),
    "TimeInterval_Microsecond": Interval(1e-6),
    "TimeInterval_Millisecond": Interval(1e-3),
    "TimeInterval_Second": Interval(1.0),
    "TimeInterval_Minute": Interval(60.0),
    "TimeInterval_Hour": Interval(3600.0),
    "TimeInterval_Day": Interval(86400.0),
    "TimeInterval_Week": Interval(604800.0),
    "TimeInterval_Year": Interval(365 * 86400.0),
}
_NUMERIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# The kind of the result of (operator, left, right).
_KINDS: Mapping[tuple[str, type, type], type] = {
    **{(mark, float, float): float for mark in _NUMERIC},
    ("+", Interval, Moment): Moment,
    ("+", Moment, Interval): Moment,
    ("-", Moment, Interval): Moment,
    ("-", Moment, Moment): Interval,
    ("+", Interval, Interval): Interval,
    ("-", Interval, Interval): Interval,
    ("*", Interval, float): Interval,
    ("*", float, Interval): Interval,
    ("/", Interval, float): Interval,
    ("/", Interval, Interval): float,
}


def apply_operator(mark: str, left: Any, right: Any) -> Any:
    """An operator between two values; lists go element by element."""
    if isinstance(left, list) or isinstance(right, list):
        return [apply_operator(mark, one, other) for one, other in _pairs(left, right)]
    if mark in _COMPARE:
        if type(left) is not type(right):
            raise FormulaError(f"{_kind(left)} cannot be compared with {_kind(right)}")
        return float(_COMPARE[mark](left, right))
    kind = _KINDS.get((mark, type(left), type(right)))
    if kind is None:
        raise FormulaError(f"'{mark}' is not defined between {_kind(left)} and {_kind(right)}")
    try:
        result = _NUMERIC[mark](getattr(left, "seconds", left), getattr(right, "seconds", right))
    except (ZeroDivisionError, OverflowError):
        raise FormulaError("division by zero, or a number too large") from None
    return kind(result)


def as_condition(value: Any) -> bool:
    """A value as a condition."""
    return as_number(value) != 0


def as_number(value: Any) -> float:
    """A value as a number; a list of one counts as its element."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, float):
        raise FormulaError(f"{_kind(value)} where a number is expected")
    return value


def part_of_time(value: Any, name: str) -> float:
    """The parts of a time: `weekday` counts from Sunday = 0."""
    if not isinstance(value, Moment):
        raise FormulaError(f"{_kind(value)} has no {name}")
    moment = datetime.fromtimestamp(value.seconds, UTC)
    parts = {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "weekday": moment.isoweekday() % 7,
        "hour": moment.hour,
        "minute": moment.minute,
        "second": moment.second,
    }
    if name not in parts:
        raise FormulaError(f"a time has no {name}")
    return float(parts[name])


def _pairs(left: Any, right: Any) -> list[tuple[Any, Any]]:
    if not isinstance(left, list):
        return [(left, one) for one in right]
    if not isinstance(right, list):
        return [(one, right) for one in left]
    if len(left) != len(right):
        raise FormulaError("the lists differ in length")
    return list(zip(left, right, strict=True))


def _kind(value: Any) -> str:
    names = {float: "a number", list: "a list", str: "a text", Moment: "a time", Interval: "a length of time"}
    return names.get(type(value), "a variable of samples")


def _flat(arguments: list[Any]) -> list[Any]:
    found: list[Any] = []
    for argument in arguments:
        found.extend(argument if isinstance(argument, list) else [argument])
    return found


def _numbers(arguments: list[Any]) -> list[float]:
    found = [as_number(one) for one in _flat(arguments)]
    if not found:
        raise FormulaError("a list without elements")
    return found


def _percentile(arguments: list[Any]) -> float:
    values, percent = sorted(_numbers(arguments[:1])), as_number(arguments[1]) / 100
    place = percent * (len(values) - 1)
    low = min(max(math.floor(place), 0), len(values) - 1)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def _val(arguments: list[Any]) -> float:
    values, index = arguments[0], int(as_number(arguments[1]))
    if not isinstance(values, list) or not 0 <= index < len(values):
        raise FormulaError("val: there is no such element")
    return as_number(values[index])


def _time(arguments: list[Any]) -> Moment:
    """W3C-DTF (ISO 8601) and RFC 1123 are the formats of the page."""
    for read in (times.seconds_of, times.http_seconds):
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            return Moment(read(arguments[0]))
    raise FormulaError(f"time: {arguments[0]!r} is no time")


def _round(arguments: list[Any]) -> float:
    value = as_number(arguments[0])
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _each(function: Callable[[float], float]) -> Callable[[list[Any]], Any]:
    """A function of a number, or of each number of a list."""

    def call(arguments: list[Any]) -> Any:
        (given,) = arguments
        if isinstance(given, list):
            return [function(as_number(one)) for one in given]
        return function(as_number(given))

    return call


def _stop(arguments: list[Any]) -> Any:  # noqa: ARG001 - a function takes its arguments
    raise Stopped


def _checked(least: int, most: int, function: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """A function that takes so many arguments."""

    def call(arguments: list[Any]) -> Any:
        if not least <= len(arguments) <= most:
            raise FormulaError("a function has the wrong number of arguments")
        try:
            return function(arguments)
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise FormulaError(str(error)) from error

    return call


_MANY = 1000
FUNCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "avg": _checked(1, _MANY, lambda given: statistics.fmean(_numbers(given))),
    "ceil": _checked(1, 1, _each(lambda value: float(math.ceil(value)))),
    "floor": _checked(1, 1, _each(lambda value: float(math.floor(value)))),
    "len": _checked(1, 1, lambda given: float(len(_flat(given)))),
    "lg": _checked(1, 1, _each(math.log2)),
    "ln": _checked(1, 1, _each(math.log)),
    "log": _checked(1, 1, _each(math.log10)),
    "max": _checked(1, _MANY, lambda given: max(_numbers(given))),
    "min": _checked(1, _MANY, lambda given: min(_numbers(given))),
    "norm": _checked(1, _MANY, lambda given: math.hypot(*_numbers(given))),
    "percentile": _checked(2, 2, _percentile),
    "rand": _checked(0, 0, lambda given: random.random()),  # noqa: ARG005 - a function takes its arguments
    "range": _checked(1, _MANY, lambda given: max(_numbers(given)) - min(_numbers(given))),
    "round": _checked(1, 1, _round),
    "std": _checked(1, _MANY, lambda given: statistics.pstdev(_numbers(given))),
    "stop": _checked(0, 0, _stop),
    "sum": _checked(1, _MANY, lambda given: math.fsum(_numbers(given))),
    "time": _checked(1, 1, _time),
    "val": _checked(2, 2, _val),
}
