"""What batchctl made in an account, spec by spec, and whether anybody still wants it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batchctl.desired import Desired
from batchctl.reconcile.plan import Plan, diff, kept
from batchctl.resources import Container, Job, Pool, Resource

Made = Container | Pool | Job

Holds = Callable[[str], bool | None]
"""Is the spec of this origin there? None where that cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """All that one spec made. `expires`: the last moment that any of it names. `unwanted`: why nobody wants it."""

    owner: str
    origins: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    expires: datetime | None = None
    unwanted: str | None = None


def estates(made: Iterable[Made], now: datetime, holds: Holds) -> tuple[Estate, ...]:
    """One estate for each owner, in the order of their names."""
    owned: dict[str, list[Made]] = {}
    for resource in made:
        if resource.owner is not None:
            owned.setdefault(resource.owner, []).append(resource)
    return tuple(_estate(owner, owned[owner], now, holds) for owner in sorted(owned))


def clearance(estate: Estate, held: Sequence[Resource]) -> Plan:
    """The plan that takes an estate away: all of it but what is kept or holds what others put there."""
    containers = tuple(r for r in held if isinstance(r, Container) and r.owner == estate.owner)
    desired = Desired(owner=estate.owner, resources=containers)
    decided = replace(diff(kept(desired, held), held), unchanged=0)
    notes = [f"container {c.name!r} is kept, as its spec said" for c in containers if c.keep]
    return replace(decided, notes=(*(n for n in [estate.unwanted] if n), *decided.notes, *notes))


def _estate(owner: str, resources: Sequence[Made], now: datetime, holds: Holds) -> Estate:
    origins = tuple(sorted({r.stamp.origin for r in resources if r.stamp.origin}))
    counts = Counter(r.kind for r in resources)
    expires = max((r.stamp.expires for r in resources if r.stamp.expires), default=None)
    return Estate(
        owner=owner,
        origins=origins,
        counts=tuple((kind.kind, counts[kind.kind]) for kind in (Container, Pool, Job) if counts[kind.kind]),
        expires=expires,
        unwanted=_unwanted(origins, expires, now, holds),
    )


def _unwanted(origins: Sequence[str], expires: datetime | None, now: datetime, holds: Holds) -> str | None:
    if expires is not None and expires <= now:
        return f"expired on {expires:%Y-%m-%d %H:%M} UTC"
    if origins and all(holds(origin) is False for origin in origins):
        return f"its spec is gone: {', '.join(origins)} is not in this checkout"
    return None
