"""The word count of README, from nothing to outputs on the disk, beside the imperative tutorial on the SDKs.

Both run on the local services, which are up already; half of the time is the tasks' own: a start task, then three
Python processes on one node, one after the other. The clean-up is not measured.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest.mock import patch

from batchctl import local
from benchmarks import tutorial
from benchmarks.figures import Figure
from benchmarks.measure import Run, in_turn, run

ROUNDS = 5
HERE = Path(__file__).parent.parent
BATCHCTL = [sys.executable, "-m", "batchctl"]
_names = count(1)


def figures(rounds: int = ROUNDS) -> list[Figure]:
    with bench() as folder:
        spec = folder / "specs" / "word-count.yaml"
        found = in_turn(
            {"ours": lambda: _ours(spec), "tutorial": lambda: _tutorial(folder), "again": lambda: _again(spec)}, rounds
        )
    mine, theirs, again = found["ours"], found["tutorial"], found["again"]
    peer = "the imperative tutorial"
    return [
        Figure("word count: seconds", mine.seconds, "s", peer, theirs.seconds),
        Figure("word count: CPU of the client", mine.cpu, "s", peer, theirs.cpu),
        Figure("word count: peak memory of the client", mine.peak, "MB", peer, theirs.peak),
        Figure(
            "word count applied again: seconds", again.seconds, "s", f"{peer}, which does all again", theirs.seconds
        ),
    ]


def _ours(spec: Path) -> Run:
    return _applied(spec)


def _again(spec: Path) -> Run:
    """Applied before in this round; then all of it goes."""
    done = _applied(spec)
    run([*BATCHCTL, "destroy", spec, "--yes", "--target", "local"])
    shutil.rmtree(spec.parent.parent / "results")
    return done


def _applied(spec: Path) -> Run:
    done = run([*BATCHCTL, "apply", spec, "--yes", "--target", "local"])
    assert len(list((spec.parent.parent / "results").glob("*_OUTPUT.txt"))) == 3
    return done


def _tutorial(folder: Path) -> Run:
    name = f"tutorial-{next(_names)}"
    done = run([sys.executable, "-m", "benchmarks.tutorial", name, folder])
    assert len(list((folder / f"results-{name}").glob("*_OUTPUT.txt"))) == 3
    tutorial.clean(name)
    return done


@contextmanager
def bench() -> Iterator[Path]:
    """A copy of the specs and its files, and the local services in a home of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("specs", "node_scripts"):
            shutil.copytree(HERE / name, folder / name)
        with patch.dict(os.environ, {"BATCHCTL_LOCAL_HOME": str(folder / "home"), "NO_PROXY": "127.0.0.1"}):
            services = local.ensure_running(print)
            try:
                with patch.dict(os.environ, services.environment):
                    yield folder
            finally:
                local.stop()
