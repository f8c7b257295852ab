"""Is a text a reference to a container image? Pure.

The grammar is that of github.com/distribution/reference: `[domain/]path[:tag][@digest]`, the whole name in at most 255
characters. A first part is a domain if it has a dot, a colon or a capital letter.
"""

import re

from batchctl.spec.source import shown

_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[A-Fa-f0-9:]+\])"
    r"(?::[0-9]+)?"
)
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
LONGEST = 255


def what_is_wrong(reference: str) -> str | None:
    """What every client that pulls images has against the text; None for a reference."""
    if "://" in reference:
        return "a name of an image has no scheme"
    name, at, digest = reference.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return "behind '@' stands a digest, 'sha256:' and 64 digits of 0-9 and a-f"
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        return "behind ':' stands a tag, of letters, digits, '_', '.' and '-'"
    path = f"{head}{slash}{last}"
    first, slash, rest = path.partition("/")
    if slash and (set(first) & set(".:[") or first != first.lower()):
        if not _DOMAIN.fullmatch(first):
            return f"{shown(first)} is no host"
        path = rest
    if len(name) - len(colon + tag) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if re.fullmatch(r"[0-9a-f]{64}", path):
        return "64 digits are the id of an image, not its name"
    if path != path.lower():
        small = reference.replace(path, path.lower())
        return f"capital letters are for a host and a tag only: write {shown(small, LONGEST)}"
    return None if all(map(_PART.fullmatch, path.split("/"))) else _odd_part(path)


def _odd_part(path: str) -> str:
    odd = next(part for part in path.split("/") if not _PART.fullmatch(part))
    return f"{shown(odd)} is no part of a name" if odd else "a part of it is empty"
