"""Empties the running services where they are: what they hold goes, and they serve on.

Containers go one by one by the Blob service's REST API, for Azurite knows no call that empties it.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from batchctl.errors import CloudError
from batchctl.local.ask import ask_emulator
from batchctl.local.services import Services

_VERSION = "2021-12-02"
_BREAK = {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0"}


def empty_batch(port: int, account: str, key: str) -> None:
    """Pools, jobs, schedules, tasks, faults, and what runs. Raises CloudError."""
    try:
        status, _ = ask_emulator(port, account, key, "POST", "/_local/reset")
    except (OSError, HTTPException, ValueError) as error:
        raise CloudError(f"the local Azure Batch does not answer: {error}") from error
    if status != 204:
        raise CloudError(f"the local Azure Batch was not emptied: it answered {status}")


def empty_blobs(services: Services) -> None:
    """All containers, leased ones too. Raises CloudError."""
    store = _Store(services)
    try:
        while names := store.containers():
            for name in names:
                store.delete(name)
    except (OSError, HTTPException, ElementTree.ParseError) as error:
        raise CloudError(f"the local blob store does not answer: {error}") from error
    finally:
        store.close()


def _connection(services: Services) -> HTTPConnection:
    address = urlsplit(services.blob_url).netloc
    if services.authority is None:
        return HTTPConnection(address, timeout=30.0)
    from ssl import create_default_context

    return HTTPSConnection(address, timeout=30.0, context=create_default_context(cafile=services.authority))


class _Store:
    """The blob store over one connection."""

    def __init__(self, services: Services) -> None:
        self._account, self._key = services.storage_account, base64.b64decode(services.storage_key)
        self._connection = _connection(services)

    def containers(self) -> list[str]:
        """The names of a page of them."""
        _, text = self._ask("GET", "", {"comp": "list"})
        return [name.text or "" for name in ElementTree.fromstring(text).iterfind("Containers/Container/Name")]

    def delete(self, name: str) -> None:
        status, _ = self._ask("DELETE", name, {"restype": "container"}, allowed=(202, 404, 412))
        if status == 412:  # somebody has a lease on it
            self._ask("PUT", name, {"comp": "lease", "restype": "container"}, _BREAK)
            self._ask("DELETE", name, {"restype": "container"})

    def close(self) -> None:
        self._connection.close()

    def _ask(
        self,
        method: str,
        name: str,
        query: dict[str, str],
        headers: dict[str, str] | None = None,
        allowed: tuple[int, ...] = (200, 202),
    ) -> tuple[int, bytes]:
        path = f"/{self._account}" + (f"/{quote(name)}" if name else "")
        signed = self._signed(method, path, query, headers or {})
        self._connection.request(
            method, f"{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}", None, signed
        )
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in allowed:
            raise CloudError(f"the local blob store was not emptied: it answered {answer.status} for {path}")
        return answer.status, text

    def _signed(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, str]:
        """Shared Key of the Blob service: the method, eleven empty headers, all x-ms- headers, path and query."""
        date = format_datetime(datetime.now(UTC), usegmt=True)
        sent = {**headers, "x-ms-date": date, "x-ms-version": _VERSION}
        lines = [method, *[""] * 11, *(f"{header}:{value}" for header, value in sorted(sent.items()))]
        lines += [f"/{self._account}{path}", *(f"{key}:{value}" for key, value in sorted(query.items()))]
        digest = base64.b64encode(hmac.digest(self._key, "\n".join(lines).encode(), hashlib.sha256)).decode()
        return {**sent, "Authorization": f"SharedKey {self._account}:{digest}"}
