"""A page on loopback for one reader: whoever has the token, which opens it once, on this machine."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import ClassVar

from batchctl.clock import Clock
from batchctl.errors import BatchctlError
from batchctl.sensitive import Veil

LOOPBACK = "127.0.0.1"

SHORTEST, SHARE = 2.0, 10
"""Seconds between two looks at the run; and so many times as long as a look takes they are apart at least."""

STILL_THERE, PATIENCE = 10.0, 5.0
"""Seconds after which a reader who asked for nothing has gone, and those in which the others get the last page."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    # The address of the page is what opens it.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageServer:
    """Serves what `page` makes, anew when it is asked for and old: while nobody reads, nothing is asked of the service.

    The token is used up by the first who opens `address`, and gives way to an address that is never said.
    """

    def __init__(self, page: Callable[[], str], clock: Clock, veil: Veil = Veil()) -> None:
        self._page, self._clock, self.veil = page, clock, veil
        self._token, self._session = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._opening, self._making, self._told = Lock(), Lock(), Event()
        self._text, self._made, self._took = "", float("-inf"), 0.0
        self._asked, self._over = float("-inf"), False
        handler = type("Bound", (_Handler,), {"pages": self})
        self._server = _Server((LOOPBACK, 0), handler)
        self.host = f"{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self._token}"

    def __enter__(self) -> "PageServer":
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        """Whoever reads gets the last page first, but for an interruption."""
        if kind is None or issubclass(kind, BatchctlError):
            self._let_know()
        self._server.shutdown()
        self._server.server_close()

    def _let_know(self) -> None:
        if self._clock.monotonic() - self._asked > STILL_THERE:
            return
        with self._making:
            patience = PATIENCE + 2 * self._took
            self._made, self._over = float("-inf"), True
        self._told.wait(patience)

    def opened_by(self, token: str) -> str | None:
        """The path of the page, for the first who comes with the token."""
        with self._opening:
            if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = ""
            return f"/{self._session}/"

    def is_page(self, session: str) -> bool:
        return hmac.compare_digest(session.encode(), self._session.encode())

    def fresh(self) -> tuple[str, str, bool]:
        """(text, its version, is it the last one?). Raises BatchctlError."""
        with self._making:
            self._asked = begun = self._clock.monotonic()
            if begun - self._made >= max(SHORTEST, SHARE * self._took):
                self._text = self._page()
                self._made = self._clock.monotonic()
                self._took = self._made - begun
            return self._text, hashlib.sha256(self._text.encode()).hexdigest()[:16], self._over

    def said(self) -> None:
        """The last page has been read."""
        self._told.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is no error, and nobody sees a traceback (design D12)."""


class _Handler(BaseHTTPRequestHandler):
    """GET alone: /TOKEN once, then /SESSION/ and /SESSION/fresh."""

    pages: ClassVar[PageServer]
    timeout = 10
    server_version, sys_version = "batchctl", ""

    def do_GET(self) -> None:
        # Another name for this address is another site's, which a browser would let read what it gets.
        if self.headers.get("Host") != self.pages.host or self.headers.get("Sec-Fetch-Site") == "cross-site":
            return self._answer(HTTPStatus.FORBIDDEN, "this page is for the machine that it was made on\n")
        first, _, rest = self.path.removeprefix("/").partition("/")
        if self.pages.is_page(first) and rest in ("", "fresh"):
            return self._page()
        if path := self.pages.opened_by(first):
            return self._answer(HTTPStatus.SEE_OTHER, "", {"Location": path})
        return self._answer(HTTPStatus.FORBIDDEN, "the address that was told opens the page once, in one browser\n")

    def _page(self) -> None:
        try:
            text, version, last = self.pages.fresh()
        except BatchctlError as error:
            return self._answer(
                HTTPStatus.SERVICE_UNAVAILABLE, f"The run cannot be looked at just now: {self.pages.veil(str(error))}\n"
            )
        more = {"ETag": f'"{version}"', **({"X-Over": "1"} if last else {})}
        if self.headers.get("If-None-Match") == more["ETag"]:
            self._answer(HTTPStatus.NOT_MODIFIED, "", more)
        else:
            self._answer(HTTPStatus.OK, text, {**more, "Content-Type": "text/html; charset=utf-8"})
        if last:
            self.pages.said()
        return None

    def _answer(self, status: HTTPStatus, text: str, more: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain; charset=utf-8", **HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody is told of requests."""
