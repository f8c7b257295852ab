"""Failures that are alike, and tasks that nothing will start. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import blames
from batchctl.reconcile.events import Blocked, Cause
from batchctl.resources import Task
from batchctl.sights import TaskSight

LATEST = datetime.max.replace(tzinfo=UTC)

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


def alike(failed: Iterable[FailedRun]) -> tuple[tuple[FailedRun, ...], ...]:
    """Those that failed for the same cause, in the order of their ends; the greatest group first. So they are numbered
    wherever groups have numbers.

    What was not read belongs to the cause with its reason, if there is one alone; else it is a cause of its own.
    """
    groups: dict[tuple[str, str | None], list[FailedRun]] = {}
    for one in sorted(failed, key=lambda one: by_end(one.run)):
        groups.setdefault((failure_words(one.run), None if one.says is None else folded(one.says)), []).append(one)
    for why, said in [key for key in groups if key[1] is None]:
        if len(kin := [key for key in groups if key[0] == why and key[1] is not None]) == 1:
            groups[kin[0]] += groups.pop((why, said))
            groups[kin[0]].sort(key=lambda one: by_end(one.run))
    return tuple(tuple(found) for found in sorted(groups.values(), key=lambda found: -len(found)))


def by_end(run: TaskSight) -> tuple[datetime, str]:
    return run.ended or LATEST, run.id


def grouped(failed: Iterable[FailedRun]) -> tuple[Cause, ...]:
    """The greatest cause first."""
    return tuple(map(_cause, alike(failed)))


def _cause(found: Sequence[FailedRun]) -> Cause:
    return Cause(
        why=failure_words(found[0].run),
        says=next((one.says for one in found if one.says is not None), ""),
        count=len(found),
        tasks=tuple(one.run.id for one in found[:NAMED]),
        job=found[0].run.job,
    )


def blocked_by(failed: Iterable[TaskSight], succeeded: Collection[str], wanted: Iterable[Task]) -> Blocked | None:
    """Tasks as they are wanted that wait for one that `failed`; `succeeded`: ids in small letters."""
    bad = {run.id.lower(): run for run in failed}
    # To copy a task costs more than all else: of very many those alone that may be kept from running.
    told = ((task, bad.get(task.id.lower())) for task in wanted if task.id.lower() in bad or task.depends_on)
    vain = blames(_as_seen(task, run) for task, run in told if run or task.id.lower() not in succeeded)
    if not vain:
        return None
    return Blocked(count=len(vain), tasks=tuple(list(vain)[:NAMED]), culprit=next(iter(vain.values())).culprit)


def _as_seen(task: Task, failed: TaskSight | None) -> Task:
    if failed is None:
        return replace(task, state="active")
    code = failed.failure.code if failed.failure else None
    return replace(task, state="completed", result="failure", exit_code=failed.exit_code, failure=code)
