"""What batchctl made in an account, spec by spec, and whether anybody still wants it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from batchctl.desired import Desired
from batchctl.reconcile.decide.diff import diff_to_destroy
from batchctl.reconcile.events import Holdings
from batchctl.reconcile.plan import Plan
from batchctl.resources import Container, Job, Pool, Resource, Schedule, Stamped
from batchctl.retirements import end_of_agent, end_of_size

SpecIsThere = Callable[[str], bool | None]
"""Is the spec of this origin there? None where that cannot be known."""


def holdings_by_owner(made: Iterable[Stamped], now: datetime, is_there: SpecIsThere) -> tuple[Holdings, ...]:
    """The holdings of each owner, in the order of their names."""
    owned: dict[str, list[Stamped]] = {}
    for resource in made:
        if resource.owner is not None:
            owned.setdefault(resource.owner, []).append(resource)
    return tuple(_holdings_of(owner, owned[owner], now, is_there) for owner in sorted(owned))


def diff_to_clear(holdings: Holdings, held: Sequence[Resource]) -> Plan:
    """The plan that takes holdings away: all of it but what is kept or holds what others put there."""
    containers = tuple(r for r in held if isinstance(r, Container) and r.owner == holdings.owner)
    desired = Desired(owner=holdings.owner, resources=containers)
    decided = diff_to_destroy(desired, held)
    notes = [f"container {c.name!r} is kept, as its spec said" for c in containers if c.keep]
    return replace(decided, notes=(*(n for n in [holdings.unwanted] if n), *decided.notes, *notes))


def _holdings_of(owner: str, resources: Sequence[Stamped], now: datetime, is_there: SpecIsThere) -> Holdings:
    origins = tuple(sorted({r.stamp.origin for r in resources if r.stamp.origin}))
    counts = Counter(r.kind for r in resources)
    expires = max((r.stamp.expires for r in resources if r.stamp.expires), default=None)
    return Holdings(
        owner=owner,
        origins=origins,
        counts=tuple((kind.kind, counts[kind.kind]) for kind in (Container, Pool, Job, Schedule) if counts[kind.kind]),
        expires=expires,
        unwanted=_why_unwanted(origins, expires, now, is_there),
        retiring=tuple(_retiring(resources, now.date())),
    )


def _retiring(resources: Iterable[Stamped], today: date) -> Iterator[str]:
    for pool in (r for r in resources if isinstance(r, Pool)):
        if found := end_of_size(pool.vm_size, today) or end_of_agent(pool.node_agent_sku_id or "", today):
            yield f"pool {pool.name!r}: {found.says(today)}"


def _why_unwanted(origins: Sequence[str], expires: datetime | None, now: datetime, is_there: SpecIsThere) -> str | None:
    if expires is not None and expires <= now:
        return f"expired on {expires:%Y-%m-%d %H:%M} UTC"
    if origins and all(is_there(origin) is False for origin in origins):
        return f"its spec is gone: {', '.join(origins)} is not in this checkout"
    return None
