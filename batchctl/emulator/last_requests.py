"""The last requests of clients, for who looks at the page of the account."""

from collections import deque

MOST = 300
LONGEST = 500
"""Characters of a path that are kept."""
Seen = tuple[int, float, str, str, int | None, str | None, float]
"""Its number, when it came, method, path, status (None: dropped by a fault), error code, and the seconds it took."""


class LastRequests:
    """They are numbered from 1, and forgotten when there are too many."""

    def __init__(self) -> None:
        self._count = 0
        self._seen: deque[Seen] = deque(maxlen=MOST)

    def note(self, came: float, method: str, path: str, status: int | None, code: str | None, took: float) -> None:
        self._count += 1
        self._seen.append((self._count, came, method, path[:LONGEST], status, code, took))

    def since(self, number: int) -> list[Seen]:
        """Those after the one of that number, oldest first."""
        return [one for one in self._seen if one[0] > number]
