"""Which saved plans were used, as the metadata of a blob."""

from datetime import UTC, datetime, timedelta

from batchctl.cloud.lock.notes import MOST_TICKETS, ticket_metadata, used_tickets
from batchctl.cloud_answers import Ticket

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_was_written_is_read_until_it_expires() -> None:
    used = [Ticket(id=f"{n:016x}", until=NOW + timedelta(hours=n)) for n in range(3)]
    assert used_tickets(ticket_metadata(used), NOW) == set(used[1:])
    assert used_tickets(ticket_metadata(used), NOW + timedelta(days=1)) == set()
    assert ticket_metadata([]) == {}
    assert used_tickets(None, NOW) == set()


def test_there_is_room_for_the_latest() -> None:
    used = [Ticket(id=f"{n:016x}", until=NOW + timedelta(seconds=n)) for n in range(1, 1000)]
    written = ticket_metadata(used)
    assert len("".join(written.values())) < 7 << 10
    assert used_tickets(written, NOW) == set(used[-MOST_TICKETS:])
