"""Placeholders in a document: where they can stand, and those that nothing can fill. The rule is a row of
`references.RULES`."""

from collections.abc import Collection, Iterator
from typing import Any

from batchctl.errors import Problem
from batchctl.resources import Task
from batchctl.rest import filled_places
from batchctl.sensitive import masked
from batchctl.spec import template
from batchctl.spec.fanout.forms import placeholders_of
from batchctl.spec.reading.paths import FOR_EACH, NODE_TASKS, as_mapping, find_parts, find_texts, get_in
from batchctl.spec.source import At, Source
from batchctl.spec.template import Values

FILLED = (
    "storage.uploads.*.from",
    "download.*.to",
    *(
        f"{task}.{field}"
        for task in NODE_TASKS
        for field in (
            "commands.*",
            "command.*",
            "resourceFiles.*.blob",
            "resourceFiles.*.blobPrefix",
            "resourceFiles.*.filePath",
            "resourceFiles.*.httpUrl",
            "environmentSettings.*.value",
        )
    ),
    "job.commonEnvironmentSettings.*.value",
    *(f"{form}.{field}" for form in FOR_EACH for field in ("files.*", "lines", "csv", "tsv")),
)
"""Where `{vars.x}` and `${env:X}` go in."""
FILLED_PER_TASK = (
    "id",
    "dependsOn.*.task",
    "commands.*",
    "command.*",
    "resourceFiles.*.blob",
    "resourceFiles.*.blobs",
    "resourceFiles.*.blobPrefix",
    "resourceFiles.*.filePath",
    "resourceFiles.*.httpUrl",
    "outputFiles.*.filePattern",
    "outputFiles.*.path",
    "environmentSettings.*.value",
    *filled_places(Task),
)
"""Where those of the item go in as well."""


def placeholders_are_known(document: Any, source: Source, known: Values) -> Iterator[Problem]:
    plain = formatless_names(document, known)
    for pattern in FILLED:
        for at, text in find_texts(document, pattern):
            yield from unknown_placeholders(source, at, text, known, plain, "")
    for task_at, task in find_parts(document, "job.tasks.*"):
        names, numbers, why_not = _item_placeholders(task)
        for field in FILLED_PER_TASK:
            for at, text in find_texts(task, field):
                texts_only = {*plain, *names} - numbers
                yield from unknown_placeholders(
                    source, (*task_at, *at), text, {**dict.fromkeys(names, ""), **known}, texts_only, why_not
                )


def formatless_names(document: Any, known: Values) -> frozenset[str]:
    """The variables, of the spec and of the environment, that are no whole numbers."""
    plain = {f"vars.{at[0]}" for at, kind in find_parts(get_in(document, "vars"), "*.type") if kind != "int"}
    return frozenset(plain | {name for name in known if name.startswith("env:")})


def _item_placeholders(task: Any) -> tuple[frozenset[str], frozenset[str], str]:
    """The placeholders that a factory's items give, those among them that are numbers, and why there are none."""
    if "forEach" not in as_mapping(task):
        return frozenset(), frozenset(), ": without `forEach` there is no item"
    names, numbers = placeholders_of(as_mapping(get_in(task, "forEach")))
    return names, numbers, ""


def unknown_placeholders(
    source: Source, at: At, text: str, known: Values, texts: Collection[str], why_not: str
) -> Iterator[Problem]:
    """Placeholders of one text that nothing can fill, or that would show a secret."""
    for error in template.placeholder_errors(text, known, texts=texts, why_not=why_not):
        yield source.problem(at, error.message, error.code, offset=error.start, width=error.width)
    for hole in template.holes(text):
        if (value := str(known.get(hole.name, ""))) != masked(value):
            message = f"the value of {hole.text} looks like a secret, and would be shown in plans and logs"
            yield source.problem(at, message, "secret", offset=hole.start, width=hole.width)
