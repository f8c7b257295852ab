"""What a plan can cost: the ceiling of its node-hours, told beside it, and how its limits are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from batchctl.desired import Desired, Limits
from batchctl.reconcile.amend.idle_pools import has_work
from batchctl.reconcile.decide.ceiling import ceiling_of, why_no_limit
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool


def with_ceiling(plan: Plan, situation: Situation) -> Plan:
    """The plan with the most that its tasks can use on a pool that is made for them."""
    jobs, wanted = situation.desired.of(Job), situation.desired.of(Pool)
    pools = wanted or [job.auto_pool.pool for job in jobs if job.auto_pool]
    if not jobs or not has_work(plan, situation):
        return plan
    notes = (*plan.notes, *_how_limits_are_kept(situation.desired, pools))
    if not pools:
        return replace(plan, notes=notes)
    why_not = why_no_limit(situation.desired, pools[0])
    return replace(
        plan,
        ceiling=ceiling_of(pools[0], jobs[0], situation.desired, 1 + len(plan.later), situation.now.date()),
        notes=notes,
        refusals=(*plan.refusals, *([why_not] if why_not else [])),
    )


def _how_limits_are_kept(desired: Desired, pools: Sequence[Pool]) -> Iterator[str]:
    """Nobody counts node-hours when nobody waits: what bounds the job's time does, where that can be told before."""
    limits = desired.limits
    if limits is None or limits == Limits():
        return
    counted = limits.max_cost is not None or limits.max_node_hours is not None
    scales = any(pool.scale is not None or pool.auto_scale_formula is not None for pool in pools)
    if counted and scales:
        after = "of a pool that scales, money and node-hours are counted only then"
    else:
        after = "after that the job ends by its maxWallClockTime, and its nodes stay until the next apply"
    if limits.max_duration is not None and counted and scales:
        after += ", and maxDuration ends the job by its maxWallClockTime"
    yield f"limits are kept while apply waits; {after}"
