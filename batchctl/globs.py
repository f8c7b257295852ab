"""Which paths do include and exclude patterns choose? Texts are matched here, no file is looked for."""

import re
from collections.abc import Callable, Sequence
from types import ModuleType

MOST_ALTERNATIVES = 1000
"""Patterns that the braces of one may stand for."""

ONE_PATTERN = re.compile(r"[\w./*? -]*")
"""Stands for itself alone: wcmatch, which takes a tenth of a short command to load, is not asked."""


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
    glob, flags = _wcmatch()
    found = [re.compile(text).fullmatch for text in glob.translate(patterns, flags=flags)[0]]
    return lambda path: any(match(path) for match in found)


def _anywhere(pattern: str) -> str:
    return pattern if "/" in pattern else f"**/{pattern}"


def stands_for_too_many(pattern: str) -> bool:
    """Does it stand for more than MOST_ALTERNATIVES patterns?"""
    if ONE_PATTERN.fullmatch(pattern):
        return False
    glob, flags = _wcmatch()
    try:
        glob.translate(pattern, flags=flags, limit=MOST_ALTERNATIVES)
    except Exception:  # wcmatch keeps the name of its own exception to itself
        return True
    return False


def _wcmatch() -> tuple[ModuleType, int]:
    """The library and how it is used here; imported late: most specs filter nothing."""
    from wcmatch import glob

    return glob, glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.FORCEUNIX
