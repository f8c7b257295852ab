"""One apply or destroy of a spec at a time (design D10): a lease of 60 seconds on the blob `<owner>.lock`.

A lease dies with its holder, so no lock outlives a killed process for long; one whose holder is known to be dead is
broken at once. Who holds it is written into the blob before it is leased, and what is leased is exactly what was
written: so the blob never names somebody else.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from functools import partial
from uuid import uuid4

from batchctl.cloud.clients.faults import as_fault
from batchctl.cloud.clients.session import Session
from batchctl.cloud.lock.blob import CONTAINER, LockBlob, Seen
from batchctl.cloud.lock.keeper import Keeper
from batchctl.cloud.lock.notes import Holder, ticket_metadata, used_tickets
from batchctl.cloud_answers import USED, Ticket
from batchctl.errors import BatchctlError, CloudError, Refused

LEASE = 60
"""Seconds that a lease lives when nobody renews it (REST: Lease Blob takes 15 to 60)."""

POLL = 2.0
"""Seconds between two looks at a lock that is waited for."""


PARTED_WITHIN = 30.0
"""Seconds within which those that write to a lock by turns have parted."""

OVERTAKEN = frozenset(
    {"ConditionNotMet", "BlobAlreadyExists", "BlobNotFound", "ContainerNotFound", "ContainerBeingDeleted"}
)
"""It is gone, was made, or was written to by somebody since we looked. What else is in the way stays there."""

LEASED = frozenset({"LeaseIdMissing", "LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"})
"""The first: it was leased when we wrote into it; the others: between our two requests."""


class Claim(Enum):
    HELD = "ours now"
    OVERTAKEN = "somebody wrote to it after we had looked"
    BUSY = "leased by somebody"


class Lock:
    """The lock of one owner. Raises CloudError where the account does not let us have one."""

    def __init__(self, session: Session, owner: str) -> None:
        self._session, self._owner = session, owner
        # The lease's id is ours, not the service's: a request that is repeated after a lost answer finds its own lease.
        self._blob = LockBlob(session, f"{owner}.lock", str(uuid4()))
        self._seen: str | None = None
        self._used = frozenset[Ticket]()
        self._undisturbed = True
        self._keeper: Keeper | None = None

    def look(self) -> bool:
        """Remember how the lock is now. False: there is no container for locks yet."""
        self._undisturbed = True
        try:
            self._saw(self._session.ask(self._blob.look))
        except CloudError as error:
            if error.status != 404:
                raise self._forbidden(error) from error
            self._saw(None)
            return error.code != "ContainerNotFound"
        return True

    def take(self, patience: timedelta, ticket: Ticket | None = None) -> bool:
        """Hold it from now on. True if nobody has held it since `look`: what was read since then still holds.

        Raises Refused, naming the holder, if it cannot be had within `patience`, or if the ticket was used before.
        """
        if self._keeper is not None:
            return True
        clock, claim = self._session.clock, self._claim(ticket)
        begun = clock.monotonic()
        while claim is not Claim.HELD:
            self._undisturbed = False
            holder, waited = self._holder(), clock.monotonic() - begun
            free = holder is None or holder.dead
            if waited >= patience.total_seconds() + (PARTED_WITHIN if free else 0):
                raise Refused([self._taken(holder) if holder else self._contended()])
            if free:
                if holder is not None:
                    self._break()
                # Two that write by turns, neither holding it yet, part by chance.
                clock.sleep(random.uniform(0.02, 0.3))
                claim = self._claim(ticket)
            else:
                clock.sleep(POLL)
        return self._undisturbed

    def holder(self) -> str | None:
        """Who holds it now, and since when; None if nobody does, or one that is known to be dead."""
        try:
            found = _holder_of(self._session.find(self._blob.look))
        except CloudError as error:
            raise self._forbidden(error) from error
        return None if found is None or found.dead else f"{found.who}, since {found.since}"

    def release(self, *, forget: bool = False) -> None:
        """Let go. `forget`: nothing is left that it could protect, so the blob goes too, unless it tells of saved plans
        that were used. What fails here heals itself: the lease dies."""
        # First, so that whoever is interrupted in here and comes again finds nothing to let go.
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.stop()
        # A lease that is lost may be somebody else's by now.
        if not keeper.lost():
            over = forget and not self._used
            self._try(self._blob.delete if over else self._blob.release)
        # Last: our own request to let go passes the gate too, and may not if the lease is lost.
        self._session.gate.watch(None)

    def _try(self, request: Callable[[], object]) -> None:
        """A few times at most, and for a short while: whoever pressed Ctrl-C waits for this."""
        for pause in (0.2, 1.0, 0.0):
            try:
                request()
            except Exception as error:
                fault = as_fault(error)
                if fault and fault.transient:
                    self._session.clock.sleep(pause)
                    continue
                if fault is None and not isinstance(error, BatchctlError):
                    raise
            return

    def _claim(self, ticket: Ticket | None) -> Claim:
        if ticket in self._used:
            raise Refused([USED])
        try:
            written = self._announce(self._used | ({ticket} if ticket else set()))
            clock = self._session.clock
            # Before the request is sent: the service counts from a later moment, so we never trust it for too long.
            begun = clock.uptime()
            self._session.ask(partial(self._blob.acquire, LEASE, written))
        except CloudError as error:
            if error.code in LEASED:
                return Claim.BUSY
            if error.code in OVERTAKEN:
                return Claim.OVERTAKEN
            raise self._forbidden(error) from error
        self._used |= {ticket} if ticket else set()
        self._keeper = Keeper(self._blob.renew, clock.uptime, begun)
        self._session.gate.watch(self._keeper.lost)
        self._keeper.start()
        return Claim.HELD

    def _announce(self, used: frozenset[Ticket]) -> str:
        """Write who we are and what was used into the blob, if it is as we saw it; returns its ETag."""
        since = self._session.clock.now().strftime("%Y-%m-%d %H:%M:%S UTC")
        who = Holder.this(since, self._session.gate.run).metadata() | ticket_metadata(used)
        if self._seen is not None:
            return self._session.ask(partial(self._blob.mark, who, self._seen))
        try:
            return self._new(who)
        except CloudError as error:
            if error.code not in ("ContainerNotFound", "ContainerBeingDeleted"):
                raise
        self._make_container()
        return self._new(who)

    def _new(self, who: dict[str, str]) -> str:
        # Never over one that somebody made since we looked.
        return self._session.ask(partial(self._blob.make, who))

    def _make_container(self) -> None:
        def attempt() -> bool:
            try:
                self._session.ask(self._blob.make_container)
            except CloudError as error:
                if error.code == "ContainerBeingDeleted":
                    return False
                if error.code != "ContainerAlreadyExists":
                    raise
            return True

        self._session.until(attempt, f"container {CONTAINER!r} is still being deleted")

    def _holder(self) -> Holder | None:
        """Who holds it now, None if nobody does; the next claim builds on what was seen here."""
        found = self._session.find(self._blob.look)
        self._saw(found)
        return _holder_of(found)

    def _saw(self, found: Seen | None) -> None:
        self._seen = found.etag if found else None
        self._used = used_tickets(found.metadata if found else None, self._session.clock.now())

    def _break(self) -> None:
        """Break the lease of a holder that is dead, unless it has changed hands since."""
        try:
            self._session.ask(partial(self._blob.break_now, self._seen or ""))
        except CloudError as error:
            # Somebody was quicker: the next claim sees what is there.
            if error.status not in (404, 409, 412):
                raise

    def _taken(self, holder: Holder) -> str:
        return (
            f"another apply or destroy of {self._owner!r} is at work: {holder.who}, since {holder.since} "
            f"(run {holder.run}). Wait for it, or pass --lock-timeout; one whose holder died is free within {LEASE} s"
        )

    def _contended(self) -> str:
        return f"others write to the lock of {self._owner!r} all the time, and none of them holds it: try again"

    def _forbidden(self, error: CloudError) -> CloudError:
        where = f"{CONTAINER}/{self._owner}.lock"
        return CloudError(f"cannot lock {where}: {error}; --no-lock does without", status=error.status, code=error.code)


def _holder_of(found: Seen | None) -> Holder | None:
    return Holder.read(found.metadata) if found and found.is_leased else None
