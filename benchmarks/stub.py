"""A blob service in memory that costs next to nothing, in a process of its own: so that a client's own cost is seen.

    with stub(round_trip=0.020) as service:
        ...  # clients use service.url, any key and any signature
        print(service.tally())  # {"Put Blob": 2000, …}

It keeps containers, block blobs, their metadata and MD5, conditions, ranges, uncommitted blocks, listings in pages.
Nothing is authenticated. Every answer is held for one round trip; `check` compares Content-MD5 as the service does.
It is a Batch account too: `benchmarks.batch_account`.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count, islice
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from benchmarks.batch_account import Account
from benchmarks.exchange import Answer, Request

ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(b"stub" * 16).decode()
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Stub:
    """`url` ends with the account's name. `key` opens nothing: it only has the form of one."""

    url: str
    process: "subprocess.Popen[str]"
    account: str = ACCOUNT
    key: str = KEY

    @property
    def environ(self) -> dict[str, str]:
        """What names it to batchctl."""
        return {
            "AZURE_BATCH_ENDPOINT": self.url.rpartition("/")[0],
            "AZURE_BATCH_ACCOUNT": self.account,
            "AZURE_BATCH_ACCESS_KEY": self.key,
            "AZURE_STORAGE_CONNECTION_STRING": (
                f"BlobEndpoint={self.url};AccountName={self.account};AccountKey={self.key}"
            ),
        }

    def tally(self) -> Counter[str]:
        """Requests by operation since the last call, or since the start."""
        return Counter(self._say({}))

    def seed(self, container: str, owner: str, blobs: Iterable[tuple[str, int, str]]) -> None:
        """Put blobs (path, size, MD5 in hex) there that have no content, in a container that bears `owner`'s mark."""
        some = iter(blobs)
        while True:
            batch = list(islice(some, 50_000))
            self._say({"container": container, "owner": owner, "blobs": batch})
            if not batch:
                return

    def _say(self, order: object) -> dict[str, int]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        said: dict[str, int] = json.loads(self.process.stdout.readline())
        return said


@contextlib.contextmanager
def stub(round_trip: float = 0.0, *, check: bool = True) -> Iterator[Stub]:
    """A new, empty service on loopback; it ends with the block."""
    words = [sys.executable, "-m", __name__, str(round_trip), str(int(check))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield Stub(f"http://127.0.0.1:{process.stdout.readline().strip()}/{ACCOUNT}", process)
        finally:
            process.stdin.close()


@dataclass(slots=True)
class Held:
    """A blob. `entry` is what a listing says of it."""

    data: bytes | bytearray
    md5: str
    etag: str
    metadata: Mapping[str, str]
    entry: bytes = b""
    modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        said = {"ETag": self.etag, "Last-Modified": self.modified, "x-ms-blob-type": "BlockBlob"}
        said |= {f"x-ms-meta-{k}": v for k, v in self.metadata.items()}
        return said | {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}


@dataclass(slots=True)
class Room:
    """A container. `names` are sorted when they are asked for."""

    metadata: Mapping[str, str]
    etag: str
    blobs: dict[str, Held] = field(default_factory=dict)
    blocks: dict[str, dict[str, bytes | bytearray]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def sorted_names(self) -> list[str]:
        if len(self.names) != len(self.blobs):
            self.names = sorted(self.blobs)
        return self.names


class Service:
    """What is stored, and what each operation does to it."""

    def __init__(self, check: bool) -> None:
        self.check, self.rooms = check, dict[str, Room]()
        self.tally, self.batch = Counter[str](), Account()
        self._etags = count(1)

    def answer(self, request: Request) -> Answer:
        name, work = self._operation(request)
        self.tally[name] += 1
        return work(request)

    def seed(self, container: str, owner: str, blobs: Sequence[tuple[str, int, str]]) -> None:
        room = self.rooms.setdefault(container, Room({"batchctl_owner": owner}, self._etag()))
        for path, size, md5 in blobs:
            self._keep(room, path, b"", base64.b64encode(bytes.fromhex(md5)).decode(), {"batchctl_owner": owner}, size)

    def _operation(self, request: Request) -> tuple[str, Callable[[Request], Answer]]:
        what = request.query.get("comp", "")
        if found := self.batch.operation(request):
            return found
        if not request.container:
            return ("List Containers", self._containers) if what == "list" else ("Get Account", lambda _: Answer(200))
        if not request.path:
            if what == "list":
                return "List Blobs", self._list
            return {
                "PUT": ("Create Container", self._create_container),
                "DELETE": ("Delete Container", self._delete_container),
            }.get(request.method, ("Get Container", self._get_container))
        return {
            ("PUT", ""): ("Put Blob", self._put_blob),
            ("PUT", "block"): ("Put Block", self._put_block),
            ("PUT", "lease"): ("Lease Blob", self._touch),
            ("PUT", "metadata"): ("Set Blob Metadata", self._touch),
            ("PUT", "blocklist"): ("Put Block List", self._put_block_list),
            ("GET", "blocklist"): ("Get Block List", self._get_block_list),
            ("GET", ""): ("Get Blob", self._get_blob),
            ("HEAD", ""): ("Get Blob Properties", self._get_blob),
            ("DELETE", ""): ("Delete Blob", self._delete_blob),
        }.get((request.method, what), ("Unknown", lambda _: _refused(501, "NotImplemented")))

    def _containers(self, request: Request) -> Answer:
        listed = "".join(
            f"<Container><Name>{name}</Name><Properties><Etag>{room.etag}</Etag></Properties>"
            f"<Metadata>{_elements(room.metadata)}</Metadata></Container>"
            for name, room in sorted(self.rooms.items())
            if name.startswith(request.query.get("prefix", ""))
        )
        return _xml(f"<EnumerationResults><Containers>{listed}</Containers><NextMarker /></EnumerationResults>")

    def _create_container(self, request: Request) -> Answer:
        if request.container in self.rooms:
            return _refused(409, "ContainerAlreadyExists")
        self.rooms[request.container] = room = Room(request.metadata, self._etag())
        return Answer(201, {"ETag": room.etag, "Last-Modified": formatdate(usegmt=True)})

    def _get_container(self, request: Request) -> Answer:
        room = self.rooms.get(request.container)
        if room is None:
            return _refused(404, "ContainerNotFound")
        said = {f"x-ms-meta-{k}": v for k, v in room.metadata.items()}
        return Answer(200, {"ETag": room.etag, "Last-Modified": formatdate(usegmt=True), **said})

    def _delete_container(self, request: Request) -> Answer:
        return Answer(202) if self.rooms.pop(request.container, None) else _refused(404, "ContainerNotFound")

    def _list(self, request: Request) -> Answer:
        room = self.rooms.get(request.container)
        if room is None:
            return _refused(404, "ContainerNotFound")
        names, prefix = room.sorted_names(), request.query.get("prefix", "")
        begin = bisect_left(names, max(prefix, request.query.get("marker", "")))
        end = bisect_right(names, prefix + "\U0010ffff") if prefix else len(names)
        until = min(end, begin + min(PAGE, int(request.query.get("maxresults") or PAGE)))
        entries = b"".join([room.blobs[name].entry for name in names[begin:until]])
        marker = escape(names[until]) if until < end else ""
        head, tail = b"<?xml version='1.0' encoding='utf-8'?><EnumerationResults><Blobs>", "</Blobs><NextMarker>"
        return Answer(
            200,
            {"Content-Type": "application/xml"},
            head + entries + f"{tail}{marker}</NextMarker></EnumerationResults>".encode(),
        )

    def _put_blob(self, request: Request) -> Answer:
        if wrong := self._unwelcome(request):
            return wrong
        md5 = request.headers.get("x-ms-blob-content-md5") or request.headers.get("content-md5") or _md5(request.body)
        return self._stored(request, request.body, md5)

    def _put_block(self, request: Request) -> Answer:
        room = self.rooms.get(request.container)
        if room is None:
            return _refused(404, "ContainerNotFound")
        if wrong := self._torn(request):
            return wrong
        room.blocks.setdefault(request.path, {})[request.query["blockid"]] = request.body
        return Answer(201)

    def _put_block_list(self, request: Request) -> Answer:
        if wrong := self._unwelcome(request):
            return wrong
        staged = self.rooms[request.container].blocks.get(request.path, {})
        ids = [element.text or "" for element in ElementTree.fromstring(request.body)]
        if any(id not in staged for id in ids):
            return _refused(400, "InvalidBlockList")
        return self._stored(
            request, b"".join([staged[id] for id in ids]), request.headers.get("x-ms-blob-content-md5", "")
        )

    def _get_block_list(self, request: Request) -> Answer:
        staged = self._staged(request)
        if staged is None:
            return _refused(404, "BlobNotFound")
        blocks = "".join(f"<Block><Name>{id}</Name><Size>{len(data)}</Size></Block>" for id, data in staged.items())
        return _xml(f"<BlockList><UncommittedBlocks>{blocks}</UncommittedBlocks></BlockList>")

    def _get_blob(self, request: Request) -> Answer:
        held = self._held(request)
        if held is None:
            return _refused(404, "BlobNotFound")
        if wrong := _unmet(request, held):
            return wrong
        wanted = request.headers.get("x-ms-range") or request.headers.get("range")
        said = held.headers
        if not wanted:
            return Answer(200, {**said, "Content-MD5": held.md5} if held.md5 else said, memoryview(held.data))
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last) + 1 if last else len(held.data), len(held.data))
        if start >= len(held.data):
            return _refused(416, "InvalidRange")
        said["Content-Range"] = f"bytes {start}-{stop - 1}/{len(held.data)}"
        return Answer(
            206, {**said, "x-ms-blob-content-md5": held.md5} if held.md5 else said, memoryview(held.data)[start:stop]
        )

    def _touch(self, request: Request) -> Answer:
        """New metadata, or a lease, which anybody gets."""
        held = self._held(request)
        if held is None:
            return _refused(404, "BlobNotFound")
        if wrong := _unmet(request, held):
            return wrong
        if request.query["comp"] == "metadata":
            held.metadata, held.etag = request.metadata, self._etag()
        said = {"ETag": held.etag, "Last-Modified": held.modified}
        lease = request.headers.get("x-ms-proposed-lease-id") or request.headers.get("x-ms-lease-id")
        done = request.headers.get("x-ms-lease-action", "")
        return Answer(201 if done == "acquire" else 200, said | ({"x-ms-lease-id": lease} if lease else {}))

    def _delete_blob(self, request: Request) -> Answer:
        held = self._held(request)
        if held is None:
            return _refused(404, "BlobNotFound")
        if wrong := _unmet(request, held):
            return wrong
        room = self.rooms[request.container]
        del room.blobs[request.path]
        room.names.clear()
        return Answer(202)

    def _held(self, request: Request) -> Held | None:
        room = self.rooms.get(request.container)
        return room.blobs.get(request.path) if room else None

    def _staged(self, request: Request) -> dict[str, bytes | bytearray] | None:
        room = self.rooms.get(request.container)
        return room.blocks.get(request.path) if room else None

    def _unwelcome(self, request: Request) -> Answer | None:
        if request.container not in self.rooms:
            return _refused(404, "ContainerNotFound")
        return _unmet(request, self._held(request)) or self._torn(request)

    def _torn(self, request: Request) -> Answer | None:
        said = request.headers.get("content-md5")
        if self.check and said and said != _md5(request.body):
            return _refused(400, "Md5Mismatch")
        return None

    def _stored(self, request: Request, data: bytes | bytearray, md5: str) -> Answer:
        room = self.rooms[request.container]
        room.blocks.pop(request.path, None)
        held = self._keep(room, request.path, data, md5, request.metadata, len(data))
        return Answer(201, {"ETag": held.etag, "Last-Modified": held.modified})

    def _keep(
        self, room: Room, path: str, data: bytes | bytearray, md5: str, metadata: Mapping[str, str], size: int
    ) -> Held:
        held = Held(data, md5, self._etag(), metadata, modified=formatdate(usegmt=True))
        held.entry = (
            f"<Blob><Name>{escape(path)}</Name><Properties><Creation-Time>{held.modified}</Creation-Time>"
            f"<Last-Modified>{held.modified}</Last-Modified><Etag>{held.etag}</Etag><Content-Length>{size}"
            "</Content-Length><Content-Type>application/octet-stream</Content-Type><Content-Encoding />"
            f"<Content-Language /><Content-CRC64 /><Content-MD5>{md5}</Content-MD5><Cache-Control />"
            "<Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true"
            "</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
            f"<ServerEncrypted>true</ServerEncrypted></Properties><Metadata>{_elements(metadata)}</Metadata>"
            "<OrMetadata /></Blob>"
        ).encode()
        if path not in room.blobs:
            room.names.clear()
        room.blobs[path] = held
        return held

    def _etag(self) -> str:
        return f'"0x8D{next(self._etags):012X}"'


def _unmet(request: Request, held: Held | None) -> Answer | None:
    if request.headers.get("if-none-match") == "*" and held:
        return _refused(409, "BlobAlreadyExists")
    wanted = request.headers.get("if-match")
    if wanted and wanted != "*" and (held is None or held.etag.strip('"') != wanted.strip('"')):
        return _refused(412, "ConditionNotMet")
    return None


def _md5(data: bytes | bytearray) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _elements(metadata: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in metadata.items())


def _xml(text: str) -> Answer:
    return Answer(200, {"Content-Type": "application/xml"}, f"<?xml version='1.0' encoding='utf-8'?>{text}".encode())


def _refused(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Answer(status, {"Content-Type": "application/xml", "x-ms-error-code": code}, body.encode())


class Connection(asyncio.BufferedProtocol):
    """One client. A body is received where it is kept, so that it is copied once."""

    def __init__(self, service: Service, round_trip: float) -> None:
        self._service, self._round_trip = service, round_trip
        self._head, self._filled = bytearray(1 << 16), 0
        self._line, self._headers = b"", dict[str, str]()
        self._body: bytearray | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as in the parent
        return memoryview(self._head if self._body is None else self._body)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._body is None:
            end = self._head.find(b"\r\n\r\n", 0, self._filled)
            if end < 0:
                return
            self._begin(bytes(self._head[:end]), bytes(self._head[end + 4 : self._filled]))
        if self._body is not None and self._filled >= len(self._body):
            self._complete()

    def _begin(self, head: bytes, rest: bytes) -> None:
        line, *lines = head.decode("latin-1").split("\r\n")
        self._line = line.encode("latin-1")
        self._headers = {k.lower(): v.strip() for k, _, v in (text.partition(":") for text in lines)}
        self._body = bytearray(int(self._headers.get("content-length", "0")))
        self._body[: len(rest)] = rest
        self._filled = len(rest)
        if self._headers.get("expect") == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _complete(self) -> None:
        method, target, _ = self._line.decode("latin-1").split(" ")
        parts = urlsplit(target)
        query = {k.lower(): v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        account, _, rest = unquote(parts.path).lstrip("/").partition("/")
        container, _, path = rest.partition("/")
        request = Request(method, account, container, path, query, self._headers, self._body or b"")
        answer = self._service.answer(request)
        self._body, self._filled = None, 0
        known = {"x-ms-request-id": "7d6f0a5e", "x-ms-version": "2025-05-05"}
        said = {"Content-Length": str(len(answer.body)), **known, "Date": formatdate(usegmt=True)}
        head = "".join(f"{k}: {v}\r\n" for k, v in (said | dict(answer.headers)).items())
        pieces: list[bytes | memoryview] = [f"HTTP/1.1 {answer.status} .\r\n{head}\r\n".encode()]
        if method != "HEAD":
            pieces.append(answer.body)
        asyncio.get_running_loop().call_later(self._round_trip, self._send, pieces)

    def _send(self, pieces: list[bytes | memoryview]) -> None:
        if not self._transport.is_closing():
            for piece in pieces:
                self._transport.write(piece)


async def _serve(round_trip: float, check: bool) -> None:
    service = Service(check)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service, round_trip), "127.0.0.1", 0, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if order:
            service.seed(**order)
        print(json.dumps({} if order else service.tally), flush=True)
        if not order:
            service.tally.clear()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), sys.argv[2] == "1"))
