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
from typing import Any
from urllib.parse import parse_qs, urlsplit

from batchctl.frozen import dataclass

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


class Bearer:
    """Signs with a token of the first credential that Entra ID takes. Raises the SDK's AzureError for nobody."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._credential: Any = None
        self._token: Any = None

    def __call__(self, _method: str, _url: str, _headers: Mapping[str, str]) -> Mapping[str, str]:
        # Two threads may both ask: each has a good one, and the later one stays.
        if self._token is None or self._token.expires_on - RENEWED_BEFORE < time.time():
            self._token = self._opened().get_token(self._scope)
        return {"Authorization": f"Bearer {self._token.token}"}

    def _opened(self) -> Any:
        if self._credential is None:
            from azure.identity import DefaultAzureCredential  # imported late: 0.25 s that a key does not need

            self._credential = DefaultAzureCredential()
        return self._credential
