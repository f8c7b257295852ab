"""The page as one document that needs nothing else, and what a browser lets it do."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that a browser may see: nothing of it is kept, guessed at, embedded, or run."""
_MAY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""What the page may do: run its own script, and ask whoever served it."""

_SCRIPTS = ("dom.js", "states.js", "files.js", "overview.js", "work.js", "page.js")
"""One module together, in this order."""


@cache
def document() -> tuple[bytes, dict[str, str]]:
    """The page and its headers. It holds no secret: what it shows it asks for, once it was let in."""
    style, script = _text("page.css"), "\n".join(map(_text, _SCRIPTS))
    text = _text("page.html").replace("/* style */", style).replace("/* script */", script)
    rules = _MAY.format(script=_hash_of(script), style=_hash_of(style))
    return text.encode(), {**HEADERS, "Content-Security-Policy": rules, "Content-Type": "text/html; charset=utf-8"}


def _text(name: str) -> str:
    return (files("batchctl.emulator.page") / name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    """As a Content-Security-Policy names what may stand in a document."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
