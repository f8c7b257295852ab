"""Storage requests past the SDK (design D16): a signed URL, kept connections, the content of the answer or a Fault.

The SDK costs 2 ms of CPU for each upload or download and 0.3 ms for each blob in a listing, all under one lock. libcurl
costs 0.03 ms, and lets go of the lock from the first byte of a request to the last of its answer.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any
from urllib.parse import urlsplit

import pycurl
from certifi import where

from batchctl.cloud.clients.faults import Fault, answer_fault, silence_fault, untrusted_fault
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.genuine import OF_BATCH, OF_STORAGE, is_azurite, require_the_service, require_this_request
from batchctl.errors import UsageError
from batchctl.frozen import dataclass

VERSION = "2025-05-05"
"""The x-ms-version that these requests are written for."""

AT_ONCE = 160
"""Small requests in flight: of 2,000, 20 ms of round trip take a quarter of a second, and fewer descriptors are open
than the 256 that macOS gives a process."""

CONNECT_WITHIN, ANSWER_WITHIN = 10, 60
"""Seconds: to connect, and without a byte sent or received (reliability F57). The SDK's transports take the same."""

BUFFER = 128 << 10
"""Bytes that are read, or sent, in one piece at most."""


class Headers(dict[str, str]):
    """The headers of an answer, found whatever letters their names are written in."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of 2xx to a request for `place`, a URL without its query."""

    place: str
    status: int
    headers: Headers
    content: bytes


class Direct:
    """One account's connections; any thread may send.

    `straight`: never through a proxy. `trusted`: a file of certificates; None: those that the SDK trusts.
    `is_batch`: it is Batch, whose answers may come compressed; else storage.
    """

    def __init__(
        self, endpoint: str, gate: Gate, *, straight: bool, trusted: str | None = None, is_batch: bool = False
    ) -> None:
        parts = urlsplit(endpoint)
        proxy = None if straight else _proxy_for(parts.scheme, parts.hostname or "")
        self._gate = gate
        self._settings = {**_curl_settings(proxy, trusted or trusted_certificates()), pycurl.USERAGENT: gate.user_agent}
        self._kind = _BATCH if is_batch else _STORAGE
        if is_batch:
            self._settings[pycurl.ACCEPT_ENCODING] = "gzip, deflate"
        self._idle: list[Exchange] = []
        self._server = ""

    @property
    def is_azurite(self) -> bool:
        """Did the last answer come from Azurite?"""
        return is_azurite(self._server)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
        """One request to storage and what it gives. Raises as `ask` does."""
        return self.ask(method, url, headers, body).content

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, within: int = 0
    ) -> Answer:
        """One request and its answer, `within` so many seconds if it is not 0.

        Raises Fault if no answer comes, or none of 2xx; Partial at a shut gate.
        """
        self._gate.check()
        try:
            # No lock: `pop` and `append` of a list are one step each. The last one first, whose connection is warm.
            exchange = self._idle.pop()
        except IndexError:
            exchange = self.exchange()
        try:
            exchange.load(method, url, headers, body)
            # Ctrl-C is heard only where Python runs, and libcurl comes back to it now and then if it is asked to.
            exchange.handle.setopt(pycurl.NOPROGRESS, current_thread() is not main_thread())
            exchange.handle.setopt(pycurl.TIMEOUT, within)
            exchange.handle.perform()
            return exchange.answer()
        except pycurl.error as error:
            raise broken_off(*error.args) from error
        finally:
            self._server = exchange.server or self._server
            exchange.clear()
            self._idle.append(exchange)

    def exchange(self) -> "Exchange":
        return Exchange(self._settings, self._kind, self._gate.new_id)


@dataclass(frozen=True, slots=True)
class Kind:
    """What its answers are said to be of, the header that names a request to it, and lines that each one has."""

    service: str
    id: str
    lead: tuple[str, ...]


# Batch has its version in each URL.
_BATCH = Kind("Azure Batch", OF_BATCH, (f"return-{OF_BATCH}: true",))
_STORAGE = Kind("blob storage", OF_STORAGE, (f"x-ms-version: {VERSION}",))


class Exchange:
    """One request at a time on a connection that stays open: what is sent, and what comes back. `new_id` names one;
    `server` is what the service that answered calls itself."""

    __slots__ = ("_content", "_has_body", "_head", "_id", "_kind", "_method", "_new_id", "_url", "handle", "server")

    def __init__(self, settings: Mapping[int, object], kind: Kind, new_id: Callable[[], str]) -> None:
        self.handle = pycurl.Curl()
        self._kind, self._new_id, self._id = kind, new_id, ""
        self._head: list[bytes] = []
        self._content: list[bytes] = []
        self._has_body, self._method, self._url, self.server = False, "", "", ""
        calls = {pycurl.HEADERFUNCTION: self._head.append, pycurl.WRITEFUNCTION: self._content.append}
        for option, value in {**settings, **calls}.items():
            self.handle.setopt(option, value)

    def load(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """All but to send it."""
        self._method, self._url, self._has_body = method, url, body is not None
        setopt = self.handle.setopt
        if body is None:
            setopt(pycurl.HTTPGET, 1)
        else:
            setopt(pycurl.NOBODY, 0)  # what a HEAD set, HTTPGET resets and POSTFIELDS does not
            setopt(pycurl.POSTFIELDS, body)
        if method == "HEAD":
            setopt(pycurl.NOBODY, 1)
        setopt(pycurl.URL, url)
        setopt(pycurl.CUSTOMREQUEST, method)
        said = {self._kind.id: self._new_id(), **headers}
        self._id = said[self._kind.id]
        # Not with a body: Put Blob would keep it as what readers of the blob are told.
        fresh = ["Cache-Control: no-cache"] if body is None else []
        setopt(pycurl.HTTPHEADER, [*_header_lines(said), *self._kind.lead, *fresh])

    def answer(self) -> Answer:
        """What a request that came to its end gave. Raises Fault for any other than 2xx of the service itself."""
        status, place = self.handle.getinfo(pycurl.RESPONSE_CODE), self._url.partition("?")[0]
        data, headers = b"".join(self._content), _headers_of(self._head)
        self.server = headers.get("server") or ""
        require_the_service(place, status, headers, self._kind.service)
        require_this_request(place, self._id, headers.get(self._kind.id), self._kind.service)
        if not 200 <= status < 300:
            raise answer_fault(f"{self._method} {place}", status, headers, data.decode("utf-8", "replace"))
        return Answer(place, status, headers, data)

    def clear(self) -> None:
        """Of what was sent, and of what came, nothing is held any longer."""
        self._head.clear()
        self._content.clear()
        if self._has_body:
            self.handle.setopt(pycurl.POSTFIELDS, b"")


METADATA = "x-ms-meta-"


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """What gives a blob or a container this metadata. What is empty is not sent: libcurl would leave it out, though it
    would be signed."""
    return {f"{METADATA}{name}": value for name, value in metadata.items() if value}


def metadata_of(headers: Headers) -> dict[str, str]:
    """The metadata that an answer tells, its names in small letters."""
    return {name.removeprefix(METADATA): value for name, value in headers.items() if name.startswith(METADATA)}


def broken_off(number: int, why: str) -> Fault:
    """A request that came to no end, by libcurl's number for it."""
    return (untrusted_fault if number == pycurl.E_PEER_FAILED_VERIFICATION else silence_fault)(why)


def trusted_certificates() -> str:
    """The file, or the folder, of the certificates that the SDK trusts. Raises UsageError if it is not there."""
    named = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name)), None)
    if named is None:
        return where()
    if not Path(os.environ[named]).exists():
        raise UsageError(f"{named} names the certificates that are trusted, but there is no {os.environ[named]}")
    return os.environ[named]


def _curl_settings(proxy: str | None, trusted: str) -> dict[int, object]:
    return {
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.CAPATH if Path(trusted).is_dir() else pycurl.CAINFO: trusted,
        # Not what libcurl itself would take from the environment: an empty name is none.
        pycurl.PROXY: proxy or "",
        pycurl.NOPROXY: "",
        # `a/../b` is the name of a blob: libcurl would ask for `b` instead.
        pycurl.PATH_AS_IS: 1,
        # Signals are for the main thread alone, and requests are sent by many.
        pycurl.NOSIGNAL: 1,
        pycurl.CONNECTTIMEOUT: CONNECT_WITHIN,
        pycurl.LOW_SPEED_LIMIT: 1,
        pycurl.LOW_SPEED_TIME: ANSWER_WITHIN,
        pycurl.BUFFERSIZE: BUFFER,
        pycurl.UPLOAD_BUFFERSIZE: BUFFER,
        pycurl.XFERINFOFUNCTION: lambda *_: 0,
    }


def _header_lines(headers: Mapping[str, str]) -> list[str]:
    """With a name and no value libcurl leaves out what it would send by itself."""
    # `Expect: 100-continue` would cost every upload a round trip more.
    left_out = ["Expect:", "Accept:"] if "Accept" not in headers else ["Expect:"]
    if "Content-Type" not in headers:
        left_out.append("Content-Type:")
    return [*[f"{name}: {value}" for name, value in headers.items()], *left_out]


def _headers_of(lines: Sequence[bytes]) -> Headers:
    """The headers of an answer."""
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return Headers((name.strip().lower(), value.strip()) for name, colon, value in pairs if colon)


def _proxy_for(scheme: str, host: str) -> str | None:
    """As HTTPS_PROXY and NO_PROXY, or the system's settings, say."""
    has_settings = sys.platform in ("darwin", "win32")
    if not has_settings and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # imported late: with http and ssl, too much for a plan

    found = getproxies()
    return None if proxy_bypass(host) else found.get(scheme) or found.get("all")
