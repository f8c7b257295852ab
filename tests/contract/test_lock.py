"""One apply or destroy of an owner at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batchctl.cloud_answers import Ticket
from batchctl.errors import Refused
from tests.contract.conftest import World

AT_ONCE = timedelta()


def test_who_comes_second_is_refused_until_the_first_lets_go(world: World) -> None:
    first, second = world.cloud.lock(world.owner), world.cloud.lock(world.owner)
    first.look()
    second.look()
    assert first.take(AT_ONCE)
    assert first.take(AT_ONCE)
    with pytest.raises(Refused, match=f"another apply or destroy of '{world.owner}' is at work"):
        second.take(AT_ONCE)
    second.release()
    with pytest.raises(Refused):
        second.take(AT_ONCE)
    first.release()
    assert not second.take(AT_ONCE)
    second.release(forget=True)


def test_a_lock_that_nobody_had_since_is_undisturbed(world: World) -> None:
    lock, other = world.cloud.lock(world.owner), world.cloud.lock(world.owner)
    lock.look()
    other.look()
    assert other.take(AT_ONCE)
    other.release()
    assert not lock.take(AT_ONCE)
    lock.release()
    assert lock.look()
    assert lock.take(AT_ONCE)
    lock.release(forget=True)
    lock.release()


def test_owners_do_not_wait_for_each_other(world: World) -> None:
    one, other = world.cloud.lock(world.owner), world.cloud.lock(world.other)
    for lock in (one, other):
        lock.look()
        assert lock.take(AT_ONCE)
    for lock in (one, other):
        lock.release(forget=True)


def test_a_lock_that_was_forgotten_can_be_had_again(world: World) -> None:
    lock, waiting = world.cloud.lock(world.owner), world.cloud.lock(world.owner)
    lock.look()
    assert lock.take(AT_ONCE)
    waiting.look()
    lock.release(forget=True)
    waiting.take(AT_ONCE)
    waiting.release(forget=True)


def test_a_ticket_is_used_once_whatever_is_forgotten(world: World) -> None:
    ticket = Ticket(id="0" * 16, until=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
    for asked in (ticket, replace(ticket, id="1" * 16), None):
        lock = world.cloud.lock(world.owner)
        lock.look()
        assert lock.take(AT_ONCE, asked)
        lock.release(forget=True)
    late, early = world.cloud.lock(world.owner), world.cloud.lock(world.owner)
    early.look()
    late.look()
    with pytest.raises(Refused, match="was applied before"):
        late.take(AT_ONCE, ticket)
    assert early.take(AT_ONCE)
    early.release()
