"""Gone is what is not there at a second look either: a delete that was accepted is not yet one that was done."""

from collections.abc import Sequence

from batchctl.clock import Clock
from batchctl.errors import Partial
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Container, Job, Pool, Resource, Schedule, Task, label_of
from batchctl.words import one_line

APART = 1.0
"""Seconds between the answer that something is gone and the look that is believed (reliability F08)."""

WITHIN = 900.0
"""Seconds that services may take to delete what they said they would."""


def confirm_gone(plan: Plan, cloud: Cloud, clock: Clock) -> None:
    """Look again for all that the plan deleted. Raises Partial, naming what is left, if it does not go."""
    doomed = [
        c.before for kind in (Container, Blob, Pool, Job, Schedule) for c in plan.of(kind, Action.DELETE) if c.before
    ]
    if not doomed:
        return
    begun, pause = clock.monotonic(), APART
    while True:
        clock.sleep(pause)
        left = _still_there(plan.owner, doomed, cloud)
        if not left:
            return
        if clock.monotonic() - begun > WITHIN:
            names = ", ".join(f"{r.kind} {one_line(label_of(r))}" for r in left)
            raise Partial(f"still there after {WITHIN:.0f} s: {names}. The service goes on deleting; destroy again")
        # Containers take half a minute, pools some minutes: rare looks are late by little.
        pause = min(15.0, pause * 2)


def _still_there(owner: str, doomed: Sequence[Resource], cloud: Cloud) -> list[Resource]:
    containers, blobs = cloud.storage(owner, [])
    found = (*containers, *blobs, *cloud.batch(owner, []))
    ours = {(r.kind, label_of(r)) for r in found if not isinstance(r, Task) and r.owner == owner}
    return [r for r in doomed if (r.kind, label_of(r)) in ours]
