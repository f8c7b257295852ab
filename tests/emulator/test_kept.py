"""What waits for the end of its retentionTime grows with the tasks that are there, not with all that ever were."""

from types import SimpleNamespace
from typing import Any

from batchctl.emulator.life.kept import FEW, Kept


def task(number: int) -> Any:
    return SimpleNamespace(seq=number)


def test_tasks_that_are_gone_do_not_stay() -> None:
    there = {number: task(number) for number in range(10)}
    kept = Kept(lambda one: one.seq in there)
    for one in there.values():
        kept.add(one, 7.0)
    for number in range(10, 50_000):  # each is deleted before the next one ends
        kept.add(task(number), float(number))
    assert len(kept) <= FEW + 1
    assert {one.seq for one in kept} >= set(there)
    assert sorted(one.seq for one in kept.take_due(7.0)) == list(there)


def test_the_first_to_go_is_told_and_comes_first() -> None:
    kept = Kept(lambda _: True)
    assert [kept.add(task(number), until) for number, until in enumerate([5.0, 7.0, 3.0, 5.0])] == [
        True,
        False,
        True,
        False,
    ]
    assert kept.next_moment() == 3.0
    assert [one.seq for one in kept.take_due(5.0)] == [2, 0, 3]
    assert len(kept) == 1


def test_very_many_that_are_there_all_stay() -> None:
    kept = Kept(lambda _: True)
    for number in range(5 * FEW):
        kept.add(task(number), float(-number))
    assert len(kept) == 5 * FEW
    assert next(kept.take_due(0.0)).seq == 5 * FEW - 1
