"""`batchctl destroy`."""

from collections.abc import Generator
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.desired import Desired
from batchctl.reconcile.amend.amendments import DESTROYING, amended
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff_to_destroy
from batchctl.reconcile.events import Event
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline
from batchctl.verbs.carrying_out import taken_away
from batchctl.verbs.survey import held_by, situation_of
from batchctl.verbs.under_lock import AT_ONCE, Approve, under_lock


def destroy(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
) -> Generator[Event, None, None]:
    """Take away all that bears our mark but what the spec keeps; done means gone."""
    wanted = outline(spec)
    with under_lock(cloud, spec.name, patience) as turn:
        decided = _plan_of_destroy(wanted, cloud, choices)
        while not turn.agrees(decided, approve):
            decided = _plan_of_destroy(wanted, cloud, choices)
        yield from taken_away(decided, cloud, clock)
        # Of a part, the rest is left to protect.
        turn.over = not choices.only


def _plan_of_destroy(wanted: Desired, cloud: Cloud, choices: Choices) -> Plan:
    held = held_by(wanted, cloud)
    return amended(diff_to_destroy(wanted, held), situation_of(wanted, held, choices, cloud), DESTROYING)
