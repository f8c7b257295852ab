"""Time as the service knows it: seconds since 1970, UTC, and callbacks for later.

Everything that waits or stamps a record asks a Clock, which can be set ahead. Signatures and the births of processes
are compared with the time of others, and read the real one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


class Timer(Protocol):
    """A callback that has not run yet."""

    def cancel(self) -> None: ...


Settled = Callable[[float], Awaitable[None]]
"""Waits until what happened has had its effects, for so many seconds at most: then the next thing is due."""


class Clock(Protocol):
    """What the service asks of time. `ahead`: seconds before the real one. `later` calls back on the event loop."""

    ahead: float

    def now(self) -> float: ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer: ...

    async def advance(self, seconds: float, settled: Settled) -> None: ...

    def set_back(self) -> None: ...


LONGEST = 86400.0
"""A longer sleep is cut into such pieces, as event loops refuse delays of centuries ("unlimited" is 29,000 years)."""


@dataclass(slots=True, eq=False)
class _Due:
    """A callback and its moment. `handle`: the loop's timer of it."""

    clock: "WallClock"
    when: float
    call: Callable[[], None]
    handle: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        self.clock.forget(self)


class WallClock:
    """The real one, or one that was set ahead of it and goes on as fast."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._goal: float | None = None
        self._waiting: dict[_Due, None] = {}

    def now(self) -> float:
        return time.time() + self.ahead

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        due = _Due(self, self.now() + max(0.0, seconds), call)
        self._waiting[due] = None
        self.arm(due)
        return due

    async def advance(self, seconds: float, settled: Settled) -> None:
        """Moves on as if so many seconds had gone by: what falls due on the way is called in its order, the clock
        standing at its moment, and so is what it sets going for the same time.
        """
        goal = self._goal = self.ahead + seconds
        await settled(self._until_next(goal))
        while self._goal is goal and (due := self._next()) and due.when <= time.time() + goal:
            self.ahead = min(goal, max(self.ahead, due.when - time.time()))  # never back: what was awaited took time
            self._ring(due)
            await settled(self._until_next(goal))
        if self._goal is not goal:  # it was set back meanwhile
            return
        self.ahead, self._goal = goal, None
        for due in self._waiting:
            self.arm(due)

    def set_back(self) -> None:
        """To the real time. What still waits does so for as long as it would have."""
        for due in self._waiting:
            due.when -= self.ahead
        self.ahead, self._goal = 0.0, None

    def arm(self, due: _Due) -> None:
        """Has the loop call it, in pieces if that is far away."""
        self._disarm(due)
        left = due.when - self.now()
        follow = self._ring if left <= LONGEST else self.arm
        due.handle = asyncio.get_running_loop().call_later(max(0.0, min(left, LONGEST)), follow, due)

    def forget(self, due: _Due) -> None:
        """It is not called any more."""
        self._disarm(due)
        self._waiting.pop(due, None)

    def _ring(self, due: _Due) -> None:
        self.forget(due)
        due.call()

    def _next(self) -> _Due | None:
        return min(self._waiting, key=lambda due: due.when, default=None)

    def _until_next(self, goal: float) -> float:
        due, end = self._next(), time.time() + goal
        return max(0.0, min(due.when if due else end, end) - self.now())

    @staticmethod
    def _disarm(due: _Due) -> None:
        if due.handle:
            due.handle.cancel()
