"""Asks the running emulator things that are ours alone. Straight to loopback: `http.client` knows no proxies."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PATH = "/_local/status"
_JSON = "application/json"
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Activity:
    """How long nothing was asked of the emulator, in seconds, and how many tasks run now; how many seconds its clock is
    ahead, the scale at which steps of machines take their time, and how many faults are in force."""

    idle_seconds: float
    running_tasks: int
    ahead_seconds: float = 0.0
    time_scale: float = 0.0
    faults: int = 0

    @property
    def is_set(self) -> bool:
        """Whether it was told to behave otherwise than a new one."""
        return bool(self.ahead_seconds or self.time_scale or self.faults)


def ask_activity(port: int, account: str, key: str) -> Activity | None:
    """None if nobody answers there, or the one who answers does not know our key."""
    try:
        status, found = ask_emulator(port, account, key, "GET", PATH, timeout=5.0)
        if status != 200:
            return None
        told = (found.get(name, 0) for name in ("aheadSeconds", "timeScale", "faults"))
        return Activity(float(found["idleSeconds"]), int(found["runningTasks"]), *told)
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None


def ask_emulator(
    port: int, account: str, key: str, method: str, path: str, body: Any = None, *, timeout: float = 30.0
) -> tuple[int, Any]:
    """HTTP status and the JSON of the answer, None where it has none. Raises OSError, HTTPException or ValueError."""
    content = b"" if body is None else json.dumps(body).encode()
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, content or None, _signed(account, key, method, path, content))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def _signed(account: str, key: str, method: str, path: str, content: bytes) -> dict[str, str]:
    """Azure Batch's SharedKey: the method, eleven headers of which we send two, our one ocp- header, path and query."""
    parts, date = urlsplit(path), format_datetime(datetime.now(UTC), usegmt=True)
    sent = {"Content-Type": _JSON} if content else {}
    if method in _WITH_BODY:  # http.client sends the length of an empty one as well
        sent["Content-Length"] = str(len(content))
    lines = [method, "", "", sent.get("Content-Length", ""), "", sent.get("Content-Type", ""), *[""] * 6]
    lines += [f"ocp-date:{date}", f"/{account}{parts.path}"]
    lines += [f"{name}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))]
    digest = hmac.digest(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256)
    return {**sent, "ocp-date": date, "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}"}
