"""What is said: plans, events and problems as text. The only user of rich; decides nothing."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import isodate
from rich.console import Console
from rich.text import Text

from batchctl.errors import BatchctlError, Problem, SpecError
from batchctl.parts import TaskDependencies
from batchctl.reconcile.differences import FieldChange
from batchctl.reconcile.events import (
    Applied,
    Begun,
    Event,
    Expanded,
    Failed,
    Fetched,
    NodesWaiting,
    NotFetched,
    Progress,
    TaskFailed,
)
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Blob, Image, Job, Pool, Task, label
from batchctl.rest import camel
from batchctl.sensitive import Hidden, Veil, is_sensitive, masked

if TYPE_CHECKING:
    from batchctl.reconcile.codec import Codec
    from batchctl.reconcile.saved import Place

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.ADOPT: "cyan",
}

HIDDEN = "(sensitive)"

MANY = 100
"""Objects of one kind that are told one by one as they are done; of more, how far it is."""

SHOWN = 20
"""Changes of one kind that a plan lists; the rest is counted."""

DONE = {
    ("create", "blob"): "uploaded",
    ("update", "blob"): "uploaded",
    ("create", "task"): "added",
    ("create", ""): "created",
    ("end", ""): "ended",
    ("update", ""): "updated",
    ("delete", ""): "deleted",
    ("adopt", ""): "adopted",
}
DOING = {
    ("create", "blob"): "uploading",
    ("update", "blob"): "uploading",
    ("create", "task"): "adding",
    ("create", ""): "creating",
    ("end", ""): "ending",
    ("update", ""): "updating",
    ("delete", ""): "deleting",
    ("adopt", ""): "adopting",
}


class Printer:
    """Results to `out`, progress and errors to `err`; colour only where the stream is a terminal that wants it."""

    def __init__(self, out: Console, err: Console) -> None:
        self.out, self.err = out, err
        self._done: Counter[str] = Counter()
        self._ahead = self._gone = 0
        self._veil = Veil()

    def begin(self, verb: str) -> None:
        """People see which command it is."""

    def target(self, name: str, why: str, address: str | None = None) -> None:
        self._line(f"Target: {name}, {address} ({why})" if address else f"Target: {name} ({why})")

    def account(self, place: "Place", codec: "Codec") -> None:
        """Where it is, people saw in the target; from here on the spec's secrets are known."""
        self._veil = codec.veil

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        """The whole plan: changes with their reasons, what stays, what comes home, and one summary line.

        `full`: every change; else of many that are alike the first, and how many more there are.
        """
        most = len(plan.changes) + len(plan.fetches) if full else SHOWN
        for changes in together(plan.changes):
            for change in changes[:most]:
                self._change(change)
            if len(changes) > most:
                self._line(f"    {rest(changes, most)}", STYLES[changes[0].action])
        for entry in plan.later:
            self._line(f"  + tasks {entry.label}: expanded when {entry.after} is done", STYLES[Action.CREATE])
        for fetch in plan.fetches[:most]:
            self._line(f"  < {fetch.blob.name} ({size(fetch.blob.size)}) comes home to {display(fetch.target)}", "cyan")
        if len(plan.fetches) > most:
            self._line(f"    … and {len(plan.fetches) - most} more come home")
        for note in plan.notes:
            self._line(f"  note: {note}")
        for reason in plan.refusals:
            self._line(f"  refused: {reason}", "red")
        self._line(summary(plan), "bold")

    def drift(self, found: Plan) -> None:
        """What somebody else changed; `->` leads to what was last asked."""
        for change in found.changes:
            self._change(change)
        objects = "1 object is" if len(found.changes) == 1 else f"{len(found.changes)} objects are"
        self._line(f"Drift: {objects} not as last asked for." if found.changes else "No drift.", "bold")

    def event(self, event: Event) -> None:
        self._done[type(event).__name__ if not isinstance(event, Applied) else event.verb] += 1
        if isinstance(event, Begun):
            self._ahead, self._gone = len(event.names), 0
        self._gone += isinstance(event, Applied)
        many = isinstance(event, Applied) and self._ahead > MANY
        if line := step_line(event, self._gone, self._ahead) if many else event_line(event):
            self.say(line)
        if isinstance(event, TaskFailed):
            for text in event.stderr:
                # The id in front keeps a task's output from being read as a command by whoever parses our log.
                self.say(f"  [{event.task.id}] {text}")

    def done(self, verb: str, exit_code: int = 0) -> None:
        """`Apply complete: 12 created, 1 updated, 3 brought home.` Of a plan, its last line has said it."""
        if verb == "plan":
            return
        words = {"adopt": "adopted", "create": "created", "update": "updated", "delete": "deleted"}
        words["Fetched"] = "brought home"
        counted = [f"{self._done[key]} {word}" for key, word in words.items() if self._done[key]]
        self._line(f"{verb.capitalize()} complete: {', '.join(counted) or 'nothing was to be done'}.", "bold")

    def say(self, line: str) -> None:
        self.err.print(Text(clean(self._veil(line))), soft_wrap=True)

    def result(self, line: str) -> None:
        self._line(line)

    def error(self, error: BatchctlError) -> None:
        if isinstance(error, SpecError):
            for problem in error.problems:
                self._problem(problem)
            return
        self.err.print(
            Text("error: ", style="bold red").append(Text("\n".join(map(clean, self._veil(str(error)).split("\n"))))),
            soft_wrap=True,
        )

    def _problem(self, problem: Problem) -> None:
        place = f"{clean(problem.file)}:{problem.line}:{problem.column}: "
        line = Text(place).append("error: ", style="bold red").append(f"{clean(problem.message)} [{problem.code}]")
        self.err.print(line, soft_wrap=True)
        if problem.source:
            caret = " " * (width(clean(problem.source[: problem.column - 1]))) + "^" * max(1, problem.width)
            self.err.print(Text(f"{problem.line:>6} | {clean(problem.source)}\n       | {caret}"), soft_wrap=True)

    def _change(self, change: Change) -> None:
        self._line(headline(change), STYLES[change.action])
        for line in details(change):
            self._line(f"        {line}")

    def _line(self, line: str, style: str = "") -> None:
        self.out.print(Text(clean(self._veil(line)), style=style), soft_wrap=True)


def together(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Changes that are alike, in the order in which the first of each comes."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault(alikeness(change), []).append(change)
    yield from groups.values()


def alikeness(change: Change) -> tuple[object, ...]:
    """What changes have in common that a plan tells together: kind and action, and for tasks their job and reasons."""
    told = (label(change.resource).rpartition("/")[0], change.reasons) if isinstance(change.resource, Task) else ()
    return change.kind, change.action, *told


def rest(changes: Sequence[Change], shown: int) -> str:
    """`… and 977 more tasks: inputs changed`."""
    first = changes[0]
    why = f": {'; '.join(first.reasons)}" if isinstance(first.resource, Task) and first.reasons else ""
    more = len(changes) - shown
    return f"… and {more} more {first.kind}{'s' if more > 1 else ''}{why} (plan --full lists all)"


def headline(change: Change) -> str:
    """`  ~ blob input/a.txt (1.2 KB): content changed`."""
    resource = change.resource
    said = [f"  {change.action.value} {resource.kind} {label(resource)}"]
    if isinstance(resource, Blob):
        said.append(f"({size(resource.size)})")
    if change.reasons:
        said[-1] += ": " + "; ".join(change.reasons)
    if isinstance(resource, Blob) and change.action is Action.UPDATE:
        said[-1] += ": content changed"
    return " ".join(said)


def details(change: Change) -> Iterator[str]:
    """The fields of a change: all that are set for a new pool or job, old and new for a changed one."""
    if change.fields and not isinstance(change.resource, Blob):
        for field in change.fields:
            for part, old, new in differing(camel(field.name), field.old, field.new):
                yield f"{part}: {value(old)} -> {value(new)} ({why(field)})"
    elif change.action is Action.CREATE and isinstance(change.after, Pool | Job):
        yield from shown(change.after, only_compared=True)
    elif isinstance(change.after, Task) and change.after.depends_on:
        yield f"dependsOn: {waits(change.after.depends_on)}"


def why(field: FieldChange) -> str:
    """What the change of a field means, and whether somebody else is the reason for it."""
    return f"drift: not what was last asked; {field.rule.value}" if field.drift else field.rule.value


def waits(on: TaskDependencies) -> str:
    """`map-a, 1-100 and 7 more`"""
    ranges = [f"{r.start}-{r.end}" if r.end > r.start else str(r.start) for r in on.task_id_ranges]
    names = [*ranges, *on.task_ids]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def shown(found: Any, *, only_compared: bool = False) -> Iterator[str]:
    """`name: value` of every field that is not as it is by default, one level of nesting indented."""
    for entry in fields(found):
        inner = getattr(found, entry.name)
        if inner == entry.default or (only_compared and "rule" not in entry.metadata):
            continue
        if is_dataclass(inner) and not isinstance(inner, Image):
            yield f"{camel(entry.name)}:"
            yield from (f"    {line}" for line in shown(inner))
        else:
            yield f"{camel(entry.name)}: {value(inner)}"


def differing(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The parts of a field that differ: of two values with fields of their own, only the fields that do."""
    if all(isinstance(v, tuple) for v in (old, new)) and is_settings(old or new):
        yield from settings_differing(name, old, new)
    elif is_dataclass(old) and type(old) is type(new):
        for entry in fields(old):
            before, after = getattr(old, entry.name), getattr(new, entry.name)
            if before != after:
                yield from differing(f"{name}.{camel(entry.name)}", before, after)
    else:
        yield name, old, new


def is_settings(found: Any) -> bool:
    return isinstance(found, tuple) and bool(found) and isinstance(found[0], tuple)


def settings_differing(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Settings one by one. Where one of the two values is hidden, so is the other."""
    before, after = dict(old), dict(new)
    for key in {**before, **after}:
        was, will = before.get(key), after.get(key)
        hide = is_sensitive(key) or isinstance(was, Hidden) or isinstance(will, Hidden)
        if was != will:
            yield f"{name}.{key}", hidden(was, hide), hidden(will, hide)


def hidden(found: str | None, hide: bool) -> str | None:
    return Hidden(found) if hide and found is not None else found


def shown_setting(name: str, found: str) -> str:
    return HIDDEN if is_sensitive(name) else value(found)


def summary(plan: Plan) -> str:
    """`Plan: 3 to add, 1 to change, 0 to destroy; 3 tasks to run, 12 KB to upload.`"""
    if not plan:
        return f"No changes. {plan.unchanged} objects are as the spec wants them." if plan.unchanged else "No changes."

    def count(*actions: Action) -> int:
        return sum(c.action in actions for c in plan.changes)

    tasks = len(plan.of(Task, Action.CREATE))
    uploads = [c.after for c in plan.of(Blob, Action.CREATE, Action.UPDATE)]
    extra = []
    if tasks:
        extra.append(f"{tasks} {'task' if tasks == 1 else 'tasks'} to run")
    if plan.later:
        extra.append("more of them later")
    if uploads:
        extra.append(f"{size(sum(b.size for b in uploads if isinstance(b, Blob)))} to upload")
    if plan.fetches:
        extra.append(f"{len(plan.fetches)} blobs to bring home")
    if plan.waits and not tasks:
        extra.append(f"waits for the tasks of {', '.join(job.id for job in plan.waits)}")
    line = (
        f"Plan: {count(Action.CREATE, Action.REPLACE)} to add, {count(Action.UPDATE)} to change, "
        f"{count(Action.DELETE, Action.REPLACE)} to destroy"
        + (f", {count(Action.ADOPT)} to adopt" if count(Action.ADOPT) else "")
    )
    return "; ".join([line, ", ".join(extra)] if extra else [line]) + "."


def step_line(event: Event, gone: int, ahead: int) -> str | None:
    """`added 5000 of 100000 tasks`, some twenty times in all."""
    if not isinstance(event, Applied) or (gone % max(MANY, ahead // 20) and gone != ahead):
        return None
    return f"{DONE.get((event.verb, event.kind)) or DONE[event.verb, '']} {gone} of {ahead} {event.kind}s"


def event_line(event: Event) -> str | None:
    """One line for one event; None where a later event says it better."""
    match event:
        case Begun(verb=verb, kind=kind, names=names):
            word = DOING.get((verb, kind)) or DOING[verb, ""]
            return f"{word} {len(names)} {kind}s" if len(names) > 1 else None
        case Applied(verb=verb, kind=kind, name=found):
            return f"{DONE.get((verb, kind)) or DONE[verb, '']} {kind} {found}"
        case Failed(verb=verb, kind=kind, name=found, error=error):
            return f"FAILED to {verb} {kind} {found}: {error}"
        case Expanded(tasks=tasks, job=job):
            return f"expanded: {tasks} {'task' if tasks == 1 else 'tasks'} more, in job {job}"
        case Progress(counts=c):
            return f"tasks: {c.active} waiting, {c.running} running, {c.succeeded} succeeded, {c.failed} failed"
        case NodesWaiting(pool=pool, nodes=nodes):
            states = ", ".join(f"{count} {state}" for state, count in nodes) or "none yet"
            return f"nodes of pool {pool}: {states}"
        case TaskFailed(task=task, why=why):
            return f"task {task.id} {why}"
        case Fetched(blob=blob, path=path):
            return f"fetched {blob.name} to {display(Path(path))}"
        case NotFetched(blob=blob, why=why):
            return f"NOT fetched {blob.name}: {why}"


def value(found: Any) -> str:
    """A field's value as a reader of REST would write it."""
    match found:
        case None:
            return "(none)"
        case bool():
            return str(found).lower()
        case timedelta():
            return str(isodate.duration_isoformat(found))
        case ((str(), str()), *_):
            return "[" + ", ".join(f"{name}={shown_setting(name, setting)}" for name, setting in found) + "]"
        case tuple():
            return "[" + ", ".join(value(item) for item in found) + "]"
        case _ if hasattr(found, "__dataclass_fields__"):
            shown = [(f.name, getattr(found, f.name)) for f in fields(found)]
            return "{" + ", ".join(f"{camel(n)}: {value(v)}" for n, v in shown if v not in (None, (), "")) + "}"
        case Hidden():
            return HIDDEN
        case _:
            text = masked(str(found)).replace("\n", "; ")
            return text if len(text) <= 300 else f"{text[:297]}…"


def size(count: int) -> str:
    """1536 as `1.5 KB`; units of 1024."""
    amount = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def display(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def clean(text: str) -> str:
    """Control and bidi characters shown, not obeyed: names and stderr come from strangers (reliability S6)."""
    return "".join(c if c == "\n" or not _obeyed(c) else f"\\u{ord(c):04x}" for c in text)


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if not unicodedata.combining(c))


def _obeyed(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\t"


def consoles(*, no_color: bool) -> Sequence[Console]:
    """(stdout, stderr). rich itself honours NO_COLOR, FORCE_COLOR and TERM=dumb."""
    off = no_color or None
    common: dict[str, Any] = {"no_color": off, "highlight": False, "markup": False, "emoji": False}
    return Console(**common), Console(stderr=True, **common)
