"""Tasks that differ in a few words, as one factory that goes over these. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchctl.importing.sweeps import as_range, axis_name
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
    """The same tasks, with those that differ in a few words as one item with `forEach`."""
    groups: dict[Any, list[Document]] = {}
    for task in tasks:
        groups.setdefault(_shape(task), []).append(task)
    return [made for group in groups.values() for made in _factory(group)]


def _factory(group: list[Document]) -> list[Document]:
    if len(group) < FEWEST:
        return group
    leaves = [dict(_leaves(task)) for task in group]
    columns: list[Column] = []
    said: Leaves = {}
    for path, first in leaves[0].items():
        texts = [found[path] for found in leaves]
        said[path] = first if len({str(text) for text in texts}) == 1 else _template(texts, columns)
    named = _names(columns)
    if not columns or len(columns) > MOST_COLUMNS or ("id",) not in said or not isinstance(said["id",], list):
        return group
    document: Document = _rebuilt(group[0], {path: _joined(text, named) for path, text in said.items()})
    for_each, values = _for_each(columns)
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


def _names(columns: Sequence[Column]) -> list[str]:
    """Placeholders; numbers that are one another with zeros before them are one axis."""
    return ["{item}"] if len(columns) == 1 else [f"{{item.{axis_name(i)}}}" for i in range(len(columns))]


def _joined(text: Any, named: Sequence[str]) -> Any:
    if not isinstance(text, list):
        return text
    return "".join(named[part] if isinstance(part, int) else part for part in text)


def _for_each(columns: Sequence[Column]) -> tuple[Document, Sequence[Mapping[str, Any]]]:
    """The form, and what the placeholders stand for in each task."""
    axes = [_values(column) for column in columns]
    if len(axes) == 1:
        return _axis(axes[0]), [{"item": value} for value in axes[0]]
    names = [axis_name(i) for i in range(len(axes))]
    values = [{f"item.{name}": v for name, v in zip(names, each, strict=True)} for each in zip(*axes, strict=True)]
    return {"zip": {name: _axis(axis) for name, axis in zip(names, axes, strict=True)}}, values


def _values(column: Column) -> Sequence[str | int]:
    """Numbers as numbers, where they are written as such."""
    return [int(v) for v in column] if all(v.isdecimal() and str(int(v)) == v for v in column) else column


def _axis(values: Sequence[str | int]) -> Document:
    found = as_range(values)
    return {"range": found} if found else {"list": list(values)}


def _is_same(document: Document, task: Document, values: Mapping[str, Any]) -> bool:
    """Does the factory make that very task?"""
    wanted = dict(_leaves(task))
    try:
        return all(_filled(text, values) == _filled(wanted[path], {}) for path, text in _leaves(document))
    except TemplateError:
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
