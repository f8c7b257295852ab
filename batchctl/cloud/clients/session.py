"""What every room of `cloud/` works with: the clients, the clock, and patience with a bound (design D11)."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import field
from threading import Condition, Event
from typing import TYPE_CHECKING, TypeVar

from batchctl.clock import Clock
from batchctl.cloud.clients.again import Again
from batchctl.cloud.clients.batch import Batch
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.genuine import OF_STORAGE
from batchctl.cloud.clients.patience import patiently
from batchctl.cloud.clients.sas import Sas
from batchctl.cloud.clients.service_clock import ServiceClock
from batchctl.cloud.clients.signing import Signing, signed
from batchctl.cloud.clients.storage import VERSION, Answer, Direct
from batchctl.cloud_answers import Outcome
from batchctl.errors import BatchctlError, CloudError, Partial
from batchctl.frozen import dataclass
from batchctl.resources import Resource

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

    from batchctl.cloud.clients.arm import Arm

T = TypeVar("T")
S = TypeVar("S")
R = TypeVar("R", bound=Resource)

GONE_WITHIN = 900.0
"""Seconds that a deletion, or the draining of a pool, may take."""

WORKERS = 8

IN_MEMORY = 48 << 20
"""Bytes of content that are on their way at any one time, over all transfers."""


class Budget:
    """How much content may be in memory at once, over all transfers: so many bytes, lent out.

    Whoever waits for more must not hold any, or must have others who give it back.
    """

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


@dataclass(frozen=True, slots=True)
class Session:
    """`signing`: for requests to storage that no signed URL opens. `at_once`: so many objects are worked on at any one
    time; None leaves it to each room. `arm`: what gives pools their identities; None: Batch itself does. `is_paper`: it
    takes more than it does (`on_paper`). `again`: who is told of requests that are tried again."""

    batch: Batch
    open_blobs: "Callable[[], BlobServiceClient]"
    sas: Sas
    direct: Direct
    signing: Signing
    clock: Clock
    gate: Gate = field(default_factory=Gate)
    halt: Event = field(default_factory=Event)
    budget: Budget = field(default_factory=lambda: Budget(IN_MEMORY))
    at_once: int | None = None
    arm: "Arm | None" = None
    is_paper: bool = False
    again: Again | None = None

    @property
    def blobs(self) -> "BlobServiceClient":
        """The SDK's client, for what is rare: a plan needs none of it."""
        return self.open_blobs()

    @property
    def service_clock(self) -> ServiceClock:
        """For what is compared with stamps of the service. Storage has its own."""
        return ServiceClock(self.clock, self.batch)

    def ask(self, request: Callable[[], T]) -> T:
        """Do one request; again after a transient fault, with jitter, for `patience.PATIENCE` seconds. Raises Fault."""
        return patiently(self.clock, request, self.halt, self.again)

    def find(self, request: Callable[[], T]) -> T | None:
        """As `ask`; None if the service says 404, or that it is on its way out with its container."""
        try:
            return self.ask(request)
        except CloudError as error:
            if error.status == 404 or error.code == "ContainerBeingDeleted":
                return None
            raise

    def send(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> bytes:
        """As `ask`, past the SDK: one request to a signed URL, and what it gives. Once interrupted, none is begun."""

        def request() -> bytes:
            if self.halt.is_set():
                raise Partial("interrupted")
            return self.direct.send(method, url, headers or {}, body)

        return self.ask(request)

    def get_of_account(self, query: str) -> bytes:
        """As `ask`: what storage says of the account, which no URL of a container opens."""
        return self.ask(lambda: self.send_of_account("GET", f"?{query}", {})).content

    def send_of_account(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None, within: int = 0
    ) -> Answer:
        """One request to storage that no signed URL opens, once, `within` so many seconds if not 0. `target`: what
        stands below the account, with its query. Raises Fault."""
        url = f"{self.sas.endpoint}/{target}"
        said = {OF_STORAGE: self.gate.new_id(), **headers}
        # The version is signed, and sent by `direct` itself.
        return signed(
            *(self.signing, method, url, {**said, "x-ms-version": VERSION}),
            lambda by: self.direct.ask(method, url, {**said, **by}, body, within),
        )

    def until(self, condition: Callable[[], bool], what: str, within: float = GONE_WITHIN) -> None:
        """Poll until the condition holds. Raises Partial after `within` seconds, naming `what`."""
        # Most is done in a moment; what takes minutes is looked at every 5 s, which costs an account little.
        begun, pause = self.clock.monotonic(), 0.1
        while not condition():
            if self.halt.is_set() or self.clock.monotonic() - begun > within:
                waited = self.clock.monotonic() - begun
                raise Partial(f"gave up after {waited:.0f} s: {what}; run the same command again to go on")
            self.clock.sleep(pause, self.halt)
            pause = min(5.0, pause * 1.5)

    def each(
        self, resources: Iterable[R], work: Callable[[R], object], at_once: int = WORKERS
    ) -> Generator[Outcome, None, None]:
        """Do the same to many at once; yields as they are done. Interrupted: starts nothing more."""
        last: Outcome | None = None
        with self.workers(at_once) as pool:
            futures = {pool.submit(work, resource): resource for resource in resources}
            for count, future in enumerate(as_completed(futures), 1):
                last = Outcome(resource=futures[future], error=outcome_error(future.exception()))
                if count < len(futures):
                    yield last
        # When nothing is under way any more: who goes away with it has not interrupted anything.
        if last:
            yield last

    def streamed(self, pool: ThreadPoolExecutor, work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        """What `work` makes of each item, in order; an item is taken only when its turn is near."""
        waiting: deque[Future[T]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            # Twice as many as work: none of them waits for the next item, and no more of very many are held.
            if len(waiting) >= 2 * WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    @contextmanager
    def workers(self, at_once: int = WORKERS) -> Iterator[ThreadPoolExecutor]:
        """Threads that, if the caller is interrupted, finish the request in flight and begin no other."""
        pool = ThreadPoolExecutor(self.at_once or at_once)
        try:
            with self.halting():
                yield pool
        finally:
            # What is in flight is waited for: what it did must be told.
            with self.halting():
                pool.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def halting(self) -> Iterator[None]:
        """Interrupted in here, by Ctrl-C or by a caller that goes away: whoever sleeps between two tries gives up, and
        no request is begun any more. An error halts nothing: its caller may go on with other things."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, Exception):
                self.halt.set()
            raise


def outcome_error(error: BaseException | None) -> BatchctlError | None:
    """What an outcome says of what was raised; what is no answer of a service or a disk is raised again."""
    if error is None or isinstance(error, BatchctlError):
        return error
    if isinstance(error, OSError):
        return CloudError(str(error))
    raise error
