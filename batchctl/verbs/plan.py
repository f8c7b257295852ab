"""`batchctl plan`."""

from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.verbs.survey import decide, survey


def plan(spec: Spec, cloud: Cloud, choices: Choices = Choices()) -> Plan:
    """What apply would do. Sends reads alone."""
    return decide(survey(spec, cloud), cloud, choices)
