"""Plans of 10, 1,000 and 100,000 files: the first, and one with nothing to do, beside the SDK's way.

Each is a whole process. The SDK's way lists the container with `list_blobs` and looks in a loop which files are not
there in their size: it hashes nothing, so it knows less than a plan does. Beside a first plan stands the MD5 of every
file.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import in_turn, run
from benchmarks.stub import Stub, stub

ROUNDS = 5
SIZES = (10, 1000, 100_000)
ROUND_TRIPS = (0.0, 0.020)
SPEC = """
version: 1
name: bench
storage:
  containers: {input: {}}
  uploads: [{from: data/*.txt, to: input}]
"""


def figures(rounds: int = ROUNDS, sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    return [
        figure for number in sizes for round_trip in ROUND_TRIPS for figure in _compared(number, round_trip, rounds)
    ]


def prepared(service: Stub, folder: Path, number: int, *, there: bool) -> tuple[Path, dict[str, str]]:
    """A spec of so many files and the environment that names the service; `there`: they were uploaded before."""
    (folder / "data").mkdir(parents=True)
    spec = folder / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    held = []
    for n in range(number):
        path, data = folder / "data" / f"part-{n:06}.txt", b"%d\n" % n * 8
        path.write_bytes(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        held.append((path.name, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()))
    service.seed("input", "bench", held if there else [])
    environ = {**service.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    return spec, environ


def _compared(number: int, round_trip: float, rounds: int) -> Iterator[Figure]:
    what = f"{number:,} files, {round_trip * 1000:.0f} ms"
    with tempfile.TemporaryDirectory() as scratch, stub(round_trip, check=False) as service:
        spec, environ = prepared(service, Path(scratch) / "there", number, there=True)
        plan: list[str | Path] = [sys.executable, "-m", "batchctl", "plan", spec, "--detailed-exitcode"]
        client: list[str | Path] = [sys.executable, "-m", "benchmarks.clients"]
        data = spec.parent / "data"
        run(plan, environ)
        service.tally()
        run(plan, environ)
        asked = service.tally()
        found = in_turn(
            {
                "ours": lambda: run(plan, environ),
                "sdk": lambda: run([*client, "serial", "list", service.url, "input", data]),
            },
            rounds,
        )
        mine, theirs, peer = found["ours"], found["sdk"], "list_blobs and a loop"
        counted = ", ".join(f"{count} {name}" for name, count in sorted(asked.items()))
        aim = f"{-(-number // 5000)} + a handful"
        yield Figure(f"no-op plan, {what}: requests ({counted})", asked.total(), "", aim=aim)
        yield Figure(f"no-op plan, {what}: CPU", mine.cpu, "s", peer, theirs.cpu, "at most 0.2 x" * (number > 10_000))
        yield Figure(f"no-op plan, {what}: seconds", mine.seconds, "s", peer, theirs.seconds)
        yield Figure(f"no-op plan, {what}: peak memory", mine.peak, "MB", peer, theirs.peak, "under 300 MB")
        if not round_trip:
            yield from _first(number, spec, environ, service, rounds)


def _first(number: int, spec: Path, environ: dict[str, str], service: Stub, rounds: int) -> Iterator[Figure]:
    """Nothing is there and nothing is remembered."""
    text = spec.read_text(encoding="utf-8").replace("input", "empty").replace("name: bench", "name: first")
    first = spec.with_name("first.yaml")
    first.write_text(text, encoding="utf-8")
    plan: list[str | Path] = [sys.executable, "-m", "batchctl", "plan", first, "--detailed-exitcode"]
    data = spec.parent / "data"
    client: list[str | Path] = [
        *(sys.executable, "-m", "benchmarks.clients", "hash", "list", service.url, "input", data)
    ]
    nowhere = {"XDG_CACHE_HOME": os.devnull}
    found = in_turn(
        {
            "ours": lambda: run(plan, {**environ, **nowhere}, ends_with=2),
            "hash": lambda: run(client),
        },
        rounds,
    )
    mine, theirs, peer = found["ours"], found["hash"], "MD5 of every file in a loop"
    yield Figure(f"first plan, {number:,} files: CPU", mine.cpu, "s", peer, theirs.cpu)
    yield Figure(f"first plan, {number:,} files: peak memory", mine.peak, "MB", peer, theirs.peak)
