"""Mints and strips shared access signatures. They live in this process alone (design D5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from azure.storage.blob import generate_container_sas

from batchctl.clock import Clock, SystemClock

LIFETIME = timedelta(days=7)
"""How long Batch may read inputs and write outputs: the longest that a user delegation key allows."""

BACKDATE = timedelta(minutes=15)
"""A signature starts in the past, so that clocks may differ."""

Signer = Callable[[datetime, datetime], dict[str, Any]]
"""(start, expiry) to the key arguments of the SDK's generate functions: an account key or a user delegation key."""


class Sas:
    """Signs URLs of one storage account, all with one key and one expiry. `endpoint` has no trailing slash."""

    def __init__(self, endpoint: str, account: str, signer: Signer, clock: Clock) -> None:
        self.endpoint, self.account = endpoint, account
        self._signer, self._clock = signer, clock
        self._signed: dict[tuple[str, str], str] = {}

    def blob(self, container: str, path: str) -> str:
        """A URL of a blob, signed to read what is in its container and not to list it.

        A signature for each of very many blobs would be half of what their tasks cost, and whoever reads one task
        of a job reads them all.
        """
        return self.below(self._container(container, "r"), path)

    def source(self, container: str) -> str:
        """A URL that lists and reads a container."""
        return self._container(container, "rl")

    def sink(self, container: str) -> str:
        """A URL that creates and writes blobs in a container, and neither reads nor deletes."""
        return self._container(container, "cw")

    def bare(self, container: str, path: str = "") -> str:
        """A URL of a container, or of a blob in it, that an identity opens."""
        return f"{self.endpoint}/{container}" + (f"/{quote(path)}" if path else "")

    def below(self, url: str, path: str) -> str:
        """The URL of one blob, under the signature of its container's `url`."""
        place, _, token = url.partition("?")
        return f"{place}/{quote(path)}?{token}"

    def place(self, url: str) -> tuple[str, str] | None:
        """(container, path) of a URL in this account, its signature stripped; None for any other URL."""
        bare, ours = url.split("?", 1)[0], f"{self.endpoint}/"
        if not bare.lower().startswith(ours.lower()):
            return None
        container, _, path = bare[len(ours) :].partition("/")
        return container, unquote(path)

    def _container(self, container: str, permission: str) -> str:
        """Signed once: very many tasks name the same few containers."""
        key = container, permission
        if key not in self._signed:
            token = generate_container_sas(self.account, container, permission=permission, **self._common)
            self._signed[key] = f"{self.endpoint}/{container}?{token}"
        return self._signed[key]

    @cached_property
    def _common(self) -> dict[str, Any]:
        now = self._clock.now()
        start, expiry = now - BACKDATE, now + LIFETIME - BACKDATE
        # Loopback has no TLS: there the scheme is http, and a signature for https alone would be refused.
        secure = urlsplit(self.endpoint).scheme == "https"
        return {
            # As texts: the SDK would format them anew for each of very many blobs.
            "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expiry": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "protocol": "https" if secure else "https,http",
            **self._signer(start, expiry),
        }


class Unsigned(Sas):
    """Addresses that say where a signature goes, and for what: `…/input?SIGNATURE_input_rl`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint.rstrip("/"), "", lambda _start, _expiry: {}, SystemClock())

    def _container(self, container: str, permission: str) -> str:
        return f"{self.endpoint}/{container}?SIGNATURE_{container}_{permission}"
