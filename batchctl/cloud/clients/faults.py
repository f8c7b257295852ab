"""Service errors to CloudError: by HTTP status and service code, never by the SDK's exception class.

The SDK's classes mislead: every 409 is ResourceExistsError, and any failure with If-Match is ResourceModifiedError.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from batchctl.errors import CloudError
from batchctl.words import plural

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

TRANSIENT = frozenset({0, 408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed; 0 is no answer at all."""

SHOWN = 2000

MOST_SKEW = timedelta(minutes=15)
"""How far a clock may be off: of Batch and of storage alike (REST: authorize with Shared Key)."""

LONGEST_VALUE = 1000
"""Characters of one detail. None is cut: half a secret would not be known as one where secrets are hidden."""

_PLAIN = frozenset({"Message", "RequestId", "Time"})
_QUERY = re.compile(r"""(https?://[^\s?'"]*)\?[^\s'"]*""")
_PROGRAM = re.compile(r"""\s*(?:"[^"]*"|'[^']*'|\S)+""")
_UNTRUSTED = re.compile(r"certificate verify failed: (?P<why>[^(\n]*[^(\s])")
"""As Python tells what OpenSSL found."""
_SIGNATURE = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")
"""What signed a request; the service gives it back when it does not fit."""


class Fault(CloudError):  # noqa: N818 (the field says "fault"; it is raised and read by this name)
    """A CloudError with what a retry needs: `transient`, and `retry_after` in seconds where the service said it."""

    def __init__(self, message: str, *, status: int, code: str, retry_after: float | None = None) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after
        # Status 0 as well, but whoever is not signed in, or not trusted, is not so a second later.
        self.transient = status in TRANSIENT and code not in ("NotSignedIn", "NotTrusted")


def as_fault(error: Exception) -> Fault | None:
    """What went wrong with a request, whoever sent it; None: the request is not what went wrong."""
    if isinstance(error, Fault):
        return error
    from azure.core.exceptions import AzureError  # imported late, as all of the SDK: a plan sends nothing by it

    return fault_of(error) if isinstance(error, AzureError) else None


def fault_of(error: "AzureError") -> Fault:
    """Any exception of the SDK as one value that says what the service said."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    response: Any = error.response if isinstance(error, HttpResponseError) else None
    if response is None:
        if isinstance(error, ClientAuthenticationError):
            return Fault(_not_signed_in(error), status=0, code="NotSignedIn")
        untrusted = _UNTRUSTED.search(str(error))
        return untrusted_fault(untrusted["why"]) if untrusted else silence_fault(str(error))
    request = getattr(response, "request", None)
    where = f"{request.method} {_without_query(request.url)}" if request is not None else "the request"
    code = str(getattr(error, "error_code", "") or "")
    return answer_fault(where, int(response.status_code or 0), response.headers, _body_text(response), code)


def answer_fault(where: str, status: int, headers: Mapping[str, str], text: str, code: str = "") -> Fault:
    """What the service answered to the request `where` (method and path), with the body `text`."""
    said, message = _code_and_message(text)
    code = said or str(headers.get("x-ms-error-code", "")) or code
    told = f"{where} was answered {status} {code}".rstrip() + (f": {message}" if message else "")
    if status in (401, 403) and (wrong := _clock_told(headers)):
        told = f"{told}; {wrong}"
    return Fault(told, status=status, code=code, retry_after=_retry_after(headers))


def silence_fault(why: str) -> Fault:
    """No answer came, or not all of it."""
    return Fault(f"no answer from the service: {_first_line_unsigned(why)}", status=0, code="")


def untrusted_fault(why: str) -> Fault:
    """What answered has no certificate that is good for it."""
    hint = "REQUESTS_CA_BUNDLE names a file of authorities to trust in place of the public ones"
    return Fault(f"the certificate of the service is not trusted: {why} ({hint})", status=0, code="NotTrusted")


def error_text(error: Mapping[str, Any]) -> str:
    """`Code: message (Name: value)`, of an error inside an answer: of a task, a node, a resize or an evaluation."""
    message = error.get("message") or ""
    said = str(message.get("value") or "") if isinstance(message, Mapping) else str(message)
    pairs = error.get("details") or error.get("values") or error.get("errorDetails") or ()
    # An exit code says it all: what stands beside it is the same for every task.
    more = "" if error.get("code") == "FailureExitCode" else _in_brackets(pairs)
    return f"{error.get('code') or ''}: {said.split(chr(10) + 'RequestId', 1)[0]}".strip(": ") + more


def scheduling_error_text(info: Mapping[str, Any]) -> str | None:
    """Why a job could not be scheduled, of its executionInfo. A job that ends says there how many nodes it waits for
    (`JobTerminationAwaitingNodeProcessing`, `JobDeletionAwaitingNodeProcessing`), which is no error."""
    error = info.get("schedulingError")
    return error_text(error) if error and not str(error.get("code")).endswith("AwaitingNodeProcessing") else None


def _in_brackets(pairs: Iterable[Mapping[str, Any]]) -> str:
    """` (Name: value; …)` of what the service says beside its message; no URL keeps its query, where a SAS lives."""
    told = [(pair.get("key") or pair.get("name"), str(pair.get("value") or "")) for pair in pairs]
    shown = "; ".join(f"{name}: {_in_short(str(name), value)}" for name, value in told if value)
    return f" ({shown})" if shown else ""


def _in_short(name: str, value: str) -> str:
    if name == "CommandLine":  # its program is what was not found
        found = _PROGRAM.match(value)
        return f"{found[0]} …" if found and found.end() < len(value.rstrip()) else value
    if name == "AuthenticationErrorDetail":  # with the string to sign, which is mostly empty lines
        value = " ".join(_SIGNATURE.sub("…", value).split())
    plain = _QUERY.sub(r"\1", value)
    return plain if len(plain) <= LONGEST_VALUE else f"{len(plain):,} characters"


def _clock_told(headers: Mapping[str, str]) -> str:
    """That our clock and the service's are too far apart for any signature, if they are. The SDK signs by that of the
    system too, whatever clock is handed in elsewhere.
    """
    try:
        theirs = parsedate_to_datetime(headers.get("Date") or "")
        off = (datetime.now(UTC) - theirs).total_seconds()
    except (TypeError, ValueError, OverflowError):  # no date, or one without a zone
        return ""
    if abs(off) <= MOST_SKEW.total_seconds():
        return ""
    which = "ahead of" if off > 0 else "behind"
    return (
        f"the clock of this machine is {_about(abs(off))} {which} the service's, which takes no request that is more "
        "than 15 minutes off: set the clock"
    )


def _about(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600)):
        if seconds >= 2 * length:
            return plural(round(seconds / length), unit)
    return plural(round(seconds / 60), "minute")


def _body_text(response: Any) -> str:
    try:
        return str(response.text())
    except Exception:  # a streamed body can be gone: then the status has to do
        return ""


def _code_and_message(text: str) -> tuple[str, str]:
    """The service's code and message, from the body that Batch sends (JSON) or Storage sends (XML)."""
    try:
        body = json.loads(text)
        body = body.get("error") or body  # as Azure Resource Manager has it
        message = body.get("message") or {}
        value = message.get("value", "") if isinstance(message, dict) else str(message)
        lines = [line for line in value.splitlines() if not line.startswith(("RequestId:", "Time:"))]
        return str(body.get("code", "")), " ".join(lines)[:SHOWN] + _in_brackets(body.get("values") or ())
    except (ValueError, AttributeError):
        found = dict(re.findall(r"<(\w{1,80})>\s*([^<\n]+)", text))
        if code := found.pop("Code", ""):
            details = [{"name": name, "value": value} for name, value in found.items() if name not in _PLAIN]
            return code, found.get("Message", "")[:SHOWN] + _in_brackets(details)
        # No answer of the service: most often the page of a proxy, whose first words are enough.
        return "", _first_line_unsigned(text)[:80]


def _retry_after(headers: Any) -> float | None:
    try:
        return max(0.0, float(headers.get("Retry-After")))
    except (TypeError, ValueError):
        return None


def _without_query(url: str) -> str:
    """The URL without its query: a SAS lives there."""
    return url.split("?", 1)[0]


def _first_line_unsigned(text: str) -> str:
    return re.sub(r"sig=[^&\s'\"]+", "sig=…", text.strip().splitlines()[0] if text.strip() else "unknown")[:SHOWN]


NOT_SIGNED_IN = "not signed in to Azure: run `az login`"
"""For what no key opens; where one does, that is told beside it."""


def _not_signed_in(error: "AzureError") -> str:
    keys = "set AZURE_BATCH_ACCESS_KEY and AZURE_STORAGE_KEY"
    return f"{NOT_SIGNED_IN}, or {keys} ({_first_line_unsigned(_why_no_token(str(error)))})"


_TRIED = re.compile(r"^\t(\w+: .+)", re.MULTILINE)
_NOT_SET_UP = re.compile("unavailable|not (be )?(found|installed|logged)|to be installed|run 'az login'", re.IGNORECASE)

_ASKED = "Token request error: ("
"""What a managed identity that answered is told with, though it is called unavailable as well."""


def _why_no_token(text: str) -> str:
    """Of what each way to sign in said, what the last one did that was set up: there the SDK stops."""
    telling = [said for said in _TRIED.findall(text) if _ASKED in said or not _NOT_SET_UP.search(said)]
    return telling[-1] if telling else text
