"""`batchctl plan`."""

from dataclasses import replace

from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.verbs.survey import decide, survey
from batchctl.verbs.under_lock import with_first_lock


def plan(spec: Spec, cloud: Cloud, choices: Choices = Choices()) -> Plan:
    """What apply would do. Sends reads alone."""
    decided = decide(survey(spec, cloud), cloud, choices)
    return with_first_lock(decided, not decided.changes or cloud.lock(spec.name).look())


def drifted(plan: Plan) -> Plan:
    """The fields that are held otherwise than they were last asked for. Nothing is done about them."""
    changes = tuple(replace(c, fields=tuple(f for f in c.fields if f.drift)) for c in plan.changes if _drifts(c))
    return Plan(owner=plan.owner, changes=changes)


def _drifts(change: Change) -> bool:
    return change.action in (Action.UPDATE, Action.REPLACE) and any(field.drift for field in change.fields)
