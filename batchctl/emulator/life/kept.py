"""Completed tasks by the moment when their files go."""

import heapq
from collections.abc import Callable, Iterator

from batchctl.emulator.records import Task

FEW = 1000
"""So many are never looked through for those that are gone."""


class Kept:
    """A heap. A task that is deleted meanwhile stays in it until these are half of it: so it grows with the tasks that
    are there, not with all that ever were. `is_there` tells which are."""

    def __init__(self, is_there: Callable[[Task], bool]) -> None:
        self._heap: list[tuple[float, int, Task]] = []
        self._is_there, self._room = is_there, FEW

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Task]:
        return (task for _, _, task in self._heap if self._is_there(task))

    def add(self, task: Task, until: float) -> bool:
        """Whether it is the first to go."""
        if len(self._heap) >= self._room:
            self._heap = [one for one in self._heap if self._is_there(one[2])]
            heapq.heapify(self._heap)
            self._room = max(FEW, 2 * len(self._heap))
        heapq.heappush(self._heap, (until, task.seq, task))
        return self._heap[0][2] is task

    def next_moment(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> Iterator[Task]:
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()
