"""Why a task would run again: of each part of its digest that changed, the very thing that differs. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from datetime import datetime
from itertools import takewhile
from posixpath import basename
from typing import Any
from urllib.parse import unquote

from batchctl.frozen import dataclass
from batchctl.resources import Blob, Task, changed_parts
from batchctl.rest import camel
from batchctl.rules import folded
from batchctl.sensitive import Veil, is_sensitive
from batchctl.words import plural, some
from batchctl.work import HANDLING, OutputFile, ResourceFile, Settings, unsigned

CONTEXT = 24
"""Characters that are told before and after what differs in a long text."""

LONGEST = 120
"""Characters of a value that is told whole."""

NAMED = 3
"""Blobs that are named of many."""

UNKNOWN = "which of them is not known: it ran before batchctl kept that, or has too many"


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunFacts:
    """`run`: the newest run as Batch has it, `task` as it is wanted; `common` of both: the settings of all tasks of the
    job. `held` and `wanted`: blobs by name, as they are and as they are uploaded. `others`: which parts of the tasks
    changed that it depends on, by id. `added`: when the run was added. `is_past`: `task` ran as well, so that blobs as
    they are by now say nothing."""

    run: Task
    task: Task
    run_common: Settings = ()
    common: Settings = ()
    held: Mapping[str, Blob]
    wanted: Mapping[str, Blob]
    others: Mapping[str, Sequence[str]]
    added: datetime | None = None
    is_past: bool = False
    veil: Veil = Veil()


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """A part of the digest that changed, and what of it differs: one line each."""

    part: str
    lines: tuple[str, ...]


def culprits(facts: RerunFacts) -> tuple[Culprit, ...]:
    """One for each part that changed, in the order of the digest."""
    found = changed_parts(facts.run.digest, facts.task.digest)
    return tuple(Culprit(part=part, lines=_lines_of(part, facts)) for part in found if part != HANDLING)


def unchanged_parts(run: Task, task: Task) -> tuple[str, ...]:
    """The parts of the digest that are as they were."""
    now = [part.partition("=")[0] for part in task.digest.split(";")]
    changed = changed_parts(run.digest, task.digest)
    return tuple(part for part in now if part and part not in changed and part != HANDLING)


def _lines_of(part: str, facts: RerunFacts) -> tuple[str, ...]:
    told = TELLERS.get(part)
    lines = tuple(told(facts)) if told else ()
    return lines or ("what of it differs is not known: Batch has it as it is wanted",)


def _command(facts: RerunFacts) -> Iterator[str]:
    for field in fields(Task):
        if field.metadata.get("digest") == "command":
            yield from _difference(_called(field), field, facts.run, facts.task, facts.veil)


def _called(field: Field[Any]) -> str:
    return "command line" if field.name == "command_line" else field.metadata["key"] or camel(field.name)


def _difference(name: str, field: Field[Any], run: Any, task: Any, veil: Veil) -> Iterator[str]:
    """Nothing where a field says the same, or only the service says it."""
    old, new = getattr(run, field.name), getattr(task, field.name)
    fold = field.metadata["fold"]
    if folded(old, fold) != folded(new, fold) and "secret" not in field.metadata:
        yield f"{name}: {old_and_new(_text(old), _text(new), veil)}"


def _text(value: Any) -> str | None:
    return None if value is None or value == () else str(value)


def old_and_new(old: str | None, new: str | None, veil: Veil) -> str:
    """Of long texts the stretch that differs. What was before is hidden where a secret comes in its place."""
    before, after = (None if text is None else veil(text) for text in (old, new))
    if after != new:
        return f"(hidden, for it holds a secret) -> {_cut(after or '')}"
    if before is None or after is None:
        return f"{_cut(before) if before else '(nothing)'} -> {_cut(after) if after else '(nothing)'}"
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return " -> ".join(_stretch(text, start, len(text) - end) for text in (before, after))


def _alike(one: str, other: str) -> int:
    """With how many characters that are the same both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _stretch(text: str, start: int, end: int) -> str:
    if len(text) <= LONGEST:
        return text
    start, end = max(start - CONTEXT, 0), min(end + CONTEXT, len(text))
    return "…" * (start > 0) + _cut(text[start:end]) + "…" * (end < len(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _environment(facts: RerunFacts) -> Iterator[str]:
    old = dict(facts.run_common) | dict(facts.run.environment)
    new = dict(facts.common) | dict(facts.task.environment)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name}: {_setting(name, old.get(name), new.get(name), facts.veil)}"


def _setting(name: str, old: str | None, new: str | None, veil: Veil) -> str:
    # Of what left the spec nobody knows by now whether it was a secret, but by its name.
    if is_sensitive(name) or name in veil.names or (new is not None and veil.setting(name, new) != new):
        return "is new" if old is None else "is set no more" if new is None else "changed; it is not shown"
    return old_and_new(old, new, veil)


def _inputs(facts: RerunFacts) -> Iterator[str]:
    before, after = (_files(task, facts.veil) for task in (facts.run, facts.task))
    yield from (f"- {label}: it took this, and takes it no more" for label in before if label not in after)
    yield from (f"+ {label}: it did not take this" for label in after if label not in before)
    unknown = False
    for label, (file, new) in after.items():
        old = before[label][1] if label in before else new
        unknown = unknown or old is None or new is None
        if old is not None and new is not None and old != new:
            yield f"{label}: content {old} -> {new}{_whence(file, facts)}"
    if unknown and before.keys() == after.keys():
        yield UNKNOWN
        for label, (file, _) in after.items():
            if since := _written_since(file, facts):
                yield f"{label}{since}"


def _files(task: Task, veil: Veil) -> dict[str, tuple[ResourceFile, str | None]]:
    """What a task takes, by how it is told, each with what it held."""
    files = task.all_resource_files
    kept = task.contents.partition("|")[0].split()
    traces = kept if len(kept) == len(files) else [None] * len(files)
    return {file_label(file, veil): (file, trace) for file, trace in zip(files, traces, strict=True)}


def file_label(file: ResourceFile, veil: Veil) -> str:
    """`books/a.txt`, with its place on the node where that is another; `books/part*` for all under a prefix."""
    if file.container is not None:
        place = f"{file.container}/" + (file.blob if file.blob is not None else f"{file.blob_prefix or ''}*")
    else:
        place = unsigned(file.http_url or file.storage_container_url) or file.auto_storage_container_name or ""
        place += f"/{file.blob_prefix}*" if file.blob_prefix else ""
    path = "" if file.file_path in (None, basename(place)) else f" as {file.file_path}"
    return veil(f"{place}{path}" + (f" with mode {file.file_mode}" if file.file_mode else ""))


def _whence(file: ResourceFile, facts: RerunFacts) -> str:
    if facts.is_past:
        return ""
    if file.blob is None:
        return _written_since(file, facts) or ": blobs of it came or went"
    name = f"{file.container}/{file.blob}"
    held, wanted = facts.held.get(name), facts.wanted.get(name)
    if wanted and (held is None or wanted.md5 != held.md5):
        return f", of the local file {wanted.source.name}, which apply uploads" if wanted.source else ""
    return f", {_written(held)}" if held else ": the blob is not there"


def _written(blob: Blob) -> str:
    when = f" {blob.modified:%Y-%m-%d %H:%M:%SZ}" if blob.modified else ""
    who = f"task {blob.task}" if blob.task else f"the uploads of {blob.owner}" if blob.owner else "others than batchctl"
    return f"written{when} by {who}"


def _written_since(file: ResourceFile, facts: RerunFacts) -> str:
    """Which blobs of it were written since the run was added, or will be by apply; "" where none was."""
    if file.container is None or facts.is_past:
        return ""
    newer = [blob for blob in facts.held.values() if _is_of(blob, file) and _is_newer(blob, facts.added)]
    new = [b.name for b in facts.wanted.values() if _is_of(b, file) and _differs(b, facts.held.get(b.name))]
    told = [f"{blob.name} {_written(blob)}" for blob in newer[:NAMED]]
    told += [f"and {plural(len(newer) - NAMED, 'blob')} more"] if len(newer) > NAMED else []
    told += [f"apply uploads {some(sorted(new), NAMED)}"] if new else []
    return f": {'; '.join(told)}" if told else ""


def _is_of(blob: Blob, file: ResourceFile) -> bool:
    if blob.container != file.container:
        return False
    return blob.path == file.blob if file.blob is not None else blob.path.startswith(file.blob_prefix or "")


def _is_newer(blob: Blob, added: datetime | None) -> bool:
    return bool(added and blob.modified and blob.modified > added)


def _differs(wanted: Blob, held: Blob | None) -> bool:
    return held is None or wanted.md5 != held.md5


WORKS = {"start": "the start task", "preparation": "the job preparation task"}


def _scripts(facts: RerunFacts) -> Iterator[str]:
    before, after = (_kept_scripts(task.contents) for task in (facts.run, facts.task))
    if not before or not after:
        if before or facts.run.contents or not after:
            yield "what is on the nodes before the task came or went, or has too many files to tell"
        else:
            yield UNKNOWN
        return
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield f"{_script(name)}: " + ("is new" if old is None else "is gone" if new is None else f"{old} -> {new}")


def _kept_scripts(contents: str) -> dict[str, str]:
    entries = (entry.rpartition("=") for entry in contents.partition("|")[2].split())
    return {name: trace for name, _, trace in entries}


def _script(name: str) -> str:
    work, _, file = name.partition("/")
    return f"{unquote(file)} of {WORKS[work]}, content" if file else f"the command line of {WORKS[work]}, hash"


def _container(facts: RerunFacts) -> Iterator[str]:
    old, new = facts.run.container_settings, facts.task.container_settings
    if old is None or new is None:
        image = (new or old).image_name if new or old else ""  # type: ignore[union-attr]  # one of them is there
        yield f"it {'runs' if new else 'ran'} in a container of {image}, and {'did not' if new else 'does no more'}"
        return
    for field in fields(new):
        name = camel(field.name)
        if field.name == "registry":
            if folded(old.registry) != folded(new.registry):
                yield f"{name} is another one"
        elif folded(getattr(old, field.name)) != folded(getattr(new, field.name)):
            yield f"{name}: {old_and_new(_text(getattr(old, field.name)), _text(getattr(new, field.name)), facts.veil)}"


def _outputs(facts: RerunFacts) -> Iterator[str]:
    before, after = ([_output(o) for o in task.output_files] for task in (facts.run, facts.task))
    yield from (f"- {facts.veil(line)}" for line in before if line not in after)
    yield from (f"+ {facts.veil(line)}" for line in after if line not in before)
    if before != after and sorted(before) == sorted(after):
        yield "they are in another order"


def _output(output: OutputFile) -> str:
    path = f"/{output.path}" if output.path else ""
    return f"{output.file_pattern} to {output.container}{path} on {output.upload_condition.lower()}"


def _dependencies(facts: RerunFacts) -> Iterator[str]:
    for task_id, parts in list(facts.others.items())[:NAMED]:
        yield f"{task_id}, which it depends on: {', '.join(parts)} changed"
    if len(facts.others) > NAMED:
        yield f"and {plural(len(facts.others) - NAMED, 'task')} more that it depends on"
    if not facts.others:
        yield "it depends on other tasks than then"


TELLERS: dict[str, Callable[[RerunFacts], Iterator[str]]] = {
    "command": _command,
    "environment": _environment,
    "inputs": _inputs,
    "scripts": _scripts,
    "container": _container,
    "outputs": _outputs,
    "dependencies": _dependencies,
}
