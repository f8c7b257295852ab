"""Mints and strips shared access signatures. They live in this process alone (design D5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

from batchctl.clock import Clock, SystemClock
from batchctl.cloud.clients.again import Again
from batchctl.cloud.clients.patience import patiently
from batchctl.cloud.clients.signing import signature
from batchctl.cloud.clients.storage import VERSION

LIFETIME = timedelta(days=7)
"""How long Batch may read inputs and write outputs: the longest that a user delegation key allows."""

BACKDATE = timedelta(minutes=15)
"""A signature starts in the past, so that clocks may differ."""

RENEWED_AFTER = 3600.0
"""Seconds. What is signed later counts from then on: a run that is waited for outlives its first signatures."""

Signer = Callable[[datetime, datetime], dict[str, Any]]
"""(start, expiry) to the key arguments of the SDK's generate functions: an account key or a user delegation key, for
which the service is asked."""


class _Signing(NamedTuple):
    """What all signatures of a while have in common, since when (`Clock.uptime`), and those that were made."""

    since: float
    common: dict[str, Any]
    made: dict[tuple[str, str], str]


class Sas:
    """Signs URLs of one storage account, for a while all with one key and one expiry. `endpoint` has no trailing
    slash. `halt`, `again`: as a Session has them. Raises Fault where no key is delegated."""

    def __init__(
        self,
        endpoint: str,
        account: str,
        signer: Signer,
        clock: Clock,
        halt: Event | None = None,
        again: Again | None = None,
    ) -> None:
        self.endpoint, self.account = endpoint, account
        self._signer, self._clock, self._halt, self._again = signer, clock, halt or Event(), again
        self._signing: _Signing | None = None

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
        key, (_, common, made) = (container, permission), self._current()
        if key not in made:
            made[key] = f"{self.endpoint}/{container}?{_token(self.account, container, permission, common)}"
        return made[key]

    def _current(self) -> _Signing:
        now, current = self._clock.uptime(), self._signing
        if current is None or now - current.since > RENEWED_AFTER:
            # Two threads may both begin: each signs well, and the later one stays.
            current = self._signing = _Signing(now, self._begin(), {})
        return current

    def _begin(self) -> dict[str, Any]:
        now = self._clock.now()
        start, expiry = now - BACKDATE, now + LIFETIME - BACKDATE
        key = patiently(self._clock, lambda: self._signer(start, expiry), self._halt, self._again)
        # Loopback has no TLS: there the scheme is http, and a signature for https alone would be refused.
        secure = urlsplit(self.endpoint).scheme == "https"
        return {
            # As texts: the SDK would format them anew for each of very many blobs.
            "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expiry": _end_of(key, expiry.strftime("%Y-%m-%dT%H:%M:%SZ")),
            "protocol": "https" if secure else "https,http",
            **key,
        }


def _token(account: str, container: str, permission: str, common: dict[str, Any]) -> str:
    """The query that opens a container (REST: "Create a service SAS"; one with a delegated key is the SDK's)."""
    if "account_key" not in common:
        from azure.storage.blob import generate_container_sas  # imported late: so much that a key does not need

        return generate_container_sas(account, container, permission=permission, **common)
    begins, ends, protocol = common["start"], common["expiry"], common["protocol"]
    place = f"/blob/{account}/{container}"
    # Empty: an identifier, an address, a snapshot, a scope of encryption, and five headers of answers.
    words = [permission, begins, ends, place, "", "", protocol, VERSION, "c", "", "", "", "", "", "", ""]
    signed = signature(common["account_key"], "\n".join(words))
    said = {"st": begins, "se": ends, "sp": permission, "spr": protocol, "sv": VERSION, "sr": "c", "sig": signed}
    return urlencode(said)


def _end_of(key: dict[str, Any], asked: str) -> str:
    """A signature with a delegated key is refused once the key has ended, whatever it says itself."""
    ends = getattr(key.get("user_delegation_key"), "signed_expiry", None)
    return min(asked, ends) if ends else asked


class Unsigned(Sas):
    """Addresses that say where a signature goes, and for what: `…/input?SIGNATURE_input_rl`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint.rstrip("/"), "", lambda _start, _expiry: {}, SystemClock())

    def _container(self, container: str, permission: str) -> str:
        return f"{self.endpoint}/{container}?SIGNATURE_{container}_{permission}"
