"""The Batch REST API: bodies and paging. Bodies are REST JSON (2025-06-01) as a spec writes it (design D16)."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from batchctl.cloud.clients.signing import Signing, signed
from batchctl.cloud.clients.storage import Answer, Direct
from batchctl.errors import CloudError

API_VERSION = "2025-06-01"
MOST_PAGES = 10_000
SAME = timedelta(seconds=5)
"""Clocks that are no further apart are one: a Date has whole seconds, and answers take a while."""

Json = dict[str, Any]


class Batch:
    """Requests by path. Every method raises Fault on any answer but 2xx.

    `ahead`: how far the service's clock is before ours, as its last answer told.
    """

    def __init__(self, direct: Direct, endpoint: str, signing: Signing) -> None:
        self._direct, self._endpoint, self._signing = direct, endpoint.rstrip("/"), signing
        self.ahead = timedelta()

    def get(self, path: str, **query: str) -> Json:
        return _json_object(self._send("GET", path, query))

    def post(self, path: str, body: Mapping[str, Any] | bytes) -> Json:
        """`body` may be JSON already."""
        answer = self._send("POST", path, {}, body)
        return _json_object(answer) if answer.content else {}

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        self._send("PATCH", path, {}, body)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        self._send("PUT", path, {}, body)

    def delete(self, path: str) -> None:
        self._send("DELETE", path, {})

    def head(self, path: str) -> Mapping[str, str]:
        return self._send("HEAD", path, {}).headers

    def text(self, path: str, headers: Mapping[str, str]) -> bytes:
        return self._send("GET", path, {}, headers=headers).content

    def pages(self, path: str, **query: str) -> Iterator[Json]:
        """Every item of a list, page by page. Raises CloudError if the next page lies elsewhere or never ends."""
        url, links = self._url(path, query), set[str]()
        while len(links) < MOST_PAGES:
            page = _json_object(self._answer("GET", url))
            yield from _page_items(page, path)
            link = page.get("odata.nextLink")
            if not link:
                return
            if link in links:
                raise CloudError(f"the list {path} goes round in circles: its next page is one that came before")
            links.add(link)
            # The signature would go along: a link to another host must not be followed.
            if urlsplit(link)[:2] != urlsplit(self._endpoint)[:2]:
                raise CloudError(
                    f"the service continues a list at {urlsplit(link).netloc!r}, which is not {self._endpoint}"
                )
            url = link
        raise CloudError(f"the list {path} has more than {MOST_PAGES} pages")

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if body is None:
            return self._answer(method, self._url(path, query), headers or {})
        # As UTF-8: what a request may have is counted in bytes, and `\u` escapes are up to three times as long.
        content = (
            body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        )
        kind = {"Content-Type": "application/json; odata=minimalmetadata"}
        return self._answer(method, self._url(path, query), {**kind, **(headers or {})}, content)

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        if content is None and method not in ("GET", "HEAD"):
            content = b""
        length = {} if content is None else {"Content-Length": str(len(content))}
        said = {"Accept": "application/json", **(headers or {})}
        # The length is signed, and sent by libcurl itself.
        answer = signed(
            *(self._signing, method, url, {**length, **said}),
            lambda by: self._direct.ask(method, url, {**said, **by}, content),
        )
        self.ahead = _apart(answer.headers.get("Date") or "")
        return answer

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        parameters = {"api-version": API_VERSION} | {f"${k}" if k in ODATA else k: v for k, v in query.items()}
        return f"{self._endpoint}{path}?{urlencode(parameters, safe='$', quote_via=quote)}"


ODATA = frozenset({"filter", "select", "expand"})


def _apart(date: str) -> timedelta:
    """How far a Date is before our clock; nothing if it is none, or about the same."""
    try:
        found = parsedate_to_datetime(date) - datetime.now(UTC)
    except (TypeError, ValueError, OverflowError):  # no date, or one without a zone
        return timedelta()
    return found if abs(found) > SAME else timedelta()


def path_segment(name: str) -> str:
    """One segment of a path, percent-encoded."""
    return quote(name, safe="")


def task_path(job: str, task: str) -> str:
    """`job`: the id of its generation."""
    return f"/jobs/{path_segment(job)}/tasks/{path_segment(task)}"


def node_path(pool: str, node: str) -> str:
    return f"/pools/{path_segment(pool)}/nodes/{path_segment(node)}"


def _page_items(page: Json, path: str) -> list[Json]:
    found = page.get("value", [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise CloudError(f"the list {path} is not one as Azure Batch gives it: is this the Batch account's endpoint?")
    return found


def _json_object(answer: Answer) -> Json:
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        kind = answer.headers.get("Content-Type", "nothing")
        raise CloudError(
            f"{answer.place} did not answer as Azure Batch does (it sent {kind}): is this the "
            f"Batch account's endpoint?",
            status=answer.status,
        )
    return body
