"""Blobs: upload, adopt, delete. Content is checked by its MD5 on the way up; an upload is whole or absent."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import closing
from functools import partial
from typing import Any

from batchctl.cloud import marks
from batchctl.cloud.clients.session import Session, outcome_error
from batchctl.cloud.transfer.downloads import only_listed
from batchctl.cloud.transfer.leftovers import NOTHING_THERE, clear_leftovers, staged_blocks
from batchctl.cloud.transfer.uploads import is_small, upload_blob, upload_small
from batchctl.cloud_answers import Outcome
from batchctl.errors import CloudError
from batchctl.resources import Blob

AT_ONCE = 64
"""Of what is not small, or was met."""

MET = (409, 412)
"""What the service answers where something is at the blob's name already."""


def create(session: Session, blobs: Sequence[Blob], owner: str) -> Iterator[Outcome]:
    """Store what is not there yet; what is there with our mark and this content counts as stored."""
    return _store(session, owner, dict.fromkeys(blobs, NOTHING_THERE))


def update(session: Session, pairs: Sequence[tuple[Blob, Blob]], owner: str) -> Iterator[Outcome]:
    """Store over exactly the versions that were listed."""
    return _store(session, owner, {wanted: only_listed(found) for found, wanted in pairs})


def adopt(session: Session, pairs: Sequence[tuple[Blob, Blob]], owner: str) -> Iterator[Outcome]:
    held = {ours: found for found, ours in pairs}
    return session.each(held, lambda blob: _adopt_blob(session, owner, held[blob], blob), AT_ONCE)


def delete(session: Session, blobs: Sequence[Blob], owner: str) -> Iterator[Outcome]:
    return session.each(blobs, partial(_delete_blob, session))


def _store(session: Session, owner: str, conditions: Mapping[Blob, Mapping[str, str]]) -> Iterator[Outcome]:
    with session.workers(AT_ONCE) as pool:

        def begin(blob: Blob, met: CloudError | None = None) -> Future[None]:
            return pool.submit(_upload_or_ours, session, owner, blob, conditions[blob], met)

        # Large files begin at once, so that none of them is still on its way when all else is done; the small ones, in
        # the order of the plan, pass beside them.
        flights = {begin(blob): blob for blob in conditions if not is_small(blob)}
        small = {blob: condition for blob, condition in conditions.items() if is_small(blob)}
        with closing(upload_small(session, owner, small)) as answers:
            for blob, error in answers:
                if isinstance(error, CloudError) and error.status in MET:
                    flights[begin(blob, error)] = blob
                else:
                    yield Outcome(resource=blob, error=outcome_error(error))
        for flight in as_completed(flights):
            yield Outcome(resource=flights[flight], error=outcome_error(flight.exception()))


def _upload_or_ours(
    session: Session, owner: str, blob: Blob, condition: Mapping[str, str], met: CloudError | None = None
) -> None:
    """`met`: why it was not stored when that was tried."""
    try:
        if met:
            raise met
        upload_blob(session, owner, blob, condition)
    except CloudError as error:
        if error.status not in MET:
            raise
        # The service may have done it although its answer was lost: then our mark and content are there.
        if _is_ours(session, owner, blob):
            return
        # Azurite takes blocks that a killed upload left for a blob.
        if error.code != "BlobAlreadyExists" or not staged_blocks(session, blob):
            raise
        upload_blob(session, owner, blob, clear_leftovers(session, owner, blob, condition))


def _adopt_blob(session: Session, owner: str, found: Blob, ours: Blob) -> None:
    if found.md5 != ours.md5:
        _upload_or_ours(session, owner, ours, only_listed(found))
        return
    client = session.blobs.get_blob_client(ours.container, ours.path)
    held = session.ask(client.get_blob_properties).metadata or {}
    # Setting metadata replaces all of it: what others wrote there goes along.
    theirs = {name: value for name, value in held.items() if not name.startswith(marks.OURS)}
    try:
        session.ask(lambda: client.set_blob_metadata({**theirs, marks.OWNER: owner}, **_unchanged(found)))
    except CloudError as error:
        if error.status != 412 or not _is_ours(session, owner, ours):
            raise


def _is_ours(session: Session, owner: str, blob: Blob) -> bool:
    client = session.blobs.get_blob_client(blob.container, blob.path)
    found = session.find(client.get_blob_properties)
    if found is None or (found.metadata or {}).get(marks.OWNER) != owner:
        return False
    md5 = found.content_settings.content_md5
    return md5 is not None and bytes(md5).hex() == blob.md5


def _unchanged(blob: Blob) -> dict[str, Any]:
    """The SDK's arguments for "only if it is still the version that was listed"."""
    from azure.core import MatchConditions  # imported late, as all of the SDK

    return {"etag": blob.etag, "match_condition": MatchConditions.IfNotModified} if blob.etag else {}


def _delete_blob(session: Session, blob: Blob) -> None:
    client = session.blobs.get_blob_client(blob.container, blob.path)
    try:
        # Never with snapshots: we make none, and whoever made one wants it kept.
        session.find(lambda: client.delete_blob(**_unchanged(blob)))
    except CloudError as error:
        # A blob that is gone already meets no condition: that is what was wanted.
        if error.status != 412 or session.find(client.get_blob_properties) is not None:
            raise
