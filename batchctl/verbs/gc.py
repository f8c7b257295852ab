"""`batchctl gc`: needs no spec, the marks in the account tell enough."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

from batchctl.clock import Clock
from batchctl.reconcile.amend.amendments import CLEARING, amended
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.holdings import Estate, clearance, estates
from batchctl.reconcile.events import Event
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Desired
from batchctl.spec.origin import checkout
from batchctl.verbs.carrying_out import taken_away
from batchctl.verbs.survey import held_by, situation
from batchctl.verbs.under_lock import AT_ONCE, Approve, under_lock


def inspect(cloud: Cloud, clock: Clock, folder: Path) -> tuple[Estate, ...]:
    """All that batchctl made in the account. `folder`: specs that came from its checkout are looked for there."""
    here = checkout(folder)
    return estates(cloud.made(), clock.now(), here.holds if here else lambda _origin: None)


def clear(
    estate: Estate,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
) -> Generator[Event, None, None]:
    """Take one estate away, as `destroy` does; without a spec no download is known, so no output counts as at home."""

    with under_lock(cloud, estate.owner, patience) as turn:
        decided = _planned(estate, cloud, choices)
        while not turn.agrees(decided, approve):
            decided = _planned(estate, cloud, choices)
        yield from taken_away(decided, cloud, clock)
        turn.over = True


def _planned(estate: Estate, cloud: Cloud, choices: Choices) -> Plan:
    wanted = Desired(owner=estate.owner)
    held = held_by(wanted, cloud)
    return amended(clearance(estate, held), situation(wanted, held, choices, cloud), CLEARING)
