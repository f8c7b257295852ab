"""What each form of `forEach` goes over: items, with the key and the values of each. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from posixpath import basename, dirname, splitext
from typing import Any, NamedTuple

from batchctl.globs import chooser
from batchctl.resources import Blob
from batchctl.spec.inventory import Inventory, Table
from batchctl.spec.model import ForEach
from batchctl.spec.source import shown
from batchctl.spec.template import Value, Values, value_text


class Item(NamedTuple):
    """`key` names it to people, `values` fill placeholders (`item.stem`, …), `size` is in bytes where it has any."""

    key: str
    values: Values
    size: int = 0


class FanoutError(Exception):
    """Items that do not fit what the spec says of them; `field` is the key of `forEach` that says it."""

    def __init__(self, field: str, message: str, code: str) -> None:
        self.field, self.message, self.code = field, message, code
        super().__init__(message)


MOST_NUMBERS = 10_000_000
"""Of a range, which is all that is gone over and is nowhere held."""

DIGITS = re.compile(r"([0-9]+)")
PARTS = frozenset({"item", "item.name", "item.stem", "item.base", "item.ext", "item.path", "item.parent"})


def blobs(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    return _chosen_blobs(for_each, inventory.content(for_each.source).items())


def outputs(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    return _chosen_blobs(for_each, ((blob.path, blob) for blob in inventory.outputs.get(for_each.source, ())))


def _chosen_blobs(for_each: ForEach, found: Iterable[tuple[str, Blob]]) -> Iterator[Item]:
    chosen = chooser(for_each.include, for_each.exclude)
    for path, blob in found:
        if chosen(path):
            yield Item(path, path_parts(blob.name, path), blob.size)


def files(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    chosen = chooser(for_each.include, for_each.exclude)
    for path, size in inventory.files.get(for_each.at, ()):
        if chosen(path):
            yield Item(path, path_parts(path, path), size)


def path_parts(reference: str, path: str) -> Values:
    """An item that is a blob or file, and the parts of its path."""
    name = basename(path)
    stem, ext = splitext(name)
    return {
        "item": reference,
        "item.name": name,
        "item.stem": stem,
        "item.base": name.partition(".")[0],
        "item.ext": ext,
        "item.path": path,
        "item.parent": dirname(path),
    }


def listed(for_each: ForEach, _inventory: Inventory) -> Iterator[Item]:
    for value in for_each.source:
        yield Item(value_text(value), {"item": value})


def ranged(for_each: ForEach, _inventory: Inventory) -> Iterator[Item]:
    if len(range_numbers(for_each.source)) > MOST_NUMBERS:
        raise FanoutError("range", f"it has more than {MOST_NUMBERS:,} numbers", "too-many-items")
    for number in range_numbers(for_each.source):
        yield Item(str(number), {"item": number})


def range_numbers(source: Mapping[str, int]) -> range:
    """Both ends are included, as in the parametric sweeps of the Azure CLI's Batch extension."""
    step = source.get("step", 1)
    return range(source["start"], source["end"] + (1 if step > 0 else -1), step)


def lines(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    for row in inventory.tables.get(for_each.at, Table({}, ())).rows:
        yield Item(row[0], {"item": row[0]})


def rows(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    """A row's key is what stands in its first column."""
    table = inventory.tables.get(for_each.at, Table({}, ()))
    names = [(f"row.{name}", number) for name, number in table.columns.items()]
    for row in table.rows:
        yield Item(row[0], {name: row[number] for name, number in names})


def generated(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    for key, values in inventory.generated.get(for_each.at, ()):
        yield Item(key, values)


def products(axes: Mapping[str, Iterable[Item]]) -> Iterator[Item]:
    """Every combination; the last axis turns fastest."""
    return (_joined(axes, combined) for combined in product(*axes.values()))


def zips(axes: Mapping[str, Iterable[Item]]) -> Iterator[Item]:
    """The first of each axis, the second of each, and so on."""
    return (_joined(axes, combined) for combined in zip(*axes.values(), strict=True))


def check_lengths(lengths: Mapping[str, int]) -> None:
    """Raises FanoutError if the axes of a zip are not of one length."""
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{shown(name)} has {count}" for name, count in lengths.items())
        raise FanoutError("zip", f"the axes of a zip have as many items each: {said}", "uneven-zip")


def _joined(axes: Iterable[str], combined: tuple[Item, ...]) -> Item:
    values: dict[str, Value] = {}
    for axis, item in zip(axes, combined, strict=True):
        values |= {axis_name(axis, name): value for name, value in item.values.items()}
    return Item("-".join(item.key for item in combined), values)


def axis_name(axis: str, name: str) -> str:
    """`item.stem` of the axis `text` is `item.text.stem`; so is `row.stem`."""
    _, _, rest = name.partition(".")
    return f"item.{axis}.{rest}" if rest else f"item.{axis}"


def _natural(part: str) -> tuple[int, str]:
    """A pair, so that a number is never compared with a text. Of two numbers the one with more digits is the larger: as
    texts, for Python makes none of thousands of digits."""
    number = part.lstrip("0")
    return (len(number), number) if DIGITS.fullmatch(part) else (-1, part)


SORTS: Mapping[str, Any] = {
    "path": lambda item: item.key,
    "natural": lambda item: [_natural(part) for part in DIGITS.split(item.key)],
    "smallest": lambda item: (item.size, item.key),
    "largest": lambda item: (-item.size, item.key),
}
"""The words of `sort`, and by what each of them puts items in order."""
