"""Time as the Batch service has it: its stamps are compared with its own clock, whatever ours says."""

from datetime import datetime
from threading import Event

from batchctl.clock import Clock
from batchctl.cloud.clients.batch import Batch
from batchctl.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ServiceClock:
    """Waits as ours does. `now` is the service's, as its last answer told; ours before the first."""

    ours: Clock
    batch: Batch

    def monotonic(self) -> float:
        return self.ours.monotonic()

    def uptime(self) -> float:
        return self.ours.uptime()

    def now(self) -> datetime:
        return self.ours.now() + self.batch.ahead

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        self.ours.sleep(seconds, halt)
