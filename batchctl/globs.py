"""Which paths do include and exclude patterns choose? Texts are matched here, no file is looked for."""

import re
from collections.abc import Callable, Sequence

from wcmatch import glob

FLAGS = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.FORCEUNIX


MOST_ALTERNATIVES = 1000
"""Patterns that the braces of one may stand for."""


def chooser(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A test of `/`-separated paths: one of `include` (none: all) and none of `exclude`.

    `**` crosses directories; a pattern without `/` is matched with the last part alone, at any depth.
    """
    wanted = [_anywhere(p) for p in include]
    unwanted = [_anywhere(p) for p in exclude]
    if not wanted and not unwanted:
        return lambda _path: True
    # Compiled once: `globmatch` takes the braces of its patterns apart anew for each path.
    meets, misses = (_any_of(patterns) for patterns in (wanted, unwanted))
    return lambda path: (not wanted or meets(path)) and not (unwanted and misses(path))


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    """What `globmatch` would say of these patterns. Without NEGATE none excludes."""
    found = [re.compile(text).fullmatch for text in glob.translate(patterns, flags=FLAGS)[0]]
    return lambda path: any(match(path) for match in found)


def _anywhere(pattern: str) -> str:
    return pattern if "/" in pattern else f"**/{pattern}"


def stands_for_too_many(pattern: str) -> bool:
    """Does it stand for more than MOST_ALTERNATIVES patterns?"""
    try:
        glob.translate(pattern, flags=FLAGS, limit=MOST_ALTERNATIVES)
    except Exception:  # wcmatch keeps the name of its own exception to itself
        return True
    return False
