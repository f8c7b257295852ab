"""What must hold of `forEach` and between factories: ids that differ, patterns that group, dependencies that lead
somewhere and not in a circle. The rules are rows of `references.RULES`."""

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from batchctl.errors import Problem
from batchctl.spec import template
from batchctl.spec.fanout.group_patterns import BadPatternError, GroupPattern
from batchctl.spec.reading.paths import FOR_EACH, as_mapping, find_parts, find_texts, get_in, part_at
from batchctl.spec.reading.placeholders import TELLING
from batchctl.spec.source import At, Source, listed, nearest_word, shown
from batchctl.spec.template import Values

FACTORIES_USED = ("job.tasks.*.dependsOn.*.factory", "job.tasks.*.forEach.outputs")


def ids_differ_by_item(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, task in find_parts(document, "job.tasks.*"):
        text = get_in(task, "id")
        if get_in(task, "forEach") is None or not isinstance(text, str):
            continue
        # What is nearly one of these words is told as unknown.
        if not any(nearest_word(re.split(r"[.\[]", hole.name)[0], TELLING) for hole in template.holes(text)):
            message = "every item would give the same id: put {item.stem}, {key} or {index} in it"
            yield source.problem((*at, "id"), message, "same-task-id")


def items_are_gathered_once(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in FOR_EACH:
        for at, for_each in find_parts(document, pattern):
            gathers = [key for key in ("groupBy", "chunk") if key in as_mapping(for_each)]
            if gathers and at[-1] != "forEach":
                message = f"an axis takes no '{gathers[0]}': its items stay alone"
                yield source.problem((*at, gathers[0]), message, "not-allowed", at_key=True)
            elif len(gathers) > 1:
                message = "a task is given a group or a chunk: take out 'groupBy' or 'chunk'"
                yield source.problem((*at, "chunk"), message, "two-forms", at_key=True)


def patterns_can_group(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, text in find_texts(document, "job.tasks.*.forEach.groupBy"):
        try:
            GroupPattern(text)
        except BadPatternError as error:
            where, width = error.position, None if error.position is None else 1
            yield source.problem(at, error.message, "bad-pattern", offset=where or 0, width=width)


def rows_go_forward(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in FOR_EACH:
        for at, rows in find_parts(document, f"{pattern}.rows"):
            start, end = get_in(rows, "start") or 1, get_in(rows, "end")
            if isinstance(start, int) and isinstance(end, int) and end < start:
                yield source.problem((*at, "end"), f"the last row, {end}, comes before the first, {start}", "range")


def factories_are_known(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """Names of factories are unique, and `dependsOn` leads to them, and not in a circle."""
    named: dict[str, int] = {}
    for at, name in find_texts(document, "job.tasks.*.factory"):
        if name.lower() in named:
            first = source.where(source.values[("job", "tasks", named[name.lower()], "factory")])
            message = f"{shown(name)} names another factory: see {first}; case does not count"
            yield source.problem(at, message, "duplicate-name")
        named.setdefault(name.lower(), int(at[2]))
    names = list(dict.fromkeys(name for _, name in find_texts(document, "job.tasks.*.factory")))
    there = frozenset(names)
    for pattern in FACTORIES_USED:
        for at, name in find_texts(document, pattern):
            if name not in there:
                near = nearest_word(name, names)
                hint = f"did you mean '{near}'?" if near else f"there is {listed(names) or 'none'}"
                yield source.problem(at, f"{shown(name)} is not the `factory` of any tasks; {hint}", "unknown-factory")
    yield from _circles(document, source)


def _circles(document: Any, source: Source) -> Iterator[Problem]:
    waits: dict[str, set[str]] = {}
    places: dict[str, At] = {}
    for pattern in FACTORIES_USED:
        for at, other in find_texts(document, pattern):
            if isinstance(name := get_in(part_at(document, at[:3]), "factory"), str):
                waits.setdefault(name, set()).add(other)
                places.setdefault(name, at)
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        # graphlib names who comes before whom; people read who waits for whom.
        circle = error.args[1][::-1]
        path = " -> ".join(map(shown, circle))
        yield source.problem(places[circle[0]], f"these factories wait for each other: {path}", "cycle")


def same_keys_have_items(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, same in find_texts(document, "job.tasks.*.dependsOn.*.same"):
        if same == "key" and "forEach" not in as_mapping(part_at(document, at[:3])):
            yield source.problem(at, "without `forEach` this task has no key", "no-key")


def order_is_said(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A container that one factory writes and another reads: without an order, what it holds is chance."""
    tasks = [task for _, task in find_parts(document, "job.tasks.*")]
    writers: dict[str, list[int]] = {}
    for at, name in find_texts(document, "job.tasks.*.outputFiles.*.container"):
        writers.setdefault(name, []).append(int(at[2]))
    for at, name in find_texts(document, "job.tasks.*.resourceFiles.*.container"):
        reader = int(at[2])
        other = next((w for w in writers.get(name, ()) if w != reader), None)
        ordered = get_in(tasks[reader], "dependsOn") or get_in(part_at(document, at[:-1]), "blobPrefix")
        if other is not None and not ordered:
            writer = source.where(source.values[("job", "tasks", other)])
            message = f"the tasks in {writer} write {shown(name)}: name them in `dependsOn`, so that they come first"
            yield source.problem(at, message, "no-order")
