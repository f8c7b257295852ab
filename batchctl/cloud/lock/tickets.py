"""Which saved plans were used, written on the lock of their owner: it outlives all that a plan made (design D4)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from batchctl.cloud_answers import Ticket

NAME = "batchctl_used"

MOST = 200
"""Metadata of a blob is at most 8 KiB, and so much of them is 28 bytes."""


def used_tickets(metadata: Mapping[str, str] | None, now: datetime) -> frozenset[Ticket]:
    """Those that were used and have not expired; an expired plan is refused anyway."""
    words = (metadata or {}).get(NAME, "").split()
    found = (word.partition("@") for word in words)
    tickets = (Ticket(id=id, until=datetime.fromtimestamp(int(end), UTC)) for id, _, end in found if end.isdecimal())
    return frozenset(ticket for ticket in tickets if ticket.until > now)


def ticket_metadata(tickets: Iterable[Ticket]) -> dict[str, str]:
    # Of too many those that expire last: the others are the first to be refused for their age.
    latest = sorted(tickets, key=lambda ticket: (ticket.until, ticket.id))[-MOST:]
    return {NAME: " ".join(f"{t.id}@{int(t.until.timestamp())}" for t in latest)} if latest else {}
