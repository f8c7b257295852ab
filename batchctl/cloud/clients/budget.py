"""How much content may be in memory at once, over all transfers of a session."""

from threading import Condition


class Budget:
    """So many bytes, lent out. Whoever waits for more must not hold any, or must have others who give it back."""

    def __init__(self, size: int) -> None:
        self._size, self._left, self._changed = size, size, Condition()

    def take(self, count: int, *, wait: bool = True) -> int:
        """How many bytes were taken: `count`, or all there are if it is more. Without `wait`: 0 if not free now."""
        # More than there is would be waited for without end.
        count = min(count, self._size)
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._left >= count)
            elif self._left < count:
                return 0
            self._left -= count
        return count

    def give_back(self, count: int) -> None:
        with self._changed:
            self._left += count
            # All, not one: the one that is woken may want more than there is now, and another less.
            self._changed.notify_all()
