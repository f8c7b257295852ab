"""What the tests of the local service stand on: a service in a thread, a clock to turn by hand, blobs in memory."""

import asyncio
import base64
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from batchctl.emulator.api.server import serve
from batchctl.emulator.clock import Clock, WallClock
from batchctl.emulator.settings import Settings

ACCOUNT = "local"
KEY = base64.b64encode(b"a key that nobody else has, ever").decode()
DEADLINE = 60.0
NONE: Mapping[str, str] = {}


def until(condition: Callable[[], Any], what: str = "it") -> Any:
    """Waits for a real thing to happen; returns what the condition gave."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what} did not happen within {DEADLINE} s")


class HandClock(WallClock):
    """Starts at the real time, so that signatures are young; its timers fire when it is turned, and only then."""

    def arm(self, due: Any) -> None:
        """No loop calls it."""


async def _settled(_within: float) -> None:
    """What the service does at once is done before the next timer fires; processes run in their own time."""
    for _ in range(3):
        await asyncio.sleep(0)


@dataclass
class Local:
    """A service in a thread of this process. `settings` may be changed between a stop and a start."""

    home: Path
    settings: Settings = field(init=False)
    clock: Clock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.settings = Settings(home=self.home, account=ACCOUNT, key=base64.b64decode(KEY))

    def start(self, **settings: Any) -> "Local":
        self.settings = replace(self.settings, **settings)
        ready = self.home.with_suffix(".ready")
        ready.unlink(missing_ok=True)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        self.url = json.loads(until(lambda: ready.exists() and ready.read_text(), "the start"))["url"]
        return self

    async def _serve(self, ready: Path) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        await serve(self.settings, 0, ready=ready, clock=self.clock, ended=self._ended)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "the service does not end"

    def turn(self, seconds: float) -> None:
        """Moves the service's time on, timer by timer."""
        asyncio.run_coroutine_threadsafe(self.clock.advance(seconds, _settled), self._loop).result(DEADLINE)

    def client(self, **options: Any) -> BatchClient:
        given = {"endpoint": self.url, "retry_total": 0, **options}
        return BatchClient(credential=AzureNamedKeyCredential(ACCOUNT, KEY), **given)


class BlobStub:
    """Containers of blobs in memory, behind any SAS. `blobs["c/name"]` is (content, headers). `tls`: over https."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.blobs: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.containers: set[str] = set()
        self.denied: set[str] = set()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub.get(self)

            def do_PUT(self) -> None:
                stub.put(self)

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}/account"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def container(self, name: str) -> str:
        """Makes a container; its URL with a SAS."""
        self.containers.add(name)
        return f"{self.url}/{name}?sv=2025-01-01&sig=a%2Bb"

    def blob(self, name: str, content: bytes) -> str:
        """Makes a blob `container/name`; its URL with a SAS."""
        self.containers.add(name.partition("/")[0])
        self.blobs[name] = (content, {})
        return f"{self.url}/{name}?sv=2025-01-01&sig=a%2Bb"

    def get(self, request: BaseHTTPRequestHandler) -> None:
        container, name, query = self._place(request)
        if "sig" not in query or container in self.denied:
            return self._answer(request, 403)
        if container not in self.containers:
            return self._answer(request, 404)
        if query.get("comp") == ["list"]:
            return self._answer(request, 200, self._list(container, query.get("prefix", [""])[0]))
        found = self.blobs.get(f"{container}/{name}")
        return self._answer(request, 200, *found) if found else self._answer(request, 404)

    def put(self, request: BaseHTTPRequestHandler) -> None:
        content = request.rfile.read(int(request.headers["Content-Length"]))
        container, name, query = self._place(request)
        if "sig" not in query or container in self.denied:
            return self._answer(request, 403)
        if container not in self.containers:
            return self._answer(request, 404)
        self.blobs[f"{container}/{name}"] = (content, {key.lower(): value for key, value in request.headers.items()})
        return self._answer(request, 201)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _place(self, request: BaseHTTPRequestHandler) -> tuple[str, str, dict[str, list[str]]]:
        parts = urlsplit(request.path)
        _, _, container, *rest = (*parts.path.split("/", 3), "")
        return container, unquote(rest[0]) if rest else "", parse_qs(parts.query)

    def _list(self, container: str, prefix: str) -> bytes:
        blobs = "".join(
            self._entry(name.partition("/")[2], *self.blobs[name])
            for name in self.blobs
            if name.startswith(f"{container}/{prefix}")
        )
        return f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>".encode()

    @staticmethod
    def _entry(name: str, content: bytes, headers: dict[str, str]) -> str:
        metadata = {key.removeprefix("x-ms-meta-"): value for key, value in headers.items() if "x-ms-meta-" in key}
        return (
            f"<Blob><Name>{name}</Name><Properties><Content-Length>{len(content)}</Content-Length></Properties>"
            f"<Metadata>{''.join(f'<{key}>{value}</{key}>' for key, value in metadata.items())}</Metadata></Blob>"
        )

    def _answer(
        self, request: BaseHTTPRequestHandler, status: int, content: bytes = b"", headers: Mapping[str, str] = NONE
    ) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        if encoding := headers.get("x-ms-blob-content-encoding"):
            request.send_header("Content-Encoding", encoding)
        request.end_headers()
        request.wfile.write(content)


@contextlib.contextmanager
def running(home: Path, **settings: Any) -> Iterator[Local]:
    """A service that is stopped at the end."""
    local = Local(home).start(**settings)
    try:
        yield local
    finally:
        local.stop()
