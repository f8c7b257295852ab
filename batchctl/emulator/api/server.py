"""The process: a socket on loopback, http and https on it by uvicorn, and an orderly end."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from batchctl.emulator.api.door import Door
from batchctl.emulator.api.listener import Listener
from batchctl.emulator.clock import Clock, WallClock
from batchctl.emulator.life import engine
from batchctl.emulator.node import blobs
from batchctl.emulator.settings import Certificates, Settings

VERSION = "2025-06-01"
MOST_HEADERS = 16 << 10
HEADERS_WITHIN = 120.0
"""Seconds in which the headers of a request come, as IIS has it: who sends a byte now and then holds no connection."""
GOODBYE_WITHIN = 0.2
"""Seconds for the end of TLS when the service ends: a client that reads nothing any more never answers it."""
_log = logging.getLogger(__name__)


class _OneWrite:
    """A transport that sends what is written in one turn of the loop as one segment: headers and body together."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(data)

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        # The client may have hung up between the write and this turn.
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(H11Protocol):
    """HTTP/1.1 over such a transport, with a limit on how long the headers of a request may take."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        super().connection_made(_OneWrite(transport))  # type: ignore[arg-type]  # has what a transport has
        self._late = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # A client in IDLE has begun a request and not ended its headers: uvicorn's own limit is on silence alone.
        if self.conn.their_state is not h11.IDLE:
            self._forget_late()
        elif self._late is None:
            self._late = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    def shutdown(self) -> None:
        super().shutdown()
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(GOODBYE_WITHIN, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_late()
        super().connection_lost(exc)

    def _forget_late(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None


class _Server(uvicorn.Server):
    """Http and https on one socket, without uvicorn's own signal handlers and without its ten wake-ups a second."""

    def __init__(self, config: uvicorn.Config, tls: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self.ended, self._tls = asyncio.Event(), tls

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """In place of uvicorn's, which speaks either http or https."""
        (listening,) = sockets or ()
        self.servers = [Listener(listening, self._new_protocol, self._tls)]  # type: ignore[list-item]  # has what is asked of one
        self.started = True

    def _new_protocol(self) -> _Protocol:
        return _Protocol(config=self.config, server_state=self.server_state, app_state={})

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.ended.wait()


async def serve(
    settings: Settings,
    port: int,
    *,
    ready: Path | None = None,
    exit_with_parent: bool = False,
    clock: Clock | None = None,
    ended: asyncio.Event | None = None,
) -> None:
    """Serves until SIGTERM, SIGINT, `ended`, or with `exit_with_parent` the end of stdin.

    Raises OSError if the port is taken, BlockingIOError if another service has this home.
    """
    # Asyncio sends at once (TCP_NODELAY) only where the protocol is named: TLS would wait 40 ms at its beginning.
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with tcp as listener, _own_home(settings.home):
        # A restart on its own port does not wait for connections of the last minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.bind, port))
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        if settings.certificates and settings.keyless:
            blobs.trust_too(settings.certificates.authority)
        service = engine.start_service(settings, clock or WallClock(), url)
        server = _Server(_server_config(Door(service, port)), _tls_of(settings.certificates))
        server.ended = ended or server.ended
        _end_on(server.ended, exit_with_parent)
        listener.listen(128)  # only now: nobody comes in before recovery is done
        if ready:
            _announce_ready(ready, url)
        try:
            await server.serve([listener])
        finally:
            # uvicorn tells the connections that it knows that this is the end; one that came in just then stays open.
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            await service.stop()


@contextlib.contextmanager
def _own_home(home: Path) -> Iterator[None]:
    """The home's lock, held as long as the process lives."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("w") as file:
        # The kernel's lock: it goes with the process, however it ends.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _tls_of(certificates: Certificates | None) -> ssl.SSLContext | None:
    if certificates is None:
        return None
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.chain, certificates.key)
    return tls


def _server_config(door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        door,
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,  # seconds: a client that reads a file slowly does not hold the end up
        h11_max_incomplete_event_size=MOST_HEADERS,
    )


def _end_on(ended: asyncio.Event, stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: whoever started it has `ended`
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
    if stdin:
        loop.add_reader(sys.stdin, lambda: _at_end(sys.stdin.buffer, ended))


def _at_end(stdin: IO[bytes], ended: asyncio.Event) -> None:
    if not os.read(stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(stdin.fileno())
        ended.set()


def _announce_ready(ready: Path, url: str) -> None:
    """Says where the service listens, in a file that is whole or not there."""
    draft = ready.with_name(f".{ready.name}.{os.getpid()}")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid(), "version": VERSION}))
    draft.replace(ready)  # a rename: whoever waits for the file never reads half of it
