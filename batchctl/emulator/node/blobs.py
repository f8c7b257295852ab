"""Blobs by URL with a SAS in it: get, list, put. The only user of urllib3; failures are said by HTTP status."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import urllib3

from batchctl.emulator.auto_storage import STORAGE_VERSION, by_loopback

# Seconds: an address that drops packets is given up soon, a slow answer is not.
TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
# PUT too (allowed_methods=None): to put a block blob twice is to put it once. About three seconds in all.
RETRIES = urllib3.Retry(total=4, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), allowed_methods=None)
_PIECE = 1 << 20
_FOLDER_MARKS = frozenset({("hdi_isfolder", "true"), ("is_directory", "true")})
# Listings are XML, which cannot say these: with one such name Azurite lists nothing of the container any more.
_UNLISTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NO_NAME = "the name of the file has a control character, and names of blobs have none"
_http = urllib3.PoolManager(maxsize=32, retries=RETRIES, timeout=TIMEOUT)


def trust_too(authority: Path) -> None:
    """From now on blobs are also taken from, and put to, servers whose certificate is signed by this authority."""
    context = urllib3.util.create_urllib3_context()
    context.load_default_certs()
    context.load_verify_locations(authority)
    _http.connection_pool_kw["ssl_context"] = context


class BlobError(Exception):
    """`status` is the HTTP status; 0: no answer in time, -1: no answer at all."""

    def __init__(self, status: int, url: str, reason: str = "") -> None:
        self.status, self.url, self.reason = status, without_query(url), reason
        super().__init__(f"{status} {self.url} {reason}")


def without_query(url: str) -> str:
    """The URL without its SAS, for people."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def blob_url(container_url: str, name: str) -> str:
    """The URL of a blob in a container, with the container's SAS. ValueError for a name that no blob can have."""
    if _UNLISTED.search(name):
        raise ValueError(_NO_NAME)
    parts = urlsplit(container_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}"))


def fetch_blob(url: str, target: Path) -> None:
    """Writes the blob to `target`. BlobError if it cannot be read; OSError if it cannot be written."""
    with _send_request("GET", url, preload_content=False) as answer, target.open("wb") as file:
        try:
            # As it is stored: Content-Encoding says how a browser is to show it, and nothing to a node.
            for piece in answer.stream(_PIECE, decode_content=False):
                file.write(piece)
        except urllib3.exceptions.HTTPError as error:
            raise BlobError(-1, url, str(error)) from error


def blob_names(container_url: str, prefix: str) -> Iterator[str]:
    """The names of a container's blobs that begin with `prefix`, without what only stands for a folder. Raises
    BlobError, also if what answers is no container."""
    marker, markers = "", set[str]()
    while marker not in markers:
        markers.add(marker)
        wanted = f"&prefix={quote(prefix, safe='')}&marker={quote(marker, safe='')}"
        query = f"restype=container&comp=list&include=metadata{wanted}"
        parts = urlsplit(container_url)
        url = urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))
        page = _listed_page(url)
        yield from (_blob_name(blob) for blob in page.iterfind("./Blobs/Blob") if not _is_folder(blob))
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return
    raise BlobError(-1, container_url, "the list of its blobs goes round in circles")


def _listed_page(url: str) -> ET.Element:
    try:
        return ET.fromstring(_send_request("GET", url).data.decode("utf-8-sig"))
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise BlobError(-1, url, f"what it answers is no list of blobs: {error}") from error


def _blob_name(blob: ET.Element) -> str:
    return blob.findtext("Name") or ""


def _is_folder(blob: ET.Element) -> bool:
    """An empty blob that Data Lake storage, Spark, blobfuse, rclone or adlfs left for a folder: no file."""
    if blob.findtext("Properties/Content-Length") != "0":
        return False
    said = {(child.tag.lower(), (child.text or "").lower()) for child in blob.iterfind("Metadata/*")}
    return (
        _blob_name(blob).endswith("/")
        or blob.findtext("Properties/ResourceType") == "directory"
        or not said.isdisjoint(_FOLDER_MARKS)
    )


def put_blob(url: str, source: Path, headers: dict[str, str]) -> None:
    """Uploads a file as a block blob."""
    sent = {
        "x-ms-version": STORAGE_VERSION,
        "x-ms-blob-type": "BlockBlob",
        "Content-Type": "application/octet-stream",
        **headers,
        "Content-Length": str(source.stat().st_size),
    }
    with source.open("rb") as file:
        _send_request("PUT", url, headers=sent, body=file)


def status_of(url: str, within: float) -> int:
    """The status of an answer to a request without a signature; 0 if there is none in so many seconds."""
    try:
        headers = {"Connection": "close"}  # a new one each time: an old one would not show that nobody listens
        return _http.request("GET", url, headers=headers, timeout=within, retries=False).status
    except urllib3.exceptions.HTTPError:
        return 0


def _send_request(method: str, url: str, **how: object) -> urllib3.BaseHTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise BlobError(-1, url, "not an http URL")
    try:
        answer = _http.request(method, by_loopback(url), **how)  # type: ignore[arg-type]  # passed through by name
    except urllib3.exceptions.MaxRetryError as error:
        # A connection that was refused counts as a timeout there, and is none.
        refused = isinstance(error.reason, urllib3.exceptions.NewConnectionError)
        late = isinstance(error.reason, urllib3.exceptions.TimeoutError) and not refused
        raise BlobError(0 if late else -1, url, str(error.reason)) from error
    except urllib3.exceptions.HTTPError as error:
        raise BlobError(-1, url, str(error)) from error
    if answer.status >= 300:
        answer.drain_conn()
        raise BlobError(answer.status, url, answer.headers.get("x-ms-error-code", ""))
    return answer
