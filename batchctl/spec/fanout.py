"""The forms of `forEach`: each yields bindings, one for each task. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from batchctl.globs import chooser
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import ForEach, Spec, Value
from batchctl.spec.template import Item

LONGEST_ID = 64
"""Characters of a task's id (REST: Tasks - Create Task)."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One element of a fan-out: `key` names it to people, `values` fill placeholders."""

    key: str
    values: Mapping[str, Value | Item]


def bindings(spec: Spec, for_each: ForEach | None, inventory: Inventory) -> tuple[Binding, ...]:
    """What a factory is repeated for; one empty binding for a factory without `forEach`."""
    if for_each is None:
        return (Binding("", {}),)
    elements = FORMS[for_each.form](spec, for_each, inventory)
    return tuple(Binding(key, {"item": item, "key": key, "index": index}) for index, (key, item) in enumerate(elements))


def task_id(text: str) -> str:
    """A legal id, stable across runs: the text itself where it is legal, else a slug and eight digits of its hash."""
    if re.fullmatch(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}", text):
        return text
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[: LONGEST_ID - 9]
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".lstrip("-")


Element = tuple[str, Value | Item]


def _blobs(spec: Spec, for_each: ForEach, inventory: Inventory) -> Iterator[Element]:
    chosen = chooser(for_each.include, for_each.exclude)
    for blob in inventory.content(spec.name, str(for_each.source)):
        if chosen(blob.path):
            yield blob.path, Item(blob.name, blob.path)


def _files(spec: Spec, for_each: ForEach, inventory: Inventory) -> Iterator[Element]:
    chosen = chooser(for_each.include, for_each.exclude)
    for path in inventory.files.get(for_each.at, ()):
        if chosen(path):
            yield path, Item(path, path)


def _list(spec: Spec, for_each: ForEach, inventory: Inventory) -> Iterator[Element]:
    for value in for_each.source:
        yield str(value), value


def _range(spec: Spec, for_each: ForEach, inventory: Inventory) -> Iterator[Element]:
    start, end, step = for_each.source["start"], for_each.source["end"], for_each.source.get("step", 1)
    for number in range(start, end + (1 if step > 0 else -1), step):
        yield str(number), number


FORMS: dict[str, Callable[[Spec, ForEach, Inventory], Iterator[Element]]] = {
    "blobs": _blobs,
    "files": _files,
    "list": _list,
    "range": _range,
}
"""A form is a key of `forEach`; its row is all that it needs here."""
