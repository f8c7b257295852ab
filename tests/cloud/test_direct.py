"""Requests past the SDK, against a server that says what it is told to."""

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from batchctl.cloud.clients.faults import Fault
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.storage import Direct

OK = b"HTTP/1.1 200 OK\r\nx-ms-request-id: 7d6f0a5e\r\nContent-Length: 2\r\n\r\nok"
PATIENCE = 20


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that has one connection, and talks as `talk` does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                talk(connection)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


def sent(url: str, path: str = "/a/b", method: str = "GET", body: bytes | None = None, **headers: str) -> bytes:
    return Direct(url, Gate(), straight=True).send(method, url + path, headers, body)


def heard(connection: socket.socket) -> bytes:
    """A request's head, and so much of its body as came with it."""
    data = b""
    while b"\r\n\r\n" not in data and (more := connection.recv(1 << 16)):
        data += more
    return data


def test_a_request_says_what_it_must_and_nothing_more() -> None:
    said = []

    def talk(connection: socket.socket) -> None:
        said.append(heard(connection))
        connection.sendall(OK)

    with serving(talk) as url:
        assert sent(url, "/c/a/../b%20?sig=x", **{"x-ms-meta-a": "b"}) == b"ok"
    first, *lines = said[0].decode().rstrip("\r\n").split("\r\n")
    assert first == "GET /c/a/../b%20?sig=x HTTP/1.1"
    names = {"host", "user-agent", "x-ms-version", "x-ms-meta-a", "x-ms-client-request-id", "cache-control"}
    assert {line.partition(":")[0].lower() for line in lines} == names


@pytest.mark.parametrize("body", [b"", b"content"])
def test_a_body_goes_with_its_length_at_once(body: bytes) -> None:
    said = []

    def talk(connection: socket.socket) -> None:
        said.append(heard(connection).lower())
        connection.sendall(OK)

    with serving(talk) as url:
        assert sent(url, method="PUT", body=body, **{"Content-Type": "application/octet-stream"}) == b"ok"
    assert b"content-length: %d\r\n" % len(body) in said[0]
    assert b"cache-control" not in said[0]  # the blob would have it from then on
    assert said[0].count(b"content-type: application/octet-stream") == 1
    assert b"expect" not in said[0]


def test_a_body_goes_with_its_length_after_a_request_that_reads_none() -> None:
    said = []

    def talk(connection: socket.socket) -> None:
        for answer in (OK.replace(b"ok", b""), OK):
            said.append(heard(connection).lower())
            connection.sendall(answer)

    with serving(talk) as url:
        direct = Direct(url, Gate(), straight=True)
        assert direct.send("HEAD", f"{url}/a", {}) == b""
        assert direct.send("PUT", f"{url}/a", {}, b"") == b"ok"
    assert b"content-length: 0\r\n" in said[1]


ANSWERS = {
    b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\nx-ms-error-code: ServerBusy\r\nContent-Length: 0\r\n\r\n": (
        503,
        "ServerBusy",
        7.0,
    ),
    b"HTTP/1.1 503 Busy\r\nRetry-After: -1\r\nx-ms-error-code: ServerBusy\r\nContent-Length: 0\r\n\r\n": (
        503,
        "ServerBusy",
        0.0,
    ),
    b"HTTP/1.1 404 No\r\nX-Ms-Request-Id: 7\r\nContent-Length: 42\r\n\r\n<Error><Code>BlobNotFound</Code></Error>  ": (
        404,
        "BlobNotFound",
        None,
    ),
    b"HTTP/1.1 302 Over there\r\nx-ms-request-id: 7\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n": (
        302,
        "",
        None,
    ),
    b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n": (0, "NotTheService", None),
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf": (0, "", None),
    b"": (0, "", None),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_is_not_a_whole_answer_of_2xx_is_a_fault(answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(answer)

    with serving(talk) as url, pytest.raises(Fault) as raised:
        sent(url, "/c/b?sig=secret")
    assert (raised.value.status, raised.value.code, raised.value.retry_after) == ANSWERS[answer]
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("is_batch", [True, False])
@pytest.mark.parametrize("status", [b"200 OK", b"404 No"])
def test_an_answer_that_names_another_request_is_no_answer(is_batch: bool, status: bytes) -> None:
    name = b"client-request-id" if is_batch else b"x-ms-client-request-id"
    asked = []

    def talk(connection: socket.socket) -> None:
        for _ in range(3):
            asked.append(re.search(rb"\n%s: (\S+)" % name, heard(connection)))
            last = asked[-1]
            # The first two times as it was asked first, in other letters; then as if nobody had been named.
            told = (b"request-id: 7\r\n%s: %s\r\n" % (name, asked[0][1].upper())) if len(asked) < 3 else b""
            connection.sendall(b"HTTP/1.1 %s\r\nx-ms-request-id: 7\r\n%sContent-Length: 0\r\n\r\n" % (status, told))
            assert last

    met = []
    with serving(talk) as url:
        direct = Direct(url, Gate(), straight=True, is_batch=is_batch)
        for _ in range(3):
            try:
                met.append(str(direct.ask("GET", f"{url}/a", {}).status))
            except Fault as fault:
                met.append(fault.code if fault.transient else str(fault.status))
    whole = status[:3].decode()
    assert met == [whole, "NotThisRequest", whole]
    assert len({found[1] for found in asked if found}) == 3


def test_nobody_there_is_a_fault_without_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Fault, match="no answer from the service: Failed to connect") as raised:
        sent(url)
    assert raised.value.transient


def test_ctrl_c_is_heard_while_an_answer_is_awaited() -> None:
    interrupted, answered = Event(), Event()

    def talk(connection: socket.socket) -> None:
        heard(connection)
        os.kill(os.getpid(), signal.SIGINT)
        if not interrupted.wait(PATIENCE):
            answered.set()
            connection.sendall(OK)

    with serving(talk) as url:
        with pytest.raises(KeyboardInterrupt):
            sent(url)
        interrupted.set()
    assert not answered.is_set()


@pytest.mark.parametrize("before", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("HEAD", None), ("POST", b"{}"), ("PUT", b"")])
def test_a_request_is_the_same_whatever_its_connection_sent_before(
    before: str, method: str, body: bytes | None
) -> None:
    said = []

    def talk(connection: socket.socket) -> None:
        for _ in range(2):
            data = heard(connection)
            while re.search(rb"content-length: 2\r\n", data.lower()) and not data.endswith(b"{}"):
                data += connection.recv(1 << 16)
            said.append(data)
            connection.sendall(OK[:-2] if data.startswith(b"HEAD") else OK)

    with serving(talk) as url:
        direct = Direct(url, Gate(), straight=True)
        direct.ask(before, url, {}, b"{}" if before == "POST" else None)
        assert direct.ask(method, url, {}, body).content == (b"" if method == "HEAD" else b"ok")
    head, _, sent_body = said[1].partition(b"\r\n\r\n")
    assert head.startswith(method.encode())
    assert sent_body == (body or b"")
    lengths = [] if body is None else [b"%d" % len(body)]
    assert re.findall(rb"content-length: (\d+)", head.lower()) == lengths
