"""`batchctl destroy`."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.desired import Desired
from batchctl.reconcile.amend.adoption import elsewhere
from batchctl.reconcile.amend.only import only
from batchctl.reconcile.carry_out.deletion import confirm
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event
from batchctl.reconcile.plan import Plan, diff, kept
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline
from batchctl.verbs.running import Approve, carried_out
from batchctl.verbs.survey import guard, held_by
from batchctl.verbs.turn import AT_ONCE, turn


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

    def make() -> tuple[Desired, Plan]:
        held = held_by(wanted, cloud)
        decided = replace(diff(kept(wanted, held), held), unchanged=0)
        if not choices.adopt:
            decided = replace(decided, refusals=(*elsewhere(wanted, held), *decided.refusals))
        return wanted, guard(only(decided, wanted, held, choices), wanted, held, choices, cloud)

    with turn(cloud, spec.name, patience) as ours:
        _, decided = ours.agreed(make, approve)
        yield from carried_out(execute(decided, cloud))
        confirm(decided, cloud, clock)
        ours.over = not choices.only
