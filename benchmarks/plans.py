"""Plans of 10, 1,000 and 100,000 files: the first, and one with nothing to do, beside the SDK's way.

Each is a whole process. The SDK's way lists the container with `list_blobs` and looks in a loop which files are not
there in their size: it hashes nothing, so it knows less than a plan does. Beside a first plan stands the MD5 of every
file.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import in_turn, run
from benchmarks.stub import Stub, stub

ROUNDS = 5
ROUND_TRIPS = (0.0, 0.020)
ATTRIBUTES = {"CPU": "cpu", "seconds": "seconds", "peak memory": "peak"}
"""Of a run."""
LARGE = 10_000
"""Of more files than these ours is run three times at most, the SDK's way once and at 0 ms alone: it takes a minute."""
SPEC = """
version: 1
name: bench
storage:
  containers: {input: {}}
  uploads: [{from: data/*.txt, to: input}]
"""


def prepared(service: Stub, folder: Path, number: int) -> tuple[Path, dict[str, str]]:
    """A spec of so many files that were uploaded before, and the environment that names the service."""
    spec, held = written(folder, number)
    service.seed("input", "bench", held)
    return spec, _environ(service, folder)


def written(folder: Path, number: int) -> tuple[Path, list[tuple[str, int, str]]]:
    """A spec of so many files, and the name, size and MD5 of each."""
    (folder / "data").mkdir(parents=True)
    spec = folder / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    held = []
    for n in range(number):
        path, data = folder / "data" / f"part-{n:06}.txt", b"%d\n" % n * 8
        path.write_bytes(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        held.append((path.name, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()))
    return spec, held


def _environ(service: Stub, folder: Path) -> dict[str, str]:
    return {**service.environ, "XDG_CACHE_HOME": str(folder / "cache")}


def _compared(number: int, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The files are made once: that takes the longest where they are many."""
    rounds = min(rounds, 3) if number > LARGE else rounds
    with tempfile.TemporaryDirectory() as scratch:
        spec, held = written(Path(scratch) / "there", number)
        for round_trip in ROUND_TRIPS:
            with stub(round_trip, check=False) as service:
                service.seed("input", "bench", held)
                environ = _environ(service, spec.parent)
                yield from _again(number, round_trip, spec, environ, service, rounds)
                if not round_trip:
                    yield from _first(number, spec, environ, service, rounds)


def _again(
    number: int, round_trip: float, spec: Path, environ: dict[str, str], service: Stub, rounds: int
) -> Iterator[Figure]:
    """Everything is there and remembered."""
    what, peer = f"no-op plan, {number:,} files, {round_trip * 1000:.0f} ms", "list_blobs and a loop"
    plan: list[str | Path] = [sys.executable, "-m", "batchctl", "plan", spec, "--detailed-exitcode"]
    client: list[str | Path] = [
        sys.executable,
        "-m",
        "benchmarks.clients",
        "serial",
        "list",
        service.url,
        "input",
        spec.parent / "data",
    ]
    run(plan, environ)
    service.tally()
    ways = {"ours": lambda: run(plan, environ), "sdk": lambda: run(client)}
    asked = (run(plan, environ), service.tally())[1]
    if number > LARGE and round_trip:
        del ways["sdk"]
    found = in_turn(ways, rounds, once=("sdk",) if number > LARGE else ())
    mine, theirs = found["ours"], found.get("sdk")
    counted = ", ".join(f"{count} {name}" for name, count in sorted(asked.items()))
    yield Figure(f"{what}: requests ({counted})", asked.total(), "", aim=f"{-(-number // 5000)} + a handful")
    for measure, unit, aim in (
        ("CPU", "s", "at most 0.1 x" * (number > LARGE)),
        ("seconds", "s", ""),
        ("peak memory", "MB", "at most 150 MB"),
    ):
        other = getattr(theirs, ATTRIBUTES[measure]) if theirs else None
        yield Figure(f"{what}: {measure}", getattr(mine, ATTRIBUTES[measure]), unit, peer if theirs else "", other, aim)


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


PARTS: Mapping[str, Callable[..., Iterator[Figure]]] = {
    f"{number:,} files": partial(_compared, number) for number in (10, 1000, 100_000)
}
