"""A request to the stub, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """`query` and `headers` have lower-case names. `account`: the first part of the path."""

    method: str
    account: str
    container: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | bytearray

    @property
    def metadata(self) -> dict[str, str]:
        start = "x-ms-meta-"
        return {k.removeprefix(start): v for k, v in self.headers.items() if k.startswith(start)}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
