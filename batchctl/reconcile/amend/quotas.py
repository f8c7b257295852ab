"""What the account's quotas and region say of a plan, where it tells them: refused is what can never be."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from batchctl.cloud_answers import Quotas
from batchctl.reconcile.amend.auto_pools import as_of_pool
from batchctl.reconcile.amend.images import has_new_size, other_generation
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool, Schedule
from batchctl.vm_abilities import generation_of_size

MADE = (Action.CREATE, Action.REPLACE)
OF_NODES = frozenset(
    ("vm_size", "target_dedicated_nodes", "target_spot_nodes", "auto_scale_formula", "os_disk", "network_configuration")
)
"""A change of these may ask for more than there is."""

AHEAD = timedelta(days=180)


def with_quotas(plan: Plan, situation: Situation) -> Plan:
    """The plan with every reason why the account has no room for it, and with what it gets less of."""
    nodes = [change for change in map(as_of_pool, plan.about(Pool, Job)) if _asks_for_nodes(change)]
    made = any(change.action in MADE for change in plan.about(Pool, Job, Schedule))
    quotas = situation.account.quotas() if nodes or made else None
    if quotas is None:
        return plan
    refusals, notes = list(_too_many(plan, quotas)), list(quotas.untold)
    for change in nodes:
        name = change.resource.name
        never = list(_never(change, quotas, situation))
        refusals += [f"pool {name!r}: {why}" for why in never]
        notes += [] if never else [f"pool {name!r}: {why}" for why in _less(change, quotas, situation)]
    return replace(plan, refusals=(*plan.refusals, *refusals), notes=(*plan.notes, *notes))


def _never(change: Change, quotas: Quotas, situation: Situation) -> Iterator[str]:
    from batchctl.reconcile.decide.quotas import why_never  # imported late: few accounts tell

    pool = change.after
    assert isinstance(pool, Pool)
    yield from why_never(pool, quotas, situation.now)
    size = quotas.sizes.get(pool.vm_size.lower())
    if size and size.generation and has_new_size(change) and generation_of_size(pool.vm_size) is None:
        yield from other_generation(pool, size.generation, situation.account.images(), situation.now)


def _less(change: Change, quotas: Quotas, situation: Situation) -> Iterator[str]:
    from batchctl.reconcile.decide.quotas import why_fewer

    pool = change.after
    assert isinstance(pool, Pool)
    yield from why_fewer(pool, quotas)
    size = quotas.sizes.get(pool.vm_size.lower())
    if size and size.until and situation.now < size.until <= situation.now + AHEAD:
        yield f"Batch makes pools of {pool.vm_size} until {size.until:%Y-%m-%d} only"


def _asks_for_nodes(change: Change) -> bool:
    pool = change.after
    if not isinstance(pool, Pool) or pool.idle:
        return False
    return change.action in MADE or any(field.name in OF_NODES for field in change.fields)


def _too_many(plan: Plan, quotas: Quotas) -> Iterator[str]:
    """Objects that Batch would refuse (REST: PoolQuotaReached, ActiveJobAndScheduleQuotaReached)."""
    pools = len(plan.of(Pool, Action.CREATE)) - len(plan.of(Pool, Action.DELETE))
    there = len(quotas.pools_there)
    if quotas.pools is not None and pools > 0 and there + pools > quotas.pools:
        yield (
            f"the account has {there} of {quotas.pools} pools, its quota: delete one, or ask Azure for more "
            "(`batchctl gc` tells what batchctl made)"
        )
    jobs = len(plan.of(Job, Action.CREATE)) + len(plan.of(Schedule, Action.CREATE))
    jobs -= len(plan.of(Job, Action.DELETE)) + len(plan.of(Schedule, Action.DELETE))
    if quotas.jobs is not None and jobs > 0 and quotas.active_jobs + jobs > quotas.jobs:
        yield (
            f"the account has {quotas.active_jobs} of {quotas.jobs} active jobs and job schedules, its quota: end one, "
            "or ask Azure for more"
        )
