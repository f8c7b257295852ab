"""`python -m benchmarks quick`: what a change does to the work of a command, in counts: half a minute.

Run before and after a change, each time on the same machine: the table shows what is different. Counts do not depend on
how busy the machine is: requests are exact, calls of functions and blocks of memory nearly so, instructions (where
valgrind is installed) within half a per cent.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.lives import VERBS, Life, life
from benchmarks.measure import run
from benchmarks.peers import CACHE
from benchmarks.stub import stub

Counts = Mapping[str, float]
LAST = CACHE / "quick.json"
FEW, MORE = 100, 600
"""Files with a task each: what one costs is the difference."""
COUNTED = {"validate": ("calls",), "plan, first": ("calls",), "plan of nothing": ("calls", "memory")}
"""What is counted of the verbs that change nothing. Memory is where plans hold most: beside what is there."""
NOISE = 0.005
"""A smaller change is none."""
SETTLED = {"PYTHONHASHSEED": "0"}


def main(beside: Path | None = None, save: Path | None = None) -> None:
    """Counts, prints them beside those of a file or of the last time, and keeps them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [pool.submit(work) for work in (instructions, partial(lived, MORE), partial(lived, FEW), moved)]
        slow, more, few, requests = (dict(one.result()) for one in found)
    now = {**few, **dict(each(few, more)), **requests, **slow}
    print(compared(now, _kept(beside or LAST)))
    if not shutil.which("valgrind"):
        print("\nNo valgrind here, so no instructions.")
    LAST.parent.mkdir(parents=True, exist_ok=True)
    for path in filter(None, (save, LAST)):
        path.write_text(json.dumps(now, indent=1), encoding="utf-8")


def compared(now: Counts, before: Counts) -> str:
    """A line for each count; what was counted before and is not any more has none."""
    lines = ["| count | now | before | |", "|---|---:|---:|---|"]
    for what, value in now.items():
        old = before.get(what)
        lines.append(f"| {what} | {_number(value)} | {'' if old is None else _number(old)} | {_change(value, old)} |")
    return "\n".join(lines)


def _change(value: float, old: float | None) -> str:
    if old is None:
        return ""
    if not old:
        return "" if not value else "new"
    by = value / old - 1
    return f"{by:+.1%}" if abs(by) > NOISE else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def _kept(path: Path) -> Counts:
    found: Counts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def each(few: Counts, more: Counts) -> Iterator[tuple[str, float]]:
    """What a file more costs."""
    for what, value in few.items():
        other = what.replace(f"{FEW:,} files", f"{MORE:,} files")
        if other in more and not what.startswith("validate"):
            yield what.replace(f"{FEW:,} files", "a file more"), (more[other] - value) / (MORE - FEW)


def lived(number: int) -> Iterator[tuple[str, float]]:
    """The life of a spec of so many files: requests of each verb; first, what else those cost that change nothing."""
    with life("files", number, **SETTLED) as one:
        for verb in VERBS:
            what = f"{verb}, {number:,} files"
            for way in COUNTED.get(verb, ()):
                yield from ((f"{what}: {_called(name)}", count) for name, count in _counted(one, verb, way))
            yield f"{what}: requests", one.verb(verb)[1].total()


def _called(name: str) -> str:
    return {"calls": "calls of functions", "KiB": "peak of Python's memory, KiB", "blocks": "blocks held"}[name]


def _counted(one: Life, verb: str, way: str) -> Iterator[tuple[str, float]]:
    file = one.folder / "counted.json"
    one.verb(verb, [sys.executable, "-m", "benchmarks.counted", way, file])
    yield from json.loads(file.read_text(encoding="utf-8")).items()


def moved() -> Iterator[tuple[str, float]]:
    """Uploads and downloads: 50 small files and one of 40 MiB."""
    with tempfile.TemporaryDirectory() as scratch, stub(check=False) as service:
        files, back = Path(scratch) / "files", Path(scratch) / "back"
        files.mkdir()
        for n in range(50):
            (files / f"{n:02}").write_bytes(bytes(4096))
        (files / "large").write_bytes(bytes(40 << 20))
        service.seed("input", "bench", [])
        for what, folder in (("up", files), ("down", back)):
            service.tally()
            run([sys.executable, "-m", "benchmarks.clients", "ours", what, service.url, "input", folder])
            for name, count in sorted(service.tally().items()):
                yield f"50 x 4 KiB and 40 MiB {what}: {name}", count


def instructions() -> Iterator[tuple[str, float]]:
    """Of a whole plan of nothing on ten files, in millions; none without valgrind. It does what `validate` does, and it
    takes longer than all else that is counted here."""
    if not shutil.which("valgrind"):
        return
    with life("files", 10, **SETTLED) as one:
        one.verb("apply")
        yield "plan of nothing, 10 files: million instructions", _instructions(one, "plan of nothing") / 1e6


def _instructions(one: Life, verb: str) -> int:
    program = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-m", "batchctl"]
    words, environ = one.command(verb, program)
    said = subprocess.run(words, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert said.returncode == VERBS[verb][1], said.stderr[-2000:]
    return int(said.stderr.rpartition("Collected : ")[2].split()[0])
