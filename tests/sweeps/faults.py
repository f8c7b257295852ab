"""What may befall a request, by name."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.proxy import Meddle, Meddling
from tests.sweeps.hasty import GIVEN_UP

LATER = (("Retry-After", "2"),)


def answered(status: int, code: str, **more: object) -> Meddling:
    return Meddling(status=status, code=code, **more)  # type: ignore[arg-type]


def _delayed() -> Meddling | None:
    time.sleep(0.3)
    return None


def _stalled() -> Meddling:
    time.sleep(GIVEN_UP + 1)
    return Meddling()


Fault = Callable[[], Meddling | None]


def _always(meddling: Meddling) -> Fault:
    return lambda: meddling


TRANSIENT: dict[str, Fault] = {
    "429": _always(answered(429, "TooManyRequests")),
    "429-later": _always(answered(429, "TooManyRequests", headers=LATER)),
    "408": _always(answered(408, "")),
    "500": _always(answered(500, "InternalError")),
    "502": _always(answered(502, "")),
    "503": _always(answered(503, "ServerBusy")),
    "503-later": _always(answered(503, "ServerBusy", headers=LATER)),
    "504": _always(answered(504, "")),
    "reset": _always(Meddling()),
    "lost": _always(Meddling(forwarded=True)),
    "500-done": _always(answered(500, "OperationTimedOut", forwarded=True)),
    "half": _always(Meddling(half=True)),
    "delay": _delayed,
    "stale": _always(Meddling(stale=True)),
}
"""What passes when the same request is sent again (reliability X05). `lost`: done, but the answer does not come.
`stale`: who looks is answered as the first time, as by a cache (X23)."""

SLOW: dict[str, Fault] = {"stall": _stalled}
"""Transient as well, but each costs its seconds."""

PAGE = b"<html><body>Sign in to this network</body></html>"


def _between(status: int, **more: Any) -> Fault:
    """Something between us and the service answers."""
    return _always(Meddling(status=status, names_itself=False, **more))


ODD: dict[str, Fault] = {
    "html": _between(200, headers=(("Content-Type", "text/html"),), body=PAGE),
    "empty": _between(200),
    "302": _between(302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),)),
    "proxy-403": _between(403),
    "proxy-404": _between(404),
    "proxy-409": _between(409),
    "proxy-412": _between(412),
    "400": _always(answered(400, "InvalidHeaderValue")),
    "403": _always(answered(403, "AuthenticationFailed")),
    "409": _always(answered(409, "Unheard")),
    "twice": _always(Meddling(twice=True)),
}
"""Answers that are not what they should be, once: the command may end by them, the next one goes on."""

PERMANENT = ("500", "429", "403", "html", "reset", "proxy-404", "stale")
"""What every request meets from some request on (reliability X06)."""

EVERY = TRANSIENT | SLOW | ODD


def at(number: int, meddling: Callable[[], Meddling | None]) -> Meddle:
    """Meddles with the request of this number alone."""
    numbers = iter(range(1, 1_000_000))

    def meddle(method: str, path: str) -> Meddling | None:
        return meddling() if next(numbers) == number else None

    return meddle


def since(number: int, meddling: Callable[[], Meddling | None]) -> Meddle:
    """Meddles with every request from this one on."""
    numbers = iter(range(1, 1_000_000))

    def meddle(method: str, path: str) -> Meddling | None:
        return meddling() if next(numbers) >= number else None

    return meddle


@dataclass
class Script:
    """A way that stays while what befalls its requests changes: tasks that were added go on using it."""

    meddle: Meddle | None = None

    def __call__(self, method: str, path: str) -> Meddling | None:
        return self.meddle(method, path) if self.meddle else None
