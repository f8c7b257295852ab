"""Every request to Batch and to storage passes here, so that one that may not be sent any more is not sent."""

from collections.abc import Callable
from itertools import count
from secrets import token_hex

from batchctl.errors import Partial
from batchctl.version import __version__


class Gate:
    """Open until `watch` names a reason to shut it. `run` marks all requests of one command for the service's logs."""

    def __init__(self) -> None:
        self.run = token_hex(4)
        self._numbers = count(1)
        self._watch: Callable[[], str | None] = _no_reason

    @property
    def user_agent(self) -> str:
        return f"batchctl/{__version__} run/{self.run}"

    def new_id(self) -> str:
        """A GUID that no other request has; those of one command begin alike. Any thread may ask for one."""
        return f"{self.run}-0000-4000-8000-{next(self._numbers):012x}"

    def watch(self, reason: Callable[[], str | None] | None) -> None:
        self._watch = reason or _no_reason

    def check(self, _request: object = None) -> None:
        """Raises Partial instead of letting a request through that nobody may send now."""
        if reason := self._watch():
            raise Partial(reason)


def _no_reason() -> None:
    return None
