"""Tasks that differ in a few words, as one factory that goes over these. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchctl.importing.sweeps import as_range, axis_name
from batchctl.spec.filling.shell import LineError, bash
from batchctl.spec.template import TemplateError, fill

WORD = re.compile(r"[A-Za-z0-9]+")
FEWEST = 2
"""Tasks that are worth a factory."""
MOST_COLUMNS = 3
"""Words in which they may differ."""

Document = dict[str, Any]
Leaves = dict[tuple[Any, ...], Any]
Column = tuple[str, ...]


def folded(tasks: Sequence[Document]) -> list[Document]:
    """The same tasks, with those that differ in a few words as one item with `forEach`; who waits for all tasks of such
    an item waits for the item."""
    groups: dict[Any, list[Document]] = {}
    for task in tasks:
        groups.setdefault(_shape(task), []).append(task)
    made = [(_factory(group), group) for group in groups.values()]
    for number, (documents, group) in enumerate(made, 1):
        if "forEach" in documents[0]:
            _wait_for_all(documents[0], f"tasks{number}", group, [d for other, _ in made for d in other])
    return [document for documents, _ in made for document in documents]


def _wait_for_all(factory: Document, name: str, group: Sequence[Document], others: Sequence[Document]) -> None:
    members = [{"task": task["id"]} for task in group]
    for other in others:
        needs = other.get("dependsOn", [])
        if other is not factory and all(member in needs for member in members):
            factory.setdefault("factory", name)
            other["dependsOn"] = [{"factory": factory["factory"]}, *(need for need in needs if need not in members)]


def _factory(group: list[Document]) -> list[Document]:
    if len(group) < FEWEST:
        return group
    leaves = [dict(_leaves(task)) for task in group]
    columns: list[Column] = []
    said: Leaves = {}
    for path, first in leaves[0].items():
        texts = [found[path] for found in leaves]
        said[path] = first if len({str(text) for text in texts}) == 1 else _template(texts, columns)
    axes, used = _axes(columns)
    if not columns or len(axes) > MOST_COLUMNS or ("id",) not in said or not isinstance(said["id",], list):
        return group
    named = _names(used, len(axes))
    document: Document = _rebuilt(group[0], {path: _joined(text, named) for path, text in said.items()})
    for_each, values = _for_each(axes)
    if not all(_is_same(document, task, each) for task, each in zip(group, values, strict=True)):
        return group
    return [{"id": document.pop("id"), "forEach": for_each, **document}]


def _template(texts: Sequence[str], columns: list[Column]) -> list[str | int]:
    """Text and numbers of columns by turns."""
    split = [WORD.split(text) for text in texts]
    words = [WORD.findall(text) for text in texts]
    found: list[str | int] = [split[0][0]]
    for number in range(len(words[0])):
        column = tuple(each[number] for each in words)
        if len(set(column)) == 1:
            found += [column[0], split[0][number + 1]]
            continue
        if column not in columns:
            columns.append(column)
        found += [columns.index(column), split[0][number + 1]]
    return found


def _axes(columns: Sequence[Column]) -> tuple[list[Sequence[str | int]], list[tuple[int, str]]]:
    """(the axes, the axis of each column and its format): numbers with zeros before them are numbers."""
    axes: list[Sequence[str | int]] = []
    used: list[tuple[int, str]] = []
    for column in columns:
        values, form = _values(column)
        if values not in axes:
            axes.append(values)
        used.append((axes.index(values), form))
    return axes, used


def _names(used: Sequence[tuple[int, str]], axes: int) -> list[str]:
    """The placeholder of each column."""
    return [f"{{item{f'.{axis_name(axis)}' if axes > 1 else ''}{f':{form}' if form else ''}}}" for axis, form in used]


def _joined(text: Any, named: Sequence[str]) -> Any:
    if not isinstance(text, list):
        return text
    return "".join(named[part] if isinstance(part, int) else part for part in text)


def _for_each(axes: Sequence[Sequence[str | int]]) -> tuple[Document, Sequence[Mapping[str, Any]]]:
    """The form, and what the placeholders stand for in each task."""
    if len(axes) == 1:
        return _axis(axes[0]), [{"item": value} for value in axes[0]]
    names = [axis_name(i) for i in range(len(axes))]
    values = [{f"item.{name}": v for name, v in zip(names, each, strict=True)} for each in zip(*axes, strict=True)]
    return {"zip": {name: _axis(axis) for name, axis in zip(names, axes, strict=True)}}, values


def _values(column: Column) -> tuple[Sequence[str | int], str]:
    """The values of a column, numbers as numbers, and the format that writes them so."""
    if not all(value.isdecimal() and value.isascii() and len(value) < 16 for value in column):
        return column, ""
    numbers, width = [int(value) for value in column], len(column[0])
    if [str(number) for number in numbers] == list(column):
        return numbers, ""
    padded = 1 < width < 100 and [str(number).zfill(width) for number in numbers] == list(column)
    return (numbers, f"0{width}d") if padded else (column, "")


def _axis(values: Sequence[str | int]) -> Document:
    found = as_range(values)
    return {"range": found} if found else {"list": list(values)}


def _is_same(document: Document, task: Document, values: Mapping[str, Any]) -> bool:
    """Does the factory make that very task?"""
    wanted = dict(_leaves(task))
    try:
        if bash(document.get("commands", ()), values) != bash(task.get("commands", ()), {}):
            return False
        return all(_filled(text, values) == _filled(wanted[path], {}) for path, text in _leaves(document))
    except (TemplateError, LineError):
        return False


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    return fill(value, values) if isinstance(value, str) and "${env:" not in value else value


def _shape(value: Any) -> Any:
    """What tasks of one factory have alike: all but words of texts."""
    if isinstance(value, dict):
        return tuple((name, _shape(inner)) for name, inner in sorted(value.items()))
    if isinstance(value, list):
        return tuple(map(_shape, value))
    return tuple(WORD.split(value)) if isinstance(value, str) else value


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*at, name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*at, number))
    else:
        yield at, value


def _rebuilt(value: Any, leaves: Leaves, at: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict) and value:
        return {name: _rebuilt(inner, leaves, (*at, name)) for name, inner in value.items()}
    if isinstance(value, list) and value:
        return [_rebuilt(inner, leaves, (*at, number)) for number, inner in enumerate(value)]
    return leaves[at]
