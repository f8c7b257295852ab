"""The first tasks of each factory before its others: a plan in stages, each begun when the last went well. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from batchctl.frozen import dataclass
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Flock:
    """The tasks that a plan makes of one factory: the `first` of them, and the `others`."""

    first: tuple[Change, ...]
    others: tuple[Change, ...]


def flocks(plan: Plan, canary: int | None) -> dict[str, Flock]:
    """By factory, in the order of the plan. Without a canary nothing comes first."""
    made: dict[str, list[Change]] = {}
    for change in plan.of(Task, Action.CREATE) if canary else ():
        made.setdefault(_task_of(change).factory, []).append(change)
    return {name: Flock(first=tuple(some[:canary]), others=tuple(some[canary:])) for name, some in made.items()}


def staged(plan: Plan, canary: int | None) -> tuple[Plan, ...]:
    """The plan itself where no factory has more tasks than come first; else its parts, one after the other.

    A factory begins in the stage in which the last tasks that its first ones wait for are added.
    """
    herd = flocks(plan, canary)
    if not any(flock.others for flock in herd.values()):
        return (plan,)
    stages: dict[int, list[Change]] = {}
    depths = _depths(herd)
    for name, flock in herd.items():
        begin = depths[name]
        stages.setdefault(begin, []).extend(flock.first)
        stages.setdefault(begin + 1, []).extend(flock.others)
    more = [tuple(stages[n]) for n in sorted(stages) if stages[n]][1:]
    late = {id(change) for part in more for change in part}
    return (
        replace(plan, changes=tuple(change for change in plan.changes if id(change) not in late)),
        *(Plan(owner=plan.owner, changes=part, waits=plan.waits) for part in more),
    )


def _depths(herd: Mapping[str, Flock]) -> dict[str, int]:
    """By factory: how many stages others need before its first tasks can run. Factories never wait in a circle."""
    makers = {_task_of(c).id.lower(): name for name, flock in herd.items() for c in (*flock.first, *flock.others)}
    waits = {name: {makers[i] for i in _awaited(flock) if i in makers} - {name} for name, flock in herd.items()}
    found: dict[str, int] = {}
    for name in TopologicalSorter(waits).static_order():
        found[name] = max((found[other] + bool(herd[other].others) for other in waits[name]), default=0)
    return found


def _awaited(flock: Flock) -> Iterator[str]:
    """The ids, in lower case, that its first tasks wait for."""
    for change in flock.first:
        if waits := _task_of(change).depends_on:
            yield from (task_id.lower() for task_id in waits.task_ids)
            yield from (str(n) for part in waits.task_id_ranges for n in range(part.start, part.end + 1))


def _task_of(change: Change) -> Task:
    task = change.after
    assert isinstance(task, Task)  # asked for by its kind
    return task
