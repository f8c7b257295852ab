"""Service errors to CloudError: by HTTP status and service code, never by the SDK's exception class.

The SDK's classes mislead: every 409 is ResourceExistsError, and any failure with If-Match is ResourceModifiedError.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from batchctl.errors import CloudError

TRANSIENT = frozenset({0, 408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed; 0 is no answer at all."""

SHOWN = 2000


class Fault(CloudError):  # noqa: N818 (the field says "fault"; it is raised and read by this name)
    """A CloudError with what a retry needs: `transient`, and `retry_after` in seconds where the service said it."""

    def __init__(self, message: str, *, status: int, code: str, retry_after: float | None = None) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after
        # Status 0 as well, but whoever is not signed in is not so a second later.
        self.transient = status in TRANSIENT and code != "NotSignedIn"


def fault_of(error: AzureError) -> Fault:
    """Any exception of the SDK as one value that says what the service said."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    if response is None:
        if isinstance(error, ClientAuthenticationError):
            return Fault(_not_signed_in(error), status=0, code="NotSignedIn")
        return silence_fault(str(error))
    request = getattr(response, "request", None)
    where = f"{request.method} {_without_query(request.url)}" if request is not None else "the request"
    code = str(getattr(error, "error_code", "") or "")
    return answer_fault(where, int(response.status_code or 0), response.headers, _body_text(response), code)


def answer_fault(where: str, status: int, headers: Mapping[str, str], text: str, code: str = "") -> Fault:
    """What the service answered to the request `where` (method and path), with the body `text`."""
    said, message = _code_and_message(text)
    code = said or str(headers.get("x-ms-error-code", "")) or code
    told = f"{where} was answered {status} {code}".rstrip() + (f": {message}" if message else "")
    return Fault(told, status=status, code=code, retry_after=_retry_after(headers))


def silence_fault(why: str) -> Fault:
    """No answer came, or not all of it."""
    return Fault(f"no answer from the service: {_first_line_unsigned(why)}", status=0, code="")


def _body_text(response: Any) -> str:
    try:
        return str(response.text())
    except Exception:  # a streamed body can be gone: then the status has to do
        return ""


def _code_and_message(text: str) -> tuple[str, str]:
    """The service's code and message, from the body that Batch sends (JSON) or Storage sends (XML)."""
    try:
        body = json.loads(text)
        message = body.get("message") or {}
        value = message.get("value", "") if isinstance(message, dict) else str(message)
        details = "; ".join(f"{v.get('key')}: {v.get('value')}" for v in body.get("values") or ())
        lines = [line for line in value.splitlines() if not line.startswith(("RequestId:", "Time:"))]
        return str(body.get("code", "")), " ".join([*lines, *([f"({details})"] if details else [])])[:SHOWN]
    except (ValueError, AttributeError):
        code = re.search(r"<Code>([^<]{1,200})</Code>", text)
        message = re.search(r"<Message>([^<\n]{1,500})", text)
        if code:
            return code[1], message[1] if message else ""
        # No answer of the service: most often the page of a proxy, whose first words are enough.
        return "", _first_line_unsigned(text)[:80]


def _retry_after(headers: Any) -> float | None:
    try:
        return float(headers.get("Retry-After"))
    except (TypeError, ValueError):
        return None


def _without_query(url: str) -> str:
    """The URL without its query: a SAS lives there."""
    return url.split("?", 1)[0]


def _first_line_unsigned(text: str) -> str:
    return re.sub(r"sig=[^&\s'\"]+", "sig=…", text.strip().splitlines()[0] if text.strip() else "unknown")[:SHOWN]


def _not_signed_in(error: AzureError) -> str:
    return (
        "not signed in to Azure: run `az login`, or set AZURE_BATCH_ACCESS_KEY and AZURE_STORAGE_KEY "
        f"({_first_line_unsigned(str(error))})"
    )
