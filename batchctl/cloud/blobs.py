"""Blobs: list, upload, delete, read. Content is checked by its MD5 on the way up; an upload is whole or absent."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties, ContentSettings

from batchctl.answers import Outcome
from batchctl.cloud import marks
from batchctl.cloud.faults import translate
from batchctl.cloud.session import Session
from batchctl.errors import CloudError
from batchctl.resources import Blob

SMALL = 4 << 20
"""Bytes; up to this a file is read whole and sent in one request."""


def listing(session: Session, container: str) -> tuple[Blob, ...]:
    """All blobs of a container; none if it is not there."""
    client = session.blobs.get_container_client(container)
    found = session.find(lambda: [_blob(container, item) for item in client.list_blobs(include=["metadata"])])
    return tuple(found or ())


def create(session: Session, blobs: Sequence[Blob], owner: str) -> Iterator[Outcome]:
    return session.each(blobs, lambda blob: _upload(session, owner, blob, ABSENT))


def update(session: Session, pairs: Sequence[tuple[Blob, Blob]], owner: str) -> Iterator[Outcome]:
    held = {wanted: found for found, wanted in pairs}
    return session.each(held, lambda blob: _upload(session, owner, blob, _unchanged(held[blob]) | {"overwrite": True}))


def delete(session: Session, blobs: Sequence[Blob], owner: str) -> Iterator[Outcome]:
    return session.each(blobs, partial(_delete, session))


def read(session: Session, blob: Blob) -> Iterator[bytes]:
    """The content of exactly the version that was listed. Raises CloudError if it has changed since."""
    client = session.blobs.get_blob_client(blob.container, blob.path)
    stream = session.ask(lambda: client.download_blob(**_unchanged(blob)))
    try:
        yield from stream.chunks()
    except AzureError as error:
        raise translate(error) from error


ABSENT: dict[str, Any] = {"overwrite": False}


def _unchanged(blob: Blob) -> dict[str, Any]:
    """The SDK's arguments for "only if it is still the version that was listed"."""
    return {"etag": blob.etag, "match_condition": MatchConditions.IfNotModified} if blob.etag else {}


def _upload(session: Session, owner: str, blob: Blob, condition: dict[str, Any]) -> None:
    source, md5 = blob.source, blob.md5
    if source is None or md5 is None:
        raise CloudError(f"blob {blob.name!r} has no local file to come from")
    client = session.blobs.get_blob_client(blob.container, blob.path)
    settings = ContentSettings(content_md5=bytearray.fromhex(md5))
    marked = {marks.OWNER: owner}

    def attempt() -> None:
        with _content(source, blob) as content:
            client.upload_blob(
                content,
                length=blob.size,
                metadata=marked,
                content_settings=settings,
                **condition,
            )

    try:
        session.ask(attempt)
    except CloudError as error:
        # The service may have done it although its answer was lost: then our mark and content are there.
        if error.status not in (409, 412) or not _is_ours(session, owner, blob):
            raise


def _content(source: Path, blob: Blob) -> IO[bytes]:
    if blob.size <= SMALL:
        data = source.read_bytes()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != blob.md5:
            raise _changed(source)
        return BytesIO(data)
    return Hashed(source, blob)


class Hashed(BytesIO):
    """A file that is hashed while it is sent. Its last byte is given only if the whole is what was planned,
    so that the blocks of a file that changed meanwhile are never committed."""

    def __init__(self, source: Path, blob: Blob) -> None:
        super().__init__()
        self._source, self._blob = source, blob
        self._stream = source.open("rb")
        self._digest, self._left = hashlib.md5(usedforsecurity=False), blob.size

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(self._left if size is None or size < 0 else min(size, self._left))
        self._digest.update(data)
        self._left -= len(data)
        short = not data and self._left
        if short or (data and not self._left and self._digest.hexdigest() != self._blob.md5):
            raise _changed(self._source)
        return data

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._stream.close()
        super().close()


def _changed(source: Path) -> CloudError:
    return CloudError(f"{source} changed while it was uploaded; nothing was stored. Apply again")


def _is_ours(session: Session, owner: str, blob: Blob) -> bool:
    client = session.blobs.get_blob_client(blob.container, blob.path)
    found = session.find(client.get_blob_properties)
    if found is None or (found.metadata or {}).get(marks.OWNER) != owner:
        return False
    return _hex(found.content_settings.content_md5) == blob.md5


def _delete(session: Session, blob: Blob) -> None:
    client = session.blobs.get_blob_client(blob.container, blob.path)
    try:
        session.find(lambda: client.delete_blob(delete_snapshots="include", **_unchanged(blob)))
    except CloudError as error:
        # A blob that is gone already meets no condition: that is what was wanted.
        if error.status != 412 or session.find(client.get_blob_properties) is not None:
            raise


def _blob(container: str, item: BlobProperties) -> Blob:
    metadata = item.metadata or {}
    return Blob(
        container=container,
        path=item.name,
        md5=_hex(item.content_settings.content_md5),
        size=item.size,
        owner=metadata.get(marks.OWNER),
        task=metadata.get(marks.TASK),
        etag=item.etag,
        modified=item.last_modified,
    )


def _hex(md5: bytearray | None) -> str | None:
    return bytes(md5).hex() if md5 else None
