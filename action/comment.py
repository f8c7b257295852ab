"""The comment of a pull request that shows the newest plan: one for each spec, written over."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

WITHIN = 30.0
NEXT = re.compile(r'<([^>]+)>; rel="next"')


def mark(spec: str) -> str:
    """Begins the comment and is not shown."""
    return f"<!-- batchctl plan of {spec.replace('--', '- -')} -->"


def write_comment(text: str, spec: str, issue: int, repository: str, api: str, token: str) -> str:
    """Its address. Only what an app wrote is written over: anybody can begin a comment with our mark.

    Raises OSError: a pull request from a fork has a token that may not write.
    """
    body, comments = f"{mark(spec)}\n{text}", f"{api}/repos/{repository}/issues/{issue}/comments"
    for one in _listed(comments, token):
        if one["user"]["type"] == "Bot" and one["body"].startswith(mark(spec)):
            return str(_asked("PATCH", one["url"], token, {"body": body})[0]["html_url"])
    return str(_asked("POST", comments, token, {"body": body})[0]["html_url"])


def _listed(comments: str, token: str) -> Iterator[Any]:
    page: str | None = f"{comments}?per_page=100"
    while page:
        found, links = _asked("GET", page, token)
        yield from found
        further = NEXT.search(links)
        page = further[1] if further else None


def _asked(method: str, url: str, token: str, body: Any = None) -> tuple[Any, str]:
    """(answer, its Link header)."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data=data, headers=headers, method=method), timeout=WITHIN) as answer:
            return json.load(answer), answer.headers.get("Link", "")
    except HTTPError as error:
        raise OSError(f"GitHub refused to {method} {url}: {error.code} {error.reason}") from error
