"""Requests signed by hand, to send what no SDK sends."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .stand import ACCOUNT, KEY

SIGNED = (
    *("Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date"),
    *("If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"),
)
VERSION = "api-version=2025-06-01"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return self.json["code"]


def sign(method: str, path: str, headers: dict[str, str], key: str = KEY, account: str = ACCOUNT) -> str:
    parts = urlsplit(path)
    ocp = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("ocp-"))
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    lines = [method, *(headers.get(name, "") for name in SIGNED), *(f"{name}:{value}" for name, value in ocp)]
    lines += [f"/{account}{parts.path}", *(f"{name}:{value}" for name, value in query)]
    digest = hmac.new(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256).digest()
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


def send(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    *,
    signed: bool = True,
    trusting: ssl.SSLContext | None = None,
    **signing: str,
) -> Reply:
    """Sends one request; a body that is not bytes goes as JSON. `trusting`: over https."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = {"ocp-date": formatdate(usegmt=True), **(headers or {})}
    if content:
        sent["Content-Type"] = "application/json; odata=minimalmetadata"
    if content or method in ("POST", "PUT", "PATCH"):
        sent["Content-Length"] = str(len(content))
    if signed:
        sent["Authorization"] = sign(method, path, sent, **signing)
    host = urlsplit(url).netloc
    connection = (
        http.client.HTTPSConnection(host, timeout=20, context=trusting)
        if trusting
        else http.client.HTTPConnection(host, timeout=20)
    )
    try:
        connection.request(method, path, content or None, sent)
        answer = connection.getresponse()
        return Reply(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
