"""What somebody else changed, and nothing of what the spec would change. Pure."""

from dataclasses import replace

from batchctl.reconcile.plan import Action, Change, Plan


def drifted(plan: Plan) -> Plan:
    """The fields that are held otherwise than they were last asked for. Nothing is done about them."""
    changes = tuple(replace(c, fields=tuple(f for f in c.fields if f.drift)) for c in plan.changes if _drifts(c))
    return Plan(owner=plan.owner, changes=changes)


def _drifts(change: Change) -> bool:
    return change.action in (Action.UPDATE, Action.REPLACE) and any(field.drift for field in change.fields)
