"""Placeholders of variables and of the environment in every value that is not filled for each task: they are settled
before the document is checked, so that what they stand for is checked as if it stood there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchctl.errors import Problem
from batchctl.spec import template
from batchctl.spec.reading.placeholders import FILLED, FILLED_PER_TASK, formatless_names, unknown_placeholders
from batchctl.spec.reading.variables import read_as
from batchctl.spec.source import At, Source
from batchctl.spec.template import TemplateError, Values

LATER = tuple(tuple(p.split(".")) for p in (*FILLED, *(f"job.tasks.*.{field}" for field in FILLED_PER_TASK)))
"""What is filled when tasks are made, with its quotes."""

WHY_NOT = ": only {vars.NAME} and ${env:NAME} can stand here"


@dataclass(slots=True)
class Settling:
    """`values`: what is known by now. Gathers the `texts` that had placeholders, and those that go on `waiting`: for
    `--var`, or for a reader to mend them."""

    values: Values
    texts: dict[At, str] = field(default_factory=dict)
    waiting: set[At] = field(default_factory=set)

    def __call__(self, at: At, text: str) -> str | None:
        """What a value says; None: what is written."""
        # In `vars` nothing is filled: no variable is made of others.
        if "{" not in text or at[:1] == ("vars",) or _is_later(at):
            return None
        try:
            filled = template.fill(text, self.values)
        except TemplateError:
            self.waiting.add(at)
            filled = None
        if filled != text:
            self.texts[at] = text
        return filled if filled != text else None

    def problems(self, document: Any, source: Source, known: Values) -> Iterator[Problem]:
        """Placeholders that nothing can fill."""
        for at, text in self.texts.items():
            yield from unknown_placeholders(source, at, text, known, formatless_names(document, known), WHY_NOT)

    def is_open(self, source: Source, problem: Problem) -> bool:
        """Is it about a value that nobody knows yet?"""
        places = (source.values[at] for at in self.waiting)
        return (problem.line, problem.column) in {(place.line, place.column) for place in places}


def likely_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> Values:
    """The values of variables as far as there are any; whether they fit is told elsewhere."""
    found = {}
    for name, variable in declared.items():
        value = variable.get("default") if isinstance(variable, dict) else None
        if name in given and isinstance(variable, dict):
            value = read_as(variable.get("type"), given[name])
        if isinstance(value, str | int | float):
            found[f"vars.{name}"] = value
    return found


def _is_later(at: At) -> bool:
    return any(
        len(at) == len(pattern) and all(word in ("*", key) for word, key in zip(pattern, at, strict=True))
        for pattern in LATER
    )
