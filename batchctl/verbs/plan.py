"""`batchctl plan`."""

from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.verbs.survey import decide, survey


def plan(spec: Spec, cloud: Cloud, *, discard_outputs: bool = False) -> Plan:
    """What apply would do. Sends reads alone."""
    return decide(survey(spec, cloud), cloud, discard_outputs=discard_outputs)
