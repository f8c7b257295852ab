"""Asks the running emulator how busy it is. Straight to loopback: `http.client` knows no proxies."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException

PATH = "/_local/status"


@dataclass(frozen=True, slots=True)
class Activity:
    """How long nothing was asked of the emulator, in seconds, and how many tasks run now."""

    idle_seconds: float
    running_tasks: int


def activity(port: int, account: str, key: str, *, timeout: float = 5.0) -> Activity | None:
    """None if nobody answers there, or the one who answers does not know our key."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", PATH, headers=_signed(account, key, format_datetime(datetime.now(UTC), usegmt=True)))
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == 200 else None
        return Activity(float(found["idleSeconds"]), int(found["runningTasks"])) if found else None
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _signed(account: str, key: str, date: str) -> dict[str, str]:
    """Azure Batch's SharedKey for a GET without a body: eleven empty lines, our one ocp- header, the path."""
    text = "GET" + "\n" * 12 + f"ocp-date:{date}\n/{account}{PATH}"
    digest = hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
    return {"ocp-date": date, "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}"}
