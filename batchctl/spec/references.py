"""What must hold between the parts of a document and no schema can say: names that lead somewhere, placeholders that
can be filled, limits that depend on each other. Rules are rows of RULES.

They work on the document, whose parts may be missing or of a wrong type, so that a reader is told of a wrong reference
in the same run as of a misspelt key.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from batchctl.errors import Problem
from batchctl.sensitive import masked
from batchctl.spec import template
from batchctl.spec.build import duration
from batchctl.spec.fanout import names_of
from batchctl.spec.source import At, Source, nearest, shown
from batchctl.spec.template import Values
from batchctl.spec.variables import misfit

Rule = Callable[[Any, Source, Values], Iterator[Problem]]
"""(document, source, values that are known by now: those of env:X, and the names of vars.x) to problems."""

NODE_TASKS = ("pool.startTask", "job.jobPreparationTask", "job.jobReleaseTask")
FOR_EACH = ("job.tasks.*.forEach", "job.tasks.*.forEach.product.*", "job.tasks.*.forEach.zip.*")
CONTAINERS_USED = (
    "storage.uploads.*.to",
    *(f"{task}.resourceFiles.*.container" for task in NODE_TASKS),
    *(f"{form}.blobs" for form in FOR_EACH),
    "job.tasks.*.resourceFiles.*.container",
    "job.tasks.*.outputFiles.*.container",
    "download.*.container",
)
BLOBS_USED = tuple(f"{task}.resourceFiles.*.blob" for task in (*NODE_TASKS, "job.tasks.*"))
SETTINGS = (
    *(f"{task}.environmentSettings" for task in NODE_TASKS),
    "job.commonEnvironmentSettings",
    "job.tasks.*.environmentSettings",
)
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
    "displayName",
    "containerSettings.imageName",
    "containerSettings.containerRunOptions",
)
"""Where those of the item go in as well."""

TELLING = frozenset({"item", "items", "row", "rows", "index", "key", "chunk", "hash8"})
"""Placeholders that are not the same for every item begin so."""

FACTORIES_USED = ("job.tasks.*.dependsOn.*.factory", "job.tasks.*.forEach.outputs")

RESERVED = ("AZ_BATCH_", "BATCHCTL_")
NO_TIME, LONGEST = timedelta(), timedelta(days=180)
SPANS: Mapping[str, tuple[timedelta, timedelta]] = {
    "job.constraints.maxWallClockTime": (NO_TIME, LONGEST),
    "job.tasks.*.constraints.maxWallClockTime": (NO_TIME, LONGEST),
    "job.jobPreparationTask.constraints.maxWallClockTime": (NO_TIME, LONGEST),
    "job.jobReleaseTask.maxWallClockTime": (NO_TIME, timedelta(minutes=15)),
    "pool.autoScaleEvaluationInterval": (timedelta(minutes=5), timedelta(days=7)),
    "pool.resizeTimeout": (timedelta(minutes=5), timedelta(days=7)),
}
"""The shortest and the longest that Batch takes (REST: the pages of these properties)."""
EXIT_OPTIONS = (
    "exitCodes.*.exitOptions",
    "exitCodeRanges.*.exitOptions",
    "preProcessingError",
    "fileUploadError",
    "default",
)
OWN_CONTAINERS = ("batchctl",)
"""Where batchctl keeps its locks."""


def check_references(document: Any, source: Source, known: Values) -> list[Problem]:
    """Every breach of RULES. `known` has what the environment gives, and the names of the variables."""
    return [problem for rule in RULES for problem in rule(document, source, known)]


def containers_are_declared(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    declared = _mapping(_get(document, "storage", "containers"))
    for pattern in CONTAINERS_USED:
        for at, name in _texts(document, pattern):
            yield from _undeclared(source, at, name, declared)
    for pattern in BLOBS_USED:
        for at, blob in _texts(document, pattern):
            container, slash, _ = blob.partition("/")
            if slash and "{" not in container:
                yield from _undeclared(source, at, container, declared, width=len(container))


def _undeclared(
    source: Source, at: At, name: str, declared: Mapping[str, Any], width: int | None = None
) -> Iterator[Problem]:
    if name not in declared:
        near = nearest(name, declared)
        hint = f"did you mean '{near}'?" if near else f"there is {', '.join(map(shown, declared)) or 'none'}"
        message = f"{shown(name)} is not among storage.containers; {hint}"
        yield source.problem(at, message, "unknown-container", width=width)


def placeholders_are_known(document: Any, source: Source, known: Values) -> Iterator[Problem]:
    texts = {f"vars.{at[0]}" for at, kind in _find(_get(document, "vars"), "*.type") if kind != "int"}
    texts |= {name for name in known if name.startswith("env:")}
    for pattern in FILLED:
        for at, text in _texts(document, pattern):
            yield from _unknown(source, at, text, known, texts, "")
    for task_at, task in _find(document, "job.tasks.*"):
        names, numbers, why_not = _names_of(task)
        for field in FILLED_PER_TASK:
            for at, text in _texts(task, field):
                formatless = {*texts, *names} - numbers
                yield from _unknown(
                    source, (*task_at, *at), text, {**dict.fromkeys(names, ""), **known}, formatless, why_not
                )


def _names_of(task: Any) -> tuple[frozenset[str], frozenset[str], str]:
    """The placeholders that a factory's items give, those among them that are numbers, and why there are none."""
    if "forEach" not in _mapping(task):
        return frozenset(), frozenset(), ": without `forEach` there is no item"
    names, numbers = names_of(_mapping(_get(task, "forEach")))
    return names, numbers, ""


def _unknown(
    source: Source, at: At, text: str, known: Values, texts: Collection[str], why_not: str
) -> Iterator[Problem]:
    for error in template.errors(text, known, texts=texts, why_not=why_not):
        yield source.problem(at, error.message, error.code, offset=error.start, width=error.width)
    for hole in template.holes(text):
        if (value := str(known.get(hole.name, ""))) != masked(value):
            message = f"the value of {hole.text} looks like a secret, and would be shown in plans and logs"
            yield source.problem(at, message, "secret", offset=hole.start, width=hole.width)


def ids_differ_by_item(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, task in _find(document, "job.tasks.*"):
        text = _get(task, "id")
        if _get(task, "forEach") is None or not isinstance(text, str):
            continue
        if not any(hole.name.split(".")[0] in TELLING for hole in template.holes(text)):
            message = "every item would give the same id: put {item.stem}, {key} or {index} in it"
            yield source.problem((*at, "id"), message, "same-task-id")


def items_are_gathered_once(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in FOR_EACH:
        for at, for_each in _find(document, pattern):
            gathers = [key for key in ("groupBy", "chunk") if key in _mapping(for_each)]
            if gathers and at[-1] != "forEach":
                message = f"an axis takes no '{gathers[0]}': its items stay alone"
                yield source.problem((*at, gathers[0]), message, "not-allowed", at_key=True)
            elif len(gathers) > 1:
                message = "a task is given a group or a chunk: take out 'groupBy' or 'chunk'"
                yield source.problem((*at, "chunk"), message, "two-forms", at_key=True)


def patterns_can_group(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, text in _texts(document, "job.tasks.*.forEach.groupBy"):
        try:
            groups = re.compile(text).groups
        except (re.error, OverflowError, RecursionError) as error:
            where = getattr(error, "pos", None)
            message, width = f"no regular expression: {error}", None if where is None else 1
            yield source.problem(at, message, "bad-pattern", offset=where or 0, width=width)
            continue
        if not groups:
            message = "it has no group: put the part that the members of a group share in parentheses, `(?P<key>…)`"
            yield source.problem(at, message, "bad-pattern")


def rows_go_forward(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in FOR_EACH:
        for at, rows in _find(document, f"{pattern}.rows"):
            start, end = _get(rows, "start") or 1, _get(rows, "end")
            if isinstance(start, int) and isinstance(end, int) and end < start:
                yield source.problem((*at, "end"), f"the last row, {end}, comes before the first, {start}", "range")


def factories_are_known(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """Names of factories are unique, and `dependsOn` leads to them, and not in a circle."""
    named: dict[str, int] = {}
    for at, name in _texts(document, "job.tasks.*.factory"):
        if name.lower() in named:
            first = source.values[("job", "tasks", named[name.lower()], "factory")].line
            message = f"{shown(name)} names another factory: see line {first}; case does not count"
            yield source.problem(at, message, "duplicate-name")
        named.setdefault(name.lower(), int(at[2]))
    names = [name for _, name in _texts(document, "job.tasks.*.factory")]
    for pattern in FACTORIES_USED:
        for at, name in _texts(document, pattern):
            if name not in names:
                near = nearest(name, names)
                hint = f"did you mean '{near}'?" if near else f"there is {', '.join(map(shown, names)) or 'none'}"
                yield source.problem(at, f"{shown(name)} is not the `factory` of any tasks; {hint}", "unknown-factory")
    yield from _circles(document, source)


def _circles(document: Any, source: Source) -> Iterator[Problem]:
    waits: dict[str, set[str]] = {}
    places: dict[str, At] = {}
    for pattern in FACTORIES_USED:
        for at, other in _texts(document, pattern):
            if isinstance(name := _get(_at(document, at[:3]), "factory"), str):
                waits.setdefault(name, set()).add(other)
                places.setdefault(name, at)
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        path = " -> ".join(map(shown, circle))
        yield source.problem(places[circle[0]], f"these factories wait for each other: {path}", "cycle")


def _at(part: Any, at: At) -> Any:
    for key in at:
        part = part[key]
    return part


def same_keys_have_items(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, same in _texts(document, "job.tasks.*.dependsOn.*.same"):
        if same == "key" and "forEach" not in _mapping(_at(document, at[:3])):
            yield source.problem(at, "without `forEach` this task has no key", "no-key")


def order_is_said(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A container that one factory writes and another reads: without an order, what it holds is chance."""
    tasks = [task for _, task in _find(document, "job.tasks.*")]
    writers: dict[str, list[int]] = {}
    for at, name in _texts(document, "job.tasks.*.outputFiles.*.container"):
        writers.setdefault(name, []).append(int(at[2]))
    for at, name in _texts(document, "job.tasks.*.resourceFiles.*.container"):
        reader = int(at[2])
        others = [w for w in writers.get(name, ()) if w != reader]
        if others and not _get(tasks[reader], "dependsOn") and not _get(_at(document, at[:-1]), "blobPrefix"):
            writer = source.values[("job", "tasks", others[0])].line
            message = (
                f"the tasks in line {writer} write {shown(name)}: name them in `dependsOn`, so that they come first"
            )
            yield source.problem(at, message, "no-order")


def reserved_names_are_free(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in (*SETTINGS, "pool.metadata", "job.metadata"):
        for at, settings in _find(document, pattern):
            yield from _settings(source, at, settings)
    for name in _mapping(_get(document, "storage", "containers")):
        if name in OWN_CONTAINERS:
            message = f"{shown(name)} is where batchctl keeps its locks: give the container another name"
            yield source.problem(("storage", "containers", name), message, "reserved-name", at_key=True)


def _settings(source: Source, at: At, settings: Any) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for i, setting in enumerate(settings if isinstance(settings, list) else ()):
        name = _get(setting, "name")
        if not isinstance(name, str):
            continue
        if at[-1] != "metadata" and name.upper().startswith(RESERVED):
            yield source.problem((*at, i, "name"), f"{shown(name)} is set by Batch or batchctl itself", "reserved-name")
        if name in seen:
            message = f"{shown(name)} is set twice: first in line {source.values[(*at, seen[name], 'name')].line}"
            yield source.problem((*at, i, "name"), message, "duplicate-name")
        seen.setdefault(name, i)


def slots_are_there(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    there = _get(document, "pool", "taskSlotsPerNode")
    there = 1 if there is None else there
    for at, slots in _find(document, "job.tasks.*.requiredSlots"):
        if isinstance(slots, int) and isinstance(there, int) and slots > there:
            message = f"a task takes {slots} slots, but a node has {there}: see pool.taskSlotsPerNode"
            yield source.problem(at, message, "too-many-slots")


def times_are_allowed(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern, (least, most) in SPANS.items():
        for at, text in _texts(document, pattern):
            if (length := duration(text)) is not None and not least <= length <= most:
                yield source.problem(at, f"{text} is not {_span(least, most)}, as Batch wants it", "range")


def _span(least: timedelta, most: timedelta) -> str:
    wanted = [f"{word} {_said(bound)}" for word, bound in (("at least", least), ("at most", most)) if bound]
    return " and ".join(wanted)


def _said(length: timedelta) -> str:
    return f"{length.days} days" if length.days else f"{length.seconds // 60} minutes"


def nodes_are_asked_for_once(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A formula and fixed targets cannot both say how many nodes there are (reliability B44)."""
    pool = _mapping(_get(document, "pool"))
    for target in ("targetDedicatedNodes", "targetSpotNodes"):
        if target in pool and "autoScaleFormula" in pool:
            message = f"the autoScaleFormula says how many nodes there are: take out '{target}'"
            yield source.problem(("pool", target), message, "two-targets", at_key=True)


def containers_can_run(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    if _get(document, "pool", "containerConfiguration") is not None:
        return
    for pattern in (*NODE_TASKS, "job.tasks.*"):
        for at, _ in _find(document, f"{pattern}.containerSettings"):
            message = "the nodes run no containers: give the pool a 'containerConfiguration'"
            yield source.problem(at, message, "no-containers", at_key=True)


def job_actions_count(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: ExitOptions.jobAction is refused where the job's onTaskFailure is noaction."""
    if str(_get(document, "job", "onTaskFailure")).lower() == "performexitoptionsjobaction":
        return
    for pattern in EXIT_OPTIONS:
        for at, _ in _find(document, f"job.tasks.*.exitConditions.{pattern}.jobAction"):
            message = "it counts only where the job has 'onTaskFailure: performexitoptionsjobaction'"
            yield source.problem(at, message, "no-job-action", at_key=True)


def outputs_are_not_inputs(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A task that writes where it reads everything would never be up to date (reliability B38)."""
    for at, task in _find(document, "job.tasks.*"):
        written = {name for _, name in _texts(task, "outputFiles.*.container")}
        for_each, files = _get(task, "forEach"), _get(task, "resourceFiles")
        if _get(for_each, "blobs") in written and not (_get(for_each, "include") or _get(for_each, "exclude")):
            yield _circular(source, (*at, "forEach", "blobs"), _get(for_each, "blobs"), "`include` or `exclude`")
        for i, file in enumerate(files if isinstance(files, list) else ()):
            if _get(file, "container") in written and not _get(file, "blobPrefix"):
                yield _circular(source, (*at, "resourceFiles", i, "container"), file["container"], "`blobPrefix`")


def _circular(source: Source, at: At, name: str, remedy: str) -> Problem:
    message = f"the outputs go to {shown(name)} too, and would be inputs next time: use two containers, or {remedy}"
    return source.problem(at, message, "outputs-are-inputs")


def defaults_fit(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, variable in _find(document, "vars.*"):
        default = _get(variable, "default")
        if default is not None and (why := misfit(default, variable)):
            yield source.problem((*at, "default"), f"the default {shown(default)} {why}", "bad-default")


RULES: tuple[Rule, ...] = (
    containers_are_declared,
    placeholders_are_known,
    ids_differ_by_item,
    items_are_gathered_once,
    patterns_can_group,
    rows_go_forward,
    factories_are_known,
    same_keys_have_items,
    order_is_said,
    reserved_names_are_free,
    slots_are_there,
    times_are_allowed,
    nodes_are_asked_for_once,
    containers_can_run,
    job_actions_count,
    outputs_are_not_inputs,
    defaults_fit,
)


def _find(part: Any, pattern: str) -> Iterator[tuple[At, Any]]:
    """(where, what) of all that a dotted pattern meets; `*` is any key or index."""
    found: list[tuple[At, Any]] = [((), part)]
    for word in pattern.split("."):
        found = [(((*at, key)), value) for at, inner in found for key, value in _step(inner, word)]
    yield from found


def _step(part: Any, word: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(part, dict):
        yield from part.items() if word == "*" else ([(word, part[word])] if word in part else [])
    elif isinstance(part, list) and word == "*":
        yield from enumerate(part)


def _texts(part: Any, pattern: str) -> Iterator[tuple[At, str]]:
    return ((at, value) for at, value in _find(part, pattern) if isinstance(value, str))


def _get(part: Any, *keys: str) -> Any:
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    return part


def _mapping(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, dict) else {}
