"""Which service: a Target is two addresses and their credentials; `connect` makes the clients that speak to it."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime
from functools import cache
from threading import Event
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from batchctl.clock import Clock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.clients.again import Again
from batchctl.cloud.clients.batch import Batch
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.genuine import OF_STORAGE, require_the_service, require_this_request
from batchctl.cloud.clients.sas import Sas, Signer, Unsigned
from batchctl.cloud.clients.session import Session
from batchctl.cloud.clients.signing import BATCH, STORAGE, UNAUTHORIZED, Bearer, Identity, SharedKey, Signing
from batchctl.cloud.clients.storage import ANSWER_WITHIN, CONNECT_WITHIN, Direct, trusted_certificates
from batchctl.errors import UsageError
from batchctl.frozen import dataclass

if TYPE_CHECKING:
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import BlobServiceClient

    from batchctl.cloud.clients.arm import Arm
    from batchctl.cloud.expansion import Expansion
    from batchctl.cloud.resources.unmarked import Unmarked

BATCH_SCOPE = "https://batch.core.windows.net//.default"
STORAGE_SCOPE = "https://storage.azure.com/.default"
"""What a token is for, as the SDKs ask for it."""

AZURITE_KNOWS = "2026-06-06"
"""The newest x-ms-version that Azurite 3.37.0 knows: the SDK's own is newer, and others start theirs as it comes."""

ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
"""Names of Batch and of storage accounts: one becomes the host of signed requests, both are part of a signature."""

OF_AZURE = (
    r"([a-z0-9]{3,24})(?:-secondary)?\.(?:.+\.)?(?:blob\.storage\.azure\.net|batch\.azure\.com|"
    r"(?:blob\.core|batch)\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))"
)
"""Hosts of accounts, each with its name, in all clouds (Learn: endpoints of storage accounts; of Batch accounts)."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Two endpoints and the credentials for them. Without a key, DefaultAzureCredential asks Entra ID.

    `trusted`: a file of certificates, who signs those of both; None: whom the environment names, or the public ones.
    `has_arm`: Azure Resource Manager stands beside it, where the Batch account has this `resource_id`.
    """

    batch_url: str
    batch_account: str
    storage_url: str
    storage_account: str
    batch_key: str | None = field(default=None, repr=False)
    storage_key: str | None = field(default=None, repr=False)
    storage_api_version: str | None = None
    trusted: str | None = None
    has_arm: bool = False
    resource_id: str | None = None

    @property
    def is_on_loopback(self) -> bool:
        """A Batch service on this machine, whoever started it."""
        return urlsplit(self.batch_url).hostname in LOOPBACK

    @classmethod
    def azure(
        cls, account: tuple[str | None, str | None], environ: Mapping[str, str], resource_id: str | None = None
    ) -> Self:
        """From the spec's `account:` (batch, storage; the Batch account's id) and the variables that the Azure CLI
        reads (design D9)."""
        settings = _connection_string(environ.get("AZURE_STORAGE_CONNECTION_STRING", ""))
        said = _checked_name(environ.get("AZURE_STORAGE_ACCOUNT"), "AZURE_STORAGE_ACCOUNT")
        in_string = _checked_name(settings.get("AccountName"), "the AccountName of AZURE_STORAGE_CONNECTION_STRING")
        name = said or in_string
        batch_name = _checked_name(environ.get("AZURE_BATCH_ACCOUNT"), "AZURE_BATCH_ACCOUNT")
        if batch_name and not (account[0] or environ.get("AZURE_BATCH_ENDPOINT")):
            address = f"https://{batch_name}.REGION.batch.azure.com"
            raise UsageError(
                f"AZURE_BATCH_ACCOUNT names {batch_name!r}, but nothing says where it is: set AZURE_BATCH_ENDPOINT to "
                f"its address, {address} (`az batch account show` has it as accountEndpoint)"
            )
        batch = _endpoint(account[0] or environ.get("AZURE_BATCH_ENDPOINT"), "Batch", "AZURE_BATCH_ENDPOINT")
        storage = _endpoint(
            account[1]
            or settings.get("BlobEndpoint")
            or environ.get("AZURE_STORAGE_ACCOUNT_URL")
            or (f"https://{name}.blob.{_suffix(settings)}" if name else None),
            "storage",
            "AZURE_STORAGE_ACCOUNT",
        )
        batch_key = _checked_key(environ.get("AZURE_BATCH_ACCESS_KEY"), "AZURE_BATCH_ACCESS_KEY")
        key = _checked_key(environ.get("AZURE_STORAGE_KEY"), "AZURE_STORAGE_KEY")
        key_in_string = _checked_key(settings.get("AccountKey"), "the AccountKey of AZURE_STORAGE_CONNECTION_STRING")
        batch_account, storage_account = _account_at(batch, batch_name), _account_at(storage, name)
        if batch_key:
            _require_its_key("Batch", batch, batch_account, batch_name, "AZURE_BATCH_ACCOUNT")
        if key:
            _require_its_key("storage", storage, storage_account, said, "AZURE_STORAGE_ACCOUNT")
        elif key_in_string:
            _require_its_key("storage", storage, storage_account, in_string, "AZURE_STORAGE_CONNECTION_STRING")
        return cls(
            batch_url=batch,
            batch_account=batch_account,
            batch_key=batch_key,
            storage_url=storage,
            storage_account=storage_account,
            storage_key=key or key_in_string,
            has_arm=urlsplit(batch).hostname not in LOOPBACK,
            resource_id=resource_id,
            # A blob store on loopback is Azurite, whoever started it.
            storage_api_version=AZURITE_KNOWS if urlsplit(storage).hostname in LOOPBACK else None,
        )

    @classmethod
    def local(
        cls,
        *,
        batch_url: str,
        batch_account: str,
        batch_key: str,
        storage_url: str,
        storage_account: str,
        storage_key: str,
        trusted: str | None = None,
    ) -> Self:
        """The services on this machine."""
        return cls(
            batch_url=batch_url,
            batch_account=batch_account,
            batch_key=batch_key,
            storage_url=storage_url,
            storage_account=storage_account,
            storage_key=storage_key,
            storage_api_version=AZURITE_KNOWS,
            trusted=trusted,
        )


def connect(
    target: Target, clock: Clock, at_once: int | None = None, say: Callable[[str], None] | None = None
) -> Azure:
    """Make the clients; sends nothing yet. Our own loops retry, so the SDK's do not (design D11).

    `at_once`: how many objects are worked on at any one time; None: as many as each kind stands best.
    `say` hears of requests that are tried again.
    """
    return Azure(_session(target, clock, at_once, Again(clock, say)))


def unmarked(target: Target, clock: Clock) -> "Unmarked":
    """The blob store of an account, for what is put there by hand; sends nothing yet."""
    from batchctl.cloud.resources.unmarked import Unmarked  # imported late: no plan needs it

    return Unmarked(_session(target, clock))


def _session(target: Target, clock: Clock, at_once: int | None = None, again: Again | None = None) -> Session:
    gate, halt, identity = Gate(), Event(), Identity()
    blobs = cache(lambda: _blob_client(target, gate, identity))
    signer = _signer_of(target, blobs)
    sas = Sas(target.storage_url.rstrip("/"), target.storage_account, signer, clock, halt, again)
    for_batch, for_storage = _signings(target, identity)
    batch, direct = (
        Direct(url, gate, straight=urlsplit(url).hostname in LOOPBACK, trusted=target.trusted, is_batch=is_batch)
        for url, is_batch in ((target.batch_url, True), (target.storage_url, False))
    )
    return Session(
        Batch(batch, target.batch_url, for_batch),
        blobs,
        sas,
        direct,
        for_storage,
        clock,
        gate,
        halt,
        at_once=at_once,
        arm=_arm(target, gate),
        is_paper=target.is_on_loopback,
        again=again,
    )


def _signings(target: Target, identity: Identity) -> tuple[Signing, Signing]:
    """Who sends requests to Batch, and to storage."""
    by_name: Signing = Bearer(BATCH_SCOPE, identity)
    if target.batch_key is not None:
        by_name = SharedKey(target.batch_account, target.batch_key, BATCH)
    else:
        _require_https(target.batch_url, "AZURE_BATCH_ACCESS_KEY")
    if target.storage_key is not None:
        return by_name, SharedKey(target.storage_account, target.storage_key, STORAGE)
    _require_https(target.storage_url, "AZURE_STORAGE_KEY")
    return by_name, Bearer(STORAGE_SCOPE, identity)


def _arm(target: Target, gate: Gate) -> "Arm | None":
    if not target.has_arm:
        return None
    from batchctl.cloud.clients.arm import Arm  # imported late: what is on this machine has none

    return Arm(target.resource_id, target.batch_url, gate)


def _blob_client(target: Target, gate: Gate, identity: Identity) -> "BlobServiceClient":
    import logging  # imported late, with the SDK

    from azure.storage.blob import BlobServiceClient

    # The SDK warns, with tracebacks, about answers without a body and about every way in which nobody is signed in.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    options: dict[str, Any] = {"api_version": target.storage_api_version} if target.storage_api_version else {}

    def look(response: Any) -> None:
        _require_genuine(response)
        # The SDK asks for another token then, and sends the request once more.
        if response.http_response.status_code == UNAUTHORIZED:
            identity.renew()

    return BlobServiceClient(
        target.storage_url,
        credential=_credential(target.storage_account, target.storage_key, identity),
        transport=_transport(target.storage_url, target.trusted),
        user_agent=gate.user_agent,
        raw_request_hook=gate.check,
        raw_response_hook=look,
        retry_total=0,
        # The signature would go along to wherever an answer points (reliability S10).
        permit_redirects=False,
        **options,
    )


NOWHERE = Target.local(
    batch_url="https://BATCH_ACCOUNT.REGION.batch.azure.com",
    batch_account="account",
    batch_key="",
    storage_url="https://STORAGE_ACCOUNT.blob.core.windows.net",
    storage_account="account",
    storage_key="",
)
"""Where nobody names an account: its addresses have names to be filled in."""


def expansion(storage_url: str, clock: Clock) -> "Expansion":
    """What would be sent to an account whose blobs are there; nothing is sent, nobody is signed in."""
    from batchctl.cloud.expansion import Expansion  # imported late, too

    session = _session(replace(NOWHERE, storage_url=storage_url), clock)
    return Expansion(replace(session, sas=Unsigned(storage_url)))


def _transport(url: str, trusted: str | None) -> "RequestsTransport":
    """What is on this machine is never asked for through a proxy, whatever HTTP_PROXY says."""
    from azure.core.pipeline.transport import RequestsTransport

    straight = urlsplit(url).hostname in LOOPBACK
    return RequestsTransport(
        use_env_settings=not straight,
        # Among the settings of the environment that it does not look at then are the certificates that it trusts.
        connection_verify=trusted or (trusted_certificates() if straight else True),
        # Here, not among a client's options: beside a transport they go unread, and it waits for 300 s.
        connection_timeout=CONNECT_WITHIN,
        read_timeout=ANSWER_WITHIN,
    )


def _require_genuine(response: Any) -> None:
    """Of any answer to the SDK, which names each of its requests. Raises Fault."""
    answer, request = response.http_response, response.http_request
    where, service = request.url.partition("?")[0], "blob storage"
    require_the_service(where, answer.status_code, answer.headers, service)
    require_this_request(where, request.headers.get(OF_STORAGE), answer.headers.get(OF_STORAGE), service)


def _credential(account: str, key: str | None, identity: Identity) -> Any:
    if key is None:
        return identity
    from azure.core.credentials import AzureNamedKeyCredential

    return AzureNamedKeyCredential(account, key)


def _require_https(url: str, variable: str) -> None:
    if urlsplit(url).scheme != "https":
        raise UsageError(f"{url} would be sent a token, which goes over https alone: set {variable}, or name its https")


def _signer_of(target: Target, blobs: "Callable[[], BlobServiceClient]") -> Signer:
    key = target.storage_key
    if key is not None:
        return lambda _start, _expiry: {"account_key": key}

    def delegated(start: datetime, expiry: datetime) -> dict[str, Any]:
        return {"user_delegation_key": blobs().get_user_delegation_key(start, expiry)}

    return delegated


def _endpoint(url: str | None, what: str, variable: str) -> str:
    if not url:
        raise UsageError(f"no {what} account is named: set {variable}, or give the spec an `account:` block")
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise UsageError(f"the {what} endpoint {parts.hostname!r} must be https")
    if parts.username or parts.query or not parts.hostname:
        raise UsageError(f"the {what} endpoint must be a plain https address, without user or query")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _checked_name(text: str | None, where: str) -> str | None:
    """Raises UsageError for what is no account's name, and does not show it: keys are pasted there too."""
    if text and not ACCOUNT_NAME.fullmatch(text):
        raise UsageError(f"{where} holds no account's name: one has 3 to 24 lower-case letters and digits, no address")
    return text or None


def _checked_key(text: str | None, where: str) -> str | None:
    """Raises UsageError, which does not show it, for what is no key (reliability B86)."""
    try:
        b64decode(text or "", validate=True)
    except ValueError as error:
        raise UsageError(f"{where} holds no key: a key is base64, copied whole") from error
    return text or None


def _connection_string(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";") if "=" in part)


def _suffix(settings: Mapping[str, str]) -> str:
    """The domain of storage: that of a sovereign cloud is another. Raises UsageError for what is none."""
    found = settings.get("EndpointSuffix") or "core.windows.net"
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", found):
        raise UsageError("the EndpointSuffix of AZURE_STORAGE_CONNECTION_STRING is no domain, such as core.windows.net")
    return found


def _account_at(url: str, said: str | None) -> str:
    """The account at an address: what Azure's own hosts say of it, and of others (a custom domain, this machine) what
    is `said` beside it, or their first word, or the path on this machine."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path.strip("/")
    if found := re.fullmatch(OF_AZURE, host):
        return found[1]
    return said or (path if host in LOOPBACK and path else host.split(".", 1)[0])


def _require_its_key(what: str, url: str, account: str, owner: str | None, variable: str) -> None:
    """Raises UsageError for a key of another account, with which all that is signed would be refused."""
    if owner not in (None, account):
        raise UsageError(
            f"{url} is the {what} account {account!r}, and the key is that of {owner!r}, as {variable} says: name one "
            "account in both"
        )
