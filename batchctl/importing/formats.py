"""Python's format strings, which old tools fill commands with, as texts with placeholders. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from string import Formatter

from batchctl.importing.sweeps import Sweep, Value
from batchctl.importing.templates import hole
from batchctl.spec.template import Hole

WIDTH = re.compile(r"0[1-9][0-9]?d?|d")

CONVERTED: Mapping[str, Callable[[Value], Value]] = {"": lambda value: value, "r": repr, "s": str, "a": ascii}

Pieces = list[str | Hole]


class FormatError(ValueError):
    """The tool itself cannot fill the text; the message says why."""


def fields_of(text: str) -> list[tuple[str, str | None, str, str]]:
    """(text before, field or None, format, conversion). Raises FormatError."""
    try:
        found = list(Formatter().parse(text))
    except ValueError as error:
        raise FormatError(f"the tool cannot read its braces: {error}") from None
    return [(lead, name, form or "", conversion or "") for lead, name, form, conversion in found]


def positional(text: str, sweep: Sweep) -> tuple[Pieces, Sweep]:
    """The text with the placeholders of a sweep, and the sweep that goes with them: where a format is none that a spec
    has, its values are written as they come out. Raises FormatError."""
    fields = list(_numbered(fields_of(text)))
    for _, number, *_ in fields:
        if number is not None and number >= len(sweep.axes):
            raise FormatError(f"{{{number}}} has no value there: there are {len(sweep.axes)}")
    if all(_is_sayable(sweep, *field[1:]) for field in fields):
        names = sweep.names
        return _pieces(fields, lambda number, form: hole(names[number], form)), sweep
    return _rendered(fields, sweep)


def _numbered(fields: Sequence[tuple[str, str | None, str, str]]) -> Iterator[tuple[str, int | None, str, str]]:
    count = 0
    for lead, name, form, conversion in fields:
        if name is None:
            yield lead, None, "", ""
        elif name == "":
            yield lead, count, form, conversion
            count += 1
        elif name.isdecimal():
            yield lead, int(name), form, conversion
        else:
            raise FormatError(f"{{{name}}} is no value that the tool has here")


def _is_sayable(sweep: Sweep, number: int | None, form: str, conversion: str) -> bool:
    if number is None or not (form or conversion):
        return True
    whole = all(type(value) is int for value in sweep.axes[number])
    return whole and not conversion and WIDTH.fullmatch(form) is not None


def _pieces(fields: Sequence[tuple[str, int | None, str, str]], made: Callable[[int, str], Hole]) -> Pieces:
    found: Pieces = []
    for lead, number, form, _ in fields:
        found += [lead] if number is None else [lead, made(number, form)]
    return found


def _rendered(fields: Sequence[tuple[str, int | None, str, str]], sweep: Sweep) -> tuple[Pieces, Sweep]:
    """Each placeholder with an axis of its own, which has its values as they are to be written."""
    used = [field for field in fields if field[1] is not None]
    tuples = list(sweep)
    axes = tuple(
        [_formatted(values[number or 0], form, conversion) for values in tuples] for _, number, form, conversion in used
    )
    written = Sweep(axes=axes, side_by_side=True)
    numbers = iter(range(len(used)))
    return _pieces(fields, lambda _number, _form: hole(written.names[next(numbers)])), written


def _formatted(value: Value, form: str, conversion: str) -> str:
    try:
        return format(CONVERTED[conversion](value), form)
    except ValueError as error:
        raise FormatError(f"the tool cannot write {value!r} so: {error}") from None


def named(text: str, values: Mapping[str, str]) -> Pieces:
    """The text with placeholders for these names. Raises FormatError."""
    found: Pieces = []
    for lead, name, form, conversion in fields_of(text):
        if name is None:
            found.append(lead)
        elif name not in values:
            raise FormatError(f"{{{name}}} is no value that the tool has here")
        elif form or conversion:
            raise FormatError(f"{{{name}:{form}}}: no format of a spec is for texts")
        else:
            found += [lead, hole(values[name])]
    return found
