"""The proxy that benchmarks trust: what it passes on, and what it counts."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.proxy import proxied

LIKE_A_REQUEST = b"GET / HTTP/1.1\r\n" * 9


@pytest.fixture
def echo() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base"
    server.shutdown()
    thread.join()
    server.server_close()


def put(url: str, bodies: list[bytes]) -> list[bytes]:
    """The answers, over one connection."""
    address = url.split("/")[2]
    connection = http.client.HTTPConnection(address, timeout=20)
    answers = []
    for body in bodies:
        connection.request("PUT", "/a", body)
        answers.append(connection.getresponse().read())
    connection.close()
    return answers


def test_all_bytes_pass_and_requests_are_told_from_bodies(echo: str) -> None:
    bodies = [LIKE_A_REQUEST, b"", bytes(3 << 20)]
    with proxied(echo) as proxy:
        assert proxy.url.endswith("/base")
        assert put(proxy.url, bodies) == bodies
        tally = proxy.tally()
    assert (tally.methods, tally.connections) == ({"PUT": 3}, 1)
    assert tally.up > tally.down > sum(map(len, bodies))


def test_a_tally_counts_from_the_last_one(echo: str) -> None:
    with proxied(echo) as proxy:
        put(proxy.url, [b"one"])
        proxy.tally()
        put(proxy.url, [b"two", b"three"])
        assert proxy.tally().requests == 2


def test_with_a_round_trip_all_bytes_pass_in_order(echo: str) -> None:
    with proxied(echo, round_trip=0.002) as proxy:
        assert put(proxy.url, [bytes(1 << 20), LIKE_A_REQUEST]) == [bytes(1 << 20), LIKE_A_REQUEST]
        assert proxy.tally().requests == 2


def test_an_upstream_that_is_not_there_closes_the_connection(echo: str) -> None:
    with proxied("http://127.0.0.1:9") as proxy, pytest.raises((http.client.HTTPException, OSError)):
        put(proxy.url, [b""])
