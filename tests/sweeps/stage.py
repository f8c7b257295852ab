"""A small workload, the command line on it through proxies, and what must hold after whatever happened."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from batchctl import verbs
from batchctl.cli.target import target_of
from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import connect
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.resources import Job, Pool, Task
from batchctl.spec.load import load
from tests.clock import FakeClock
from tests.forks import Forks
from tests.proxy import Log, Meddle, Meddling, counting
from tests.services import unique

OURS = "batchctl/"
"""How the User-Agent of our own requests begins."""

ROOT = Path(__file__).parents[2]
CLIENT = "tests.sweeps.client"
TEXTS = {"a": "one\n", "b": "two\nthree\n"}

SPEC = """\
version: 1
name: NAME
storage:
  containers: {NAME-input: {}, NAME-output: {}}
  uploads:
    - {from: texts/*.txt, to: NAME-input}
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
  startTask: {commands: ['true']}
job:
  id: NAME
  tasks:
    - id: copy-{item.stem}
      forEach: {blobs: NAME-input}
      resourceFiles: [{blob: '{item}'}]
      commands: ['COMMAND']
      outputFiles: [{filePattern: '*_OUTPUT.txt', container: NAME-output}]
wait: {timeout: PT3M}
download:
  - {container: NAME-output, to: results}
"""


@dataclass(frozen=True)
class Ran:
    code: int
    said: str


@dataclass(frozen=True)
class Stage:
    """A folder with a spec of a name of its own, and the services that it runs on."""

    folder: Path
    name: str
    services: Services
    forks: Forks | None = None

    def start(self, ways: "Ways | None", *arguments: str) -> subprocess.Popen[str]:
        """`batchctl ARGUMENTS` in the background, through these proxies if there are any; its output is one stream."""
        return subprocess.Popen(
            [sys.executable, "-m", CLIENT, *arguments],
            cwd=self.folder,
            env=self.environ(ways),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def environ(self, ways: "Ways | None") -> dict[str, str]:
        target = target_of(self.services)
        if ways:
            target = replace(target, batch_url=ways.batch.url, storage_url=ways.storage.url)
        unsaid = ("storage_api_version", "has_arm", "resource_id")
        given = {name: value for name, value in asdict(target).items() if name not in unsaid}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "BATCHCTL_", "COLUMNS"))}
        return {**kept, "SWEEP_TARGET": json.dumps(given), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def run(self, ways: "Ways | None", *arguments: str) -> Ran:
        """The same to its end; where there are forks, as one of them, whose output is that before its errors."""
        if not self.forks:
            return ended(self.start(ways, *arguments))
        code, out, err = self.forks.run(CLIENT, arguments, self.folder, self.environ(ways))
        return Ran(code, out + err)

    @property
    def cloud(self) -> Azure:
        return connect(target_of(self.services), SystemClock())

    def held(self) -> dict[str, int]:
        """What bears our mark, and how often there is one of it."""
        cloud = self.cloud
        containers, blobs = cloud.storage(self.name, [])
        resources = (*containers, *blobs, *cloud.batch(self.name, []))
        found: dict[str, int] = {}
        for resource in resources:
            key = f"{resource.kind} {resource.name.replace(self.name, 'NAME')}"
            if isinstance(resource, Pool | Job | Task) or resource.owner == self.name:
                found[key] = found.get(key, 0) + 1
        return found

    def clear(self) -> None:
        """Destroy all of it."""
        spec, choices = load(self.folder / "spec.yaml", {}, {}), Choices(discard_outputs=True)
        for _ in verbs.destroy(spec, self.cloud, FakeClock(), lambda plan: True, choices, None):
            pass
        assert self.held() == {}

    def home(self) -> dict[str, str]:
        """What came home; who was killed meanwhile may leave the part that it was writing."""
        return {p.name: p.read_text() for p in (self.folder / "results").glob("[!.]*")}


WHOLE = {
    "container NAME-input": 1,
    "container NAME-output": 1,
    "blob NAME-input/a.txt": 1,
    "blob NAME-input/b.txt": 1,
    "blob NAME-output/a_OUTPUT.txt": 1,
    "blob NAME-output/b_OUTPUT.txt": 1,
    "container NAME-logs": 1,
    **{f"blob NAME-logs/copy-{stem}/{name}.txt": 1 for stem in TEXTS for name in ("stdout", "stderr")},
    "pool NAME": 1,
    "job NAME": 1,
    "task NAME/copy-a": 1,
    "task NAME/copy-b": 1,
}
"""What an apply without any fault leaves: one object for each thing that the spec asks for."""


@dataclass(frozen=True)
class Ways:
    """Both proxies. `requests`: what passed either, in the order of its arrival."""

    batch: Log
    storage: Log
    requests: list[str]

    @property
    def mutating(self) -> list[tuple[str, str]]:
        return self.batch.mutating + self.storage.mutating


@contextmanager
def through(services: Services, meddle: Meddle | None = None) -> Iterator[Ways]:
    """Proxies in front of both services that meddle alike, with our requests alone: nodes send theirs this way too."""
    requests: list[str] = []

    def numbered(method: str, path: str) -> Meddling | None:
        requests.append(f"{method} {path.split('?')[0]}")
        return meddle(method, path) if meddle else None

    with (
        counting(services.batch_url, numbered, OURS) as batch,
        counting(services.blob_url, numbered, OURS) as storage,
    ):
        yield Ways(batch, storage, requests)


def staged(folder: Path, services: Services, command: str = "cp {item.name} {item.stem}_OUTPUT.txt") -> Stage:
    """A new stage in an empty folder."""
    stage = Stage(folder, unique("sweep"), services)
    (folder / "texts").mkdir(parents=True)
    for stem, text in TEXTS.items():
        (folder / "texts" / f"{stem}.txt").write_text(text)
    (folder / "spec.yaml").write_text(SPEC.replace("NAME", stage.name).replace("COMMAND", command))
    return stage


def ended(process: "subprocess.Popen[str]", within: float = 120) -> Ran:
    """How it ended, and what it said. One that does not end is killed, and what it said is in the error."""
    try:
        said, _ = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it did not end within {within:g} s: {process.communicate()[0]}") from None
    return Ran(process.returncode, said)
