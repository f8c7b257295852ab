"""Addresses of blobs in files of other tools: what opens them is not copied."""

from urllib.parse import urlsplit

from batchctl.importing.found import Found
from batchctl.sensitive import masked


def plain_url(found: Found, to: str, variable: str) -> str:
    """The address; a signature in it becomes `${env:…}`, and is told of."""
    url = found.text()
    if not url.startswith(("https://", "http://")):
        found.wrong("this is to be an http or https address")
    if masked(url) == url:
        found.carried(to)
        return url
    found.changed(
        to, f"a signature is not copied: set {variable} to what stands behind the ?, or use a container of the spec"
    )
    address = urlsplit(url)._replace(query="", fragment="").geturl()
    return f"{address}?${{env:{variable}}}"
