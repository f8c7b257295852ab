"""Who sends a request: the account's key, which signs it, or a token of Entra ID (design D16).

The two schemes of a key are one: Batch signs the headers that begin with `ocp-`, storage those with `x-ms-` (REST:
"Authenticate Batch requests via Shared Key", "Authorize with Shared Key").
"""

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import field
from email.utils import formatdate
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from batchctl.errors import CloudError
from batchctl.frozen import dataclass

T = TypeVar("T")

Signing = Callable[[str, str, Mapping[str, str]], Mapping[str, str]]
"""(method, URL, headers) to the headers that say who sends it."""

BATCH, STORAGE = "ocp-", "x-ms-"

SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"),
    *("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)
"""Headers whose values are signed, in this order."""

RENEWED_BEFORE = 300.0
"""Seconds before its end from which a token is not used any more, as the SDK has it."""

UNAUTHORIZED = 401
"""What a token is answered that has ended; a right that is missing is 403."""


def signature(key: str, text: str) -> str:
    """What a key, in base64, makes of a text."""
    return b64encode(hmac.digest(b64decode(key), text.encode(), hashlib.sha256)).decode()


@dataclass(frozen=True, slots=True)
class SharedKey:
    """Signs with the key of an account. `lead`: how the service's own headers begin."""

    account: str
    key: str = field(repr=False)
    lead: str

    def __call__(self, method: str, url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        date = {f"{self.lead}date": formatdate(usegmt=True)}
        return {**date, "Authorization": self.authorization(method, url, {**headers, **date})}

    def authorization(self, method: str, url: str, headers: Mapping[str, str]) -> str:
        return f"SharedKey {self.account}:{signature(self.key, self._text(method, url, headers))}"

    def _text(self, method: str, url: str, headers: Mapping[str, str]) -> str:
        said, parts = {name.lower(): value for name, value in headers.items()}, urlsplit(url)
        own = (f"{name}:{said[name]}" for name in sorted(said) if name.startswith(self.lead))
        query = parse_qs(parts.query)
        asked = (f"{name.lower()}:{query[name][0]}" for name in sorted(query))
        place = f"/{self.account}{parts.path}"
        return "\n".join([method, *(said.get(name, "") for name in SIGNED), *own, place, *asked])


class Identity:
    """Who is signed in to Entra ID: a credential of the SDK, which finds that out when it is first asked.

    Raises the SDK's AzureError for nobody.
    """

    def __init__(self) -> None:
        self._credential: Any = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return self._opened().get_token(*scopes, **options)

    def get_token_info(self, *scopes: str, **options: Any) -> Any:
        return self._opened().get_token_info(*scopes, **options)

    def renew(self) -> None:
        """A credential gives the same token until it says that it ends: another one begins without any."""
        self._credential = None

    def _opened(self) -> Any:
        # Two threads may both open it: each has a good one, and the later one stays.
        if (found := self._credential) is None:
            from azure.identity import DefaultAzureCredential  # imported late: 0.25 s that a key does not need

            found = self._credential = DefaultAzureCredential()
        return found


class Bearer:
    """Signs with a token of the first credential that Entra ID takes. Raises the SDK's AzureError for nobody."""

    def __init__(self, scope: str, identity: Identity) -> None:
        self._scope, self._identity = scope, identity
        self._token: Any = None

    def __call__(self, _method: str, _url: str, _headers: Mapping[str, str]) -> Mapping[str, str]:
        # Two threads may both ask: each has a good one, and the later one stays.
        token = self._token
        if token is None or token.expires_on - RENEWED_BEFORE < time.time():
            token = self._token = self._identity.get_token(self._scope)
        return {"Authorization": f"Bearer {token.token}"}

    def forget(self, said: Mapping[str, str]) -> None:
        """The token that was shown is taken no more; another may have come in its place by now."""
        token = self._token
        if token and said["Authorization"] == f"Bearer {token.token}":
            self._token = None
            self._identity.renew()


def signed(
    signing: Signing, method: str, url: str, headers: Mapping[str, str], send: Callable[[Mapping[str, str]], T]
) -> T:
    """What `send` gives for the headers that say who sends; once more where a token is taken no more, though it says
    that it lives: it was revoked, or our clock is behind (reliability F68)."""
    said = signing(method, url, headers)
    try:
        return send(said)
    except CloudError as error:
        if error.status != UNAUTHORIZED or not isinstance(signing, Bearer):
            raise
        signing.forget(said)
    return send(signing(method, url, headers))
