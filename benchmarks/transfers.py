"""Uploads and downloads against a service that costs nothing, and against Azurite, beside the programs and loops that
others would take.

Every way is a whole process, its start and imports included. Ours, rclone and azcopy hash the files, store an MD5 for
each blob and check it on the way down; the SDK's ways do not. azcopy and the SDK run once. Of large files there are
three rounds at 20 ms, two at 0 ms, one on Azurite; of the others on Azurite two.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from batchctl.clock import SystemClock
from benchmarks.azurite import Azurite, azurite
from benchmarks.figures import Figure
from benchmarks.measure import Run, in_turn, run
from benchmarks.peers import azcopy, azcopy_environ, azcopy_words, rclone_words
from benchmarks.stub import Stub, stub

ROUNDS = 5
MIB = 1 << 20
SETS = {"2,000 x 4 KiB": (2000, 4096), "200 x 1 MiB": (200, MIB), "4 x 256 MiB": (4, 256 * MIB)}
"""Number and bytes."""

PLACES = {"20 ms": 0.020, "0 ms": 0.0, "Azurite": None}
"""Round trips of the stub in seconds; None: Azurite, on this machine."""

AT_MOST = {"20 ms": (5, 5, 3), "0 ms": (5, 5, 2), "Azurite": (2, 2, 1)}
"""Rounds of each set: large files take their time anywhere, and Azurite slows down as it fills."""

ONCE = ("azcopy", "threads", "serial")
"""Ways that take so long that one round must do."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be reached at 20 ms: the whole process, and without our start."""

    whole: float
    inner: float | None = None


AIMS = {
    ("2,000 x 4 KiB", "up"): Aim(0.6),
    ("2,000 x 4 KiB", "down"): Aim(1.0, 0.6),
    ("200 x 1 MiB", "up"): Aim(1.0, 0.6),
    ("200 x 1 MiB", "down"): Aim(1.0, 0.6),
    ("4 x 256 MiB", "up"): Aim(0.85),
    ("4 x 256 MiB", "down"): Aim(0.85),
}

_names = count(1)


@dataclass(frozen=True, slots=True)
class Stand:
    """One service, and the same files in a folder and in the container `full`."""

    service: Stub | Azurite
    files: Path
    scratch: Path

    def up(self, way: str) -> tuple[Run, Counter[str]]:
        with self._container() as name, tempfile.TemporaryDirectory(dir=self.scratch) as logs:
            self.service.tally()
            words = self.words(way, name, str(self.files), up=True)
            return run(words, azcopy_environ(Path(logs))), self.service.tally()

    def down(self, way: str) -> tuple[Run, Counter[str]]:
        with self._folder() as folder, tempfile.TemporaryDirectory() as logs:
            self.service.tally()
            words = self.words(way, "full", folder, up=False)
            done = run(words, azcopy_environ(Path(logs)))
            came = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
            assert sorted(came) == sorted(path.stat().st_size for path in self.files.iterdir()), way
            return done, self.service.tally()

    def words(self, way: str, container: str, folder: str, *, up: bool) -> Sequence[str | Path]:
        if way == "rclone":
            pair = (folder, f":azureblob:{container}")
            return rclone_words(self.service, *(pair if up else reversed(pair)))
        if way == "azcopy":
            pair = (f"{folder}/*" if up else folder, self._signed(container, "" if up else "/*"))
            return azcopy_words(*(pair if up else reversed(pair)), up=up)
        return [
            *(sys.executable, "-m", "benchmarks.clients", way, "up" if up else "down"),
            *(self.service.url, container, folder),
        ]

    @contextmanager
    def _folder(self) -> Iterator[str]:
        """Many small files stay until the end: for five seconds after so many are deleted, ext4 is slow to make others,
        which would be what is measured."""
        folder = tempfile.mkdtemp(dir=self.scratch)
        yield folder
        if len(list(Path(folder).iterdir())) < 1000:
            shutil.rmtree(folder)

    def _signed(self, container: str, rest: str) -> str:
        token = generate_container_sas(
            self.service.account,
            container,
            account_key=self.service.key,
            permission=ContainerSasPermissions(read=True, list=True, write=True, create=True),
            expiry=SystemClock().now().replace(year=2099),
        )
        return f"{self.service.url}/{container}{rest}?{token}"

    @contextmanager
    def _container(self) -> Iterator[str]:
        name, blobs = f"into-{next(_names)}", BlobServiceClient(self.service.url, self.service.key)
        blobs.create_container(name)
        yield name
        blobs.delete_container(name)


def _compared(name: str, where: str, rounds: int = ROUNDS) -> Iterator[Figure]:
    (number, size), round_trip = SETS[name], PLACES[where]
    most = dict(zip(SETS, AT_MOST[where], strict=True))[name]
    with _stand(number, size, round_trip) as stand:
        for verb, move in (("up", stand.up), ("down", stand.down)):
            tallies: dict[str, Counter[str]] = {}

            def measured(way: str, move: Callable[[str], tuple[Run, Counter[str]]] = move) -> Run:
                done, tallies[way] = move(way)  # noqa: B023 - used before the next turn of the loop
                return done

            ways = {way: partial(measured, way) for way in _ways(name, where)}
            runs = in_turn(ways, min(rounds, most), once=ONCE)
            yield from _told(f"{name} {verb}, {where}", number * size, AIMS[name, verb], runs, tallies)


def _ways(name: str, where: str) -> list[str]:
    """The SDK where its requests cost nothing, and its loop where a round trip is waited for but not two thousand."""
    sdk = {"0 ms": ["threads"], "20 ms": ["threads", "serial"] if name == "200 x 1 MiB" else []}
    return ["ours", "rclone", *(["azcopy"] if azcopy() else []), *sdk.get(where, [])]


PARTS: Mapping[str, Callable[..., Iterator[Figure]]] = {
    f"{name}, {where}": partial(_compared, name, where) for name in SETS for where in PLACES
}


def _told(what: str, volume: int, aim: Aim, runs: dict[str, Run], tallies: dict[str, Counter[str]]) -> Iterator[Figure]:
    mine, small = runs["ours"], volume <= 16 * MIB
    rivals = ("rclone",) if small or "azcopy" not in runs else ("rclone", "azcopy")
    quickest = min(rivals, key=lambda way: runs[way].seconds)
    for way, done in runs.items():
        if way != "ours":
            held = f"at most {aim.whole if what.endswith('20 ms') else 1.0} x" if way == quickest else ""
            yield Figure(f"{what}: seconds", mine.seconds, "s", PEERS[way], done.seconds, held)
    for way in rivals:
        held = f"at most {aim.inner} x" if way == quickest and aim.inner and what.endswith("20 ms") else ""
        without = f"{what}: seconds without our start and imports"
        yield Figure(without, mine.inner, "s", PEERS[way], runs[way].seconds, held)
    for way in ("rclone", "azcopy", "threads"):
        if way in runs:
            yield Figure(f"{what}: CPU", mine.cpu, "s", PEERS[way], runs[way].cpu)
            yield Figure(f"{what}: peak memory", mine.peak, "MB", PEERS[way], runs[way].peak, "under 200 MB")
    if not tallies["ours"]:
        return
    asked = ", ".join(f"{count} {name}" for name, count in sorted(tallies["ours"].items()))
    yield Figure(f"{what}: requests ({asked})", tallies["ours"].total(), "", PEERS["rclone"], tallies["rclone"].total())


PEERS = {
    "rclone": "rclone --transfers 64",
    "azcopy": "azcopy",
    "threads": "SDK, 16 threads",
    "serial": "SDK, the tutorial's loop",
}


@contextmanager
def _stand(number: int, size: int, round_trip: float | None) -> Iterator[Stand]:
    place = azurite() if round_trip is None else stub(round_trip, check=False)
    with tempfile.TemporaryDirectory() as scratch, place as service:
        files = Path(scratch) / "files"
        files.mkdir()
        for n in range(number):
            # In pieces: what this process ever held in memory would count as the peak of those that it starts.
            with (files / f"{n:05}.bin").open("wb") as stream:
                for begun in range(0, size, MIB):
                    stream.write(os.urandom(min(MIB, size - begun)))
        BlobServiceClient(service.url, service.key).create_container("full")
        stand = Stand(service, files, Path(scratch))
        run(stand.words("ours", "full", str(files), up=True))
        yield stand
