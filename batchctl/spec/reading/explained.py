"""Words of a spec explained: what they hold, what REST calls them, what a change of them means.

What a word holds is said by the schema, all else by the fields that it becomes (`rules`, `rest`).
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_type_hints

from batchctl.errors import UsageError
from batchctl.frozen import dataclass
from batchctl.on_paper import is_on_paper
from batchctl.resources import AutoPool, Job, Pool, Schedule, Task
from batchctl.rest import REST, SPEC, Path, member_of, path_of, without_none
from batchctl.rules import Rule
from batchctl.spec.reading.schema import (
    ANY_JSON,
    Schema,
    branches_by_key,
    constant_words,
    spec_schema,
    without_reference,
)
from batchctl.work import HANDLING, JobManagerTask, JobPreparationTask, JobReleaseTask, StartTask

ANY = "NAME"
"""Stands in a path for a name that the spec gives."""

CHANGES: Mapping[Rule, str] = {
    Rule.IN_PLACE: "in place",
    Rule.WHEN_EMPTY: "in an empty pool",
    Rule.REBOOT: "by rebooting the nodes",
    Rule.NEW_GENERATION: "in the next generation of the job",
    Rule.NEXT_JOB: "from the schedule's next job on",
    Rule.REPLACE: "by making it anew",
}
RUNS_AGAIN, NEXT_RUN = "the task runs again", "with the task's next run"

ROOTS: tuple[tuple[Path, Any, Path, str], ...] = (
    (("pool",), Pool, (), ""),
    (("pool", "startTask"), StartTask, ("startTask",), CHANGES[Rule.WHEN_EMPTY]),
    (("job",), Job, (), ""),
    (("schedule",), Schedule, (), ""),
    (("job", "jobPreparationTask"), JobPreparationTask, ("jobPreparationTask",), CHANGES[Rule.NEW_GENERATION]),
    (("job", "jobManagerTask"), JobManagerTask, ("jobManagerTask",), CHANGES[Rule.NEW_GENERATION]),
    (("job", "jobReleaseTask"), JobReleaseTask, ("jobReleaseTask",), CHANGES[Rule.NEW_GENERATION]),
    (("job", "tasks"), Task, (), ""),
)
"""Where a spec has what becomes a value of the vocabulary, where REST has it in its object, what a change means."""

AUTO_POOL = ("poolInfo", "autoPoolSpecification")
"""Where REST has, in a job, the pool that is made for it."""

OF_A_FILE = (
    "httpUrl",
    "storageContainerUrl",
    "autoStorageContainerName",
    "blobPrefix",
    "filePath",
    "fileMode",
    "identityReference",
    "identityReference.resourceId",
)
OF_AN_OUTPUT: Mapping[str, str] = {
    "filePattern": "filePattern",
    "uploadCondition": "uploadOptions.uploadCondition",
    **{name: f"destination.container.{name}" for name in ("path", "containerUrl", "identityReference")},
    "identityReference.resourceId": "destination.container.identityReference.resourceId",
}
COMMON_FILES = "multiInstanceSettings.commonResourceFiles"

FORMED: Mapping[str, str] = {
    "commands": "commandLine",
    "command": "commandLine",
    "commandLine": "commandLine",
    "packages": "commandLine",
    "packages.apt": "commandLine",
    "packages.pip": "commandLine",
    "mpi": "multiInstanceSettings",
    "mpi.nodes": "multiInstanceSettings.numberOfInstances",
    "mpi.processesPerNode": "commandLine",
    "mpi.runtime": "commandLine",
    "mpi.options": "commandLine",
    "mpi.commonResourceFiles": COMMON_FILES,
    "resourceFiles": "resourceFiles",
    "outputFiles": "outputFiles",
    **{f"resourceFiles.{name}": f"resourceFiles.{name}" for name in OF_A_FILE},
    **{f"outputFiles.{name}": f"outputFiles.{rest}" for name, rest in OF_AN_OUTPUT.items()},
    "dependsOn": "dependsOn",
    "multiInstanceSettings": "multiInstanceSettings",
    "multiInstanceSettings.numberOfInstances": "multiInstanceSettings.numberOfInstances",
    "multiInstanceSettings.coordinationCommandLine": "multiInstanceSettings.coordinationCommandLine",
    "multiInstanceSettings.coordinationCommands": "multiInstanceSettings.coordinationCommandLine",
    **{f"{COMMON_FILES}.{name}".rstrip("."): f"{COMMON_FILES}.{name}".rstrip(".") for name in ("", *OF_A_FILE)},
}
"""Words whose values are made from several things, and so are no fields: REST's names for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the language at its path (`job.tasks.forEach`). `form`: what it holds, in words; `rest`: REST's name in
    the object that it belongs to, "" for what Batch does not know; `change`: what a change means, "" where the plan has
    more to say; `on_paper`: the local service does nothing about it."""

    path: str
    title: str
    told: str
    form: str
    required: bool = False
    default: Any = None
    examples: tuple[Any, ...] = ()
    rest: str = ""
    change: str = ""
    on_paper: bool = False
    inner: tuple["Word", ...] = ()


def explain_word(path: str) -> Word:
    """The word at a dotted path, such as `pool.startTask` or `job.tasks[].forEach`; "" is the whole spec.

    Raises UsageError, with the nearest words, for what is none.
    """
    schema: Schema = spec_schema()
    taken: list[str] = []
    required = True
    for name in path.replace("[]", "").split(".") if path else ():
        words = dict(_words_below(schema))
        found = words.get(name) or words.get(ANY)
        if found is None:
            raise UsageError(_no_such_word(path, ".".join(taken), name, words))
        schema, required = found
        taken.append(name if name in words else ANY)
    return _word(tuple(taken), schema, required)


def _word(path: Path, schema: Schema, required: bool) -> Word:
    plain = without_reference(schema)
    said = {**plain, **schema}  # annotations beside a reference are nearer
    # What is said once for all tasks is said of each.
    place = ("job", "tasks", *path[2:]) if path[:2] == ("job", "taskDefaults") and path[2:] else path
    rest, change = _facts().get(tuple(name for name in place if name != ANY), ("", ""))
    return Word(
        path=".".join(path),
        title=said.get("title", ""),
        told=said.get("markdownDescription", ""),
        form=_form(plain),
        required=required,
        default=said.get("default"),
        examples=tuple(said.get("examples", ())),
        rest=rest,
        change=change,
        on_paper=bool(rest) and is_on_paper("task" if path[:2] == ("job", "tasks") else path[0], rest),
        inner=tuple(_word((*path, name), inner, needed) for name, (inner, needed) in _words_below(plain)),
    )


def _words_below(schema: Schema) -> Iterator[tuple[str, tuple[Schema, bool]]]:
    """The words that may stand under one, each once, with whether it must; `NAME` for names that the spec gives."""
    found: dict[str, tuple[Schema, bool]] = {}
    branches = list(_objects(schema))
    for branch in branches:
        for name, inner in branch.get("properties", {}).items():
            found.setdefault(name, (inner, all(name in b.get("required", ()) for b in branches)))
        other = branch.get("additionalProperties")
        if isinstance(other, dict) and other.get("$ref") != ANY_JSON:
            found.setdefault(ANY, (other, False))
    yield from found.items()


def _objects(schema: Schema) -> Iterator[Schema]:
    """The objects that a schema lets stand: itself, its branches, the items of a list."""
    if schema.get("$ref") == ANY_JSON:
        return
    schema = without_reference(schema)
    if "properties" in schema or "additionalProperties" in schema:
        yield schema
    for branch in schema.get("oneOf", ()):
        yield from _objects(branch)
    if "items" in schema:
        yield from _objects(schema["items"])


def _form(schema: Schema) -> str:
    """What a word holds, in words."""
    schema = without_reference(schema)
    if words := constant_words(schema):
        return " | ".join(words)
    if "const" in schema:
        return str(schema["const"])
    if schema.get("asWritten") and "items" in schema:
        return f"{_kind('string', schema)}; or a list of these"
    kinds = "string" if schema.get("asWritten") else schema.get("type") or ([] if "oneOf" not in schema else ["object"])
    told = [_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(dict.fromkeys(told)) or "any value"


def _kind(kind: str, schema: Schema) -> str:
    match kind:
        case "array":
            return f"list of {_form(schema.get('items', {}))}"
        case "object" if choice := branches_by_key(schema):
            return f"mapping with one of {', '.join(choice)}"
        case "object":
            return "mapping by name" if "properties" not in schema and "additionalProperties" in schema else "mapping"
        case "integer" | "number":
            low, high = schema.get("minimum"), schema.get("maximum")
            span = f", {low} to {high}" if None not in (low, high) else f", {low} or more" if low is not None else ""
            return f"{'whole number' if kind == 'integer' else 'number'}{span}"
        case "boolean":
            return "true | false"
        case "string":
            return f"text: {schema['patternErrorMessage']}" if "patternErrorMessage" in schema else "text"
        case _:
            return kind


@cache
def _facts() -> Mapping[Path, tuple[str, str]]:
    """Of every word that becomes a field: REST's name for it, and what a change means."""
    found: dict[Path, tuple[str, str]] = {}
    for path, cls, rest, change in ROOTS:
        if rest:
            found[path] = ".".join(rest), change
        if cls not in (Pool, Job, Schedule):
            for word, name in FORMED.items():
                # Who may read is no part of what is read.
                formed = change or (NEXT_RUN if "identityReference" in word else RUNS_AGAIN)
                found[*path, *word.split(".")] = ".".join((*rest, name)), formed
        found |= _facts_of(cls, path, rest, change)
    return found | _facts_of(AutoPool, ("pool",), AUTO_POOL, CHANGES[Rule.NEW_GENERATION])


def _facts_of(cls: Any, path: Path, rest: Path, change: str) -> dict[Path, tuple[str, str]]:
    found: dict[Path, tuple[str, str]] = {}
    hints = get_type_hints(cls)
    for entry in fields(cls):
        below = path_of(entry, SPEC)
        if not below or entry.metadata.get("observed"):
            continue
        here, there = (*path, *below), (*rest, *path_of(entry, REST))
        means = change or _meaning(entry.metadata)
        found[here] = ".".join(there), means
        for depth in range(1, len(below)):
            if there[-depth:] == below[-depth:]:
                found.setdefault(here[:-depth], (".".join(there[:-depth]), means))
        kind = without_none(hints[entry.name])
        kind = member_of(kind) or kind
        # What Batch does not know has no parts that it knows.
        if is_dataclass(kind) and path_of(entry, REST):
            found |= _facts_of(kind, here, there, means)
    return found


def _meaning(metadata: Mapping[str, Any]) -> str:
    if "rule" in metadata:
        return CHANGES[metadata["rule"]]
    digest = metadata.get("digest")
    return "" if not digest else NEXT_RUN if digest == HANDLING else RUNS_AGAIN


def _no_such_word(path: str, above: str, name: str, words: Mapping[str, Any]) -> str:
    place = f"in {above}" if above else "at the top level"
    near = difflib.get_close_matches(name, words, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(words))}" if words else "it has none"
    return f"there is no word {name!r} {place} ({path}): {hint}"
