"""What is a secret, told by its form or by its name, and what is written in its place."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from batchctl.frozen import dataclass

SECRETS = {
    "an account key": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}=="),
    "a key": re.compile(r"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=[A-Za-z0-9+/%&=]{8,}"),
    # In a query it is one however short it is.
    "a shared access signature": re.compile(r"(?i)(?<![a-z0-9])sig=[A-Za-z0-9+/%]{16,}=*|(?<=[?&])sig=[^\s&'\"{}$*]+"),
    # Header and claims begin as JSON does, `{"`, and a signature follows (RFC 7519).
    "a token": re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}", re.ASCII),
    "a password in an address": re.compile(r"(?<=://)[^\s/@:'\"{}]*:[^\s/@'\"{}]+(?=@)"),
}
"""What nobody means to show (reliability B43). The part that matches is never shown."""

SHORTEST = 16
"""No text with fewer characters holds one of SECRETS, but for what is in an address."""

NAME = re.compile(
    # `max_tokens` and `tokenizer` count words and hide nothing: hence what may not follow `token`.
    r"(?i)passw|passphrase|_pwd|secret|token(?!s|i)|credential|connection_?string|(?<![a-z])(sas|pat)(?![a-z])"
    r"|(access|account|api|auth|batch|encryption|master|private|shared|signing|ssh|storage)[_-]?key"
)
"""Variables and settings with such a name hold secrets, whatever their form."""

IN_TEXT = 4
"""Characters of a secret that is found inside a longer text; a shorter one would be found where it is not meant."""


QUOTED = re.compile(r"['\"\\%^!$`\r\n]")
"""Where quoting for a shell tears a text apart."""


HIDDEN = "(sensitive"
"""How what is written in the place of a secret begins."""


class Hidden(str):
    """A value that is never shown, whatever its name: it came from the environment, or the spec says so."""

    __slots__ = ()


def is_sensitive(name: str) -> bool:
    """Does what bears this name have to stay hidden?"""
    return NAME.search(name) is not None


def sensitive_values(values: Mapping[str, object]) -> tuple[str, ...]:
    """The values of those that have such a name or come from the environment, the longest first; with what is left of
    them where they are quoted for a shell, and as URLs and JSON write them."""
    found = [value for name, value in values.items() if is_outside(name) and not isinstance(value, bool)]
    whole = {str(one) for value in found for one in (value if isinstance(value, tuple) else (value,))} - {""}
    written = {form for value in whole for form in (quote(value), quote(value, safe=""), json.dumps(value)[1:-1])}
    pieces = {piece for value in whole for piece in QUOTED.split(value)}
    return tuple(sorted(whole | {p for p in pieces | written if len(p) >= IN_TEXT}, key=lambda v: (-len(v), v)))


def is_outside(name: str) -> bool:
    """Is this a value that nobody may see: that of `${env:…}` or `${keyvault:…}`, or of a variable whose name says
    so?"""
    return name.startswith(FROM_OUTSIDE) or is_sensitive(name)


FROM_ENVIRONMENT, FROM_VAULT = "env:", "keyvault:"
FROM_OUTSIDE = (FROM_ENVIRONMENT, FROM_VAULT)
"""How the names of values begin that come from the environment, or from a key vault."""


def masked(text: str) -> str:
    """The text with secrets replaced by as many asterisks."""
    for pattern in SECRETS.values():
        text = pattern.sub(lambda found: "*" * len(found[0]), text)
    return text


@dataclass(frozen=True, slots=True)
class Veil:
    """Writes `(sensitive)` in the place of secrets; with a `key` `(sensitive 0f3a…)`, by which two can be compared.

    `values`: texts that are secrets wherever they occur. `names`: settings whose values are, on whichever side.
    """

    values: tuple[str, ...] = ()
    key: str = ""
    names: frozenset[str] = frozenset()

    def __call__(self, text: str) -> str:
        for value in self.values:
            if text == value or (len(value) >= IN_TEXT and value in text):
                text = text.replace(value, self.digest(value))
        if "…" in text and self.values:
            text = "…".join(self._cut(part) for part in text.split("…")[:-1]) + "…" + text.rpartition("…")[2]
        if len(text) >= SHORTEST or "://" in text:
            for pattern in SECRETS.values():
                text = pattern.sub(lambda found: self.digest(found[0]), text)
        return text

    def _cut(self, text: str) -> str:
        """A text that was cut at its end, without the beginning of a secret that was cut there."""
        for value in self.values:
            for length in range(min(len(value), len(text)), IN_TEXT - 1, -1):
                if text.endswith(value[:length]):
                    return text[:-length] + self.digest(value)
        return text

    def setting(self, name: str, value: str) -> str:
        """The value of an environment setting of that name."""
        secret = is_sensitive(name) or name in self.names or isinstance(value, Hidden)
        hidden = secret and value and not value.startswith(HIDDEN)
        return self.digest(value) if hidden else self(value)

    def as_new(self, old: Any, new: Any) -> Any:
        """An encoded value with those texts hidden that are hidden in the one that takes its place: what a secret was
        before nobody knows by now."""
        if isinstance(old, dict) and isinstance(new, dict):
            return {name: self.as_new(inner, new.get(name)) for name, inner in old.items()}
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return [self.as_new(*pair) for pair in zip(old, new, strict=True)]
        hidden = isinstance(old, str) and isinstance(new, str) and HIDDEN in new
        return self.digest(old) if hidden and HIDDEN not in old else old

    def digest(self, value: str) -> str:
        if not self.key:
            return f"{HIDDEN})"
        return f"{HIDDEN} {hmac.digest(self.key.encode(), value.encode(), hashlib.sha256).hex()[:16]})"
