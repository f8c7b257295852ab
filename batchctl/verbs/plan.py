"""`batchctl plan`."""

from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.verbs.survey import decide, survey
from batchctl.verbs.turn import announced


def plan(spec: Spec, cloud: Cloud, choices: Choices = Choices()) -> Plan:
    """What apply would do. Sends reads alone."""
    decided = decide(survey(spec, cloud), cloud, choices)
    return announced(decided, not decided.changes or cloud.lock(spec.name).look())
