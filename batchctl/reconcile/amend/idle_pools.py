"""A pool that somebody took away while there is nothing to run: it is made when there is work, not before. Pure."""

from dataclasses import replace

from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool, Task


def without_idle_pools(plan: Plan, situation: Situation) -> Plan:
    """The plan without pools that no task would use. A spec that never made its job, or has none, gets its pool at
    once, and who names it gets it too."""
    made = plan.of(Pool, Action.CREATE)
    works = plan.waits or plan.later or plan.of(Job, Action.CREATE) or plan.of(Task, Action.CREATE)
    # One that takes the place of another is wanted now.
    works = works or plan.of(Pool, Action.DELETE)
    if not made or works or situation.choices.only or not _has_run(situation):
        return plan
    names = ", ".join(repr(change.resource.name) for change in made)
    note = f"pool {names} is not there, and nothing is to run: it is made when something is"
    return replace(plan, changes=tuple(c for c in plan.changes if c not in made), notes=(*plan.notes, note))


def _has_run(situation: Situation) -> bool:
    return any(isinstance(r, Job) and r.owner == situation.desired.owner for r in situation.held)
