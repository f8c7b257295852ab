"""Tokens cut and read (JSON Web Tokens, RS256), and the key that signs them, which the first token makes."""

import base64
import hashlib
import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from batchctl.emulator.identity.claims import Claims

REMEMBERED = 64
"""Tokens whose signature is not checked again: a client sends its one token with thousands of requests."""


class Tokens:
    """The tokens that the key in `file` signs. Their libraries are loaded by the first one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = lru_cache(REMEMBERED)(self._read_signed)

    def cut(self, claims: Claims) -> str:
        """A token with these claims."""
        import jwt

        return jwt.encode(claims, self._key, "RS256", {"kid": self._name, "x5t": self._name})

    def read(self, token: str) -> Claims | None:
        """The claims of a token that was signed here, whatever they say; None if it was not."""
        return self._read(token)

    def public_keys(self) -> list[dict[str, Any]]:
        """The keys by which anybody can check a token (RFC 7517)."""
        from jwt.algorithms import RSAAlgorithm

        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return [{**key, "use": "sig", "alg": "RS256", "kid": self._name, "x5t": self._name}]

    def _read_signed(self, token: str) -> Claims | None:
        import jwt

        # What the claims say is judged by `claims`, in the service's words.
        unjudged = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
        try:
            return jwt.decode(token, self._key.public_key(), algorithms=["RS256"], options=unjudged)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            return None

    @cached_property
    def _key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not self._file.exists():
            _write_key(self._file, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        return load_pem_private_key(self._file.read_bytes(), None)

    @cached_property
    def _name(self) -> str:
        """A name that goes with the key."""
        number = self._key.public_key().public_numbers().n
        digest = hashlib.sha256(number.to_bytes(256, "big")).digest()[:20]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _write_key(file: Path, key: Any) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - for its mode
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        out.flush()
        os.fsync(out.fileno())  # else a machine that loses power could keep the name with nothing behind it
    draft.replace(file)
