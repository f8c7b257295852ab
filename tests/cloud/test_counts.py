"""What whole commands ask of the storage service, counted: requests grow as the work does and no faster."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchctl import hashes
from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.reconcile.events import Applied, Event, Fetched
from batchctl.reconcile.plan import Plan
from batchctl.spec.load import load
from benchmarks.stub import Stub, stub
from tests import verbs
from tests.cloud.conftest import on

FILES = 2000
READS = {"List Pools": 1, "List Jobs": 1, "List JobSchedules": 1, "List Containers": 1}
"""What any plan asks, however little there is."""

SPEC = """
version: 1
name: counted
storage:
  containers: {input: {}, output: {}}
  uploads: [{from: data/*.txt, to: input}]
download: [{container: output, to: results}]
"""


@dataclass(frozen=True)
class Bench:
    service: Stub
    folder: Path

    def write(self, number: int, data: bytes) -> None:
        """A file that has not changed for a while: its time can be believed."""
        path = self.folder / "data" / f"{number:04}.txt"
        path.write_bytes(data)
        os.utime(path, (1_000_000_000, 1_000_000_000))

    def plan(self) -> Plan:
        return verbs.plan(load(self.folder / "spec.yaml", {}, {}), self._cloud())

    def apply(self) -> Iterator[Event]:
        spec = load(self.folder / "spec.yaml", {}, {})
        return verbs.apply(spec, self._cloud(), SystemClock(), lambda plan: True, patience=None)

    def applied(self) -> list[Event]:
        return [event for event in self.apply() if isinstance(event, Applied | Fetched)]

    def tally(self) -> dict[str, int]:
        """The requests since the last time, but for those that every plan asks."""
        counted = self.service.tally()
        assert {name: counted.pop(name) for name in READS} == READS
        return dict(counted)

    def _cloud(self) -> object:
        return connect(on(self.service.url, self.service.url.rpartition("/")[0]), SystemClock())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Two thousand files that were uploaded, and a hundred outputs that came home."""
    with pytest.MonkeyPatch.context() as patch, stub() as service:
        patch.setattr(hashes, "_memory", None)
        folder = tmp_path_factory.mktemp("counted")
        hashes.open_memory(folder)
        (folder / "data").mkdir()
        (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
        found = Bench(service, folder)
        for n in range(FILES):
            found.write(n, b"%d" % n * 100)
        found.applied()
        assert found.tally() == {"Create Container": 2, "Put Blob": FILES, "List Blobs": 1}
        service.seed("output", "somebody", [(f"{n:03}.txt", 0, "d41d8cd98f00b204e9800998ecf8427e") for n in range(100)])
        assert len(found.applied()) == 100
        assert found.tally() == {"List Blobs": 3, "Get Blob": 100}
        yield found


@pytest.fixture(autouse=True)
def no_file_is_read(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[Path]:
    """The files whose content is read in the test."""
    request.getfixturevalue("bench")
    read, reads = hashes._hashed_content, list[Path]()
    monkeypatch.setattr(hashes, "_hashed_content", lambda path, size: reads.append(path) or read(path, size))
    return reads


def test_a_plan_with_nothing_to_do_lists_and_reads_no_file(bench: Bench, no_file_is_read: list[Path]) -> None:
    assert not bench.plan()
    assert bench.tally() == {"List Blobs": 2}
    assert no_file_is_read == []


def test_applied_again_it_writes_nothing_and_downloads_nothing(bench: Bench, no_file_is_read: list[Path]) -> None:
    assert bench.applied() == []
    assert bench.tally() == {"List Blobs": 3}
    assert no_file_is_read == []


def test_other_times_and_the_same_bytes_write_nothing(bench: Bench, no_file_is_read: list[Path]) -> None:
    for path in (bench.folder / "data").iterdir():
        os.utime(path, (1_100_000_000, 1_100_000_000))
    assert bench.applied() == []
    assert bench.tally() == {"List Blobs": 3}
    assert len(no_file_is_read) == FILES


def test_one_file_of_two_thousand_is_one_request(bench: Bench) -> None:
    bench.write(7, b"changed")
    [event] = bench.applied()
    assert isinstance(event, Applied)
    assert event.name == "input/0007.txt"
    assert bench.tally() == {"List Blobs": 3, "Put Blob": 1}


def test_interrupted_half_way_it_repeats_nothing(bench: Bench) -> None:
    for n in range(FILES):
        bench.write(n, b"new %d" % n)
    events = bench.apply()
    for _ in range(FILES // 2):
        next(events)
    events.close()  # type: ignore[attr-defined]  # a generator
    begun = bench.tally()
    assert FILES // 2 - 1 <= begun["Put Blob"] < FILES
    assert len(bench.applied()) == FILES - begun["Put Blob"]
    assert bench.tally() == {"List Blobs": 3, "Put Blob": FILES - begun["Put Blob"]}
