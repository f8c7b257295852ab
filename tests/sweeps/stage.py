"""A small workload in a folder, and the command line on it through proxies."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobLeaseClient

from batchctl.clock import Clock, SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import Target, connect
from batchctl.errors import BatchctlError
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.choices import Choices
from batchctl.resources import Job, Pool, Task
from batchctl.spec.load import load
from tests import verbs
from tests.clock import FakeClock, HastyClock
from tests.forks import Forks
from tests.proxy import Door, Log, Meddle, Meddling, counting
from tests.services import blob_service, unique
from tests.sweeps.scenarios import COPY, SMALL, Scenario

OURS = "batchctl/"
"""How the User-Agent of our own requests begins."""

ROOT = Path(__file__).parents[2]
CLIENT = "tests.sweeps.client"


@dataclass(frozen=True)
class Ran:
    code: int
    said: str


@dataclass(frozen=True)
class Stage:
    """A folder with a spec of a name of its own, and the services that it runs on. `keyless`: what goes through proxies
    is signed in by tokens alone."""

    folder: Path
    name: str
    services: Services
    forks: Forks | None = None
    scenario: Scenario = SMALL
    keyless: bool = False

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
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "BATCHCTL_", "COLUMNS"))}
        return {**kept, "SWEEP_TARGET": json.dumps(self.given(ways)), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def target(self, ways: "Ways | None" = None) -> Target:
        found = target_of(self.services)
        if ways is None:
            return found
        keys = {"batch_key": None, "storage_key": None} if self.keyless else {}
        return replace(found, batch_url=ways.batch.url, storage_url=ways.storage.url, **keys)

    def given(self, ways: "Ways | None") -> dict[str, Any]:
        """What `Target.local` makes the target of."""
        unsaid = ("storage_api_version", "has_arm", "resource_id")
        return {name: value for name, value in asdict(self.target(ways)).items() if name not in unsaid}

    def run(self, ways: "Ways | None", *arguments: str) -> Ran:
        """The same to its end; where there are forks, as one of them, whose output is that before its errors."""
        if not self.forks:
            return ended(self.start(ways, *arguments))
        code, out, err = self.forks.run(CLIENT, arguments, self.folder, self.environ(ways))
        return Ran(code, out + err)

    @property
    def cloud(self) -> Azure:
        return connect(self.target(), SystemClock())

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


WHOLE = SMALL.whole
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
def through(
    services: Services, meddle: Meddle | None = None, agent: str = OURS, doors: tuple[Door, Door] | None = None
) -> Iterator[Ways]:
    """Proxies in front of both services that meddle alike, with the requests of a client alone, whose User-Agent has
    `agent` in it: nodes send theirs this way too. `doors`: who lets requests into Batch, and into storage."""
    requests: list[str] = []

    def numbered(method: str, path: str) -> Meddling | None:
        requests.append(f"{method} {path.split('?')[0]}")
        return meddle(method, path) if meddle else None

    certificates = services.authority.parent if services.authority else None
    of_batch, of_storage = doors or (None, None)
    with (
        counting(services.batch_url, numbered, agent, of_batch, certificates) as batch,
        counting(services.blob_url, numbered, agent, of_storage, certificates) as storage,
    ):
        yield Ways(batch, storage, requests)


def staged(
    folder: Path, services: Services, command: str = COPY, scenario: Scenario = SMALL, name: str | None = None
) -> Stage:
    """A new stage in an empty folder. `name`: else one that nobody has."""
    stage = Stage(folder, name or unique("sweep"), services, scenario=scenario)
    for path, text in scenario.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "spec.yaml").write_text(scenario.spec.replace("NAME", stage.name).replace("COMMAND", command))
    return stage


def ended(process: "subprocess.Popen[str]", within: float = 120) -> Ran:
    """How it ended, and what it said. One that does not end is killed, and what it said is in the error."""
    try:
        said, _ = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it did not end within {within:g} s: {process.communicate()[0]}") from None
    return Ran(process.returncode, said)


def attempt(stage: Stage, ways: Ways | None, verb: str, clock: Clock | None = None, **choices: bool) -> Ran:
    """The verb in this process: sooner than a new one. What is no error of ours is raised."""
    spec, clock = load(stage.folder / "spec.yaml", {}, {}), clock or HastyClock()
    does = {"apply": verbs.apply, "destroy": verbs.destroy}[verb]
    chosen = Choices(**{"discard_outputs": True, "force": True, **choices})
    happened, cloud = [], connect(stage.target(ways), clock)
    try:
        for event in does(spec, cloud, clock, lambda plan: True, chosen):
            happened.append(event)
    except BatchctlError as error:
        return Ran(error.exit_code, f"{error}; before it {happened}")
    finally:
        _bury(stage, cloud)
    return Ran(0, "")


def inside(stage: Stage, ways: Ways | None, verb: str, clock: Clock | None = None) -> None:
    """As `attempt`. Raises AssertionError if it does not end well."""
    ran = attempt(stage, ways, verb, clock)
    assert ran.code == 0, f"{verb} ended with {ran.code}: {ran.said}"


def _bury(stage: Stage, cloud: Azure) -> None:
    """A process that has ended is known to hold no lock; this one goes on, and lets go of what it could not."""
    lock = blob_service(stage.services).get_blob_client("batchctl", f"{stage.name}.lock")
    with suppress(AzureError):  # as where nobody serves any more
        if lock.get_blob_properties().metadata.get("batchctl_run") == cloud._session.gate.run:
            BlobLeaseClient(lock).break_lease(lease_break_period=0)
