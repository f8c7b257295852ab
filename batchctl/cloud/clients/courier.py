"""Many requests past the SDK: sent and tried again by one thread, which tells what each of them gave."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from batchctl.cloud.clients.faults import Fault
from batchctl.cloud.clients.line import Line
from batchctl.cloud.clients.patience import Patience
from batchctl.cloud.clients.session import Session
from batchctl.errors import BatchctlError, Partial
from batchctl.frozen import dataclass

K = TypeVar("K")

LOOKS_UP = 1.0
"""Seconds after which it is seen that what is in flight is not waited for alone."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A request. `room`: bytes of memory that its body, or its answer, takes. `content` reads the body when it is sent;
    raises CloudError, or OSError, if it cannot be."""

    method: str
    url: str
    headers: Mapping[str, str]
    room: int
    content: Callable[[], bytes] | None = None


Answer = bytes | BatchctlError | OSError


def send_many(
    session: Session, letters: Iterable[tuple[K, Letter]], at_once: int
) -> Generator[tuple[K, Answer], None, None]:
    """As Session.send, for each: what it gives, or why it gives nothing, as they end. Once interrupted, none is begun.

    Of an answer the room is held until the caller comes back for the next one.
    """
    courier = Courier(session, letters, at_once)
    thread = Thread(target=courier.work, name="courier")
    thread.start()
    try:
        with session.halting():
            for errand, answer in courier.told():
                try:
                    yield errand.of, answer
                finally:
                    session.budget.give_back(errand.taken)
    finally:
        # What is in flight is waited for: no request of ours comes later than what was told of it.
        courier.nobody_listens.set()
        for errand, _ in courier.told():
            session.budget.give_back(errand.taken)
        thread.join()


class Errand(Generic[K]):
    """A letter on its way. `taken`: the room that was lent for it. `fault`: what the last try met."""

    __slots__ = ("fault", "letter", "of", "patience", "taken")

    def __init__(self, of: K, letter: Letter, patience: Patience) -> None:
        self.of, self.letter, self.patience = of, letter, patience
        self.taken, self.fault = 0, None  # type: int, Fault | None


class Courier(Generic[K]):
    """`work` sends, in a thread of its own, what another one takes from `told`."""

    def __init__(self, session: Session, letters: Iterable[tuple[K, Letter]], at_once: int) -> None:
        self.nobody_listens = Event()
        self._session, self._at_once = session, session.at_once or at_once
        self._fresh = (Errand(of, letter, Patience(session.clock, session.again)) for of, letter in letters)
        self._next: Errand[K] | None = None
        self._resting: list[tuple[float, int, Errand[K]]] = []
        self._number = count()
        self._line = Line[Errand[K]](session.direct, self._at_once)
        self._told: SimpleQueue[tuple[Errand[K], Answer] | BaseException | None] = SimpleQueue()

    def told(self) -> Iterator[tuple[Errand[K], Answer]]:
        """Until the end of `work`. What went wrong with itself is raised here."""
        while (told := self._told.get()) is not None:
            if isinstance(told, BaseException):
                self._told.put(None)
                raise told
            yield told
        self._told.put(None)  # for who asks once more

    def work(self) -> None:
        try:
            while self._begin() or self._resting:
                if len(self._line):
                    self._serve()
                else:
                    self._session.clock.sleep(self._rest(), self._session.halt)
            self._told.put(None)
        except BaseException as error:
            self._told.put(error)
        finally:
            self._line.close()

    def _begin(self) -> int:
        """As many as may be in flight, and as there is room for; how many are then."""
        while len(self._line) < self._at_once and (errand := self._due()):
            # Whoever holds something does not wait for more but goes on with it.
            room, budget = errand.letter.room, self._session.budget
            if room and not (taken := budget.take(room, wait=not len(self._line))):
                self._next = errand
                break
            errand.taken = taken if room else 0
            self._send(errand)
        return len(self._line)

    def _due(self) -> Errand[K] | None:
        if self.nobody_listens.is_set():
            self._resting.clear()
            return None
        if self._next:
            errand, self._next = self._next, None
            return errand
        if self._resting and (self._session.halt.is_set() or self._rest() <= 0):
            return heappop(self._resting)[2]
        return next(self._fresh, None)

    def _rest(self) -> float:
        return self._resting[0][0] - self._session.clock.monotonic()

    def _send(self, errand: Errand[K]) -> None:
        letter = errand.letter
        try:
            if self._session.halt.is_set():
                raise errand.fault or Partial("interrupted")
            self._session.gate.check()
            body = letter.content() if letter.content else None
        except (BatchctlError, OSError) as error:
            self._told.put((errand, error))
        else:
            self._line.begin(errand, letter.method, letter.url, letter.headers, body)

    def _serve(self) -> None:
        within = min(LOOKS_UP, max(0.0, self._rest())) if self._resting else LOOKS_UP
        for errand, answer in self._line.turn(within):
            rest = None
            if isinstance(answer, Fault) and not self._session.halt.is_set():
                rest, errand.fault = errand.patience.rest(answer), answer
            if rest is None:
                self._told.put((errand, answer))
            else:
                self._session.budget.give_back(errand.taken)
                heappush(self._resting, (self._session.clock.monotonic() + rest, next(self._number), errand))
