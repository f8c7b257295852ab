"""What must hold where a job is scheduled: it is made without anybody watching, for longer than signatures last.

REST: Job Schedules, JobManagerTask. Rules are rows of `RULES`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from batchctl.durations import parse_duration
from batchctl.errors import Problem
from batchctl.spec.filling.schedules import OUTLIVED
from batchctl.spec.reading.paths import as_mapping, find_parts, get_in
from batchctl.spec.source import Source

A_MINUTE = timedelta(minutes=1)
"""The shortest startWindow and recurrenceInterval (REST: JobScheduleConfiguration)."""

MANAGER = (
    "Batch copies no tasks into the jobs of a schedule: each begins with one task, their job manager, which may add"
)

NOT_OF_A_MANAGER = ("forEach", "dependsOn", "exitConditions", "affinityInfo", "multiInstanceSettings")
"""What a task may say and a job manager task may not (REST: JobManagerTask)."""

UNWATCHED = {
    ("job", "maxFailures"): "nobody watches the jobs of a schedule, and ends one in which too much fails",
    ("job", "canary"): "nobody watches the jobs of a schedule, and adds the other tasks when the first have succeeded",
    ("pool", "lifetime"): "a schedule runs on a pool that stays: give it an 'id' instead",
    ("pool", "onFailure"): "nobody watches the jobs of a schedule, and counts preemptions",
    ("limits",): "nobody watches the jobs of a schedule, and ends one that costs too much",
}
"""What makes no sense beside a schedule, and why."""

OF_THE_JOB = ("job.tasks.*", "job.jobManagerTask", "job.jobPreparationTask", "job.jobReleaseTask")


def schedules_can_run(document: Any, source: Source, _known: Any) -> Iterator[Problem]:
    """Every breach of RULES, where there is a schedule."""
    if isinstance(get_in(document, "schedule"), dict):
        for rule in RULES:
            yield from rule(document, source)


def times_follow_each_other(document: Any, source: Source) -> Iterator[Problem]:
    moments: dict[str, datetime] = {}
    for word in ("doNotRunUntil", "doNotRunAfter"):
        text = get_in(document, "schedule", word)
        try:
            moments[word] = datetime.fromisoformat(text)
        except TypeError:
            continue
        except ValueError:
            # Of a text of another form the schema has told.
            if len(text) > len("2026-12-01T02:00"):
                yield source.problem(("schedule", word), "there is no such moment", "no-such-moment")
    aware = [moment for moment in moments.values() if moment.tzinfo is not None]
    if len(aware) == len(UNTIL_AFTER) and moments["doNotRunAfter"] <= moments["doNotRunUntil"]:
        message = "no job would ever be made: it is not after 'doNotRunUntil'"
        yield source.problem(("schedule", "doNotRunAfter"), message, "range")


UNTIL_AFTER = ("doNotRunUntil", "doNotRunAfter")


def spans_are_long_enough(document: Any, source: Source) -> Iterator[Problem]:
    for word in ("startWindow", "recurrenceInterval"):
        text = get_in(document, "schedule", word)
        length = parse_duration(text) if isinstance(text, str) else None
        if length is not None and length < A_MINUTE:
            yield source.problem(("schedule", word), f"{text} is less than a minute, as Batch wants it", "range")


def a_job_has_one_task(document: Any, source: Source) -> Iterator[Problem]:
    tasks = get_in(document, "job", "tasks")
    if tasks is not None and get_in(document, "job", "jobManagerTask") is not None:
        message = f"{MANAGER} others: that is 'jobManagerTask' here"
        yield source.problem(("job", "tasks"), message, "too-many-tasks", at_key=True)
        return
    for number, task in enumerate(tasks if isinstance(tasks, list) else ()):
        at = ("job", "tasks", number)
        if number:
            yield source.problem(at, f"{MANAGER} others: take this one out", "too-many-tasks")
        for word in NOT_OF_A_MANAGER:
            if word in as_mapping(task):
                message = f"{MANAGER} others: take out '{word}'"
                yield source.problem((*at, word), message, "not-allowed", at_key=True)


def nobody_watches(document: Any, source: Source) -> Iterator[Problem]:
    for at, why in UNWATCHED.items():
        if get_in(document, *at) is not None:
            yield source.problem(at, f"{why}: take it out", "not-allowed", at_key=True)
    if get_in(document, "pool", "afterRun") in ("resizeToZero", "delete"):
        message = (
            "the jobs of a schedule come by themselves: 'keep', or a formula that takes the nodes away between them"
        )
        yield source.problem(("pool", "afterRun"), message, "not-allowed")


def signatures_outlive_schedules(document: Any, source: Source) -> Iterator[Problem]:
    """What is signed can be used for seven days, and nobody signs anew for a job that makes itself."""
    if get_in(document, "identity") is not None:
        return
    for work in OF_THE_JOB:
        for at, file in find_parts(document, f"{work}.resourceFiles.*"):
            named = next((word for word in ("container", "blob", "blobs") if word in as_mapping(file)), None)
            if named and "identityReference" not in file:
                yield _too_short(source, (*at, named))
        for at, output in find_parts(document, f"{work}.outputFiles.*"):
            if "container" in as_mapping(output) and "identityReference" not in output:
                yield _too_short(source, (*at, "container"))


def _too_short(source: Source, at: tuple[Any, ...]) -> Problem:
    return source.problem(at, OUTLIVED, "signature-too-short", at_key=True)


RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (
    times_follow_each_other,
    spans_are_long_enough,
    a_job_has_one_task,
    nobody_watches,
    signatures_outlive_schedules,
)
