"""What browsers may ask: for the page of the account, and what that page asks of its own origin. Pure.

Whatever else comes from a browser comes from a web page of somebody else's, and is kept out.
"""

from collections.abc import Mapping

from batchctl.emulator.refusals import Refusal

PAGE = "/_local"
"""The page itself: a document without a secret, which whoever is on this machine may have."""
ITS_OWN = "/_local/page/"
"""Below here is what the page asks, with its session and no signature."""
_TYPED = ("none", "same-origin")
"""Sec-Fetch-Site of an address that its reader typed or a program handed to the browser, and of the page itself."""


def is_page(method: str, path: str) -> bool:
    return method == "GET" and path in (PAGE, f"{PAGE}/")


def check_origin(method: str, path: str, headers: Mapping[str, str]) -> None:
    """Raises the refusal for requests of web pages of others. Which Host is ours was looked at before."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = origin in (f"http://{headers['host']}", f"https://{headers['host']}")
    if is_page(method, path):
        good = site in (None, *_TYPED) and (origin is None or own)
    elif path.startswith(ITS_OWN):
        # One of the two shows that it is the page that asks, and neither says that it is not.
        good = (site == "same-origin" or own) and site in (None, "same-origin") and (origin is None or own)
    else:
        good = site is None and origin is None
    if not good:
        raise Refusal("AuthenticationFailed", (("AuthenticationErrorDetail", "Requests of web pages are refused."),))


def bearer_of(headers: Mapping[str, str]) -> str:
    """The token or session that a request of the page bears; empty where it bears none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""
