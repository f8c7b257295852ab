"""A loopback proxy that counts what passes and may meddle with it. Signatures cover method, path and query but not
the host, so it forwards without signing again."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})


@dataclass
class Log:
    """`requests` are (method, path) in the order of their arrival."""

    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def mutating(self) -> list[tuple[str, str]]:
        return [r for r in self.requests if r[0] in MUTATING]


@dataclass(frozen=True, kw_only=True)
class Meddling:
    """What happens to a request. `forwarded`: the service does it all the same. `status` None: it is cut off."""

    status: int | None
    code: str = ""
    forwarded: bool = False
    then: Callable[[], None] | None = None


Meddle = Callable[[str, str], Meddling | None]
"""(method, path) to what is done to it; None lets it pass. It may wait, and so hold the request."""


@contextmanager
def counting(upstream: str, meddle: Meddle | None = None, agent: str = "") -> Iterator[Log]:
    """Forward everything to `upstream` (scheme://host:port[/path]) and keep a log of it.

    `agent`: what the User-Agent of a request must have in it to be logged and meddled with.
    """
    target = urlsplit(upstream)
    assert target.hostname is not None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if agent not in self.headers.get("User-Agent", ""):
                self.forward(body)
                return
            log.requests.append((self.command, self.path))
            meddling = meddle(self.command, self.path) if meddle else None
            if meddling is None:
                self.forward(body)
            else:
                self.meddled(meddling, body)

        def meddled(self, meddling: Meddling, body: bytes) -> None:
            if meddling.forwarded:
                self.asked(body)
            if meddling.then:
                meddling.then()
            if meddling.status is None:
                # A reset, not an orderly end: as a balancer or a failing line cuts a connection.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            self.answer(meddling.status, "Meddled", [("x-ms-error-code", meddling.code)], b"")

        def asked(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            if "Content-Length" in self.headers:
                headers["Content-Length"] = self.headers["Content-Length"]
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            try:
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                return answer, answer.read()
            finally:
                connection.close()

        def forward(self, body: bytes) -> None:
            answer, content = self.asked(body)
            if b'"odata.nextLink"' in content:  # the next page is asked for here, too
                content = content.replace(target.netloc.encode(), urlsplit(log.url).netloc.encode())
            headers = answer.getheaders()
            length = answer.getheader("Content-Length")
            self.answer(answer.status, answer.reason, headers, content, length if self.command == "HEAD" else None)

        def answer(
            self, status: int, reason: str, headers: list[tuple[str, str]], content: bytes, length: str | None = None
        ) -> None:
            self.send_response_only(status, reason)
            for name, value in headers:
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            if self.command != "HEAD":
                length = str(len(content))
            if status != 204 and length is not None:
                self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = take  # noqa: N815 (names that http.server asks for)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed, or cut off, is no fault of the proxy."""

    server = Server(("127.0.0.1", 0), Handler)
    log = Log(f"http://127.0.0.1:{server.server_address[1]}{target.path}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
