"""The plan as a value: what is done to what, why, and what of it differs. Pure; decides nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import cached_property
from typing import Any, Self

from batchctl.frozen import dataclass
from batchctl.reconcile.outputs import Fetch
from batchctl.resources import KINDS, Blob, Job, Resource, Task, changed_parts
from batchctl.rules import Rule, asked_hashes, field_differences


class Action(Enum):
    """What is done to an object; the value is its sign in a plan, `past` what was done then."""

    past: str

    CREATE = "+", "created"
    UPDATE = "~", "changed"
    REPLACE = "-/+", "replaced"
    DELETE = "-", "deleted"
    ADOPT = "@", "adopted"

    # Of an Enum it is that of the name, and worked out anew for each of a hundred thousand changes.
    __hash__ = object.__hash__

    # The sign alone is the value: by it an action is found, and its name is what documents say.
    def __new__(cls, sign: str, past: str) -> Self:
        action = object.__new__(cls)
        action._value_, action.past = sign, past
        return action


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: what is held, what is wanted, and what that means.

    `drift`: the spec asks what it asked before, somebody else changed what is held.
    """

    name: str
    old: Any
    new: Any
    rule: Rule
    drift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    action: Action
    before: Resource | None = None
    after: Resource | None = None
    fields: tuple[FieldChange, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        found = self.after or self.before
        assert found is not None  # a change is of something
        return found

    @property
    def kind(self) -> str:
        return self.resource.kind


class Changes(tuple[Change, ...]):
    """Very many, of which those of a kind are asked for again and again: sorted out once."""

    @cached_property
    def by_kind(self) -> Mapping[type[Resource], Sequence[Change]]:
        found: dict[type[Resource], list[Change]] = {}
        for change in self:
            # By the class itself, and without the property: of a hundred thousand.
            found.setdefault((change.after or change.before).__class__, []).append(change)  # type: ignore[arg-type]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterFactory:
    """A factory that is expanded when the tasks of `after` have succeeded. `label` is how people know it."""

    factory: str
    label: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What apply does with a pool once the tasks have ended: `does` is resizeToZero or delete (`Pool.ending`)."""

    pool: str
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The most that a run can use. `node_hours` None: nothing bounds them; `how`: what does, or what would.
    `cost` None: no price is known; `price`: which one was taken, or where one is had."""

    how: str
    node_hours: float | None = None
    cost: float | None = None
    currency: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that apply does. False when there is nothing to do.

    `later`: factories whose tasks are added once others have succeeded, without asking again. `refusals`: why nothing
    may be done at all. `notes`: what the reader should know. `waits`: generations of the job whose tasks are waited
    for. `endings`: what becomes of pools then. `ceiling`: the most that it all can use, if nodes work. `fetches`: blobs
    that are there and not yet at home. `unchanged` counts what stays.
    """

    owner: str
    changes: tuple[Change, ...] = ()
    later: tuple[LaterFactory, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waits: tuple[Job, ...] = ()
    endings: tuple[Ending, ...] = ()
    ceiling: Ceiling | None = None
    fetches: tuple[Fetch, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes or self.waits or self.fetches)

    def about(self, *kinds: type[Resource]) -> Sequence[Change]:
        """The changes of objects of these kinds."""
        changes = self.changes if isinstance(self.changes, Changes) else Changes(self.changes)
        return [change for kind in kinds for change in changes.by_kind.get(kind, ())]

    def of(self, kind: type[Resource], *actions: Action) -> Sequence[Change]:
        """Those of them that are one of these actions."""
        return [change for change in self.about(kind) if change.action in actions]

    def with_each(self, kind: type[Resource], as_made: Callable[[Change], Change]) -> "Plan":
        """The plan with each change of an object of this kind as the function makes it."""
        made = {id(change): new for change in self.about(kind) if (new := as_made(change)) != change}
        return replace(self, changes=Changes(made.get(id(c), c) for c in self.changes)) if made else self

    def count(self, *actions: Action) -> int:
        """How many changes are one of these actions, of any kind."""
        done = [change.action for change in self.changes]
        return sum(map(done.count, actions))


def field_changes(found: Resource, wanted: Resource) -> tuple[FieldChange, ...]:
    """The compared fields in which two resources of a kind differ, after folding."""
    before = getattr(found, "asked", "")
    edited = frozenset(changed_parts(before, asked_hashes(wanted))) if before else None
    return tuple(
        FieldChange(name=d.name, old=d.old, new=d.new, rule=d.rule, drift=edited is not None and d.name not in edited)
        for d in field_differences(found, wanted)
    )


def why_uploaded(found: Blob, wanted: Blob) -> str:
    """Why the content of a blob that is there is stored anew."""
    if found.md5 is None and found.size == wanted.size:
        return "it has no MD5 that tells whether its content changed"
    return "content changed"


def ordered_changes(changes: Iterable[Change]) -> Changes:
    """In the order of KINDS, and by name in each."""
    return Changes(sorted(changes, key=_order))


_PLACES = {kind: number for number, kind in enumerate(KINDS)}


def _order(change: Change) -> tuple[int, str, int]:
    resource = change.resource
    place = _PLACES[resource.__class__]
    return place, resource.name, resource.generation or 0 if isinstance(resource, Job | Task) else 0
