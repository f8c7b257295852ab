"""A hundred thousand tasks of `true`, and ten thousand blobs with a task each, through all that a spec goes through.

On the local services, a whole process a step: plan, apply (which adds, waits and ends when the last task has), the plan
of nothing, destroy. Each step ends with the exit code that it should have, or there are no figures. One round.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import Run, run
from benchmarks.word_count import bench

ROUNDS = 1
TASKS, BLOBS = 100_000, 10_000
CHANGES = 2
"""The exit code of a plan that has something to do."""
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


def figures(rounds: int = ROUNDS, tasks: int = TASKS, blobs: int = BLOBS) -> list[Figure]:  # noqa: ARG001 - one is enough
    with bench() as folder:
        (folder / "data").mkdir()
        for number in range(blobs):
            (folder / "data" / f"part-{number:06}.txt").write_bytes(b"%d\n" % number)
        return [
            *_lived(folder, "many-tasks", RANGE.replace("NUMBER", str(tasks)), f"{tasks:,} tasks of a range"),
            *_lived(folder, "many-blobs", FANNED, f"{blobs:,} blobs, a task each"),
        ]


def _lived(folder: Path, name: str, text: str, what: str) -> Iterator[Figure]:
    spec = folder / f"{name}.yaml"
    spec.write_text(text + POOL.replace("NAME", name), encoding="utf-8")
    steps = {
        "plan": _step("plan", spec, "--detailed-exitcode", ends_with=CHANGES),
        "apply": _step("apply", spec, "--yes"),
        "plan of nothing": _step("plan", spec, "--detailed-exitcode"),
        "destroy": _step("destroy", spec, "--yes"),
    }
    for step, done in steps.items():
        yield Figure(f"{what}: {step}, seconds", done.seconds, "s")
        yield Figure(f"{what}: {step}, CPU of the client", done.cpu, "s")
        yield Figure(f"{what}: {step}, peak memory of the client", done.peak, "MB")


def _step(verb: str, spec: Path, *flags: str, ends_with: int = 0) -> Run:
    return run([*BATCHCTL, verb, spec, *flags, "--target", "local"], ends_with=ends_with)
