"""A hundred thousand tasks of `true`, and ten thousand blobs with a task each, through all that a spec goes through.

On the local services, a whole process a step: plan, apply (which adds, waits and ends when the last task has), the plan
of nothing, destroy; beside an earlier build with a local service of its own, the same libraries, the same spec. Streams
are not kept (`logs: false`), for that build kept none. Each step ends with the exit code that it should have, or there
are no figures. One round.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.measure import Run, run
from benchmarks.word_count import bench

ROUNDS = 1
TASKS, BLOBS = 100_000, 10_000
BATCHCTL = [sys.executable, "-m", "batchctl"]
POOL = """
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 2
  taskSlotsPerNode: 2
wait: {timeout: PT1H}
"""
RANGE = """
version: 1
name: many-tasks
job: {id: many-tasks, tasks: [{id: 'true-{item}', forEach: {range: {start: 1, end: NUMBER}}, command: ['true']}]}
"""
FANNED = """
version: 1
name: many-blobs
storage:
  containers: {many-blobs: {}}
  uploads: [{from: 'data/*.txt', to: many-blobs}]
job:
  id: many-blobs
  tasks: [{id: '{item.stem}', forEach: {blobs: many-blobs}, resourceFiles: [{blob: '{item}'}], command: ['true']}]
"""


STEPS = (("plan", 2), ("apply", 0), ("plan", 0), ("destroy", 0))
"""The verbs in their order, with the exit code that each ends with: a plan that has something to do says 2."""
FLAGS = {"plan": ["--detailed-exitcode"], "apply": ["--yes"], "destroy": ["--yes"]}


def figures(rounds: int = ROUNDS, tasks: int = TASKS, blobs: int = BLOBS) -> list[Figure]:  # noqa: ARG001 - one is enough
    with bench() as folder, _earlier(folder) as earlier:
        (folder / "data").mkdir()
        for number in range(blobs):
            (folder / "data" / f"part-{number:06}.txt").write_bytes(b"%d\n" % number)
        return [
            *_lived(folder, earlier, "many-tasks", RANGE.replace("NUMBER", str(tasks)), f"{tasks:,} tasks of a range"),
            *_lived(folder, earlier, "many-blobs", FANNED, f"{blobs:,} blobs, a task each"),
        ]


@contextmanager
def _earlier(folder: Path) -> Iterator[Callable[..., Run]]:
    """Runs the earlier build, on local services of its own that end with us."""
    words: list[str | Path] = [peers.earlier(), "-P", "-m", "batchctl"]  # not the one in the folder where we are
    environ = {"BATCHCTL_LOCAL_HOME": str(folder / "earlier")}
    run([*words, "local", "start"], environ)  # not part of the first step, as ours run already
    try:
        yield lambda *asked, ends_with=0: run([*words, *asked], environ, ends_with=ends_with)
    finally:
        run([*words, "local", "stop"], environ)


def _ours(*asked: str | Path, ends_with: int = 0) -> Run:
    return run([*BATCHCTL, *asked], ends_with=ends_with)


def _lived(folder: Path, earlier: Callable[..., Run], name: str, text: str, what: str) -> Iterator[Figure]:
    """Step by step, ours and the earlier build's in turn."""
    mine, theirs = folder / f"{name}.yaml", folder / f"{name}-earlier.yaml"
    pool = POOL.replace("NAME", name)
    mine.write_text(f"{text}{pool}logs: false\n", encoding="utf-8")
    theirs.write_text(text + pool, encoding="utf-8")
    peer = f"build {peers.EARLIER}"
    for number, (verb, code) in enumerate(STEPS):
        step = "plan of nothing" if number == 2 else verb
        flags = [*FLAGS[verb], "--target", "local"]
        one, other = (way(verb, spec, *flags, ends_with=code) for way, spec in ((_ours, mine), (earlier, theirs)))
        yield Figure(f"{what}: {step}, seconds", one.seconds, "s", peer, other.seconds)
        yield Figure(f"{what}: {step}, CPU of the client", one.cpu, "s", peer, other.cpu)
        yield Figure(f"{what}: {step}, peak memory of the client", one.peak, "MB", peer, other.peak)
