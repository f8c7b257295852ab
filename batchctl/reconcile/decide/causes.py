"""Failures that are alike, and tasks that nothing will start. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import waiting_in_vain
from batchctl.reconcile.events import Blocked, Cause
from batchctl.resources import Task
from batchctl.sights import TaskSight

NAMED = 20
"""Tasks of a cause that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRun:
    """`says`: its last line; None where it was not read."""

    run: TaskSight
    says: str | None = None


def failure_words(run: TaskSight) -> str:
    """`exit code 7`, or what the service says."""
    if run.failure is None or run.failure.code == "FailureExitCode":
        return f"exit code {run.exit_code}"
    return run.failure.code


def folded(line: str) -> str:
    """A line in which numbers do not count: `frame 812 of 0x1f` is alike `frame 7 of 0x2a`."""
    return re.sub(r"0[xX][0-9a-fA-F]+|[0-9]+", "0", line).strip()


def last_line(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def grouped(failed: Iterable[FailedRun]) -> tuple[Cause, ...]:
    """In the order in which they first came. What was not read belongs to the cause with its reason, if there is one
    alone; else it is a cause of its own."""
    alike: dict[tuple[str, str | None], list[FailedRun]] = {}
    for one in failed:
        said = None if one.says is None else folded(one.says)
        alike.setdefault((failure_words(one.run), said), []).append(one)
    for why, said in [key for key in alike if key[1] is None]:
        if len(kin := [key for key in alike if key[0] == why and key[1] is not None]) == 1:
            alike[kin[0]] += alike.pop((why, said))
    return tuple(_cause(found) for found in alike.values())


def _cause(alike: Sequence[FailedRun]) -> Cause:
    first = alike[0]
    return Cause(
        why=failure_words(first.run),
        says=first.says or "",
        count=len(alike),
        tasks=tuple(one.run.id for one in alike[:NAMED]),
        job=first.run.job,
    )


def blocked_by(failed: Iterable[TaskSight], succeeded: Collection[str], wanted: Iterable[Task]) -> Blocked | None:
    """Tasks as they are wanted that wait for one that `failed`; `succeeded`: ids in small letters."""
    bad = {run.id.lower(): run for run in failed}
    vain = waiting_in_vain(_as_seen(task, bad.get(task.id.lower()), succeeded) for task in wanted)
    if not vain:
        return None
    return Blocked(count=len(vain), tasks=tuple(list(vain)[:NAMED]), culprit=next(iter(vain.values())))


def _as_seen(task: Task, failed: TaskSight | None, succeeded: Collection[str]) -> Task:
    if failed:
        code = failed.failure.code if failed.failure else None
        return replace(task, state="completed", result="failure", exit_code=failed.exit_code, failure=code)
    return replace(task, state="completed" if task.id.lower() in succeeded else "active", result="success")
