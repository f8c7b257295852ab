"""The real cloud on a blob service in memory that counts what it is asked."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import Target, connect
from batchctl.resources import Blob, Container
from benchmarks.stub import Stub, stub
from tests.services import unique

OWNER = "word-count"


@pytest.fixture(scope="session")
def service() -> Iterator[Stub]:
    with stub() as found:
        yield found


@dataclass(frozen=True)
class Store:
    """One container of the service, and files to put there."""

    service: Stub
    cloud: Azure
    container: str
    folder: Path

    def file(self, path: str, data: bytes) -> Blob:
        source = self.folder / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return Blob(container=self.container, path=path, md5=md5, size=len(data), source=source)

    def made(self, *blobs: Blob) -> None:
        assert [o.error for o in self.cloud.create(blobs, OWNER) if o.error] == []

    def tally(self) -> dict[str, int]:
        return dict(self.service.tally())


@pytest.fixture
def store(service: Stub, tmp_path: Path) -> Store:
    name = unique("input")
    found = Store(service, connect(on(service.url), SystemClock()), name, tmp_path)
    assert [o.error for o in found.cloud.create([Container(name=name)], OWNER) if o.error] == []
    found.tally()
    return found


def on(storage_url: str, batch_url: str = "http://127.0.0.1:1") -> Target:
    """A storage account at this address; nobody asks for the other."""
    return Target.local(
        batch_url=batch_url,
        batch_account="batch",
        batch_key="a2V5",
        storage_url=storage_url,
        storage_account="devstoreaccount1",
        storage_key="a2V5",
    )
