"""Job files of HyperQueue (TOML), as 0.26.2 reads them."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from isodate import duration_isoformat

from batchctl.durations import parse_duration
from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.found import Document, Found
from batchctl.importing.names import plain_name
from batchctl.importing.report import Line, Row, Verdict
from batchctl.importing.settings import environment_settings
from batchctl.importing.sweeps import Sweep
from batchctl.importing.templates import UnsayableError, literal
from batchctl.spec.source import shown

TO = "job.tasks[]"
VARIABLE = re.compile(r"\$\{?(HQ_[A-Z_a-z0-9]+)")
SET = {"HQ_ENTRY": "{item}", "HQ_TASK_ID": "{item}"}

FIELDS = (
    Row("name", Verdict.CARRIED, "job.id", "`job` without it"),
    Row("max_fails", Verdict.CARRIED, "job.maxFailures", "so many may fail; none given: no limit"),
    Row("stream_log", Verdict.DROPPED, "", "streams of tasks are kept by `logs`"),
    Row("task[].id", Verdict.CARRIED, "id", "without it the largest that is given, and 1; from 1 on if none is"),
    Row("task[].command", Verdict.CARRIED, "command", "words, without a shell"),
    Row("task[].env", Verdict.CARRIED, "environmentSettings"),
    Row("task[].deps", Verdict.CARRIED, "dependsOn"),
    Row("task[].time_limit", Verdict.CARRIED, "constraints.maxWallClockTime"),
    Row(
        "task[].crash_limit",
        Verdict.CHANGED,
        "",
        "it counts lost workers: Batch puts a task of a lost node into the queue again, however often",
    ),
    Row("task[].priority", Verdict.REFUSED, "", "tasks of a job have none in Batch"),
    Row("task[].stdin", Verdict.REFUSED, "", "Batch gives none: bring a file, and read it"),
    Row("task[].cwd", Verdict.DROPPED, "", "a task begins in a directory of its own, and shares no files with others"),
    Row("task[].stdout", Verdict.DROPPED, "", "kept by `logs`"),
    Row("task[].stderr", Verdict.DROPPED, "", "kept by `logs`"),
    Row("task[].pin", Verdict.DROPPED, "", "Batch pins no processes"),
    Row("task[].task_dir", Verdict.DROPPED, "", "a task begins in a directory of its own"),
    Row("task[].request", Verdict.REFUSED, "", "say it by pool.vmSize, taskSlotsPerNode and requiredSlots"),
    Row("task[].data_deps", Verdict.REFUSED, "", "write to a container, and read there"),
    Row("array.ids", Verdict.CARRIED, "forEach", "both ends are included"),
    Row("array.entries", Verdict.CARRIED, "forEach.list", "HQ_ENTRY is set by environmentSettings"),
)


def knows(found: Found) -> bool:
    names = found.names() if found.is_mapping else frozenset()
    return found.source.file.endswith(".toml") and bool({"task", "array"} & names)


def document(files: Sequence[Found], _asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    if len(files) > 1:
        raise UsageError("a spec has one job: import one file")
    job = files[0]
    name = job.get("name")
    text = name.carried("job.id").text() if name else "job"
    plain = plain_name(text, "job", 58)
    if name is not None and plain != text:
        name.changed("job.id", f"{plain}, for Batch's ids have letters, digits, hyphens and underscores")
    said: Document = {"id": plain}
    if (limit := job.get("max_fails")) is not None:
        said["maxFailures"] = limit.carried("job.maxFailures").whole()
    _dropped(job, "")
    said["tasks"] = list(_array(job)) if job.get("array") is not None else list(_tasks(job))
    _say(job, "pool", "pool.id", "HyperQueue has workers and no pools: name a pool of yours")
    _say(job, "cwd", "", "tasks begin each in a directory of their own, not together in that of the submission")
    pool = {"id": "hyperqueue", "external": True}
    return {"version": 1, "name": plain, "pool": pool, "job": said}


def _say(job: Found, field: str, to: str, why: str) -> None:
    """What is said of a job file whatever it says."""
    job.report.lines.append(Line(job.source.file, 1, 1, field, Verdict.CHANGED, to, why))


def _dropped(found: Found, prefix: str) -> None:
    for row in FIELDS:
        name = row.field.removeprefix(prefix)
        inner = found.get(name) if name in found.names() and row.field.startswith(prefix) else None
        if inner is None or inner.says_something():
            continue
        if row.verdict is Verdict.DROPPED:
            inner.dropped(row.why)
        elif row.verdict is Verdict.REFUSED:
            inner.refused(row.why)
        elif row.verdict is Verdict.CHANGED:
            inner.changed(row.to, row.why)


def _tasks(job: Found) -> Iterator[Document]:
    tasks = job.need("task").members()
    given = [own.whole() if (own := task.get("id")) else None for task in tasks]
    free = max([number for number in given if number is not None], default=0)
    ids: list[int] = []
    for number in given:
        free += number is None
        ids.append(free if number is None else number)
    if len(set(ids)) < len(ids):
        job.need("task").wrong("two tasks have the same id")
    for task, number in zip(tasks, ids, strict=True):
        if (own := task.get("id")) is not None:
            own.carried(f"{TO}.id")
        yield {"id": str(number), **_body(task, ids)}


def _body(task: Found, ids: Sequence[int]) -> Document:
    said: Document = {"command": _words(task.need("command"))}
    if (variables := task.get("env")) is not None:
        said["environmentSettings"] = environment_settings(variables, f"{TO}.environmentSettings")
    if (deps := task.get("deps")) is not None:
        wanted = [member.whole() for member in deps.carried(f"{TO}.dependsOn").members()]
        if missing := [number for number in wanted if number not in ids]:
            deps.wrong(f"no task has the id {missing[0]}")
        said["dependsOn"] = [{"task": str(number)} for number in wanted]
    if (limit := task.get("time_limit")) is not None:
        said["constraints"] = {"maxWallClockTime": _span(limit.carried(f"{TO}.constraints.maxWallClockTime"))}
    _dropped(task, "task[].")
    return said


def _words(command: Found) -> list[str]:
    command.carried(f"{TO}.command", "words, without a shell")
    for name in sorted({found for word in command.texts() for found in VARIABLE.findall(word)} - SET.keys()):
        command.changed(f"{TO}.command", f"{name} is HyperQueue's, and not set here")
    try:
        return [literal(word) for word in command.texts()]
    except UnsayableError:
        command.wrong("no text of a spec stands for this command")


def _span(found: Found) -> str:
    parts = re.fullmatch(r"([0-9]+):([0-9]{1,2}):([0-9]{1,2})", found.text())
    length = (
        timedelta(hours=int(parts[1]), minutes=int(parts[2]), seconds=int(parts[3]))
        if parts
        else parse_duration(found.text().replace(" ", "") + ("s" if found.text().isdecimal() else ""))
    )
    if length is None:
        found.wrong("a time is 1h30m, or HH:MM:SS")
    return str(duration_isoformat(length))


def _array(job: Found) -> Iterator[Document]:
    """One task for each id, or each entry."""
    array = job.need("array")
    ids, entries = array.get("ids"), array.get("entries")
    numbers = _numbers(ids.carried(f"{TO}.forEach")) if ids is not None else None
    texts = entries.carried(f"{TO}.forEach.list").texts() if entries is not None else None
    if numbers is None and texts is None:
        array.wrong("an array has ids or entries")
    if numbers is not None and texts is not None and len(numbers) != len(texts):
        array.wrong(f"{len(numbers)} ids, and {len(texts)} entries")
    body = _body(array, ())
    command = " ".join(array.need("command").texts())
    if texts is None:
        number, for_each = "item", Sweep(axes=(numbers or [],)).for_each()
    elif numbers is None or list(numbers) == list(range(len(texts))):
        number, for_each = "index", Sweep(axes=(texts,)).for_each()
    else:
        pairs = Sweep(axes=(numbers, texts), side_by_side=True)
        number, for_each = "item.a", pairs.for_each()
    entry = {"item": "item", "index": "item", "item.a": "item.b"}[number]
    found = {"HQ_TASK_ID": number, **({"HQ_ENTRY": entry} if texts is not None else {})}
    own = [{"name": name, "value": f"{{{hole}}}"} for name, hole in found.items() if name in command]
    settings = [*body.pop("environmentSettings", ()), *own]
    yield {
        "id": f"{{{number}}}",
        "forEach": for_each,
        **body,
        **({"environmentSettings": settings} if settings else {}),
    }


def _numbers(ids: Found) -> Sequence[int]:
    """`1-3,7,10-20:5`, or a list of such, or of numbers."""
    text = ",".join(ids.texts()) if ids.is_list else ids.text()
    found: list[int] = []
    for part in text.split(","):
        span = re.fullmatch(r"\s*([0-9]{1,9})(?:-([0-9]{1,9})(?::([0-9]{1,9}))?)?\s*", part)
        if span is None or span[3] == "0":
            ids.wrong(f"{shown(part)} is no id, and no range such as 1-9 or 0-10:2")
        first, last = int(span[1]), int(span[2] or span[1])
        found += range(first, last + 1, int(span[3] or 1))
    if len(set(found)) < len(found):
        ids.wrong("two ranges have an id in common")
    whole = range(found[0], found[-1] + 1) if found else range(0)
    return whole if found == list(whole) else found


HYPERQUEUE = Kind(name="hyperqueue", title="HyperQueue", knows=knows, document=document, fields=FIELDS)
