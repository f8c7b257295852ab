"""One apply or destroy of a spec at a time: a plan is carried out only while it is our turn and it still holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from batchctl.cloud_answers import Ticket
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud, Lock
from batchctl.verbs.running import Approve, agree

T = TypeVar("T")

AT_ONCE = timedelta()

FIRST_LOCK = "container 'batchctl' is made: it holds the locks of all specs of this account, and stays"


@dataclass(slots=True)
class Turn:
    """`lock` None: nobody is kept away. `patience`: how long another's turn is waited for.
    `ticket`: of a saved plan.
    """

    lock: Lock | None
    patience: timedelta
    ticket: Ticket | None = None
    over: bool = False

    def agreed(self, make: Callable[[], tuple[T, Plan]], approve: Approve) -> tuple[T, Plan]:
        """Make a plan, ask, and take the lock if it changes anything. Somebody who had it since then may have changed
        what the plan was made from: then it is made anew, and asked for again if it differs."""
        there = self.lock.look() if self.lock else True
        made, decided = make()
        agree(announced(decided, there), approve)
        if self.lock is None or not decided.changes or self.lock.take(self.patience, self.ticket):
            return made, decided
        made, anew = make()
        if anew != decided:
            agree(anew, approve)
        return made, anew

    def later(self, make: Callable[[], tuple[T, Plan]]) -> tuple[T, Plan]:
        """A further plan of an apply that was agreed to. The first one may have had nothing to change, and no lock."""
        made, decided = make()
        if self.lock is None or not decided.changes or self.lock.take(self.patience, self.ticket):
            return made, decided
        return make()


@contextmanager
def turn(cloud: Cloud, owner: str, patience: timedelta | None, ticket: Ticket | None = None) -> Iterator[Turn]:
    """What may take the lock, and lets go of it however this ends. `patience` None: without a lock."""
    lock = None if patience is None else cloud.lock(owner)
    found = Turn(lock, patience or timedelta(), ticket)
    try:
        yield found
    finally:
        if lock:
            lock.release(forget=found.over)


def announced(decided: Plan, there: bool) -> Plan:
    """The plan as it is shown: that the first lock needs a container belongs to the whole truth."""
    return decided if there or not decided.changes else replace(decided, notes=(*decided.notes, FIRST_LOCK))
