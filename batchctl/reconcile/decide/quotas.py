"""What an account's quotas and region let a pool be. Pure.

Learn, "Batch service quotas and limits": dedicated cores are counted by VM family where the account says so, spot cores
all together. REST (Microsoft.Batch 2025-06-01): BatchAccountProperties, SupportedSku.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from batchctl.cloud_answers import OfferedSize, PoolThere, Quotas
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.ceiling import most_nodes
from batchctl.resources import Pool
from batchctl.vm_sizes import cores_of_size
from batchctl.words import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Cores of a kind: how many there may be, and how many others use."""

    kind: str
    quota: int
    used: int

    def __str__(self) -> str:
        return f"{self.used} of {self.quota} {self.kind} are in use"


def allowed(pool: Pool, quotas: Quotas, now: datetime) -> Pool:
    """The pool with the first of its sizes for which there is room; else with the first that it may have at all."""
    choices = [replace(pool, vm_size=size) for size in pool.vm_sizes] or [pool]
    possible = [choice for choice in choices if not any(why_never(choice, quotas, now))]
    roomy = (choice for choice in possible if not any(why_fewer(choice, quotas)))
    return next(roomy, next(iter(possible), pool))


def why_never(pool: Pool, quotas: Quotas, now: datetime) -> Iterator[str]:
    """Every reason why this account has no node for it."""
    size = quotas.sizes.get(pool.vm_size.lower())
    if quotas.sizes and size is None:
        near = difflib.get_close_matches(pool.vm_size.lower(), quotas.sizes, n=3, cutoff=0.6)
        hint = f"; it has {', '.join(near)}" if near else ""
        yield f"Batch has no nodes of the size {pool.vm_size} in {quotas.region}{hint}"
    if size:
        yield from _lacking(pool, size, now)
    for count, room in _rooms(pool, quotas):
        cores = _cores(pool.vm_size, quotas)
        if count and cores > room.quota:
            quota = f"the account's quota is {room.quota} {room.kind}"
            yield f"a node of {pool.vm_size} has {plural(cores, 'core')}, and {quota}"


def _lacking(pool: Pool, size: OfferedSize, now: datetime) -> Iterator[str]:
    network = pool.network_configuration
    asked = {
        "spot": ("spot nodes", bool(pool.target_spot_nodes or (pool.scale and pool.scale.spot))),
        "ephemeral": ("an ephemeral disk", bool(pool.os_disk and pool.os_disk.ephemeral_os_disk_settings)),
        "accelerated": ("accelerated networking", bool(network and network.enable_accelerated_networking)),
    }
    yield from (
        f"the size {pool.vm_size} has not {what}"
        for name, (what, is_asked) in asked.items()
        if is_asked and name in size.lacks
    )
    if size.until and size.until <= now:
        yield f"Batch makes no pools of the size {pool.vm_size} since {size.until:%Y-%m-%d}"


def why_fewer(pool: Pool, quotas: Quotas) -> Iterator[str]:
    """Why it gets fewer nodes than it asks for, as long as others have theirs."""
    cores = _cores(pool.vm_size, quotas)
    for count, room in _rooms(pool, quotas) if cores else ():
        if (most := max(0, (room.quota - room.used) // cores)) < count:
            yield f"of {plural(count, 'node')} it gets {most} for now: a node has {plural(cores, 'core')}, and {room}"


def _rooms(pool: Pool, quotas: Quotas) -> Iterator[tuple[int, Room]]:
    """How many nodes it wants of each kind, with what there is for them."""
    # As it begins: other nodes may take the place of spot ones, or none.
    nodes = most_nodes(replace(pool, on_failure=None))
    others = [there for there in quotas.pools_there if there.name.lower() != pool.name.lower()]
    family = _family(pool.vm_size, quotas)
    by_family = quotas.cores_by_family
    if nodes and by_family is not None and family is not None and family in by_family:
        same = [there for there in others if _family(there.vm_size, quotas) == family]
        used = _in_use(same, quotas, spot=False)
        yield (
            nodes.dedicated,
            Room(kind=f"dedicated cores of the family {family}", quota=by_family[family], used=used),
        )
    elif nodes and by_family is None and quotas.dedicated_cores is not None:
        used = _in_use(others, quotas, spot=False)
        yield nodes.dedicated, Room(kind="dedicated cores", quota=quotas.dedicated_cores, used=used)
    if nodes and quotas.spot_cores is not None:
        yield nodes.spot, Room(kind="spot cores", quota=quotas.spot_cores, used=_in_use(others, quotas, spot=True))


def _family(vm_size: str, quotas: Quotas) -> str | None:
    size = quotas.sizes.get(vm_size.lower())
    return size.family if size else None


def _cores(vm_size: str, quotas: Quotas) -> int:
    """0 where nobody says."""
    size = quotas.sizes.get(vm_size.lower())
    return (size.cores if size else None) or cores_of_size(vm_size) or 0


def _in_use(pools: Iterable[PoolThere], quotas: Quotas, *, spot: bool) -> int:
    return sum(_cores(p.vm_size, quotas) * (p.spot if spot else p.dedicated) for p in pools)
