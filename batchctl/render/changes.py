"""The lines of a plan: each change with its reasons, its fields old and new, what is alike told together."""

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from batchctl.configurations import TaskDependencies
from batchctl.output_names import blob_names
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.plan import Action, Change, Ending, FieldChange, why_uploaded
from batchctl.render.text import HIDDEN, shown_size, shown_value, text_lines
from batchctl.resources import DELETE, AutoPool, Blob, Image, Job, Pool, Schedule, Task, changed_parts, label_of
from batchctl.rest import SPEC, camel, path_of
from batchctl.rules import exact, folded
from batchctl.sensitive import Hidden, is_sensitive

LONGEST_LINE = 160

SHOWN = 20
"""Changes of one kind that a plan lists; the rest is counted."""


def fetch_line(fetch: Fetch, to: str = "") -> str:
    """What comes home, with ` to` where, and at what cost (reliability B70)."""
    line = f"{fetch.blob.name} ({shown_size(fetch.blob.size)}) comes home{to}"
    if not fetch.replaces:
        return line
    # Of a blob without an MD5 nobody knows before it is read.
    return f"{line}, in place of a file that {'differs' if fetch.blob.md5 else 'may differ: the blob has no MD5'}"


def ending_line(ending: Ending) -> str:
    """`~ pool encode: resized to 0 nodes once its tasks have ended`"""
    sign, done = ("-", "deleted") if ending.does == DELETE else ("~", "resized to 0 nodes")
    return f"{sign} pool {ending.pool}: {done} once its tasks have ended"


def alike_together(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Changes that are alike, in the order in which the first of each comes."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault(_alikeness(change), []).append(change)
    yield from groups.values()


def _alikeness(change: Change) -> tuple[object, ...]:
    """What changes have in common that a plan tells together: kind and action, and for tasks their job and reasons."""
    resource = change.resource
    told = (resource.job, resource.generation or 1, change.reasons) if isinstance(resource, Task) else ()
    return resource.kind, change.action, *told


def rest_line(changes: Sequence[Change], shown: int) -> str:
    """`… and 977 more tasks: inputs changed`."""
    first = changes[0]
    why = f": {'; '.join(first.reasons)}" if isinstance(first.resource, Task) and first.reasons else ""
    more = len(changes) - shown
    return f"… and {more} more {first.kind}{'s' if more > 1 else ''}{why} (plan --full lists all)"


def headline(change: Change) -> str:
    """`  ~ blob input/a.txt (1.2 KB): content changed`."""
    resource = change.resource
    said = [f"  {change.action.value} {resource.kind} {label_of(resource)}"]
    if isinstance(resource, Blob):
        said.append(f"({shown_size(resource.size)})")
    if change.reasons:
        said[-1] += ": " + "; ".join(change.reasons)
    if isinstance(change.before, Blob) and isinstance(change.after, Blob) and change.action is Action.UPDATE:
        said[-1] += f": {why_uploaded(change.before, change.after)}"
    return " ".join(said)


def detail_lines(change: Change, veil: Callable[[str], str] = str, *, full: bool = False) -> Iterator[str]:
    """The fields of a change: all that are set for a new pool or job, old and new for a changed one; `full`: what a new
    task runs, takes and gives. Where `veil` hides the new value, the old one is hidden too: what a secret was before
    nobody knows by now."""
    if change.fields and not isinstance(change.resource, Blob):
        for field in change.fields:
            if field.name == "digest":
                yield f"task: {_changed_task(field)} ({_why(field)})"
                continue
            for part, old, new in _differing_parts(camel(field.name), field.old, field.new):
                hide = veil(str(new)) != str(new) and old is not None
                yield from _old_and_new(part, HIDDEN if hide else old, new, _why(field))
    elif change.action is Action.CREATE and isinstance(change.after, Pool | Job | Schedule):
        auto = change.after.auto_pool if isinstance(change.after, Job) else None
        pool = auto.pool if auto else change.after
        hidden = BY_SCALE if isinstance(pool, Pool) and pool.scale and not full else ("digest",)
        yield from _field_lines(change.after, only_compared=True, hidden=hidden)
        if isinstance(change.after, Schedule) and change.after.task:
            yield f"task: {change.after.task.id}"
            yield from (f"    {line}" for line in (_task_lines(change.after.task) if full else ()))
    elif isinstance(change.after, Task):
        if change.after.depends_on:
            yield f"dependsOn: {_awaited(change.after.depends_on)}"
        if full:
            yield from _task_lines(change.after)


def _changed_task(field: FieldChange) -> str:
    """What of a schedule's task is not what it was."""
    return f"its {', '.join(changed_parts(field.old, field.new))} changed" if field.old and field.new else "changed"


def _old_and_new(part: str, old: Any, new: Any, why: str) -> Iterator[str]:
    """What a field was and will be; of texts of several lines the lines that differ."""
    old, new = (None if text == "" else text for text in (old, new))
    texts = [text for text in (old, new) if isinstance(text, str)]
    if any(map(_is_long, texts)) and all(isinstance(text, str | None) for text in (old, new)):
        yield f"{part}: ({why})"
        before, after = (text_lines(text) if text else [] for text in (old, new))
        differing = list(difflib.ndiff(before, after))
        yield from (f"    {line}" for line in differing if not line.startswith("?"))
    else:
        yield f"{part}: {shown_value(old)} -> {shown_value(new)} ({why})"


def _task_lines(task: Task) -> Iterator[str]:
    yield from _text_lines("commandLine", task.command_line or "(the image's own)")
    for file in task.resource_files:
        place = file.container or file.storage_container_url or file.auto_storage_container_name
        source = file.http_url or "/".join(part for part in (place, file.blob or file.blob_prefix) if part)
        yield f"input: {shown_value(source)}" + (f" as {shown_value(file.file_path)}" if file.file_path else "")
    for output in task.output_files:
        yield f"output: {shown_value(output.file_pattern)} to {shown_value(str(blob_names(output, task)))}"
    if task.environment:
        yield f"environment: {shown_value(task.environment)}"


def _is_long(text: str) -> bool:
    """Too much for one line; a command's first line is our own."""
    return text.count("\n") > 1 or ("\n" in text and len(text) > LONGEST_LINE)


def _text_lines(name: str, text: str) -> Iterator[str]:
    """A text whole: of several lines, each on its own."""
    if not _is_long(text):
        yield f"{name}: {'; '.join(text_lines(text))}"
        return
    yield f"{name}:"
    yield from (f"    {line}" for line in text_lines(text))


def _why(field: FieldChange) -> str:
    """What the change of a field means, and whether somebody else is the reason for it."""
    return f"drift: not what was last asked; {field.rule.value}" if field.drift else field.rule.value


def _awaited(on: TaskDependencies) -> str:
    """`map-a, 1-100 and 7 more`"""
    ranges = [f"{r.start}-{r.end}" if r.end > r.start else str(r.start) for r in on.task_id_ranges]
    names = [*ranges, *on.task_ids]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


BY_SCALE = ("auto_scale_formula", "auto_scale_evaluation_interval")
"""What is written from a pool's `scale`, which says it in a line."""


def _field_lines(found: Any, *, only_compared: bool = False, hidden: Collection[str] = ()) -> Iterator[str]:
    """`name: value` of every field that is not as it is by default, one level of nesting indented."""
    for entry in fields(found):
        inner = getattr(found, entry.name)
        told = "rule" in entry.metadata or entry.metadata.get("shown")
        if inner in (None, "") or inner == entry.default or entry.name in hidden or (only_compared and not told):
            continue
        if isinstance(inner, AutoPool):
            yield "pool:"
            yield from (f"    {line}" for line in _auto_pool_lines(inner, hidden))
        elif is_dataclass(inner) and not isinstance(inner, Image):
            yield f"{camel(entry.name)}:"
            yield from (f"    {line}" for line in _field_lines(inner))
        elif isinstance(inner, str) and _is_long(inner):
            yield from _text_lines(camel(entry.name), inner)
        else:
            yield f"{camel(entry.name)}: {shown_value(inner)}"


def _auto_pool_lines(auto: AutoPool, hidden: Collection[str]) -> Iterator[str]:
    """As a spec has them: how it lives, and what is said of any pool."""
    for entry in fields(auto):
        inner, name = getattr(auto, entry.name), path_of(entry, SPEC)
        if name and inner != entry.default:
            yield f"{name[0]}: {shown_value(inner)}"
    yield from _field_lines(auto.pool, only_compared=True, hidden=hidden)


def _differing_parts(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The parts of a field that differ: of two values with fields of their own, only the fields that do."""
    if all(isinstance(v, tuple) for v in (old, new)) and _is_settings(old or new):
        yield from _differing_settings(name, old, new)
    elif is_dataclass(old) and type(old) is type(new):
        for entry in fields(old):
            before, after = getattr(old, entry.name), getattr(new, entry.name)
            fold = entry.metadata.get("fold", exact)
            if folded(before, fold) != folded(after, fold):
                yield from _differing_parts(f"{name}.{camel(entry.name)}", before, after)
    else:
        yield name, old, new


def _is_settings(found: Any) -> bool:
    return isinstance(found, tuple) and bool(found) and isinstance(found[0], tuple)


def _differing_settings(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Settings one by one. Where one of the two values is hidden, so is the other."""
    before, after = dict(old), dict(new)
    for key in {**before, **after}:
        was, will = before.get(key), after.get(key)
        hide = is_sensitive(key) or isinstance(was, Hidden) or isinstance(will, Hidden)
        if was != will:
            yield f"{name}.{key}", _hidden_if(was, hide), _hidden_if(will, hide)


def _hidden_if(found: str | None, hide: bool) -> str | None:
    return Hidden(found) if hide and found is not None else found
