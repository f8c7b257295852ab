"""A copy of the example specs to play with, and the command line run as a user runs it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest
import yaml

from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import Target, connect
from batchctl.local import Services
from tests import leaks
from tests.emulator.stand import ACCOUNT, KEY, Local
from tests.forks import Forks, forks
from tests.sweeps.stage import Stage, staged

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Workbench:
    """A folder with `specs/` and `node_scripts/`, and a home of the local services."""

    folder: Path
    environ: dict[str, str]
    forks: Forks

    def run(self, *arguments: str, timeout: float = 300) -> Ran:
        """Run `batchctl ARGUMENTS` in the folder, without a terminal."""
        return Ran(*self.forks.run("batchctl", arguments, self.folder, self.environ, timeout))

    def run_unread(self, *arguments: str) -> tuple[int, str]:
        """(exit code, stderr) of a command whose output nobody reads any more, written as Python does by itself."""
        reader, writer = os.pipe()
        os.close(reader)
        environ = {name: value for name, value in self.environ.items() if name != "PYTHONUNBUFFERED"}
        command = [sys.executable, "-m", "batchctl", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(writer)
        return done.returncode, done.stderr

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A new one in the background, its output readable line by line; it is killed at the end."""
        with subprocess.Popen(
            [sys.executable, "-u", "-m", "batchctl", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def rename(self, spec: str, name: str) -> str:
        """Give a spec, its pool, job and containers names of their own, so that tests do not meet; returns its path."""
        path = self.folder / "specs" / spec
        text = path.read_text(encoding="utf-8")
        containers = yaml.safe_load(text).get("storage", {}).get("containers", {})
        for key in ("container", "blobs", "to") if containers else ():
            text = re.sub(rf"\b{key}: ({'|'.join(containers)})\b(?!/)", rf"{key}: {name}-\1", text)
        for container in containers:
            text = re.sub(rf"\b{container}: {{", f"{name}-{container}: {{", text)
        text = re.sub(r"(?m)^(name|  id): .*$", rf"\1: {name}", text)
        text = re.sub(r"(?m)^pool: {id: [^,]*", f"pool: {{id: {name}", text)
        path.write_text(text, encoding="utf-8")
        return f"specs/{spec}"


ENVIRON = {"REGISTRY_PASSWORD": "what-opens-the-registry", "BATCHCTL_LOCAL_CONTAINERS": "host"}
"""What the examples want to find in the environment, and services that a command starts, as those of `services` do."""
leaks.know(ENVIRON["REGISTRY_PASSWORD"])


@pytest.fixture(scope="session")
def forked() -> Iterator[Forks]:
    with forks() as found:
        yield found


@pytest.fixture
def workbench(tmp_path: Path, services: Services, forked: Forks) -> Workbench:
    for folder in ("specs", "node_scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "BATCHCTL_"))}
    environ = {**kept, **ENVIRON, "BATCHCTL_LOCAL_HOME": str(services.home), "NO_COLOR": "1"}
    return Workbench(tmp_path, environ, forked)


@pytest.fixture
def named(workbench: Workbench, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Rename a spec after the test, so that no two tests share a name in the service."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-20:].strip("-")
    return lambda spec: workbench.rename(spec, f"t-{slug}")


@pytest.fixture
def stage(tmp_path: Path, services: Services, forked: Forks) -> Iterator[Stage]:
    """A word count of a name of its own, whose objects are gone afterwards."""
    found = replace(staged(tmp_path / "stage", services), forks=forked)
    yield found
    found.clear()


class TurningClock(SystemClock):
    """Whoever waits by it moves the service's time on; a moment of the real one goes by for processes to run."""

    def __init__(self, service: Local) -> None:
        self._service, self.turned = service, 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.turned

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        self.turned += seconds
        self._service.turn(seconds)
        super().sleep(0.01, halt)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Local]:
    service = Local(tmp_path / "service").start()
    yield service
    service.stop()


@pytest.fixture
def clock(service: Local) -> TurningClock:
    return TurningClock(service)


@pytest.fixture
def cloud(service: Local, clock: TurningClock, services: Services) -> Azure:
    return cloud_of(service, services, clock)


def cloud_of(service: Local, services: Services, clock: TurningClock) -> Azure:
    """The account of a service of one's own, with the storage that all have."""
    target = Target.local(
        batch_url=service.url,
        batch_account=ACCOUNT,
        batch_key=KEY,
        storage_url=services.blob_url,
        storage_account=services.storage_account,
        storage_key=services.storage_key,
    )
    return connect(target, clock)
