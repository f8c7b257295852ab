"""A loopback proxy that counts what passes and may meddle with it. Signatures cover method, path and query but not
the host, so it forwards without signing again."""

import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NAMED = "x-ms-client-request-id"
NAMES = (NAMED, "client-request-id")
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})


@dataclass
class Log:
    """`requests` are (method, path) in the order of their arrival. `first`: what each of those that only look was
    answered first."""

    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)
    first: dict[tuple[str, str], "Answer"] = field(default_factory=dict)

    @property
    def mutating(self) -> list[tuple[str, str]]:
        return [r for r in self.requests if r[0] in MUTATING]


@dataclass(frozen=True, kw_only=True)
class Meddling:
    """What happens to a request. `forwarded`: the service does it all the same. `status` None: it is cut off.

    `half`: of the service's own answer only the first half comes, then it is cut off. `twice`: it reaches the service
    twice, and the second answer is told. `stale`: who only looks is answered as the first time.
    `names_itself`: the answer bears the ids by which the service is known. `altered`: makes the answer, of the
    service's own if it asks for that.
    """

    status: int | None = None
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    forwarded: bool = False
    half: bool = False
    twice: bool = False
    stale: bool = False
    names_itself: bool = True
    then: Callable[[], None] | None = None
    altered: "Callable[[Callable[[], Answer]], Answer] | None" = None


@dataclass(frozen=True)
class Answer:
    """What the service said."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    content: bytes
    length: str | None


Meddle = Callable[[str, str], Meddling | None]
"""(method, path) to what is done to it; None lets it pass. It may wait, and so hold the request."""


Door = Callable[[str], Answer | None]
"""The Authorization of a request to how it is refused; None lets it in."""


@contextmanager
def counting(
    upstream: str,
    meddle: Meddle | None = None,
    agent: str = "",
    door: Door | None = None,
    certificates: Path | None = None,
) -> Iterator[Log]:
    """Forward everything to `upstream` (scheme://host:port[/path]) and keep a log of it.

    `agent`: what the User-Agent of a request must have in it to be logged and meddled with. `door`: who lets it in,
    once it was meddled with. `certificates`: a folder of a service's own, which speaks https, and so do we.
    """
    target = urlsplit(upstream)
    assert target.hostname is not None
    trusts = ssl.create_default_context(cafile=certificates / "authority.pem") if certificates else None

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
            if door and (refused := door(self.headers.get("Authorization", ""))):
                self.told(self.named(refused))
            elif meddling is None:
                self.forward(body)
            else:
                self.meddled(meddling, body)

        def meddled(self, meddling: Meddling, body: bytes) -> None:
            real = None
            if meddling.forwarded or meddling.twice or meddling.half:
                real = self.asked(body)
            if meddling.then:
                meddling.then()
            if meddling.altered:
                self.told(self.named(meddling.altered(lambda: self.asked(body))))
            elif meddling.twice:
                self.forward(body)
            elif meddling.stale:
                self.told(log.first.get((self.command, self.path)) or self.asked(body))
            elif meddling.half and real:
                self.told(real, kept=len(real.content) // 2)
                self.cut()
            elif meddling.status is None:
                self.cut()
            else:
                ids = [(name, "meddled") for name in ("request-id", "x-ms-request-id") if meddling.names_itself]
                headers = [("x-ms-error-code", meddling.code), *ids, *meddling.headers]
                self.answer(meddling.status, "Meddled", headers, meddling.body)

        def named(self, answer: Answer) -> Answer:
            """As an answer to this very request."""
            kept = [(name, value) for name, value in answer.headers if name.lower() not in NAMES]
            return replace(answer, headers=kept + [(n, self.headers[n]) for n in NAMES if n in self.headers])

        def cut(self) -> None:
            """A reset, not an orderly end: as a balancer or a failing line cuts a connection."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def asked(self, body: bytes) -> Answer:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            if "Content-Length" in self.headers:
                headers["Content-Length"] = self.headers["Content-Length"]
            if trusts:
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    target.hostname or "", target.port, timeout=60, context=trusts
                )
            else:
                connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            try:
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                told = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
                # Storage names the request in a refusal too (REST: common response headers), Azurite does not.
                if (named := self.headers.get(NAMED)) and answer.getheader(NAMED) is None:
                    told.append((NAMED, named))
                return Answer(answer.status, answer.reason, told, answer.read(), answer.getheader("Content-Length"))
            finally:
                connection.close()

        def forward(self, body: bytes) -> None:
            answer = self.asked(body)
            if self.command not in MUTATING:
                log.first.setdefault((self.command, self.path), answer)
            self.told(answer)

        def told(self, answer: Answer, kept: int | None = None) -> None:
            """What the service answered; of its content so many bytes alone, if `kept` says so."""
            content = answer.content
            if b'"odata.nextLink"' in content:  # the next page is asked for here, too
                content = content.replace(target.netloc.encode(), urlsplit(log.url).netloc.encode())
            length = answer.length if self.command == "HEAD" else str(len(content))
            self.answer(answer.status, answer.reason, answer.headers, content[:kept], length)

        def answer(
            self, status: int, reason: str, headers: list[tuple[str, str]], content: bytes, length: str | None = None
        ) -> None:
            self.send_response_only(status, reason)
            for name, value in headers:
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            if length is None and self.command != "HEAD":
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
        request_queue_size = 512  # of five some of very many connections at once wait for seconds, as behind no service

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed, or cut off, is no fault of the proxy."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        # The thread of each connection shakes hands, when it reads first.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    log = Log(f"{target.scheme}://127.0.0.1:{server.server_address[1]}{target.path}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
