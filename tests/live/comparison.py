"""Where two answers to the same request differ: status, headers, properties, kinds of values, values. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRANSPORT = words(
    "transfer-encoding content-length connection date server strict-transport-security x-content-type-options "
    "cache-control keep-alive pragma expires client-request-id content-encoding vary"
)
KINDS = (
    ("date with parts of a second", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{1,7}Z")),
    ("date", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")),
    ("entity tag", re.compile(r"\"?0x[0-9A-F]+\"?")),
    ("date of HTTP", re.compile(r"\w{3}, [0-9]{2} \w{3} [0-9]{4} [0-9:]{8} GMT")),
)
"""Values of which the form is compared, and not what they are."""
ANY_NUMBER = re.compile(r"(?i)port$")
STATES = ("state", "allocationState")


@dataclass(frozen=True)
class Difference:
    """`what` is of replay's words; `real` is what Azure answered."""

    what: str
    where: str
    real: Any
    local: Any

    def as_json(self) -> Json:
        return asdict(self)


def compared(real: Sequence[Json], local: Sequence[Json], volatile: frozenset[str]) -> list[Difference]:
    """The answers to one step, polls and all: which states were seen, and how the last answers differ."""
    missed = [state for state in states_of(real) if state not in states_of(local)]
    found = [Difference("state not seen", "", state, states_of(local)) for state in missed]
    return [*found, *_of_pair(real[-1], local[-1], volatile)]


def states_of(pairs: Sequence[Json]) -> list[str]:
    """The states that a run of polls saw, in their order."""
    seen = [" ".join(state_of(pair["response"])) for pair in pairs]
    return [state for number, state in enumerate(seen) if state and state not in seen[:number]]


def state_of(body: Any) -> list[str]:
    """The states in a body, or in the first entry of a list."""
    if isinstance(body, dict) and isinstance(body.get("value"), list):
        body = body["value"][0] if body["value"] else {}
    return [str(body[name]) for name in STATES if name in body] if isinstance(body, dict) else []


def _of_pair(real: Json, local: Json, volatile: frozenset[str]) -> Iterator[Difference]:
    if real["status"] != local["status"]:
        yield Difference("status", "", _brief(real), _brief(local))
        return
    a, b = (_own_headers(pair["headers"]) for pair in (real, local))
    yield from _of_objects("header ", a, b, volatile)
    if isinstance(real["response"], dict) and "$text" in real["response"] and isinstance(local["response"], dict):
        return
    yield from _of_values("", real["response"], local["response"], volatile)


def _own_headers(headers: Mapping[str, str]) -> Json:
    return {name: value for name, value in headers.items() if name not in TRANSPORT}


def _of_objects(where: str, real: Json, local: Json, volatile: frozenset[str]) -> Iterator[Difference]:
    for name in sorted(real.keys() | local.keys()):
        place = f"{where}.{name}".lstrip(".") if not where.endswith(" ") else where + name
        if name in volatile:
            continue
        if name not in local:
            yield Difference("missing", place, real[name], None)
        elif name not in real:
            yield Difference("extra", place, None, local[name])
        else:
            yield from _of_values(place, real[name], local[name], volatile)


def _of_values(where: str, real: Any, local: Any, volatile: frozenset[str]) -> Iterator[Difference]:
    match real, local:
        case dict(), dict():
            yield from _of_objects(where, real, local, volatile)
        case list(), list():
            if len(real) != len(local):
                yield Difference("length", where, len(real), len(local))
            for one, other in zip(real, local, strict=False):
                yield from _of_values(f"{where}[]", one, other, volatile)
        case _ if kind_of(where, real) != kind_of(where, local):
            what = "value" if type(real) is type(local) else "type"
            yield Difference(what, where, real, local)


def kind_of(where: str, value: Any) -> Any:
    """The value itself, or its form where it is another each time."""
    if isinstance(value, int) and not isinstance(value, bool) and ANY_NUMBER.search(where):
        return "a port"
    if not isinstance(value, str):
        return value
    for name, form in KINDS:
        if form.fullmatch(value):
            return name
    return re.sub(r"Time:[0-9T:.Z-]+", "Time:", value)


def _brief(pair: Json) -> str:
    body = pair["response"]
    return f"{pair['status']} {body.get('code', '') if isinstance(body, dict) else ''}".strip()
