"""What is wrong with pools that stay: a plan says it, for no difference from the spec does."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.reconcile.decide.pool_verdicts import pool_troubles
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Pool


def with_pool_notes(plan: Plan, situation: Situation) -> Plan:
    """The plan with what the service says of the pools that are there and wanted."""
    told = (
        f"pool {pool.name!r}: {trouble}"
        for pool in _pools_that_stay(plan, situation)
        for trouble in pool_troubles(situation.account.health(pool.name))
    )
    return replace(plan, notes=(*plan.notes, *told))


def _pools_that_stay(plan: Plan, situation: Situation) -> Iterator[Pool]:
    owner = situation.desired.owner
    wanted = {r.name.lower() for r in situation.desired.resources if isinstance(r, Pool)}
    leaving = {change.resource.name.lower() for change in plan.of(Pool, Action.REPLACE, Action.DELETE)}
    for held in situation.held:
        if isinstance(held, Pool) and held.owner == owner and held.name.lower() in wanted - leaving:
            yield held
