"""Does a later step of an apply keep to what its plan announced? Pure."""

from collections.abc import Iterator

from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Job, Task, label_of


def unannounced(first: Plan, now: Plan) -> tuple[str, ...]:
    """What a plan made after a stage would do beyond the tasks that the first one announced."""
    return tuple(_beyond(frozenset(entry.factory for entry in first.later), now))


def _beyond(factories: frozenset[str], now: Plan) -> Iterator[str]:
    for change in now.changes:
        if not _is_expected(change, factories):
            yield f"{change.resource.kind} {label_of(change.resource)} would be {PAST[change.action]}"


def _is_expected(change: Change, factories: frozenset[str]) -> bool:
    match change:
        case Change(action=Action.CREATE, after=Job()):
            return True
        case Change(action=Action.CREATE, after=Task(factory=factory)):
            return factory in factories
        case _:
            return False


PAST = {
    Action.CREATE: "added",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
}
