"""What is asked of the blob that a lock is, one request each; past the SDK (design D16), which a short apply loads for
nothing else."""

from collections.abc import Mapping
from urllib.parse import quote

from batchctl.cloud.clients.session import Session
from batchctl.cloud.clients.storage import Answer, metadata_headers, metadata_of
from batchctl.frozen import dataclass

CONTAINER = "batchctl"

QUICK = 15
"""Seconds: a renewal that hangs for as long as the lease lives is no renewal."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The blob as it is."""

    etag: str
    metadata: Mapping[str, str]
    is_leased: bool


@dataclass(frozen=True, slots=True)
class LockBlob:
    """`lease`: the id of the lease that is ours if one is. Every method raises Fault."""

    session: Session
    name: str
    lease: str

    def look(self) -> Seen:
        """REST: Get Blob Properties."""
        found = self._send("HEAD").headers
        return Seen(found.get("etag"), metadata_of(found), found.get("x-ms-lease-state") in ("leased", "breaking"))

    def make(self, metadata: Mapping[str, str]) -> str:
        """Empty, and never over one that is there; returns its ETag. REST: Put Blob."""
        asked = {"x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}
        return str(self._send("PUT", "", {**asked, **metadata_headers(metadata)}, b"").headers.get("etag"))

    def mark(self, metadata: Mapping[str, str], etag: str) -> str:
        """If it is as it was seen; returns its new ETag. REST: Set Blob Metadata."""
        asked = {"If-Match": etag, **metadata_headers(metadata)}
        return str(self._send("PUT", "?comp=metadata", asked, b"").headers.get("etag"))

    def delete(self) -> None:
        self._send("DELETE", "", {"x-ms-lease-id": self.lease}, within=QUICK)

    def acquire(self, seconds: int, etag: str) -> None:
        """If it is as it was written. REST: Lease Blob, as all below."""
        asked = {"x-ms-proposed-lease-id": self.lease, "x-ms-lease-duration": str(seconds), "If-Match": etag}
        self._lease("acquire", asked)

    def renew(self) -> None:
        self._lease("renew", {"x-ms-lease-id": self.lease}, QUICK)

    def release(self) -> None:
        self._lease("release", {"x-ms-lease-id": self.lease}, QUICK)

    def break_now(self, etag: str) -> None:
        """Whosever lease it is, if it is as it was seen."""
        # At once (0 s): nobody is there any more who could be in the middle of something.
        self._lease("break", {"x-ms-lease-break-period": "0", "If-Match": etag})

    def make_container(self) -> None:
        asked = metadata_headers({"batchctl_holds": "locks"})
        self.session.send_of_account("PUT", f"{CONTAINER}?restype=container", asked, b"")

    def _lease(self, action: str, headers: Mapping[str, str], within: int = 0) -> None:
        self._send("PUT", "?comp=lease", {"x-ms-lease-action": action, **headers}, b"", within)

    def _send(
        self,
        method: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        within: int = 0,
    ) -> Answer:
        target = f"{CONTAINER}/{quote(self.name)}{query}"
        return self.session.send_of_account(method, target, headers or {}, body, within)
