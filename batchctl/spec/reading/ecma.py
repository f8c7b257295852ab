"""Regular expressions as ECMA 262, and so JSON schema, means them, in Python's words. Pure."""

import re
from functools import cache


@cache
def as_in_json_schema(pattern: str) -> re.Pattern[str]:
    """A pattern as ECMA 262 means it, and so every editor. Raises ValueError as `from_ecma` does."""
    return re.compile(from_ecma(pattern))


def from_ecma(pattern: str) -> str:
    """The pattern in Python's words, whose `$` also stands before a newline at the end, and whose digits, letters and
    blanks are others.

    Raises ValueError for `\\D`, `\\W` and `\\S` in brackets, for which there is no text.
    """
    return _ECMA_TOKEN.sub(lambda found: _token_from_ecma(found[0]), pattern)


def _token_from_ecma(token: str) -> str:
    if not token.startswith("["):
        return _OUTSIDE.get(token, token)
    if found := re.search(r"(?<!\\)(?:\\\\)*\\[DWSB]", token):
        raise ValueError(f"{found[0]} cannot stand in brackets")
    return re.sub(r"\\.", lambda inner: _ECMA_SETS.get(inner[0], inner[0]), token, flags=re.DOTALL)


_ECMA_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[$.]", re.DOTALL)
_ECMA_SETS = {
    r"\d": "0-9",
    r"\w": "A-Za-z0-9_",
    r"\s": r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}
_EDGE = "(?:(?<![{w}])(?=[{w}])|(?<=[{w}])(?![{w}]))".format(w=_ECMA_SETS[r"\w"])
_OUTSIDE = {
    "$": r"\Z",
    ".": r"[^\n\r\u2028\u2029]",
    r"\b": _EDGE,
    r"\B": f"(?!{_EDGE})",
    **{name: f"[{inner}]" for name, inner in _ECMA_SETS.items()},
    **{name.upper(): f"[^{inner}]" for name, inner in _ECMA_SETS.items()},
}
"""What stands outside of brackets, in Python's words."""
