"""`batchctl gc`: needs no spec, the marks in the account tell enough."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

from batchctl.clock import Clock
from batchctl.desired import Desired
from batchctl.reconcile.amend.amendments import CLEARING, amended
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.holdings import diff_to_clear, holdings_by_owner
from batchctl.reconcile.events import Event, Holdings
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.outside.origin import find_checkout
from batchctl.verbs.carrying_out import taken_away
from batchctl.verbs.survey import held_by, situation_of
from batchctl.verbs.under_lock import AT_ONCE, Approve, under_lock


def inspect(cloud: Cloud, clock: Clock, folder: Path) -> tuple[Holdings, ...]:
    """All that batchctl made in the account. `folder`: specs that came from its checkout are looked for there."""
    here = find_checkout(folder)
    return holdings_by_owner(cloud.made(), clock.now(), here.holds if here else lambda _origin: None)


def clear(
    holdings: Holdings,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
) -> Generator[Event, None, None]:
    """Take away what one spec made, as `destroy` does. No download is known, so no output counts as at home."""

    with under_lock(cloud, holdings.owner, patience) as turn:
        decided = _plan_of_clearing(holdings, cloud, choices)
        while not turn.agrees(decided, approve):
            decided = _plan_of_clearing(holdings, cloud, choices)
        yield from taken_away(decided, cloud, clock)
        turn.over = True


def _plan_of_clearing(holdings: Holdings, cloud: Cloud, choices: Choices) -> Plan:
    wanted = Desired(owner=holdings.owner)
    held = held_by(wanted, cloud)
    return amended(diff_to_clear(holdings, held), situation_of(wanted, held, choices, cloud), CLEARING)
