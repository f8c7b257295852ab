"""Which paths do include and exclude patterns choose? Texts are matched here, no file is looked for."""

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
    return lambda path: (
        (not wanted or glob.globmatch(path, wanted, flags=FLAGS))
        and not (unwanted and glob.globmatch(path, unwanted, flags=FLAGS))
    )


def _anywhere(pattern: str) -> str:
    return pattern if "/" in pattern else f"**/{pattern}"


def stands_for_too_many(pattern: str) -> bool:
    """Does it stand for more than MOST_ALTERNATIVES patterns?"""
    try:
        glob.translate(pattern, flags=FLAGS, limit=MOST_ALTERNATIVES)
    except Exception:  # wcmatch keeps the name of its own exception to itself
        return True
    return False
