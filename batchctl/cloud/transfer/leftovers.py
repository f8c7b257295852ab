"""Blocks that an upload of ours or of another program left: they belong to no blob, and stand in the way of one."""

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from azure.core import MatchConditions

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


def clear_leftovers(session: Session, owner: str, blob: Blob, condition: Mapping[str, str]) -> None:
    """Leave nothing at the blob's name, neither the version that `condition` names nor a block.

    Raises CloudError, and takes nothing away, if the condition does not hold.
    """
    client = session.blobs.get_blob_client(blob.container, blob.path)
    if version := condition.get("If-Match"):
        session.ask(lambda: client.delete_blob(etag=version, match_condition=MatchConditions.IfNotModified))
    # A list takes away the blocks that it does not name (REST: Put Block List); to put or to delete a blob does not
    # everywhere. What it makes is empty and bears our mark, so that it is put right if we are killed here.
    made = session.ask(
        lambda: client.commit_block_list([], metadata={marks.OWNER: owner}, match_condition=MatchConditions.IfMissing)
    )
    session.find(lambda: client.delete_blob(etag=str(made["etag"]), match_condition=MatchConditions.IfNotModified))


def _block_names(body: bytes) -> Iterable[ElementTree.Element]:
    return ElementTree.fromstring(body).iterfind("UncommittedBlocks/Block/Name")
