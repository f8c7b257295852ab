"""The life of a spec against the stub, verb by verb: whole processes of ours, or of an earlier build.

The tasks have succeeded as soon as they are added, so that what is measured is the client's own work.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Run, run
from benchmarks.stub import Stub, stub

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
CHUNK = 10
VERBS: Mapping[str, tuple[Sequence[str], int]] = {
    "validate": (("validate",), 0),
    "plan, first": (("plan", "--detailed-exitcode"), 2),
    "apply": (("apply", "--yes"), 0),
    "plan of nothing": (("plan", "--detailed-exitcode"), 0),
    "status": (("status",), 0),
    "destroy": (("destroy", "--yes"), 0),
}
"""In the order of a life: what is called, its words, and the exit code that it must end with."""

OURS = (sys.executable, "-m", "batchctl")
STREAMS = "logs: false\n"
"""Streams are not kept: the earlier build kept none, and knows no word for it."""
HEAD = """
version: 1
name: bench
pool:
  id: bench
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 2
wait: {timeout: PT1H}
"""
CHUNKS = """
storage: {containers: {input: {external: true}}}
job:
  id: bench
  tasks:
    - id: 'count-{chunk}'
      forEach: {blobs: input, chunk: {size: CHUNK}}
      resourceFiles: [{blobs: '{items}'}]
      commands: ['wc {items.names}']
""".replace("CHUNK", str(CHUNK))
RANGE = """
job: {id: bench, tasks: [{id: 'true-{item}', forEach: {range: {start: 1, end: NUMBER}}, command: ['true']}]}
"""
FANNED = """
storage:
  containers: {input: {}}
  uploads: [{from: 'data/*.txt', to: input}]
job:
  id: bench
  tasks: [{id: '{item.stem}', forEach: {blobs: input}, resourceFiles: [{blob: '{item}'}], command: ['true']}]
"""
SPECS = {"chunks": CHUNKS, "range": RANGE, "files": FANNED}
"""`chunks`: so many blobs of somebody else, and a task for each ten; `range`: so many tasks; `files`: so many files,
which are uploaded, and a task for each."""


@dataclass(frozen=True, slots=True)
class Life:
    """A spec, the service that it lives on, and the environment that names it."""

    service: Stub
    folder: Path
    text: str
    environ: Mapping[str, str]

    def verb(
        self, name: str, program: Sequence[str | Path] = OURS, cache: Path | None = None
    ) -> tuple[Run, Counter[str]]:
        """What it took, and its requests by name. `program`: another than ours; `cache`: where hashes are remembered
        instead of with the spec."""
        words, environ = self.command(name, program, cache)
        self.service.tally()
        return run(words, environ, ends_with=VERBS[name][1]), self.service.tally()

    def command(
        self, name: str, program: Sequence[str | Path] = OURS, cache: Path | None = None
    ) -> tuple[list[str | Path], dict[str, str]]:
        """Its words and the environment that names the service."""
        spec = self.folder / "spec.yaml"
        spec.write_text(self.text, encoding="utf-8")
        environ = {**self.environ, **self.service.environ, "XDG_CACHE_HOME": str(cache or self.folder / "cache")}
        return [*program, *VERBS[name][0], spec], environ


@contextmanager
def life(kind: str, number: int, *, streams: str = STREAMS, **environ: str) -> Iterator[Life]:
    """A new one, on a service of its own; `environ` are further variables."""
    with tempfile.TemporaryDirectory() as scratch, stub(check=False) as service:
        folder = Path(scratch)
        if kind == "chunks":
            service.seed("input", "somebody", ((f"part-{n:07}.txt", 9, EMPTY) for n in range(number)))
        if kind == "files":
            write_files(folder / "data", number)
        yield Life(service, folder, HEAD + SPECS[kind].replace("NUMBER", str(number)) + streams, environ)


def write_files(folder: Path, number: int) -> None:
    folder.mkdir()
    for n in range(number):
        (folder / f"part-{n:06}.txt").write_bytes(b"%d\n" % n)
