"""Is the request signed with the account's key, and young enough? Or does it bear a token? Pure: key, time and the
reader of tokens are handed in.

The string to sign is that of the REST page "Authenticate requests to the Azure Batch service".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping

from batchctl.emulator import times
from batchctl.emulator.identity.claims import BATCH, Claims, objection_to
from batchctl.emulator.identity.principals import TENANT
from batchctl.emulator.refusals import Refusal

WINDOW = 15 * 60  # seconds, as that page has it
_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_BAD_TOKEN = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly."
)
"""As the service answers a token that it does not take, with 401 (github.com/AzureAD/
microsoft-authentication-library-for-js/issues/1735, 2020-06-03)."""

_TAKEN = f'SharedKey, Bearer resource="{BATCH}"'


def check_token(header: str, read: Callable[[str], Claims | None], now: float, base: str) -> None:
    """Raises the refusal unless the header bears a token for Batch, of our tenant and of this hour. `read` gives the
    claims of a token, None for one that was not signed here; `base` is our own URL, where tokens are to be had."""
    claims = read(header.partition(" ")[2].strip())
    why = objection_to(claims, now) if claims is not None else "The access token is invalid."
    if why:
        refusal = _authentication_failed(why)
        refusal.status, refusal.message = 401, _BAD_TOKEN
        challenge = f'Bearer authorization_uri="{base}/{TENANT}", resource="{BATCH}", error="invalid_token"'
        refusal.headers = {"WWW-Authenticate": challenge}
        raise refusal


def check_signature(
    account: str,
    key: bytes,
    now: float,
    method: str,
    raw_path: str,
    query: list[tuple[str, str]],
    headers: Mapping[str, str],
) -> None:
    """Raises the refusal unless the request bears a good signature. `query` is decoded, in order."""
    named, given = _credentials(headers.get("authorization"))
    if named.lower() != account.lower():
        raise _authentication_failed("The account is not known here.")
    _check_date(headers, now)
    # Two spellings are signed in the wild; either is good, and the first is shown where neither fits.
    texts = [_text_to_sign(named, method, raw_path, query, headers, lower) for lower in (False, True)]
    if not any(hmac.compare_digest(_signature_of(key, text), given) for text in texts):
        raise _authentication_failed(
            "The MAC signature found in the HTTP request is not the same as any computed signature. "
            f"Server used following string to sign: '{texts[0]}'."
        )


def _credentials(header: str | None) -> tuple[str, bytes]:
    if header is None:
        raise Refusal("Unauthorized", headers={"WWW-Authenticate": _TAKEN})
    scheme, _, rest = header.partition(" ")
    account, colon, signature = rest.strip().partition(":")
    if scheme.lower() != "sharedkey":
        raise Refusal(
            "Unauthorized",
            (("Reason", f"{scheme} is not served; SharedKey and Bearer are."),),
            headers={"WWW-Authenticate": _TAKEN},
        )
    try:
        if not colon or not account:
            raise ValueError
        return account, base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        raise Refusal("InvalidAuthenticationInfo") from None


def _check_date(headers: Mapping[str, str], now: float) -> None:
    text = headers.get("ocp-date") or headers.get("date")
    try:
        sent = times.http_seconds(text or "")
    except ValueError:
        raise _authentication_failed("The request has no valid ocp-date or date header.") from None
    if abs(now - sent) > WINDOW:
        raise _authentication_failed(f"The date header in the request is too old or lies ahead: '{text}'.")


def _text_to_sign(
    account: str, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], lower: bool
) -> str:
    """The string to sign. Clients sort the names of the query as they are spelled, the documentation in lower case."""
    first: dict[str, str] = {}
    for name, value in query:
        if not value:
            continue
        first.setdefault(name.lower() if lower else name, value)
    ocp = sorted((name, value) for name, value in headers.items() if name.startswith("ocp-"))
    lines = [
        method,
        *(headers.get(name, "") for name in _SIGNED_HEADERS),
        *(f"{name}:{value}" for name, value in ocp),
        f"/{account}{path}",
        *(f"{name}:{value}" for name, value in sorted(first.items())),
    ]
    return "\n".join(lines)


def _signature_of(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _authentication_failed(detail: str) -> Refusal:
    return Refusal("AuthenticationFailed", (("AuthenticationErrorDetail", detail),))
