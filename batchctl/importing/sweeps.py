"""What a factory of another tool goes over, as `forEach`: numbers and texts, in products and side by side. Pure."""

from collections.abc import Iterator, Sequence
from itertools import product
from string import ascii_lowercase
from typing import Any

from batchctl.frozen import dataclass
from batchctl.importing.templates import hole, joined, literal
from batchctl.spec.filling.shell import PLAIN

Value = int | float | str

WRITTEN_OUT = 2_000
"""So many tasks are written out at most, one by one or as lists of their values; of more nobody would read the spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`axes` turned against each other, the last fastest; `side_by_side`: the first of all, the second of all, …"""

    axes: tuple[Sequence[Value], ...]
    side_by_side: bool = False

    def __len__(self) -> int:
        count = 1
        for axis in self.axes:
            count = min(map(len, self.axes)) if self.side_by_side else count * len(axis)
        return count

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        yield from zip(*self.axes, strict=False) if self.side_by_side else product(*self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """What placeholders call the values: `item`, or `item.a`, `item.b`, …"""
        if len(self.axes) == 1:
            return ("item",)
        return tuple(f"item.{axis_name(i)}" for i in range(len(self.axes)))

    def for_each(self) -> dict[str, Any]:
        if len(self.axes) == 1:
            return simple(self.axes[0])
        short = len(self) if self.side_by_side else None
        axes = {axis_name(i): simple(axis[:short]) for i, axis in enumerate(self.axes)}
        return {"zip" if self.side_by_side else "product": axes}


def axis_name(number: int) -> str:
    return ascii_lowercase[number] if number < 13 else f"v{number}"


def simple(values: Sequence[Value]) -> dict[str, Any]:
    """A form for one axis: a range where these are numbers in equal steps, two or more. Raises UnsayableError."""
    if found := as_range(values):
        return {"range": found}
    return {"list": [value if isinstance(value, int) else literal(str(value)) for value in values]}


def as_range(values: Sequence[Value]) -> dict[str, int] | None:
    """The numbers as a range, if they were one or are three or more in equal steps."""
    if not isinstance(values, range):
        numbers = [value for value in values if type(value) is int]
        if len(numbers) < len(values) or len(numbers) < 3 or numbers[0] == numbers[1]:
            return None
        step = numbers[1] - numbers[0]
        values, wanted = range(numbers[0], numbers[0] + step * len(numbers), step), numbers
        if list(values) != wanted:
            return None
    if not values:
        return None
    return {"start": values[0], "end": values[-1], **({"step": values.step} if values.step != 1 else {})}


def numbered(sweep: Sweep, first: int) -> Sweep:
    """The same with the number of each task as its first axis, for `{index}` counts from 0."""
    values = list(zip(*sweep, strict=True))
    return Sweep(axes=(range(first, first + len(sweep)), *values), side_by_side=True)


def is_plain(value: Value) -> bool:
    """Can it stand in a command line that nothing quotes?"""
    return bool(PLAIN.fullmatch(str(value)))


def index_id(prefix: str, width: int, name: str = "index") -> str:
    """`task-{index:05d}`. Raises UnsayableError."""
    return joined([prefix, hole(name, f"0{width}d" if width > 1 else "")])
