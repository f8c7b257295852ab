"""A whole process, measured: wall clock, CPU and peak memory; several ways of the same in turn."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` by the clock, `cpu` seconds of user and system, `peak` MB of resident memory.

    `inner`: the seconds that the process itself said it took, its start and imports left out; 0 if it said none.
    """

    seconds: float
    cpu: float
    peak: float
    inner: float = 0.0


def run(words: Sequence[str | Path], environ: Mapping[str, str] | None = None, *, ends_with: int = 0) -> Run:
    """One process from start to end. Fails with what it said if it does not end with that exit code."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in words],
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == ends_with, f"{words}: {process.returncode}\n{said.decode(errors='replace')[-4000:]}"
    took = time.perf_counter() - began
    inner = re.search(rb"^took (\d+\.\d+)$", said, re.MULTILINE)
    return Run(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, float(inner[1]) if inner else 0.0)


def in_turn(ways: Mapping[str, Callable[[], Run]], rounds: int, once: Sequence[str] = ()) -> dict[str, Run]:
    """Each way `rounds` times, interleaved, as medians. Those in `once` take so long that one round must do."""
    found: dict[str, list[Run]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            if not number or name not in once:
                found[name].append(way())
    return {name: middle(runs) for name, runs in found.items()}


def middle(runs: Sequence[Run]) -> Run:
    return Run(
        median(r.seconds for r in runs),
        median(r.cpu for r in runs),
        median(r.peak for r in runs),
        median(r.inner for r in runs),
    )
