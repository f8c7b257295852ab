"""Why each task ran, told by its runs and their digests. Pure."""

from collections.abc import Callable, Mapping, Sequence

from batchctl.frozen import dataclass
from batchctl.reconcile.explain.rerun import Culprit
from batchctl.resources import changed_parts
from batchctl.sights import TaskSight
from batchctl.work import HANDLING

Digests = Mapping[tuple[str, str], str]
"""By job and task, in small letters."""

FIRST = "never ran before"
ASKED = "nothing changed: asked for by name, or what was written was gone"
UNKNOWN = "ran before, and what changed is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReason:
    """Tasks that ran for the same reason. `culprits`: of the first of them what it was that changed, where it was
    asked."""

    why: str
    runs: tuple[TaskSight, ...]
    culprits: tuple[Culprit, ...] = ()


def reasons_of(
    runs: Sequence[TaskSight], digests: Digests, failed: Callable[[TaskSight], str], planned: Mapping[str, str]
) -> tuple[RunReason, ...]:
    """Why the newest run of each task was made, alike ones together, the greatest group first. `failed`: how a run
    failed, in words; `planned`: why the plan had them run, by the tasks' ids in small letters: what was asked for by
    name, or was gone then, it alone knows."""
    alike: dict[str, list[TaskSight]] = {}
    for before, run in pairs_of(runs):
        alike.setdefault(_why(before, run, digests, failed) or planned.get(run.id.lower(), ASKED), []).append(run)
    return tuple(RunReason(why=why, runs=tuple(own)) for why, own in sorted(alike.items(), key=lambda g: -len(g[1])))


def pairs_of(runs: Sequence[TaskSight]) -> list[tuple[TaskSight | None, TaskSight]]:
    """Of each task its newest run, and the one before."""
    found: dict[str, tuple[TaskSight | None, TaskSight]] = {}
    for run in sorted(runs, key=lambda run: run.generation):
        known = found.get(run.id.lower())
        found[run.id.lower()] = (known[1] if known else None, run)
    return list(found.values())


def _why(before: TaskSight | None, run: TaskSight, digests: Digests, failed: Callable[[TaskSight], str]) -> str:
    """ "" where nothing of it changed."""
    if before is None:
        return FIRST
    old, new = (digests.get((one.job.lower(), one.id.lower()), "") for one in (before, run))
    parts = [part for part in changed_parts(old, new) if part != HANDLING]
    reasons = [f"failed before: {failed(before)}"] if before.status == "failed" else []
    reasons += ["did not end before"] if before.state != "completed" else []
    reasons += [f"changed: {', '.join(parts)}"] if old and new and parts else []
    return "; ".join(reasons) or ("" if old and new else UNKNOWN)
