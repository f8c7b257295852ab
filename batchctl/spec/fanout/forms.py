"""The forms of `forEach`: each yields items, one for each task. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from batchctl.frozen import dataclass
from batchctl.spec.fanout import items
from batchctl.spec.fanout.gathering import gathered_names, item_chunks, item_groups
from batchctl.spec.fanout.items import PARTS, Item
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import AXES, ForEach
from batchctl.spec.template import Value, Values, layered

LONGEST_ID = 64
"""Characters of a task's id (REST: Tasks - Create Task)."""

LEGAL_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")

ITEM = frozenset({"item"})


class Binding(NamedTuple):
    """One task of a fan-out: `key` names its item to people, `values` fill placeholders (`item.stem`, `index`, …)."""

    key: str
    values: Values


@dataclass(frozen=True, slots=True)
class Form:
    """A row of FORMS: the items of the form, and the placeholders that they fill; `row.*` is any name after `row.`.

    `numbers`: those of them that may be whole numbers, and so take a format. `count`: how many items there will be;
    where there is none, each is looked at. `stored`: its items are in containers, which not everybody has asked.
    """

    items: Callable[[ForEach, Inventory], Iterator[Item]]
    placeholders: frozenset[str]
    numbers: frozenset[str] = frozenset()
    count: Callable[[ForEach, Inventory], int] | None = None
    stored: bool = False


def bindings(for_each: ForEach | None, inventory: Inventory, *, hashed: bool = True) -> Iterator[Binding]:
    """What a factory is repeated for, in order; one empty binding for a factory without `forEach`.

    `hashed`: somebody asks for `hash8`. Raises FanoutError for items that do not fit what the spec says of them.
    """
    if for_each is None:
        yield Binding("", {})
        return
    for index, item in enumerate(gathered_items(for_each, inventory)):
        own: dict[str, Value] = {"key": item.key, "index": index}
        if hashed:
            own["hash8"] = hash8(item.key)
        yield Binding(item.key, layered(own, item.values))


def hash8(text: str) -> str:
    """Eight hex digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def gathered_items(for_each: ForEach, inventory: Inventory) -> Iterable[Item]:
    """The items of a form in their order, each alone, in groups or in chunks."""
    found: Iterable[Item] = FORMS[for_each.form].items(for_each, inventory)
    if for_each.sort:
        found = sorted(found, key=items.SORTS[for_each.sort])
    if for_each.group_by is not None:
        return item_groups(for_each, found)
    return item_chunks(for_each.chunk, found) if for_each.chunk else found


def legal_task_id(text: str) -> str:
    """A legal id, stable across runs: the text itself where it is legal, else a slug and eight digits of its hash."""
    if LEGAL_ID.fullmatch(text):
        return text
    # Room for a dash and eight digits.
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[: LONGEST_ID - 9]
    return f"{slug}-{hash8(text)}".lstrip("-")


def placeholders_of(for_each: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """(the placeholders that a `forEach` of a document gives, those of them that may be whole numbers).

    A form that is wrong is a problem of its own: here it may stand for any.
    """
    forms = [key for key in for_each if key in FORMS] or list(FORMS)
    found = [
        _axes_names(for_each[form]) if form in AXES and form in for_each else _form_names(FORMS[form]) for form in forms
    ]
    names, numbers = (frozenset().union(*sets) for sets in zip(*found, strict=True))
    if "groupBy" in for_each or "chunk" in for_each:
        names, numbers = gathered_names(names), frozenset(n for n in gathered_names(numbers) if "[" in n)
    if "chunk" in for_each:
        names, numbers = names | {"chunk"}, numbers | {"chunk"}
    return names | {"key", "index", "hash8"}, numbers | {"index"}


def _form_names(form: Form) -> tuple[frozenset[str], frozenset[str]]:
    return form.placeholders, form.numbers


def _axes_names(axes: Any) -> tuple[frozenset[str], frozenset[str]]:
    names: set[str] = set()
    numbers: set[str] = set()
    for axis, for_each in axes.items() if isinstance(axes, dict) else ():
        for form in [FORMS[key] for key in for_each if key in FORMS] if isinstance(for_each, dict) else ():
            names |= {items.axis_name(axis, name) for name in form.placeholders}
            numbers |= {items.axis_name(axis, name) for name in form.numbers}
    return frozenset(names), frozenset(numbers)


def count_ahead(for_each: ForEach, inventory: Inventory) -> int:
    """How many tasks there will be, told before any is made; of a group, or of chunks by size, how many at most; of a
    zip whose axes differ, how many at least."""
    if for_each.form in AXES:
        counts = _axis_counts(for_each, inventory).values()
        return prod(counts) if for_each.form == "product" else min(counts)
    form = FORMS[for_each.form]
    # Without `count` there are no more than the inventory holds.
    found = form.count(for_each, inventory) if form.count else 0
    return -(-found // for_each.chunk.size) if for_each.chunk and for_each.chunk.size else found


def _axis_counts(for_each: ForEach, inventory: Inventory) -> dict[str, int]:
    return {name: _axis_count(axis, inventory) for name, axis in for_each.source.items()}


def _axis_count(axis: ForEach, inventory: Inventory) -> int:
    form = FORMS[axis.form]
    return form.count(axis, inventory) if form.count else sum(1 for _ in form.items(axis, inventory))


def _product(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    # All axes are kept while it turns: not for nothing.
    if 0 in _axis_counts(for_each, inventory).values():
        return iter(())
    return items.products({name: gathered_items(axis, inventory) for name, axis in for_each.source.items()})


def _zip(for_each: ForEach, inventory: Inventory) -> Iterator[Item]:
    items.check_lengths(_axis_counts(for_each, inventory))
    return items.zips({name: gathered_items(axis, inventory) for name, axis in for_each.source.items()})


def _row_count(for_each: ForEach, inventory: Inventory) -> int:
    table = inventory.tables.get(for_each.at)
    return len(table.rows) if table else 0


FORMS: Mapping[str, Form] = {
    "blobs": Form(items.blobs, PARTS, stored=True),
    "outputs": Form(items.outputs, PARTS, stored=True),
    "files": Form(items.files, PARTS),
    "lines": Form(items.lines, ITEM, count=_row_count),
    "csv": Form(items.rows, frozenset({"row.*"}), count=_row_count),
    "tsv": Form(items.rows, frozenset({"row.*"}), count=_row_count),
    "list": Form(items.listed, ITEM, ITEM, count=lambda for_each, _inventory: len(for_each.source)),
    "range": Form(
        items.ranged, ITEM, ITEM, count=lambda for_each, _inventory: len(items.range_numbers(for_each.source))
    ),
    "generator": Form(items.generated, ITEM | {"item.*"}, ITEM | {"item.*"}),
    "product": Form(_product, frozenset()),
    "zip": Form(_zip, frozenset()),
}
"""A form is a key of `forEach`; its row is all that it needs here."""
