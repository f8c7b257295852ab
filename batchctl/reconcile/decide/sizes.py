"""Which VM size a pool has, where its spec leaves a choice. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batchctl.cloud_answers import PoolHealth
from batchctl.desired import Desired
from batchctl.errors import BatchctlError, CloudError
from batchctl.resources import Job, Pool, Resource, Resources
from batchctl.vm_abilities import meets_needs

NO_ROOM = r"(?i)[a-z]*(?:allocation|quota|capacity|skunotavailable)[a-z]*(?::|\Z)"
"""Errors of a resize that another size may not meet: AllocationFailed, AllocationTimedOut, AccountCoreQuotaReached …"""


def settled(desired: Desired, held: Sequence[Resource], choose: Callable[[Pool], Pool] = lambda pool: pool) -> Desired:
    """The desired with the sizes that its pools have already, as far as the spec lets them; `choose`: of the others."""
    having: tuple[Resource, ...] = (*desired.of(Pool), *desired.of(Job))
    if not any(_leaves_a_choice(pool) for resource in having if (pool := _pool_in(resource))):
        return desired
    found = dict(_held_sizes(held))
    return replace(desired, resources=Resources(_settled(r, found, choose) for r in desired.resources))


def _held_sizes(held: Sequence[Resource]) -> Iterator[tuple[tuple[str, str], str]]:
    """(kind, name in small letters) to the size of a pool, or of that which the newest generation of a job has."""
    for resource in sorted(held, key=lambda r: r.generation if isinstance(r, Job) else 0):
        if (pool := _pool_in(resource)) and pool.state != "deleting":
            yield (resource.kind, resource.name.lower()), pool.vm_size


def _settled(wanted: Resource, found: dict[tuple[str, str], str], choose: Callable[[Pool], Pool]) -> Resource:
    pool, size = _pool_in(wanted), found.get((wanted.kind, wanted.name.lower()))
    if pool is None or not _leaves_a_choice(pool):
        return wanted
    having = replace(pool, vm_size=_spelt(pool, size)) if size and suits(pool, size) else choose(pool)
    if isinstance(wanted, Job) and wanted.auto_pool:
        return replace(wanted, auto_pool=replace(wanted.auto_pool, pool=having))
    return having


def _pool_in(resource: Resource) -> Pool | None:
    """Itself, or the pool that is made for a job."""
    if isinstance(resource, Job):
        return resource.auto_pool.pool if resource.auto_pool else None
    return resource if isinstance(resource, Pool) else None


def _leaves_a_choice(pool: Pool) -> bool:
    return bool(pool.vm_sizes)


def suits(pool: Pool, size: str) -> bool:
    """May the pool have this size?"""
    if pool.needs and meets_needs(size, pool.needs, pool.task_slots_per_node):
        return True
    return size.lower() in map(str.lower, pool.vm_sizes)


def first_size(pool: Pool) -> Pool:
    """The pool as it is made where nothing is known of it."""
    return replace(pool, vm_size=pool.vm_sizes[0]) if pool.vm_sizes else pool


def as_it_is(pool: Pool, health: PoolHealth) -> Pool:
    """The pool with the size that it has by now."""
    return replace(pool, vm_size=_spelt(pool, health.vm_size)) if suits(pool, health.vm_size) else pool


def _spelt(pool: Pool, size: str) -> str:
    """As the spec writes it, which the service may give back in small letters."""
    return next((one for one in pool.vm_sizes if one.lower() == size.lower()), size)


def sizes_left(pool: Pool, size: str) -> tuple[str, ...]:
    """Those that are tried after this one."""
    order = list(map(str.lower, pool.vm_sizes))
    return pool.vm_sizes[order.index(size.lower()) + 1 :] if size.lower() in order else pool.vm_sizes


def size_instead(pool: Pool, health: PoolHealth) -> str | None:
    """The one to go on to, if a resize has ended without a node because Azure had none of this size, or no quota."""
    no_room = any(re.match(NO_ROOM, error) for error in health.resize_errors)
    if not (no_room and health.steady and not health.count):
        return None
    return next(iter(sizes_left(pool, health.vm_size or pool.vm_size)), None)


def size_after_refusal(pool: Pool, error: BatchctlError | None) -> str | None:
    """The one to go on to, if Batch refuses to make a pool of this size (REST: InvalidPropertyValue of vmSize)."""
    if isinstance(error, CloudError) and error.code == "InvalidPropertyValue" and "vmsize" in str(error).lower():
        return next(iter(sizes_left(pool, pool.vm_size)), None)
    return None


def going_on(why: str, size: str) -> str:
    """What is told of it."""
    return f"{why}: goes on to {size}"


def choice_line(pool: Pool, *, of_job: str = "", there: bool = False) -> str | None:
    """Which size it was, why, and what comes after it; None where the spec left no choice. `of_job`: for which the
    service makes it, and nobody tries another; `there`: it has that size by now."""
    if not _leaves_a_choice(pool):
        return None
    left = () if of_job else sizes_left(pool, pool.vm_size)
    then = f"; if Azure gives no nodes of it: {', then '.join(left)}" if left else ""
    what = f"the pool of job {of_job!r}" if of_job else f"pool {pool.name!r}"
    return f"{what} takes the size {pool.vm_size}, {_why(pool, there=there)}{then}"


def _why(pool: Pool, *, there: bool) -> str:
    is_first = pool.vm_size.lower() == pool.vm_sizes[0].lower()
    room = "" if is_first else " for which the account has room"
    if there and not is_first:
        return f"which it has already and which has {pool.needs}" if pool.needs else "which it has already"
    if pool.needs is None:
        return f"the first of vmSize{room}"
    slots = f" for each of {pool.task_slots_per_node} slots" if pool.task_slots_per_node > 1 else ""
    return f"the least{f' that has {pool.needs}{slots}' if str(pool.needs) else ''}{room}"
