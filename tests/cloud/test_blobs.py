"""What transfers and listings ask of the service, counted, and how they end when something breaks."""

import hashlib
import http.client
import itertools
import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.cloud.transfer import listing
from batchctl.errors import CloudError
from batchctl.resources import Blob, Container
from tests.cloud.conftest import OWNER, Store, on
from tests.proxy import counting

MIB = 1 << 20


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A service whose every answer is written by `answer`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer(self)

        do_GET = do_PUT = respond  # noqa: N815 (names that http.server asks for)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/account"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said(handler: BaseHTTPRequestHandler, status: int, body: str, server: str = "Windows-Azure-Blob/1.0") -> None:
    handler.send_response_only(status, "said")
    handler.send_header("Server", server)
    handler.send_header("x-ms-request-id", "7d6f0a5e")
    handler.send_header("Content-Length", str(len(body.encode())))
    handler.end_headers()
    handler.wfile.write(body.encode())


# Small files.


def test_a_small_file_is_one_request_and_nothing_is_asked_before(store: Store) -> None:
    files = [store.file(f"{n:03}.txt", b"%d" % n) for n in range(150)]
    store.made(*files)
    assert store.tally() == {"Put Blob": 150}
    listed = store.cloud.blobs(store.container)
    assert store.tally() == {"List Blobs": 1}
    assert [(b.path, b.md5, b.size, b.owner) for b in listed] == [(b.path, b.md5, b.size, OWNER) for b in files]
    assert [b"".join(store.cloud.read(b)) for b in listed] == [b"%d" % n for n in range(150)]
    assert store.tally() == {"Get Blob": 150}


def test_what_was_stored_although_its_answer_was_lost_counts_as_stored(store: Store) -> None:
    blob = store.file("a", b"a")
    store.made(blob)
    store.made(blob)
    assert store.tally() == {"Put Blob": 2, "Get Blob Properties": 1}


# Large files.


def test_a_large_file_goes_in_blocks_and_comes_in_ranges(store: Store) -> None:
    data = os.urandom(20 * MIB + 17)
    store.made(store.file("large", data))
    assert store.tally() == {"Get Block List": 1, "Put Block": 3, "Put Block List": 1}
    [listed] = store.cloud.blobs(store.container)
    assert listed.md5 == store.file("large", data).md5
    store.tally()
    assert b"".join(store.cloud.read(listed)) == data
    assert store.tally() == {"Get Blob": 3}
    assert b"".join(store.cloud.read(listed, 19 * MIB)) == data[19 * MIB :]
    assert store.tally() == {"Get Blob": 1}


def test_blocks_that_are_there_are_not_sent_again(store: Store) -> None:
    """Broken off, and torn: what was sent of either is used as far as it is what the file holds now."""
    data = os.urandom(48 * MIB)
    wanted = store.file("large", data)
    assert wanted.source
    torn = bytearray(data)
    torn[40 * MIB] ^= 1
    wanted.source.write_bytes(torn)
    [outcome] = store.cloud.create([wanted], OWNER)
    assert "changed while it was uploaded" in str(outcome.error)
    assert store.cloud.blobs(store.container) == ()
    assert store.tally() == {"Get Block List": 1, "Put Block": 6, "List Blobs": 1}
    wanted.source.write_bytes(data)
    store.made(wanted)
    assert store.tally() == {"Get Block List": 1, "Put Block": 1, "Put Block List": 1}
    [listed] = store.cloud.blobs(store.container)
    assert b"".join(store.cloud.read(listed)) == data


@pytest.mark.parametrize(("server", "told"), [("Azurite-Blob/3.37.0", True), ("Windows-Azure-Blob/1.0", False)])
def test_azurite_alone_is_told_the_md5_of_each_block(server: str, told: bool, tmp_path: Path) -> None:
    """Without it Azurite takes a CRC-64 of its own, which lasts longer than all else."""
    data, sums = os.urandom(8 * MIB + 1), list[str | None]()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "comp=block&" in handler.path:
            sums.append(handler.headers.get("Content-MD5"))
        said(handler, 200, "<BlockList/>", server)

    (tmp_path / "large").write_bytes(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    blob = Blob(container="c", path="large", md5=md5, size=len(data), source=tmp_path / "large")
    with answering(answer) as url:
        [outcome] = connect(on(url), SystemClock()).create([blob], OWNER)
    assert outcome.error is None
    blocks = [b64encode(hashlib.md5(part, usedforsecurity=False).digest()).decode() for part in (data[:-1], data[-1:])]
    assert sorted(map(str, sums)) == (sorted(blocks) if told else ["None", "None"])


def test_more_large_files_than_there_is_memory_for(store: Store) -> None:
    data = os.urandom(24 * MIB)
    store.made(*(store.file(f"{n}", data) for n in range(6)))
    with ThreadPoolExecutor(6) as readers:
        read = readers.map(lambda blob: b"".join(store.cloud.read(blob)), store.cloud.blobs(store.container))
        assert [content == data for content in read] == [True] * 6


# Interrupted.


INTERRUPTED = 600
"""So many more than the 300 that go at once as no client has under way: what is under way ends."""


def test_an_interrupted_upload_is_taken_up_without_repeating(store: Store) -> None:
    files = [store.file(f"{n:03}.txt", b"%d" % n) for n in range(INTERRUPTED)]
    numbers = itertools.count(1)

    def late(method: str, path: str) -> None:
        if method == "PUT" and next(numbers) > 300:  # on a slow machine all would be there before we interrupt
            cloud._session.halt.wait(60)

    with counting(store.service.url, late) as way:
        cloud = connect(on(way.url), SystemClock())
        outcomes = cloud.create(files, OWNER)
        for _ in range(200):
            next(outcomes)
        outcomes.close()  # type: ignore[attr-defined]  # a generator, as every room's
        done = store.tally()["Put Blob"]
        assert 200 <= done < INTERRUPTED
        assert [o.error for o in cloud.create(files, OWNER) if o.error is None] == []
        assert store.tally() == {}, "once interrupted, a session begins no request"
    again = connect(on(store.service.url), SystemClock())
    there = {blob.path for blob in again.blobs(store.container)}
    assert len(there) == done
    assert [o.error for o in again.create([f for f in files if f.path not in there], OWNER) if o.error] == []
    assert store.tally() == {"List Blobs": 1, "Put Blob": INTERRUPTED - done}


# Listings.


def test_a_listing_is_a_request_for_five_thousand(store: Store) -> None:
    listed = [(f"data/{n:06}.txt", n, f"{n:032x}") for n in range(10_001)]
    store.service.seed(store.container, OWNER, listed)
    found = store.cloud.blobs(store.container)
    assert [(b.path, b.size, b.md5) for b in found] == listed
    assert store.tally() == {"List Blobs": 3}


def page(marker: str, *blobs: str) -> str:
    listed = "".join(
        f"<Blob>{blob}<Properties><Last-Modified>Tue, 24 Nov 2026 07:08:09 GMT</Last-Modified><Etag>0x1</Etag>"
        "<Content-Length>3</Content-Length><Content-MD5 /></Properties><Metadata><Name>../x</Name></Metadata></Blob>"
        for blob in blobs
    )
    return f"<EnumerationResults><Blobs>{listed}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"


def listed_from(answer: Callable[[BaseHTTPRequestHandler], None]) -> tuple[Blob, ...]:
    with answering(answer) as url:
        return connect(on(url), SystemClock()).blobs("input")


def test_a_listing_is_read_as_the_service_writes_it() -> None:
    body = page("", "<Name>a&amp;b.txt</Name>", '<Name Encoded="true">x%EF%BF%BEy</Name>')
    [one, other] = listed_from(lambda handler: said(handler, 200, body))
    assert (one.path, other.path) == ("a&b.txt", "x\ufffey")
    assert (one.size, one.md5, one.etag, one.owner) == (3, None, '"0x1"', None)
    assert one.modified
    assert one.modified.isoformat() == "2026-11-24T07:08:09+00:00"


FOLDERS = {
    "Data Lake storage, Spark, blobfuse": ("a", "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>", ""),
    "in other letters": ("a", "<Metadata><Hdi_isfolder>True</Hdi_isfolder></Metadata>", ""),
    "rclone": ("a/", "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>", ""),
    "adlfs": ("a", "<Metadata><is_directory>true</is_directory></Metadata>", ""),
    "a slash": ("a/", "", ""),
    "by its type": ("a", "<Metadata />", "<ResourceType>directory</ResourceType>"),
}
FILES = {
    "empty": ("a", "<Metadata />", 0),
    "no folder": ("a", "<Metadata><hdi_isfolder>false</hdi_isfolder></Metadata>", 0),
    "with content": ("a", "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>", 3),
    "a slash and content": ("a/", "<Metadata />", 3),
    "called as parts of a listing are": (
        "a",
        "<Metadata><Blob>x</Blob><NextMarker>x</NextMarker><EnumerationResults>x</EnumerationResults></Metadata>",
        3,
    ),
}


def entry(path: str, metadata: str, size: int, more: str = "") -> str:
    return (
        f"<Blob><Name>{path}</Name><Properties><Last-Modified>Tue, 24 Nov 2026 07:08:09 GMT</Last-Modified>"
        f"<Etag>0x1</Etag><Content-Length>{size}</Content-Length>{more}</Properties>{metadata}</Blob>"
    )


def listed_paths(*entries: str) -> list[str]:
    body = f"<EnumerationResults><Blobs>{''.join(entries)}</Blobs><NextMarker /></EnumerationResults>"
    return [blob.path for blob in listed_from(lambda handler: said(handler, 200, body))]


@pytest.mark.parametrize("whose", FOLDERS)
def test_what_only_stands_for_a_folder_is_not_listed(whose: str) -> None:
    path, metadata, more = FOLDERS[whose]
    assert listed_paths(entry(path, metadata, 0, more), entry("a/b", "", 1)) == ["a/b"]


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_listed_whatever_it_is_marked_with(what: str) -> None:
    path, metadata, size = FILES[what]
    assert listed_paths(entry(path, metadata, size)) == [path]


def test_a_container_goes_with_the_folders_that_stand_in_it(store: Store) -> None:
    theirs = store.cloud._session.blobs.get_blob_client(store.container, "a")
    theirs.upload_blob(b"", metadata={"hdi_isfolder": "true"})
    store.made(store.file("a/b", b"b"))
    assert [o.error for o in store.cloud.delete([Container(name=store.container)], OWNER) if o.error] == []
    assert store.container not in {found.name for found in store.cloud.storage(OWNER, [])[0]}


@pytest.mark.parametrize(
    ("marker", "most"),
    [(lambda n: "same", 2), (lambda n: f"m{n % 2}", 3), (lambda n: f"m{n}", 5)],
    ids=["the same marker", "two in turn", "ever new ones"],
)
def test_a_listing_that_goes_in_circles_ends(
    marker: Callable[[int], str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_PAGES", 5)
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        said(handler, 200, page(marker(len(asked)), "<Name>a</Name>"))

    with pytest.raises(CloudError, match="'input' does not come to an end"):
        listed_from(answer)
    assert len(asked) == most


def test_a_listing_that_may_not_be_had_is_told_without_its_signature() -> None:
    body = "<Error><Code>AuthorizationPermissionMismatch</Code><Message>Not permitted.</Message></Error>"
    with pytest.raises(CloudError) as raised:
        listed_from(lambda handler: said(handler, 403, body))
    assert (raised.value.status, raised.value.code) == (403, "AuthorizationPermissionMismatch")
    assert "Not permitted" in str(raised.value)
    assert "sig" not in str(raised.value)


def test_a_container_that_goes_while_it_is_listed_is_an_error() -> None:
    gone = "<Error><Code>ContainerNotFound</Code><Message>Gone.</Message></Error>"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        more = "marker" in handler.path
        said(handler, 404 if more else 200, gone if more else page("next", "<Name>a</Name>"))

    with pytest.raises(CloudError, match="ContainerNotFound"):
        listed_from(answer)


@pytest.mark.parametrize("body", ["<EnumerationResults><Blobs>", "{}", page("", "<Nome>a</Nome>")])
def test_a_listing_that_cannot_be_read_is_told(body: str) -> None:
    with pytest.raises(CloudError, match="the listing of container 'input' cannot be read"):
        listed_from(lambda handler: said(handler, 200, body))


# The line.


def test_what_is_on_this_machine_is_not_asked_through_a_proxy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    cloud = connect(on(store.service.url), SystemClock())
    assert cloud.blobs(store.container) == ()


def test_a_transient_answer_is_asked_for_again(store: Store) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        if len(asked) == 1:
            said(handler, 503, "<Error><Code>ServerBusy</Code></Error>")
        elif len(asked) == 2:
            handler.connection.close()
            raise http.client.IncompleteRead(b"")
        else:
            said(handler, 200, page("", "<Name>a</Name>"))

    assert [b.path for b in listed_from(answer)] == ["a"]
    assert len(asked) == 3


def test_content_of_another_length_than_was_listed_is_an_error(store: Store) -> None:
    store.made(store.file("a", b"abc"))
    [listed] = store.cloud.blobs(store.container)
    with pytest.raises(CloudError, match="3 bytes came where 2 were asked for"):
        list(store.cloud.read(replace(listed, size=2)))
