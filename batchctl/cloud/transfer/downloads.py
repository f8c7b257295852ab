"""Blobs to bytes: a small one in one request, a large one in ranges, several at once and in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from batchctl.cloud.clients.courier import Answer, Letter, send_many
from batchctl.cloud.clients.session import Session
from batchctl.cloud.clients.storage import AT_ONCE
from batchctl.errors import CloudError
from batchctl.resources import Blob
from batchctl.words import one_line

RANGE = 8 << 20
"""Bytes of one request: a block of what we uploaded. In halves the same bytes take Azurite 1.8 times as long."""

RANGES_AT_ONCE = 3

SMALL, LARGER_AT_ONCE = 256 << 10, 16
"""Bytes of a blob of which as many are asked for at once as may be, and how many larger ones are: these are bound by
the line, not by the round trip."""


def read_whole(session: Session, blobs: Sequence[Blob]) -> Generator[tuple[int, Answer], None, None]:
    """The whole content of each, by its place among them, many at once and as it comes; or why it does not."""
    at_once = AT_ONCE if all(blob.size <= SMALL for blob in blobs) else LARGER_AT_ONCE
    letters = ((n, Letter("GET", _url(session, blob), only_listed(blob), blob.size)) for n, blob in enumerate(blobs))
    with closing(send_many(session, letters, at_once)) as answers:
        for n, answer in answers:
            yield n, _torn(blobs[n], answer, blobs[n].size) or answer


def read_blob(session: Session, blob: Blob, start: int = 0) -> Iterator[bytes]:
    """The content from byte `start` on, of exactly the version that was listed. Raises CloudError if it has changed."""
    url, version = _url(session, blob), only_listed(blob)

    def part(begin: int, end: int) -> bytes:
        whole = (begin, end) == (0, blob.size)
        wanted = {} if whole else {"x-ms-range": f"bytes={begin}-{end - 1}"}
        data = session.send("GET", url, {**version, **wanted})
        if torn := _torn(blob, data, end - begin):
            raise torn
        return data

    if blob.size - start <= RANGE:
        taken = session.budget.take(blob.size - start)
        try:
            # The room is held until the reader comes back for more: until then it has the bytes.
            yield part(start, blob.size)
        finally:
            session.budget.give_back(taken)
    else:
        yield from _ahead(session, deque(_byte_ranges(start, blob.size)), part)


def _url(session: Session, blob: Blob) -> str:
    return session.sas.below(session.sas.source(blob.container), blob.path)


def only_listed(blob: Blob) -> dict[str, str]:
    """The header for "only if it is still the version that was listed"."""
    return {"If-Match": blob.etag} if blob.etag else {}


def _torn(blob: Blob, answer: Answer, size: int) -> CloudError | None:
    if not isinstance(answer, bytes) or len(answer) == size:
        return None
    return CloudError(f"{one_line(blob.name)}: {len(answer)} bytes came where {size} were asked for")


def _byte_ranges(start: int, size: int) -> Iterator[tuple[int, int]]:
    return ((begin, min(begin + RANGE, size)) for begin in range(start, size, RANGE))


def _ahead(session: Session, ranges: deque[tuple[int, int]], part: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """The parts in order, the next ones asked for while one is used."""
    flights: deque[tuple[int, Future[bytes]]] = deque()
    try:
        with ThreadPoolExecutor(RANGES_AT_ONCE) as lanes:
            while ranges or flights:
                # Whoever holds something does not wait for more but uses it first: no two reads block each other.
                while ranges and len(flights) < RANGES_AT_ONCE:
                    taken = session.budget.take(RANGE, wait=not flights)
                    if not taken:
                        break
                    flights.append((taken, lanes.submit(part, *ranges.popleft())))
                yield flights[0][1].result()
                session.budget.give_back(flights.popleft()[0])
    finally:
        # A reader that stops, or a part that fails, leaves others in flight.
        session.budget.give_back(sum(taken for taken, _ in flights))
