"""Blocks that an upload of ours or of another program left: they belong to no blob, and stand in the way of one."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

from batchctl.cloud import marks
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.resources import Blob

NOTHING_THERE: Mapping[str, str] = {"If-None-Match": "*"}


def staged_blocks(session: Session, blob: Blob) -> frozenset[str]:
    """The ids of blocks that the service holds and that belong to no blob yet (REST: Get Block List)."""
    url = session.sas.below(session.sas.source(blob.container), blob.path)
    try:
        body = session.send("GET", f"{url}&comp=blocklist&blocklisttype=uncommitted")
    except CloudError as error:
        if error.status == 404:
            return frozenset()
        raise
    return frozenset(name.text or "" for name in _block_names(body))


def clear_leftovers(session: Session, owner: str, blob: Blob, condition: Mapping[str, str]) -> Mapping[str, str]:
    """Leave no block at the blob's name, and in place of the version that `condition` names an empty one: the condition
    on which the content goes over it.

    Raises CloudError, and changes nothing, if the condition does not hold.
    """
    from azure.core import MatchConditions  # imported late, as all of the SDK

    client = session.blobs.get_blob_client(blob.container, blob.path)
    version = condition.get("If-Match")
    guard: dict[str, Any] = (
        {"etag": version, "match_condition": MatchConditions.IfNotModified}
        if version
        else {"match_condition": MatchConditions.IfMissing}
    )
    # A list takes away the blocks that it does not name (REST: Put Block List); to put or to delete a blob does not
    # everywhere, and one with snapshots cannot be deleted. What it makes is empty and bears our mark, so that it is put
    # right if we are killed here.
    made = session.ask(lambda: client.commit_block_list([], metadata={marks.OWNER: owner}, **guard))
    return {"If-Match": str(made["etag"])}


def _block_names(body: bytes) -> Iterable[ElementTree.Element]:
    try:
        return ElementTree.fromstring(body).iterfind("UncommittedBlocks/Block/Name")
    except ElementTree.ParseError as error:
        raise CloudError("blob storage did not say which blocks it holds: its answer is no XML") from error
