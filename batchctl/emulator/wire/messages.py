"""A request and an answer as handlers see them, and the pages of a list."""

import json
import re
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from batchctl.emulator import times
from batchctl.emulator.records import Entity, Json
from batchctl.emulator.refusals import Refusal, bad_body, bad_query
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.odata import parse_filter, parse_names
from batchctl.emulator.wire.versions import AGED, check_age

MOST_RESULTS = 1000  # as the REST pages have it
_DIGITS = re.compile("[0-9]{1,18}")
"""What 64 bits hold, and Python reads without a limit of its own."""
_ID_OF_LAST = re.compile("[a-z0-9_:-]{0,80}")
"""The key of the last record of a page: a job of a schedule has a colon and a number behind its schedule's id."""
_ALIASES = {"lastModifiedTime": "lastModified"}
"""Names that $filter has for properties that bear others."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file: `length` bytes from `start`."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back. `body` goes out as JSON; `part` is a file's content instead, `content` any other.

    `once` is waited for, and what it gives takes its place.
    """

    status: int = 200
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    part: Part | None = None
    content: bytes | None = None
    once: "Callable[[], Awaitable[Answer | None]] | None" = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the door. `base` is the account's URL as this client reaches it, without a slash.

    `peer` is the address and port that it came from.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    base: str
    peer: tuple[str, int] | None = None

    def body(self, shape: Shape) -> Json:
        """The body, checked. Raises Refusal; an empty one is the empty object."""
        return shape(self.json())

    def json(self) -> Any:
        """The body as it came. Half a surrogate pair is no text: nothing could store it or answer with it."""
        try:
            found = json.loads(self.content or b"{}", parse_constant=_no_constant)
            # Most bodies have neither, and are not written again to find out.
            if b"\\u" in self.content or b"\xed" in self.content:
                json.dumps(found, ensure_ascii=False).encode()
            if not self.path.startswith("/_local/") and any(word in self.content for word in AGED):
                check_age(found, self.version)
            return found
        except (ValueError, RecursionError) as error:
            raise bad_body(f"The body is not JSON: {error}") from None

    @property
    def version(self) -> str:
        """The version of the API that the caller speaks; such texts sort by their age. What is ours alone asks for none
        at the door."""
        if "api-version" not in self.query:
            raise Refusal("MissingRequiredQueryParameter", (("QueryParameterName", "api-version"),))
        return self.query["api-version"]

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false; false where it is absent."""
        value = self.query.get(name, "false").lower()
        if value not in ("true", "false"):
            raise bad_query(name, value, "true or false is wanted")
        return value == "true"


@dataclass(frozen=True, slots=True)
class View:
    """How a kind of record looks: a getter for each property that the service adds; the rest stands in its spec.

    `filters` are the properties that $filter may name, `known` those that $select may name besides the getters;
    `stats` is what $expand=stats adds; `by_version` makes of an answer one of the caller's version.
    """

    kind: str
    getters: Mapping[str, Callable[[Any, str], Any]]
    spec: Callable[[Any], Json]
    filters: frozenset[str]
    known: frozenset[str] = frozenset()
    stats: Callable[[Any, str], Json] | None = None
    by_version: Callable[[Json, str], Json] | None = None

    def wire(self, record: Any, base: str, only: frozenset[str] | None = None) -> Json:
        """The record as JSON; absent properties are left out. `only` names properties, or paths into them."""
        if only is None:
            whole = {**self.spec(record), **{name: get(record, base) for name, get in self.getters.items()}}
            return {name: value for name, value in whole.items() if value is not None}
        tops = {path.partition("/")[0] for path in only}
        chosen = {name: get(record, base) for name, get in self.getters.items() if name in tops}
        if tops - self.getters.keys():
            chosen |= {name: value for name, value in self.spec(record).items() if name in tops}
        return {name: value for name, value in chosen.items() if value is not None}


def by_path(value: Json, path: str) -> Any:
    """The property at a path with slashes; None if it is absent."""
    found: Any = value
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def show_record(call: Call, view: View, record: Entity) -> Answer:
    """The answer that shows one record."""
    check_conditions(call, record)
    body = {"odata.metadata": f"{call.base}/$metadata#{view.kind}/@Element", **_as_shown(call, view)(record)}
    return Answer(200, body, entity_headers(record))


def list_by_id(call: Call, view: View, records: Iterable[Any]) -> Answer:
    """A page of records that pass $filter, in the order of their ids, as pools, jobs and schedules are listed."""
    after, most = call.query.get("$skiptoken", ""), _most_results(call)
    if not _ID_OF_LAST.fullmatch(after):
        raise bad_query("$skiptoken", after[:80], "not a token of this service")
    shown = _as_shown(call, view)
    later = sorted((one for one in records if one.key > after), key=lambda record: record.key)
    page = list(islice(_that_pass(call, view, iter(later)), most + 1))
    token = page[most - 1].key if len(page) > most else None
    return page_answer(call, view.kind, [shown(record) for record in page[:most]], token)


def list_records(call: Call, view: View, records: Iterable[Any]) -> Answer:
    """A page of records that pass $filter, in the order of their making."""
    after, most = page_bounds(call)
    shown = _as_shown(call, view)
    records = records if isinstance(records, list) else list(records)
    start = bisect_right(records, after, key=lambda record: record.seq)  # a later page does not walk past the earlier
    found = _that_pass(call, view, islice(records, start, None))
    page: list[Json] = []
    last = after
    for record in found:
        if len(page) == most:
            return page_answer(call, view.kind, page, str(last))
        page.append(shown(record))
        last = record.seq
    return page_answer(call, view.kind, page)


def _as_shown(call: Call, view: View) -> Callable[[Any], Json]:
    """How the call wants records to look: $select and $expand."""
    only = parse_names("$select", call.query.get("$select"))
    expand = parse_names("$expand", call.query.get("$expand")) or frozenset()
    for name in sorted(only or ()):
        if name.partition("/")[0] not in view.getters.keys() | view.known | {"stats"}:
            raise bad_query("$select", name, f"not a property of {view.kind}")
    if view.stats is None or (only is not None and "stats" not in only):
        expand -= {"stats"}
    if expand - {"stats"}:
        raise bad_query("$expand", ",".join(sorted(expand)), "only stats can be expanded")
    wire = partial(_wire_of_version, view, call)
    if not expand or view.stats is None:
        return lambda record: wire(record, only)
    stats = view.stats
    return lambda record: {**wire(record, only), "stats": _of_version(view, call, stats(record, call.base))}


def _wire_of_version(view: View, call: Call, record: Any, only: frozenset[str] | None) -> Json:
    """The record as JSON of the caller's version of the API."""
    return _of_version(view, call, view.wire(record, call.base, only))


def _of_version(view: View, call: Call, found: Json) -> Json:
    return view.by_version(found, call.version) if view.by_version else found


def _that_pass(call: Call, view: View, records: Iterator[Any]) -> Iterator[Any]:
    text = call.query.get("$filter", "").strip()
    if not text:
        return records
    wanted = parse_filter(text, view.filters)
    names = frozenset(_ALIASES.get(name, name) for name in wanted.names)

    def passes(record: Any) -> bool:
        seen = view.wire(record, call.base, names)
        return wanted.test(lambda path: by_path(seen, _ALIASES.get(path, path)))

    return filter(passes, records)


def page_bounds(call: Call) -> tuple[int, int]:
    """$skiptoken as a number (0: from the start) and maxresults."""
    most = _most_results(call)
    token = call.query.get("$skiptoken", "0")
    if not _DIGITS.fullmatch(token):
        raise bad_query("$skiptoken", token[:80], "not a token of this service")
    return int(token), most


def _most_results(call: Call) -> int:
    text = call.query.get("maxresults", str(MOST_RESULTS))
    if not _DIGITS.fullmatch(text.removeprefix("-")):
        raise bad_query("maxresults", text[:80], "a number is wanted")
    if int(text) < 1:
        raise bad_query("maxresults", text, "MaxResults cannot be less than 1")
    if int(text) > MOST_RESULTS:
        raise bad_query("maxresults", text, f"1 to {MOST_RESULTS}", "OutOfRangeQueryParameterValue")
    return int(text)


def page_answer(call: Call, kind: str, page: list[Json], token: str | None = None) -> Answer:
    """A page, with the link to the next one if there is one."""
    body: Json = {"odata.metadata": f"{call.base}/$metadata#{kind}", "value": page}
    if token is not None:
        query = urlencode({**call.query, "$skiptoken": token}, quote_via=quote)
        body["odata.nextLink"] = f"{call.base}{call.path}?{query}"
    return Answer(200, body)


def list_entries(call: Call, kind: str, found: list[Json], filters: frozenset[str]) -> Answer:
    """A page of entries that are no records; $filter may name `filters`, $select their properties."""
    after, most = page_bounds(call)
    only = parse_names("$select", call.query.get("$select"))
    text = call.query.get("$filter", "").strip()
    if text:
        wanted = parse_filter(text, filters)
        found = [entry for entry in found if wanted.test(partial(by_path, entry))]
    more = after + most < len(found)
    page = found[after : after + most]
    if only is not None:
        tops = {name.partition("/")[0] for name in only}
        page = [{name: value for name, value in entry.items() if name in tops} for entry in page]
    return page_answer(call, kind, page, str(after + most) if more else None)


def entity_headers(record: Entity) -> dict[str, str]:
    """ETags go without quotes, as the service writes them."""
    return {"ETag": record.etag, "Last-Modified": times.http_date(record.modified)}


def answer_changed(call: Call, record: Entity, status: int = 200) -> Answer:
    """The empty answer to a change."""
    return Answer(status, None, {**entity_headers(record), **data_service_id(call)})


def data_service_id(call: Call) -> dict[str, str]:
    """The header that repeats the request's address. Which answers have it is as it was recorded."""
    return {"DataServiceId": f"{call.base}{call.path}"}


def answer_made(url: str, record: Entity) -> Answer:
    """The answer to a creation."""
    return Answer(201, None, {**entity_headers(record), "Location": url, "DataServiceId": url})


def check_conditions(call: Call, record: Entity) -> None:
    """If-Match and its kin. Raises ConditionNotMet, or NotModified for a read."""
    if _is_unchanged(call, record):
        raise NotModified(entity_headers(record)) if call.method in ("GET", "HEAD") else Refusal("ConditionNotMet")
    if "if-match" in call.headers and not _header_names(call, "if-match", record):
        raise Refusal("ConditionNotMet")
    if "if-unmodified-since" in call.headers and _changed_after(call, "if-unmodified-since", record):
        raise Refusal("ConditionNotMet")


class NotModified(Exception):  # noqa: N818 - an answer, not an error
    """304: the client has it already."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers
        super().__init__()


def _is_unchanged(call: Call, record: Entity) -> bool:
    """If-None-Match counts before If-Modified-Since."""
    if "if-none-match" in call.headers:
        return _header_names(call, "if-none-match", record)
    return "if-modified-since" in call.headers and not _changed_after(call, "if-modified-since", record)


def _header_names(call: Call, header: str, record: Entity) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in call.headers.get(header, "").split(",")]
    return "*" in tags or record.etag in tags


def _changed_after(call: Call, header: str, record: Entity) -> bool:
    """Whether the record changed after the time in the header; headers know whole seconds only."""
    return int(record.modified) > header_time(header, call.headers[header])


def header_time(header: str, text: str) -> float:
    """The time in a header, RFC 1123. Raises Refusal."""
    try:
        return times.http_seconds(text)
    except ValueError:
        raise Refusal("InvalidHeaderValue", (("HeaderName", header), ("HeaderValue", text[:80]))) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
