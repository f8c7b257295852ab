"""The page that is served while a run goes on: who may read it, and how it stays new."""

import http.client
from collections.abc import Iterator
from threading import Thread

import pytest

from batchctl.cli.web_server import PageServer
from batchctl.errors import CloudError
from batchctl.sensitive import Veil
from tests.clock import FakeClock


class Reader:
    """A browser, as far as it asks."""

    def __init__(self, server: PageServer) -> None:
        self.server, self.token = server, "/" + server.address.rpartition("/")[2]

    def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection(self.server.host, timeout=10)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.headers)
        finally:
            connection.close()

    def opened(self) -> str:
        return self.get(self.token)[2]["Location"]


class Pages:
    """What is to be told: counted, so that a test sees who asked."""

    def __init__(self) -> None:
        self.made, self.error = 0, ""

    def __call__(self) -> str:
        if self.error:
            raise CloudError(self.error)
        self.made += 1
        return f"page {self.made}"


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reader(pages: Pages, clock: FakeClock) -> Iterator[Reader]:
    with PageServer(pages, clock, Veil(("quicksilver",))) as server:
        yield Reader(server)
        clock.sleep(60)  # whoever read has gone: nobody is waited for


def test_the_token_opens_the_page_once(reader: Reader) -> None:
    place = reader.opened()
    assert reader.token not in place
    assert reader.get(place)[:2] == (200, "page 1")
    assert reader.get(reader.token)[0] == 403
    assert reader.get(place)[0] == 200


@pytest.mark.parametrize("path", ["/", "/x", "/x/fresh", "//", "/../etc/passwd", "/%00"])
def test_nobody_else_reads_it(reader: Reader, pages: Pages, path: str) -> None:
    status, text, headers = reader.get(path)
    assert (status, pages.made) == (403, 0)
    assert "page" not in text.replace("opens the page once", "")
    assert headers["Cache-Control"] == "no-store"


def test_another_site_is_told_nothing(reader: Reader, pages: Pages) -> None:
    place = reader.opened()
    assert reader.get(place, Host="evil.example")[0] == 403
    assert reader.get(place, Host=reader.server.host.replace("127.0.0.1", "localhost"))[0] == 403
    assert reader.get(place, Sec_Fetch_Site="cross-site")[0] == 403
    assert pages.made == 0
    headers = reader.get(place, Sec_Fetch_Site="same-origin")[2]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_only_a_get_is_served(reader: Reader) -> None:
    connection = http.client.HTTPConnection(reader.server.host, timeout=10)
    connection.request("POST", reader.opened(), body=b"x")
    assert connection.getresponse().status == 501


def test_the_run_is_looked_at_when_somebody_asks_and_not_more_often_than_it_bears(
    reader: Reader, pages: Pages, clock: FakeClock
) -> None:
    place = reader.opened()
    _, first, headers = reader.get(f"{place}fresh")
    assert reader.get(f"{place}fresh")[1] == first == "page 1"
    assert reader.get(f"{place}fresh", If_None_Match=headers["ETag"])[:2] == (304, "")
    clock.sleep(60)
    assert reader.get(f"{place}fresh", If_None_Match=headers["ETag"])[:2] == (200, "page 2")
    assert pages.made == 2


def test_what_cannot_be_seen_now_is_said_without_secrets(reader: Reader, pages: Pages, clock: FakeClock) -> None:
    place = reader.opened()
    pages.error = "no answer to quicksilver"
    assert reader.get(f"{place}fresh")[:2] == (
        503,
        "The run cannot be looked at just now: no answer to (sensitive)\n",
    )
    pages.error = ""
    assert reader.get(f"{place}fresh")[0] == 200


def test_who_reads_gets_the_last_page(pages: Pages, clock: FakeClock) -> None:
    server = PageServer(pages, clock)
    with server:
        reader = Reader(server)
        place = reader.opened()
        assert "X-Over" not in reader.get(f"{place}fresh")[2]
        ending = Thread(target=server.__exit__, args=(None, None, None))
        ending.start()
        found = [reader.get(f"{place}fresh")]
        while "X-Over" not in found[-1][2]:
            found.append(reader.get(f"{place}fresh"))
        ending.join(10)
        assert not ending.is_alive()
    assert found[-1][:2] == (200, "page 2")
