"""Many requests by one thread: each is answered for good, room is given back, nothing is begun after the end."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from batchctl.cloud.clients.courier import Letter, send_many
from batchctl.cloud.clients.session import IN_MEMORY, Session
from batchctl.cloud.connect import connect
from batchctl.errors import CloudError, Partial
from tests.clock import FakeClock
from tests.cloud.test_session import NOWHERE


class Served(ThreadingHTTPServer):
    """Answers /STATUS/… with it, the first time; what is asked for again with 200 and the body that was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = Counter[str]()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        assert isinstance(self.server, Served)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked[self.path] += 1
        first = self.server.asked[self.path] == 1
        self.send_response(int(self.path.split("/")[1]) if first else 200)
        self.send_header("x-ms-request-id", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[Served, str]]:
    with Served() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def session() -> Session:
    return connect(NOWHERE, FakeClock(), at_once=4)._session


def put(url: str, body: bytes) -> Letter:
    return Letter("PUT", url, {}, len(body), lambda: body)


def is_all_there(session: Session) -> bool:
    return session.budget.take(IN_MEMORY, wait=False) == IN_MEMORY


def test_each_is_answered_for_good_and_a_passing_fault_is_tried_again(session: Session) -> None:
    with serving() as (server, url):
        statuses = [(200, 503, 409)[n % 3] for n in range(30)]
        letters = [(n, put(f"{url}/{status}/{n}", b"%d" % n)) for n, status in enumerate(statuses)]
        answers = dict(send_many(session, letters, 96))
    said = {n: answer.status if isinstance(answer, CloudError) else answer for n, answer in answers.items()}
    assert said == {n: 409 if status == 409 else b"%d" % n for n, status in enumerate(statuses)}
    assert server.asked == {f"/{status}/{n}": 2 if status == 503 else 1 for n, status in enumerate(statuses)}
    assert is_all_there(session)


def test_what_cannot_be_read_or_has_no_room_at_once_stops_no_other(session: Session) -> None:
    def gone() -> bytes:
        raise FileNotFoundError("no such file")

    with serving() as (_, url):
        large = bytes(IN_MEMORY // 2 + 1)
        letters = [*((n, put(f"{url}/200/{n}", large)) for n in range(4)), (4, Letter("PUT", url, {}, 9, gone))]
        answers = dict(send_many(session, letters, 96))
    assert [answers[n] == large for n in range(4)] == [True] * 4
    assert isinstance(answers[4], FileNotFoundError)
    assert is_all_there(session)


def test_who_goes_away_leaves_nothing_in_flight_and_no_room_taken(session: Session) -> None:
    with serving() as (server, url):
        letters = ((n, put(f"{url}/200/{n}", b"x")) for n in range(10_000))
        with closing(send_many(session, letters, 96)) as answers:
            next(answers)
        asked = server.asked.total()
        assert asked < 10_000
        assert next(send_many(session, [(0, put(f"{url}/200/late", b"x"))], 96))[1].args == Partial("interrupted").args  # type: ignore[union-attr]  # an error
        assert server.asked.total() == asked
    assert is_all_there(session)


def test_a_fault_of_its_own_is_raised_to_who_asked(session: Session) -> None:
    def letters() -> Iterator[tuple[int, Letter]]:
        raise LookupError("a mistake")
        yield

    with pytest.raises(LookupError, match="a mistake"):
        list(send_many(session, letters(), 96))
