"""One port for http and https: the first byte of a connection tells which of them it speaks."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

TLS = b"\x16"
"""With this a client begins that speaks TLS: a handshake record (RFC 8446, 5.1). No request of HTTP begins so."""
SPEAKS_WITHIN = 120.0
"""Seconds in which the first byte comes, as the headers that it begins."""
HANDSHAKE_WITHIN = 10.0
_AT_ONCE = 100
_WITHOUT_FILES = 1.0
"""Seconds until the next try where no file descriptor is left for a connection."""


class Listener:
    """Gives each connection to `listening` a protocol of its own. Without `tls` every client is taken to speak http.

    To uvicorn it is what a server of asyncio's is: it has `close` and `wait_closed`.
    """

    def __init__(
        self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
    ) -> None:
        listening.setblocking(False)
        self._listening, self._protocol, self._tls = listening, protocol, tls
        self._loop = asyncio.get_running_loop()
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """No more connections; who has said nothing yet is not heard any more."""
        self._loop.remove_reader(self._listening)
        if self._again:
            self._again.cancel()
        for connection in list(self._silent):
            self._forget_silent(connection)
            connection.close()
        for task in self._opening:
            task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _listen(self) -> None:
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        try:
            for _ in range(_AT_ONCE):
                connection, _ = self._listening.accept()
                connection.setblocking(False)
                self._loop.add_reader(connection, self._hear, connection)
                self._silent[connection] = self._loop.call_later(SPEAKS_WITHIN, self._drop, connection)
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            self._loop.remove_reader(self._listening)
            self._again = self._loop.call_later(_WITHOUT_FILES, self._listen)

    def _hear(self, connection: socket.socket) -> None:
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:  # woken for nothing
            return
        except OSError:
            first = b""
        self._forget_silent(connection)
        if not first:
            connection.close()
            return
        task = self._loop.create_task(self._open(connection, first))
        self._opening.add(task)
        task.add_done_callback(lambda ended: self._opened(ended, connection))

    def _opened(self, task: asyncio.Task[None], connection: socket.socket) -> None:
        self._opening.discard(task)
        if task.cancelled():  # perhaps before it began, and then nobody else closes it
            connection.close()

    async def _open(self, connection: socket.socket, first: bytes) -> None:
        tls = self._tls if first == TLS else None
        with contextlib.suppress(OSError):  # it hung up, or wants what TLS here does not have
            await self._loop.connect_accepted_socket(
                self._protocol, connection, ssl=tls, ssl_handshake_timeout=HANDSHAKE_WITHIN if tls else None
            )

    def _forget_silent(self, connection: socket.socket) -> None:
        self._loop.remove_reader(connection)
        self._silent.pop(connection).cancel()

    def _drop(self, connection: socket.socket) -> None:
        self._forget_silent(connection)
        connection.close()
