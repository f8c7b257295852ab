"""Factories that are expanded only when others have run: which of them wait now. Pure."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from batchctl.desired import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A factory that is expanded when the tasks of `after` have succeeded. `label` is how people know it."""

    factory: str
    label: str
    after: str


def later(stages: Iterable[Stage], unsettled: Set[str]) -> tuple[Later, ...]:
    """What waits, given the factories of which a task runs or will run. `stages` are in their order."""
    labels = {stage.factory: stage.label for stage in stages}
    found: dict[str, Later] = {}
    for stage in stages:
        waits = [stage.over] if stage.over in unsettled else []
        waits += [name for name in (stage.over, *stage.after) if name in found]
        if waits:
            after = labels.get(waits[0], waits[0])
            found[stage.factory] = Later(factory=stage.factory, label=stage.label, after=after)
    return tuple(found.values())


def wrong(stages: Sequence[Stage], waiting: Sequence[Later]) -> tuple[str, ...]:
    """What is wrong with those that are expanded now."""
    late = {entry.factory for entry in waiting}
    return tuple(said for stage in stages if stage.factory not in late for said in stage.wrong)
