"""Files to blobs: a small one in one request, a large one in blocks. Torn content is never stored (reliability F51)."""

import hashlib
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote

from batchctl import hashes
from batchctl.cloud import marks
from batchctl.cloud.clients.courier import Letter, send_many
from batchctl.cloud.clients.session import Session
from batchctl.cloud.clients.storage import AT_ONCE
from batchctl.cloud.transfer.leftovers import clear_leftovers, staged_blocks
from batchctl.errors import BatchctlError, CloudError
from batchctl.resources import Blob

SMALL = 256 << 10
"""Bytes; up to this a file goes with many others by one thread. To read and to send a larger one takes longer than the
turns of threads at the interpreter."""

WHOLE = 8 << 20
"""Bytes; up to this a file is one request."""

BLOCK, MOST_BLOCKS = 8 << 20, 50_000
"""Bytes of a block, unless a file would have more of them than the service takes (REST: Put Block List)."""

BLOCKS_AT_ONCE = 8

ID_LENGTH = 24
"""Characters of a block's id: an MD5 in base64."""

TYPE = "application/octet-stream"

Headers = Mapping[str, str]


def upload_blob(session: Session, owner: str, blob: Blob, condition: Headers) -> None:
    """Store the file of `blob` with our mark and its MD5, if the service finds the condition true.

    Raises CloudError, and stores nothing, if the file is not (or no longer) what the plan saw.
    """
    source = blob.source
    if source is None or blob.size <= WHOLE:
        _upload_whole(session, owner, blob, condition)
        return
    url = session.sas.below(session.sas.sink(blob.container), blob.path)
    mark = {f"x-ms-meta-{marks.OWNER}": owner}
    staged = staged_blocks(session, blob)
    # All ids of a name have one length (REST: Put Block): others' blocks would keep ours out for a week.
    if any(len(id) != ID_LENGTH for id in staged):
        staged, condition = frozenset(), clear_leftovers(session, owner, blob, condition)
    _upload_in_blocks(session, url, source, blob, {**mark, **condition}, staged)


def is_small(blob: Blob) -> bool:
    """Does it go with many others by one thread?"""
    return blob.source is None or blob.size <= SMALL


def upload_small(
    session: Session, owner: str, conditions: Mapping[Blob, Headers]
) -> Generator[tuple[Blob, BatchctlError | OSError | None], None, None]:
    """Each in one request, many at once; None, or why it is not stored, as they end.

    The service refuses content whose MD5 is not the one that it is told (REST: Put Blob).
    """
    letters = ((blob, _whole(session, owner, blob, condition)) for blob, condition in conditions.items())
    with closing(send_many(session, letters, AT_ONCE)) as answers:
        for blob, answer in answers:
            yield blob, None if isinstance(answer, bytes) else _told_of(blob, answer)


def _upload_whole(session: Session, owner: str, blob: Blob, condition: Headers) -> None:
    letter = _whole(session, owner, blob, condition)
    taken = session.budget.take(letter.room)
    try:
        session.send(letter.method, letter.url, letter.headers, _content(blob))
    except CloudError as error:
        raise _told_of(blob, error) from error
    finally:
        session.budget.give_back(taken)


def _told_of(blob: Blob, error: BatchctlError | OSError) -> BatchctlError | OSError:
    if blob.source and isinstance(error, CloudError) and error.code == "Md5Mismatch":
        return _file_changed(blob.source)
    return error


def _whole(session: Session, owner: str, blob: Blob, condition: Headers) -> Letter:
    headers = {
        "x-ms-blob-type": "BlockBlob",
        "Content-Type": TYPE,
        "Content-MD5": _base64(bytes.fromhex(blob.md5 or "")),
        f"x-ms-meta-{marks.OWNER}": owner,
        **condition,
    }
    url = session.sas.below(session.sas.sink(blob.container), blob.path)
    return Letter("PUT", url, headers, blob.size, partial(_content, blob))


def _content(blob: Blob) -> bytes:
    if blob.md5 is None or (blob.source is None and blob.text is None):
        raise CloudError(f"blob {blob.name!r} has no local file to come from")
    return _file_content(blob.source, blob.size) if blob.source else (blob.text or "").encode()


def _file_content(source: Path, size: int) -> bytes:
    with source.open("rb", buffering=0) as stream:
        # One byte more than planned tells that it has grown.
        data = stream.read(size + 1) or b""
    if len(data) != size:
        raise _file_changed(source)
    return data


def _upload_in_blocks(
    session: Session, url: str, source: Path, blob: Blob, stored: Headers, staged: frozenset[str]
) -> None:
    """Blocks, several at once, then their list, which makes the blob: only if the whole is what the plan saw."""
    digest = hashlib.md5(usedforsecurity=False)

    def stage(id: str, data: bytes) -> None:
        if id not in staged:
            session.send("PUT", f"{url}&comp=block&blockid={quote(id, safe='')}", _for_azurite(session, data), data)

    ids = list(_each_block(session, source, blob.size, digest, stage))
    if digest.hexdigest() != blob.md5:
        raise _file_changed(source)
    listed = "".join(f"<Uncommitted>{id}</Uncommitted>" for id in ids)
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
    sent = {"x-ms-blob-content-type": TYPE, "x-ms-blob-content-md5": _base64(digest.digest())}
    session.send("PUT", f"{url}&comp=blocklist", {**sent, **stored}, body)


def _for_azurite(session: Session, data: bytes) -> Headers:
    """The MD5 of a block. Of one that comes without, Azurite 3.37 takes a CRC-64, in JavaScript: twice the time."""
    if not session.direct.is_azurite:
        return {}
    return {"Content-MD5": _base64(hashlib.md5(data, usedforsecurity=False).digest())}


def _each_block(
    session: Session, source: Path, size: int, digest: "hashlib._Hash", stage: Callable[[str, bytes], None]
) -> Iterator[str]:
    """The ids of the file's blocks, front to back; each is staged by one of several threads.

    The id is the MD5 of the file up to the block's end. So what an upload that broke off has sent is known by its id,
    and is what the file holds now; and all of the file, with what follows its planned end, has gone through `digest`.
    """
    length = max(BLOCK, -(-size // MOST_BLOCKS))
    flights: deque[Future[None]] = deque()

    def lent(taken: int, id: str, data: bytes) -> None:
        try:
            stage(id, data)
        finally:
            session.budget.give_back(taken)

    with ThreadPoolExecutor(BLOCKS_AT_ONCE) as lanes, source.open("rb", buffering=0) as stream:
        for start in range(0, size, length):
            # Before more is read: a file is not read faster than it is sent, and the first fault ends it here.
            if len(flights) == BLOCKS_AT_ONCE:
                flights.popleft().result()
            taken = session.budget.take(length)
            try:
                data = stream.read(min(length, size - start)) or b""
                digest.update(data)
            except BaseException:
                session.budget.give_back(taken)
                raise
            id = _base64(digest.copy().digest())
            flights.append(lanes.submit(lent, taken, id, data))
            del data  # or it would be held while room is awaited, which it has given back by then
            yield id
        digest.update(stream.read(1) or b"")
        for flight in flights:
            flight.result()


def _file_changed(source: Path) -> CloudError:
    """What was remembered of the file is not believed again: the next apply reads it."""
    hashes.forget_md5(source)
    return CloudError(f"{source} changed while it was uploaded; nothing was stored. Apply again")


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
