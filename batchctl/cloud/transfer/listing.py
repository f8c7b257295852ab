"""Blob listings: a page of 5,000 is one request, read by a streaming parser into Blobs."""

from binascii import a2b_base64
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from sys import intern
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, ParseError, iterparse

from batchctl.cloud import marks
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.frozen import replace
from batchctl.resources import Blob

MOST_PAGES = 4000
"""Twenty million blobs: a service that still names a next page goes round in circles."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


FOLDER_MARKS = frozenset({("hdi_isfolder", "true"), ("is_directory", "true")})
"""Metadata of an empty blob that stands for a folder: of Data Lake storage, Spark, blobfuse, rclone; of adlfs."""


def list_blobs(session: Session, container: str) -> tuple[Blob, ...]:
    """All blobs of a container, without what only stands for a folder; none if it is not there.

    Raises CloudError for a listing that never ends.
    """
    snapshots: Counter[str] = Counter()
    blobs = tuple(_each_blob(session, container, snapshots))
    # Only at the end: a snapshot may be listed on another page than its blob.
    return tuple(replace(b, snapshots=snapshots[b.path]) if b.path in snapshots else b for b in blobs)


def _each_blob(session: Session, container: str, snapshots: Counter[str]) -> Iterator[Blob]:
    url = f"{session.sas.source(container)}&restype=container&comp=list&include=metadata,snapshots"
    plain, marker, markers = Blob(container=container, path=""), "", set[str]()
    while marker not in markers and len(markers) < MOST_PAGES:
        markers.add(marker)
        try:
            page = session.send("GET", f"{url}&marker={quote(marker, safe='')}" if marker else url)
        except CloudError as error:
            if not marker and (error.status == 404 or error.code == "ContainerBeingDeleted"):
                return
            raise
        marker = ""
        for found in _page_parts(plain, page, snapshots):
            if isinstance(found, Blob):
                yield found
            else:
                marker = found
        if not marker:
            return
    raise CloudError(f"the listing of container {container!r} does not come to an end")


def _page_parts(plain: Blob, page: bytes, snapshots: Counter[str]) -> Iterator[Blob | str]:
    """The blobs of a page, as `plain` but for what is said of them, and the marker of the next one (REST: List Blobs);
    its snapshots are counted."""
    try:
        for _, element in iterparse(BytesIO(page)):
            # Metadata may be called like any of these, but holds nothing.
            if element.tag == "Blob" and len(element):
                # By name once, for they may be a million, and to look for one takes as long as to read them all.
                parts = {child.tag: child for child in element}
                if "Snapshot" in parts:
                    snapshots[_blob_name(parts["Name"])] += 1
                elif blob := _listed_blob(plain, parts):
                    yield blob
                # Or all elements of the page would stay until its end.
                element.clear()
            elif element.tag == "EnumerationResults" and len(element):
                yield element.findtext("NextMarker") or ""
    except (ParseError, LookupError, ValueError) as error:
        raise CloudError(f"the listing of container {plain.container!r} cannot be read: {error}") from error


def _is_folder(path: str, said: Mapping[str, str], metadata: Mapping[str, str | None]) -> bool:
    """An empty blob whose mark, type or name says that it stands for a folder; one with content is never left out."""
    # Metadata names come in the letters in which they were written.
    marked = {(name.lower(), (text or "").lower()) for name, text in metadata.items()}
    return said.get("ResourceType") == "directory" or path.endswith("/") or not marked.isdisjoint(FOLDER_MARKS)


def _listed_blob(plain: Blob, parts: Mapping[str, Element]) -> Blob | None:
    """The blob, or None for what only stands for a folder."""
    path = _blob_name(parts["Name"])
    said = {child.tag: child.text or "" for child in parts["Properties"]}
    metadata = {child.tag: child.text for child in parts.get("Metadata", ())}
    if said["Content-Length"] == "0" and _is_folder(path, said, metadata):
        return None
    md5, owner = said.get("Content-MD5"), metadata.get(marks.OWNER)
    return replace(
        plain,
        path=path,
        md5=a2b_base64(md5).hex() if md5 else None,
        size=int(said["Content-Length"]),
        owner=intern(owner) if owner else owner,  # one text for all
        task=metadata.get(marks.TASK),
        output=metadata.get(marks.OUTPUT),
        is_log=marks.LOG in metadata,
        etag=_quoted_etag(said["Etag"]),
        modified=_http_date(said["Last-Modified"]),
        leased=said.get("LeaseStatus") == "locked",
    )


def _blob_name(element: Element) -> str:
    """Names with characters that XML cannot hold come percent-encoded."""
    text = element.text or ""
    return unquote(text) if element.get("Encoded") == "true" else text


def _quoted_etag(etag: str) -> str:
    """Listings leave out the quotes that headers have."""
    return etag if etag.startswith('"') else f'"{etag}"'


@lru_cache(maxsize=256)  # very many are written in one second, and then share the moment
def _http_date(text: str) -> datetime:
    """`Tue, 24 Nov 2026 07:00:00 GMT`, always of this form (RFC 1123); strptime would cost as much as all else."""
    hour, minute, second = map(int, text[17:25].split(":"))
    return datetime(int(text[12:16]), MONTHS.index(text[8:11]) + 1, int(text[5:7]), hour, minute, second, tzinfo=UTC)
