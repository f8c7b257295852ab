"""Keeps a lease while a command is at work: renewed from a thread of its own, and not relied on once that fails."""

from collections.abc import Callable
from threading import Event, Thread

from batchctl.cloud.clients.faults import as_fault
from batchctl.errors import Partial

RENEWED_EVERY = 20.0

TRUSTED_FOR = 50.0
"""Seconds after a renewal was begun in which the lease counts as ours: less than it lives, for what is on its way."""


class Keeper:
    """Renews a lease until it is stopped, and knows when it can be relied on no more."""

    def __init__(self, renew: Callable[[], object], uptime: Callable[[], float], begun: float) -> None:
        self._renew, self._uptime = renew, uptime
        self._trusted_until, self._why = begun + TRUSTED_FOR, ""
        self._stopped = Event()
        # A daemon: a process that ends without `stop` must not be kept alive; its lease dies by itself.
        self._thread = Thread(target=self._run, name="lock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        # Seconds: as long as a renewal may hang, `blob.QUICK`.
        self._thread.join(timeout=15)

    def lost(self) -> str | None:
        """Why the lease is not ours any more, None while it is. Asks the clock, not the service."""
        if not self._why and self._uptime() > self._trusted_until:
            self._why = "it was not renewed in time; was this machine asleep?"
        return (
            f"the lock was lost: {self._why} Nothing more was sent; apply again goes on from here"
            if self._why
            else None
        )

    def once(self) -> float:
        """Renew if it still is ours; returns the seconds until the next time, 0 if there is none."""
        if self.lost():
            return 0
        # Before it is sent, as when the lease was taken.
        begun = self._uptime()
        try:
            self._renew()
        # The gate is shut: it knows already that the lease is lost.
        except Partial:
            return 0
        except Exception as error:
            fault = as_fault(error)
            if fault is None:
                raise
            if fault.transient:
                # Soon: a lease that was renewed 20 s ago leaves room for some more tries.
                return 2.0
            self._why = f"{fault}."
            return 0
        self._trusted_until = begun + TRUSTED_FOR
        return RENEWED_EVERY

    def _run(self) -> None:
        pause = RENEWED_EVERY
        while pause and not self._stopped.wait(pause):
            pause = self.once()
