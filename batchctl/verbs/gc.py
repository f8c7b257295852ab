"""`batchctl gc`: needs no spec, the marks in the account tell enough."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

from batchctl.clock import Clock
from batchctl.desired import Desired
from batchctl.reconcile.carry_out.deletion import confirm
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.holdings import Estate, clearance, estates
from batchctl.reconcile.events import Event
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.outside.origin import find_checkout
from batchctl.verbs.running import Approve, carried_out
from batchctl.verbs.survey import guard
from batchctl.verbs.turn import AT_ONCE, turn


def inspect(cloud: Cloud, clock: Clock, folder: Path) -> tuple[Estate, ...]:
    """All that batchctl made in the account. `folder`: specs that came from its checkout are looked for there."""
    here = find_checkout(folder)
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

    def make() -> tuple[None, Plan]:
        containers, blobs = cloud.storage(estate.owner, [])
        held = (*containers, *blobs, *cloud.batch(estate.owner, []))
        return None, guard(clearance(estate, held), Desired(owner=estate.owner), held, choices, cloud)

    with turn(cloud, estate.owner, patience) as ours:
        _, decided = ours.agreed(make, approve)
        yield from carried_out(execute(decided, cloud))
        confirm(decided, cloud, clock)
        ours.over = True
