"""The storage account that belongs to the Batch account: what autoStorageContainerName means, and what identities open,
as URLs with a SAS.

As the page "Create a service SAS" has it, for versions since 2020-12-06.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

STORAGE_VERSION = "2021-12-02"
"""The version of the storage service that all requests are made in."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LIVES = 24 * 3600.0
"""Seconds that such a URL is good for: it is made when a task starts."""


def by_loopback(url: str) -> str:
    """An address at ACCOUNT.blob.core.localhost by 127.0.0.1, whether resolvers know such names (RFC 6761) or not."""
    parts = urlsplit(url)
    account, of_blobs, _ = (parts.hostname or "").partition(".blob.core.localhost")
    if not of_blobs or "." in account:
        return url
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"127.0.0.1{port}", path=f"/{account}{parts.path}"))


@dataclass(frozen=True, slots=True)
class AutoStorage:
    """`url` is the blob endpoint with the account's name in it, `key` the account's key, decoded."""

    url: str
    account: str
    key: bytes = field(repr=False)

    def container_url(self, container: str) -> str:
        """The container, to be read and listed."""
        return f"{self.url}/{quote(container)}?{self._signature(container, 'rl')}"

    def opened(self, url: str, permission: str) -> str:
        """An address of the account as an identity opens it: any may do all of that. Others, and those that are signed,
        are opened by nobody here."""
        url = by_loopback(url)
        parts = urlsplit(url)
        account, _, below = parts.path.lstrip("/").partition("/")
        # By any name of this machine and through any proxy on it: no signature covers the host.
        if parts.hostname not in LOOPBACK or account != self.account or parts.query:
            return url
        container = below.partition("/")[0]
        return f"{url}?{self._signature(unquote(container), permission)}"

    def _signature(self, container: str, permission: str) -> str:
        query = {
            "sp": permission,
            "se": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + LIVES)),
            "sv": STORAGE_VERSION,
            "sr": "c",
        }
        resource = f"/blob/{self.account}/{container}"
        # The empty ones stand for what this SAS does not say: start, identifier, addresses, protocol, and headers.
        signed = [query["sp"], "", query["se"], resource, "", "", "", query["sv"], query["sr"], *[""] * 7]
        digest = hmac.digest(self.key, "\n".join(signed).encode(), hashlib.sha256)
        return urlencode({**query, "sig": base64.b64encode(digest).decode()})
