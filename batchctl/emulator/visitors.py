"""Who may look at the page of the account: a token opens it once, and gives way to a session that the page keeps.

Nothing of this is stored: who wants to look at a service that started again opens its page again.
"""

import hmac
import secrets
from dataclasses import dataclass, field

TOKEN_LIVES = 60.0
SESSION_LIVES = 3600.0
"""Seconds: a token from its making, a session from the last request of its page."""
MOST = 32
"""Tokens, and sessions, that are good at a time; the oldest give way."""


@dataclass(slots=True)
class Visitors:
    """Tokens and sessions with the moment of their end. `now` is seconds of a clock that nobody sets."""

    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _sessions: dict[str, float] = field(default_factory=dict, repr=False)

    def invite(self, now: float) -> str:
        """A token that opens the page once."""
        return _added(self._tokens, now + TOKEN_LIVES, now)

    def enter(self, token: str, now: float) -> str | None:
        """The session for the first who comes with a token that is young enough."""
        found = _found(self._tokens, token, now)
        if found is None:
            return None
        del self._tokens[found]
        return _added(self._sessions, now + SESSION_LIVES, now)

    def knows(self, session: str, now: float) -> bool:
        """Whether a session goes on; if so, it lives on from now."""
        found = _found(self._sessions, session, now)
        if found is not None:
            self._sessions[found] = now + SESSION_LIVES
        return found is not None


def _added(known: dict[str, float], until: float, now: float) -> str:
    for old in [secret for secret, end in known.items() if end <= now]:
        del known[old]
    while len(known) >= MOST:
        del known[min(known, key=lambda secret: known[secret])]
    secret = secrets.token_urlsafe(32)
    known[secret] = until
    return secret


def _found(known: dict[str, float], given: str, now: float) -> str | None:
    """Every secret is compared whole: how long it takes says nothing of them."""
    same = [secret for secret in known if hmac.compare_digest(secret.encode(), given.encode())]
    return same[0] if same and known[same[0]] > now else None
