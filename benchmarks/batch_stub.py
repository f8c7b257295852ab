"""A Batch service that says yes to every task and keeps none, in a process of its own: where it stands in for a real
one, what is measured is the client."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_ID = re.compile(rb'\{"id": ?"([^"]+)", ?"commandLine"')


@contextlib.contextmanager
def batch_stub() -> Iterator[str]:
    """Its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()


class _Stub(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._read, self._wanted = transport, bytearray(), 0

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self._wanted and (end := self._read.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._read, 0, end)
            self._wanted = end + 4 + int(length[1] if length else 0)
        if self._wanted and len(self._read) >= self._wanted:
            self._transport.write(_answer(bytes(self._read)))
            self._read, self._wanted = bytearray(), 0


def _answer(request: bytes) -> bytes:
    results = [{"status": "Success", "taskId": found.decode()} for found in _ID.findall(request)]
    body = json.dumps({"value": results}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}request-id: 7d6f0a5e\r\n\r\n".encode() + body


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
