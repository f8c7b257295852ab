"""A loopback proxy in a process of its own: it adds a round trip and counts requests, connections and bytes.

    with proxied("http://127.0.0.1:10000", round_trip=0.020) as proxy:
        ...  # clients use proxy.url
        print(proxy.tally().requests)

It holds every byte for half of the round trip on each way, whatever the bandwidth. All bytes pass as they are. It has
the upstream's port, on IPv6 where that is free: services that check the Host header, and put it into the links of their
answers, know it by that.
"""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")


@dataclass
class Tally:
    """What passed since the last tally. `up` and `down` are bytes to and from the upstream."""

    methods: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    up: int = 0
    down: int = 0

    @property
    def requests(self) -> int:
        return self.methods.total()


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url` is the upstream's with the proxy's address."""

    url: str
    process: "subprocess.Popen[str]"

    def tally(self) -> Tally:
        """What passed since the last call, or since the start."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counted = json.loads(self.process.stdout.readline())
        return Tally(**{**counted, "methods": Counter(counted["methods"])})


@contextlib.contextmanager
def proxied(upstream: str, round_trip: float = 0.0) -> Iterator[Proxy]:
    """A proxy of `upstream` (http://host:port[/path]) that adds `round_trip` seconds to each exchange."""
    target = urlsplit(upstream)
    words = [sys.executable, "-m", __name__, target.hostname or "", str(target.port), str(round_trip)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        address = process.stdout.readline().strip()
        try:
            yield Proxy(urlunsplit(target._replace(netloc=address)), process)
        finally:
            process.stdin.close()


class _Way:
    """Bytes on their way to one end, each piece held for `delay` seconds; None closes."""

    def __init__(self, delay: float) -> None:
        self._delay, self._held, self._timer = delay, deque[tuple[float, bytes | None]](), False
        self.end: asyncio.Transport | None = None

    def send(self, piece: bytes | None) -> None:
        self._held.append((asyncio.get_running_loop().time() + self._delay, piece))
        self.go_on()

    def go_on(self) -> None:
        """Sends what is due, and comes back for the rest."""
        loop = asyncio.get_running_loop()
        while self.end and self._held and self._held[0][0] <= loop.time():
            self._pass(self.end, self._held.popleft()[1])
        if self.end and self._held and not self._timer:
            self._timer = True
            loop.call_at(self._held[0][0], self._wake)

    def _wake(self) -> None:
        self._timer = False
        self.go_on()

    def _pass(self, end: asyncio.Transport, piece: bytes | None) -> None:
        if piece is None:
            end.close()
        elif not end.is_closing():
            end.write(piece)


class _End(asyncio.Protocol):
    """One end of a connection: what comes in goes `onward`; `inward` brings what it is to send."""

    def __init__(self, onward: _Way, inward: _Way) -> None:
        self._onward, self._inward = onward, inward

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._inward.end = transport
        self._inward.go_on()

    def data_received(self, data: bytes) -> None:
        self._onward.send(data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - as in the parent
        self._onward.send(None)


class _Pair:
    """A client's connection and the one to the upstream. Without pipelining, a request begins after an answer."""

    def __init__(self, counts: Tally, delay: float) -> None:
        self._counts, self._client_is_due = counts, True
        self._up, self._down = _Way(delay), _Way(delay)
        counts.connections += 1

    def client(self) -> _End:
        pair, counts = self, self._counts

        class Client(_End):
            def data_received(self, data: bytes) -> None:
                counts.up += len(data)
                if pair._client_is_due and (found := _REQUEST_LINE.match(data)):
                    counts.methods[found[1].decode()] += 1
                    pair._client_is_due = False
                super().data_received(data)

        return Client(self._up, self._down)

    def server(self) -> _End:
        pair, counts = self, self._counts

        class Server(_End):
            def data_received(self, data: bytes) -> None:
                counts.down += len(data)
                pair._client_is_due = True
                super().data_received(data)

        return Server(self._down, self._up)


async def _serve(host: str, port: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    counts, dials = Tally(), set[asyncio.Task[object]]()

    def connect() -> asyncio.Protocol:
        pair = _Pair(counts, delay)
        dial = loop.create_task(_dial(host, port, pair))
        dials.add(dial)
        dial.add_done_callback(dials.discard)
        return pair.client()

    try:
        await loop.create_server(connect, "::1", port, backlog=256)
        print(f"[::1]:{port}", flush=True)
    except OSError:
        server = await loop.create_server(connect, "127.0.0.1", 0, backlog=256)
        print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(vars(counts)), flush=True)
        vars(counts).update(vars(Tally()))


async def _dial(host: str, port: int, pair: _Pair) -> None:
    """An upstream that refuses the connection closes the client's."""
    server = pair.server()
    try:
        await asyncio.get_running_loop().create_connection(lambda: server, host, port)
    except OSError as error:
        server.connection_lost(error)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 2))
