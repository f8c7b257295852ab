"""One apply or destroy of a spec at a time: a plan is carried out only while it is our turn and it still holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from batchctl.cloud_answers import Ticket
from batchctl.errors import Refused
from batchctl.frozen import dataclass
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud, Lock

Approve = Callable[[Plan], bool]
"""Shows the plan and asks; False: nothing may be done."""

AT_ONCE = timedelta()

FIRST_LOCK = "container 'batchctl' is made: it holds the locks of all specs of this account, and stays"


@dataclass(slots=True, kw_only=True)
class Turn:
    """`lock` None: nobody is kept away. `patience`: how long another's turn is waited for.

    `has_place`: the container of the locks is there. `ticket`: of a saved plan. `over`: nothing is left to protect.
    """

    lock: Lock | None
    has_place: bool
    patience: timedelta
    ticket: Ticket | None
    approved: Plan | None = None
    over: bool = False

    def agrees(self, decided: Plan, approve: Approve) -> bool:
        """Ask about the plan, unless it was agreed to before. True: it may be carried out. False: see `holds`.

        A plan that refuses itself is shown and goes no further.
        """
        if decided != self.approved:
            _ask(with_first_lock(decided, self.has_place), approve)
            self.approved = decided
        return self.holds(decided)

    def holds(self, decided: Plan) -> bool:
        """Take the lock if the plan changes anything. False: somebody had it since, and may have changed what the plan
        was made from."""
        if self.lock is None or not decided.changes:
            return True
        undisturbed = self.lock.take(self.patience, self.ticket)
        self.has_place = True
        return undisturbed


@contextmanager
def under_lock(cloud: Cloud, owner: str, patience: timedelta | None, ticket: Ticket | None = None) -> Iterator[Turn]:
    """A turn that may take the lock, and lets go of it however it ends. `patience` None: without a lock."""
    lock = None if patience is None else cloud.lock(owner)
    # Looked at before anything is read: whoever takes it from now on may change what is read.
    has_place = lock.look() if lock else True
    turn = Turn(lock=lock, has_place=has_place, patience=patience or AT_ONCE, ticket=ticket)
    try:
        yield turn
    finally:
        if lock:
            lock.release(forget=turn.over)


def with_first_lock(decided: Plan, has_place: bool) -> Plan:
    """The plan as it is shown: that the first lock needs a container belongs to the whole truth."""
    return decided if has_place or not decided.changes else replace(decided, notes=(*decided.notes, FIRST_LOCK))


def _ask(decided: Plan, approve: Approve) -> None:
    agreed = approve(decided)
    if decided.refusals:
        raise Refused(decided.refusals)
    if not agreed:
        raise Refused(["not approved: nothing was changed"])
