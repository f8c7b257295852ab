"""Filters of old tools, fnmatch on whole names, as patterns of a spec. Pure.

There `*` crosses `/`; here `**` alone does, and a pattern without `/` is matched with the last part, at any depth.
"""

import re
from collections.abc import Iterator, Sequence

MOST = 64
"""Patterns that one filter may become."""

MOST_STARS = 6

STAR = re.compile(r"\*+")


def patterns(prefix: str, filters: Sequence[str]) -> list[str] | None:
    """Patterns for names that begin with `prefix` and meet one of the filters (none: all); None where they would be too
    many, or a filter has what no pattern can say."""
    if any("{" in f or "}" in f or "\\" in f for f in (prefix, *filters)):
        return None
    wanted = [one for f in filters or ("*",) for one in _with_prefix(_escaped(prefix), f)]
    found = [crossed for one in wanted for crossed in _crossing(one)]
    return list(dict.fromkeys(found)) if len(found) <= MOST else None


def _escaped(text: str) -> str:
    return re.sub(r"[*?\[]", lambda char: f"[{char[0]}]", text)


def _with_prefix(prefix: str, pattern: str) -> Iterator[str]:
    """Patterns for what begins with the prefix and meets the pattern."""
    head = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    if head.startswith(prefix):
        yield pattern
    elif prefix.startswith(head) and pattern[len(head) :].startswith("*"):
        rest = pattern[len(head) :].lstrip("*")
        yield f"{prefix}*{rest}"
        # The end of the prefix may be the beginning of what follows the star.
        more = re.split(r"[*?\[]", rest, maxsplit=1)[0]
        yield from (
            prefix + rest[size:]
            for size in range(1, min(len(more), len(prefix)) + 1)
            if prefix.endswith(more[:size]) and len(prefix) - size >= len(head)
        )
    # Else no name does both.


def _crossing(pattern: str) -> Iterator[str]:
    """The pattern with each star within one part, and across several."""
    first, *parts = STAR.split(pattern)
    if len(parts) > MOST_STARS:
        yield from [pattern] * (MOST + 1)
        return
    before = [first, *parts]
    # Behind a `/`, and at the beginning, one pattern says both.
    whole = [part.endswith("/") or (not part and i == 0) for i, part in enumerate(before[:-1])]
    free = [i for i, is_whole in enumerate(whole) if not is_whole]
    for number in range(1 << len(free)):
        crossing = {place for i, place in enumerate(free) if number >> i & 1}
        stars = ["**/*" if whole[i] else "*/**/*" if i in crossing else "*" for i in range(len(parts))]
        yield _anchored(first + "".join(star + part for star, part in zip(stars, parts, strict=True)))


def _anchored(pattern: str) -> str:
    """One without `/` is looked for at any depth; with an alternative that has one it is not."""
    if pattern.startswith("**/") and "/" not in pattern[3:]:
        return pattern[3:]
    return pattern if "/" in pattern else f"{{{pattern},/}}"
