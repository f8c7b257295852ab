"""What a plan can cost: the ceiling of its node-hours, told beside it."""

from dataclasses import replace

from batchctl.reconcile.amend.idle_pools import has_work
from batchctl.reconcile.decide.ceiling import ceiling_of
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool


def with_ceiling(plan: Plan, situation: Situation) -> Plan:
    """The plan with the most that its tasks can use on a pool that is made for them."""
    wanted = situation.desired.resources
    jobs = [r for r in wanted if isinstance(r, Job)]
    pools = [r for r in wanted if isinstance(r, Pool)] or [job.auto_pool.pool for job in jobs if job.auto_pool]
    if not pools or not jobs or not has_work(plan, situation):
        return plan
    steps = 1 + len(plan.later)
    return replace(plan, ceiling=ceiling_of(pools[0], jobs[0], situation.desired, steps, situation.now.date()))
