"""The forms of `forEach`: each yields items, one for each task. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, splitext
from typing import Any

from batchctl.globs import chooser
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import ForEach
from batchctl.spec.template import Values

LONGEST_ID = 64
"""Characters of a task's id (REST: Tasks - Create Task)."""

LEGAL_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")


@dataclass(frozen=True, slots=True)
class Binding:
    """One item of a fan-out: `key` names it to people, `values` fill placeholders (`item.stem`, `index`, …)."""

    key: str
    values: Values


@dataclass(frozen=True, slots=True)
class Form:
    """A row of FORMS: the items of the form, as (key, values), and the placeholders that they fill.

    `numbers`: those of them that may be whole numbers, and so take a format. `count`: how many items there will be,
    where that can be told before any is made.
    """

    items: Callable[[ForEach, Inventory], Iterator[tuple[str, Values]]]
    placeholders: frozenset[str]
    numbers: frozenset[str] = frozenset({"index"})
    count: Callable[[Any], int] = lambda _source: 0

    @property
    def names(self) -> frozenset[str]:
        return self.placeholders | {"key", "index"}


def bindings(for_each: ForEach | None, inventory: Inventory) -> Iterator[Binding]:
    """What a factory is repeated for, in order; one empty binding for a factory without `forEach`."""
    if for_each is None:
        yield Binding("", {})
        return
    for index, (key, values) in enumerate(FORMS[for_each.form].items(for_each, inventory)):
        yield Binding(key, {**values, "key": key, "index": index})


def task_id(text: str) -> str:
    """A legal id, stable across runs: the text itself where it is legal, else a slug and eight digits of its hash."""
    if LEGAL_ID.fullmatch(text):
        return text
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[: LONGEST_ID - 9]
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".lstrip("-")


PARTS = frozenset({"item", "item.name", "item.stem", "item.ext", "item.path", "item.parent"})


def _parts(reference: str, path: str) -> Values:
    """An item that is a blob or file, and the parts of its path."""
    name = basename(path)
    stem, ext = splitext(name)
    return {
        "item": reference,
        "item.name": name,
        "item.stem": stem,
        "item.ext": ext,
        "item.path": path,
        "item.parent": dirname(path),
    }


def _blobs(for_each: ForEach, inventory: Inventory) -> Iterator[tuple[str, Values]]:
    chosen = chooser(for_each.include, for_each.exclude)
    for path, blob in inventory.content(for_each.source).items():
        if chosen(path):
            yield path, _parts(blob.name, path)


def _files(for_each: ForEach, inventory: Inventory) -> Iterator[tuple[str, Values]]:
    chosen = chooser(for_each.include, for_each.exclude)
    for path in inventory.files.get(for_each.at, ()):
        if chosen(path):
            yield path, _parts(path, path)


def _list(for_each: ForEach, _inventory: Inventory) -> Iterator[tuple[str, Values]]:
    for value in for_each.source:
        yield str(value).lower() if isinstance(value, bool) else str(value), {"item": value}


def _range(for_each: ForEach, _inventory: Inventory) -> Iterator[tuple[str, Values]]:
    for number in _numbers(for_each.source):
        yield str(number), {"item": number}


def _numbers(source: Mapping[str, int]) -> range:
    """Both ends are included, as in the parametric sweeps of the Azure CLI's Batch extension."""
    step = source.get("step", 1)
    return range(source["start"], source["end"] + (1 if step > 0 else -1), step)


FORMS: Mapping[str, Form] = {
    "blobs": Form(_blobs, PARTS),
    "files": Form(_files, PARTS),
    "list": Form(_list, frozenset({"item"}), frozenset({"index", "item"}), len),
    "range": Form(_range, frozenset({"item"}), frozenset({"index", "item"}), lambda source: len(_numbers(source))),
}
"""A form is a key of `forEach`; its row is all that it needs here."""
