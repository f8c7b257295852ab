"""One apply or destroy of an owner at a time."""

from datetime import timedelta

import pytest

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
