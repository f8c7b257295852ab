"""Secrets that every test is searched for: what it printed, what its commands said, what it left in its folder."""

import base64
from collections.abc import Iterator
from pathlib import Path

CANARY = "a-password-that-nobody-asked-for"
"""In the environment of every test, under a name that tells: who writes the environment down is found out."""

LARGEST = 16 << 20
"""Files beyond that are not looked at."""

KEPT = ("keys", "batch", "blobs")
"""In a home of the local services: what opens them, and what tasks were given."""

_known = set[bytes]()


def know(*secrets: str) -> None:
    """From now on these are looked for: the keys of services that tests start, the secrets that specs ask for."""
    for secret in (one.encode() for one in secrets if one):
        _known.update((secret, base64.b64encode(secret).rstrip(b"=")))


def leaked(text: str | bytes) -> bool:
    """Whether a secret stands there, as it is or in base64."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return any(secret in data for secret in _known)


def check(text: str, where: str) -> None:
    """Raises AssertionError, which does not repeat the secret."""
    assert not leaked(text), f"a secret stands in {where}"


def left_in(folder: Path) -> Iterator[Path]:
    """Files of a folder with a secret in them; what the services keep for their owner alone is left out, their logs are
    not."""
    kept = [home / name for home in (key.parents[1] for key in folder.rglob("keys/batch")) for name in KEPT]
    for path in folder.rglob("*"):
        if any(path.is_relative_to(one) for one in kept):
            continue
        try:
            if (
                path.is_file()
                and not path.is_symlink()
                and path.stat().st_size <= LARGEST
                and leaked(path.read_bytes())
            ):
                yield path
        except OSError:  # no longer there, or not for us
            continue


know(CANARY)
