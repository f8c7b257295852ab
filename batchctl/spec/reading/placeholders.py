"""Placeholders in a document: where they can stand, those that nothing can fill, and those that are settled at once.

Those of variables and of the environment are settled in every value that is not filled for each task, before the
document is checked, so that what they stand for is checked as if it stood there. The rule is a row of
`references.RULES`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Any, TypeAlias

from batchctl.errors import MOST_PROBLEMS, Problem
from batchctl.frozen import dataclass
from batchctl.resources import Task
from batchctl.rest import filled_places
from batchctl.sensitive import FROM_OUTSIDE, masked
from batchctl.spec import template
from batchctl.spec.fanout.forms import placeholders_of
from batchctl.spec.lookalikes import shell_variables
from batchctl.spec.reading.compose import EXTENSION
from batchctl.spec.reading.paths import FOR_EACH, NODE_TASKS, as_mapping, find_parts, find_texts, get_in
from batchctl.spec.reading.variables import Said
from batchctl.spec.source import At, Source
from batchctl.spec.template import TemplateError, Value, Values, value_text

Spot: TypeAlias = tuple[str, int, int]
"""A file, a line and a column."""

FILLED = (
    "storage.uploads.*.from",
    "download.*.to",
    *(
        f"{task}.{place}"
        for task in NODE_TASKS
        for place in (
            "commands.*",
            "command.*",
            "commandLine",
            "resourceFiles.*.blob",
            "resourceFiles.*.blobPrefix",
            "resourceFiles.*.filePath",
            "resourceFiles.*.httpUrl",
            "resourceFiles.*.storageContainerUrl",
            "environmentSettings.*.value",
        )
    ),
    *(f"job.jobManagerTask.outputFiles.*.{place}" for place in ("filePattern", "containerUrl", "path")),
    "job.commonEnvironmentSettings.*.value",
    *(f"{form}.{place}" for form in FOR_EACH for place in ("files.*", "lines", "csv", "tsv")),
)
"""Where `{vars.x}`, `${env:X}` and `${keyvault:V/X}` go in."""
FILLED_PER_TASK = (
    "id",
    "dependsOn.*.task",
    "commands.*",
    "command.*",
    "commandLine",
    "resourceFiles.*.blob",
    "resourceFiles.*.blobs",
    "resourceFiles.*.blobPrefix",
    "resourceFiles.*.filePath",
    "resourceFiles.*.httpUrl",
    "resourceFiles.*.storageContainerUrl",
    "multiInstanceSettings.coordinationCommands.*",
    "multiInstanceSettings.coordinationCommandLine",
    *(
        f"{form}.commonResourceFiles.*.{place}"
        for form in ("multiInstanceSettings", "mpi")
        for place in ("blob", "blobs", "blobPrefix", "filePath", "httpUrl", "storageContainerUrl")
    ),
    "mpi.options.*",
    "outputFiles.*.filePattern",
    "outputFiles.*.containerUrl",
    "outputFiles.*.path",
    "environmentSettings.*.value",
    *filled_places(Task),
)
"""Where those of the item go in as well."""


def placeholders_are_known(document: Any, source: Source, known: Values) -> Iterator[Problem]:
    plain, lists = formatless_names(document, known), _list_names(document)
    for pattern in FILLED:
        for at, text in find_texts(document, pattern):
            yield from unknown_placeholders(source, at, text, known, plain, "")
            if lists and not pattern.endswith(("commands.*", "command.*")):
                yield from _lists_in_text(source, at, text, lists)
    for task_at, task in find_parts(document, "job.tasks.*"):
        names, numbers, why_not = _item_placeholders(task)
        texts_only, filled = {*plain, *names} - numbers, {**dict.fromkeys(names, ""), **known}
        shell = _shell_variables(document, task)
        for place in FILLED_PER_TASK:
            for at, text in find_texts(task, place):
                yield from unknown_placeholders(source, (*task_at, *at), text, filled, texts_only, why_not, shell)


def _list_names(document: Any) -> frozenset[str]:
    kinds = find_parts(get_in(document, "vars"), "*.type")
    return frozenset(f"vars.{at[0]}" for at, kind in kinds if kind == "list")


def _lists_in_text(source: Source, at: At, text: str, lists: Collection[str]) -> Iterator[Problem]:
    """Lists where there can be one text alone."""
    for hole in template.holes(text):
        if hole.name in lists:
            yield source.problem(at, f"{hole.text} {MANY}", "several-values", offset=hole.start, width=hole.width)


MANY = "is a list: it can be the whole of a list or of one of its items, or a word of its own in a command"


def _shell_variables(document: Any, task: Any) -> frozenset[str]:
    """Names of placeholders that are also those of variables which the task's commands or settings give a value."""
    commands = "\n".join(text for place in ("commands.*", "commandLine") for _, text in find_texts(task, place))
    settings = [*find_texts(task, "environmentSettings.*.name"), *find_texts(document, COMMON_SETTINGS)]
    return shell_variables(commands) | {name for _, name in settings}


COMMON_SETTINGS = "job.commonEnvironmentSettings.*.name"

TELLING = frozenset({"item", "items", "row", "rows", "index", "key", "chunk", "hash8"})
"""Placeholders that are not the same for every item begin so."""


def formatless_names(document: Any, known: Values) -> frozenset[str]:
    """The variables, of the spec and of the environment, that are no whole numbers."""
    plain = {f"vars.{at[0]}" for at, kind in find_parts(get_in(document, "vars"), "*.type") if kind != "int"}
    return frozenset(plain | {name for name in known if name.startswith(FROM_OUTSIDE)})


def _item_placeholders(task: Any) -> tuple[frozenset[str], frozenset[str], str]:
    """The placeholders that a factory's items give, those among them that are numbers, and why there are none."""
    if "forEach" not in as_mapping(task):
        return frozenset(), frozenset(), ": without `forEach` there is no item"
    names, numbers = placeholders_of(as_mapping(get_in(task, "forEach")))
    return names, numbers, ""


def unknown_placeholders(
    source: Source,
    at: At,
    text: str,
    known: Values,
    texts: Collection[str],
    why_not: str,
    shell: Collection[str] = (),
) -> Iterator[Problem]:
    """Placeholders of one text that nothing can fill, what only looks like one, and what would show a secret.

    What comes from the environment is hidden anyway, wherever it turns up."""
    errors = template.placeholder_errors(text, known, texts=texts, why_not=why_not, shell=shell)
    for error in islice(errors, MOST_PROBLEMS):
        yield source.problem(at, error.message, error.code, offset=error.start, width=error.width)
    shown = (hole for hole in template.holes(text) if not hole.name.startswith(FROM_OUTSIDE))
    secret = (hole for hole in shown if (value := str(known.get(hole.name, ""))) != masked(value))
    for hole in islice(secret, MOST_PROBLEMS):
        message = f"the value of {hole.text} looks like a secret, and would be shown in plans and logs"
        yield source.problem(at, message, "secret", offset=hole.start, width=hole.width)


def _words(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("."))


LATER = tuple(
    map(
        _words, (*FILLED, *(f"job.{task}.{place}" for task in ("tasks.*", "taskDefaults") for place in FILLED_PER_TASK))
    )
)
"""What is filled when tasks are made, with its quotes."""

WHY_NOT = ": only {vars.NAME}, ${env:NAME} and ${keyvault:VAULT/NAME} can stand here"


@dataclass(slots=True)
class Settling:
    """`values`: what is known by now. Gathers the `texts` that had placeholders, and those that go on `waiting`: for
    `--var`, for a reader to mend them, or because they are in none of the places `needed`."""

    values: Values
    needed: Sequence[str] | None = None
    texts: dict[At, str] = field(default_factory=dict)
    waiting: set[At] = field(default_factory=set)
    several: dict[At, str] = field(default_factory=dict)

    def __call__(self, at: At, text: str) -> str | tuple[str, ...] | None:
        """What a value says, of a list its items; None: what is written."""
        # In `vars` nothing is filled: no variable is made of others. What is ignored is filled where it is used.
        if "{" not in text or at[:1] == ("vars",) or str(at[:1] and at[0]).startswith(EXTENSION):
            return None
        if at[-2:-1] != ("files",) and _is_at(at, LATER):
            return None
        if isinstance(found := self._whole(text), tuple):
            return found
        if _is_at(at, LATER):
            return None
        if self.needed is not None and not _is_at(at, map(_words, self.needed)):
            self.waiting.add(at)
            self.texts[at] = text
            return None
        try:
            filled = template.fill(text, self.values)
        except TemplateError as error:
            self.waiting.add(at)
            filled = None
            if error.code == "several-values":
                self.several[at] = text
        if any(template.mistaken(text, ())):
            self.waiting.add(at)
        if filled != text or at in self.waiting:
            self.texts[at] = text
        return filled if filled != text else None

    def _whole(self, text: str) -> Value | None:
        """The value of a text that is a placeholder and nothing else."""
        parts = [part for part in template.parse_template(text) if part]
        return self.values.get(parts[0].name) if len(parts) == 1 and isinstance(parts[0], template.Hole) else None

    def problems(self, document: Any, source: Source, known: Values, misshapen: Collection[Spot]) -> Iterator[Problem]:
        """Placeholders that nothing can fill. In what is `misshapen` those of items are no fault of their own."""
        plain = formatless_names(document, known)
        for at, text in self.several.items():
            yield from _lists_in_text(source, at, text, _list_names(document))
        for at, text in self.texts.items():
            told = _item_values(document, at) if _is_within(source, at, misshapen) else {}
            yield from unknown_placeholders(source, at, text, {**told, **known}, plain, WHY_NOT)

    def open_places(self, source: Source) -> frozenset[Spot]:
        """(file, line, column) of the values that nobody knows yet."""
        places = (source.values[at] for at in self.waiting)
        return frozenset((source.said_by(place).file, place.line, place.column) for place in places)


def _is_within(source: Source, at: At, spots: Collection[Spot]) -> bool:
    """Whether it, or what it is in, stands at one of the places."""
    places = (places.get(at[:end]) for end in range(1, len(at) + 1) for places in (source.values, source.keys))
    return any((source.said_by(place).file, place.line, place.column) in spots for place in places if place)


def _item_values(document: Any, at: At) -> Values:
    """What the task's items give, without their values."""
    tasks = get_in(document, "job", "tasks")
    if at[:2] != ("job", "tasks") or not isinstance(tasks, list) or len(at) < 3 or not isinstance(at[2], int):
        return {}
    return dict.fromkeys(_item_placeholders(tasks[at[2]])[0], "")


def likely_values(declared: Mapping[str, Any], said: Mapping[str, Said]) -> Values:
    """The values of variables as far as there are any; whether they fit is told elsewhere."""
    found: dict[str, Value] = {}
    for name, variable in declared.items():
        kind, value = (variable.get("type"), variable.get("default")) if isinstance(variable, dict) else (None, None)
        if name in said:
            value = said[name].value
        if kind == "list" and isinstance(value, list | tuple):
            found[f"vars.{name}"] = tuple(value_text(item) for item in value if isinstance(item, str | int | float))
        elif kind != "list" and isinstance(value, str | int | float):
            found[f"vars.{name}"] = value
    return found


def _is_at(at: At, patterns: Iterable[tuple[str, ...]]) -> bool:
    return any(
        len(at) == len(pattern) and all(word in ("*", key) for word, key in zip(pattern, at, strict=True))
        for pattern in patterns
    )
