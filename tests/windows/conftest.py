"""A pool of Windows on a service of its own, where scripts/test-windows has found a Wine."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.batch import BatchClient, models

from batchctl.emulator.clock import WallClock
from batchctl.spec.filling import windows
from batchctl.spec.template import Value
from tests.emulator.conftest import new_job, pool_options
from tests.emulator.stand import BlobStub, Local

collect_ignore_glob = [] if "BATCHCTL_TEST_WINDOWS" in os.environ else ["test_*.py"]
MACHINE = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(
        publisher="microsoftwindowsserver", offer="windowsserver", sku="2022-datacenter"
    ),
    node_agent_sku_id="batch.node.windows amd64",
)
LONGEST = 180.0  # seconds: the first prefix takes ten on a machine with nothing else to do
_numbers = itertools.count(1)


def until(condition: Callable[[], Any], what: str) -> Any:
    """Waits for it; returns what the condition gave."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {LONGEST} s")


@dataclass
class Ended:
    """How a task ended, and what it wrote."""

    code: int | None
    failure: str | None
    out: str
    err: str
    files: set[str]


class Windows:
    """A pool of one node, and a job in it."""

    def __init__(self, client: BatchClient, blobs: BlobStub) -> None:
        self.client, self.blobs = client, blobs
        client.create_pool(pool_options("w", target_dedicated_nodes=1, virtual_machine_configuration=MACHINE))
        states = ("idle", "unusable")
        self.node = until(lambda: next((one for one in client.list_nodes("w") if one.state in states), None), "a node")
        assert self.node.state == "idle", self.node.errors[0].message
        new_job(client, "j", "w")

    def start(self, line: str, **options: object) -> str:
        """Adds a task of this raw line; its id."""
        task_id = f"t{next(_numbers)}"
        self.client.create_task("j", models.BatchTaskCreateOptions(id=task_id, command_line=line, **options))
        return task_id

    def run(self, line: str, **options: object) -> Ended:
        """How the task of this raw line ends."""
        task_id = self.start(line, **options)
        task = until(lambda: (one := self.client.get_task("j", task_id)).state == "completed" and one, line)
        info = task.execution_info
        out, err = (b"".join(self.client.download_task_file("j", task_id, f"std{one}.txt")) for one in ("out", "err"))
        files = {one.name for one in self.client.list_task_files("j", task_id, recursive=True)}
        failure = info.failure_info.code if info.failure_info else None
        return Ended(info.exit_code, failure, out.decode("cp1252"), err.decode("cp1252"), files)

    def commands(self, *items: str, **values: Value) -> Ended:
        """The same of `commands:` as batchctl writes them."""
        line, script = windows.cmd(items, values)
        if script is None:
            return self.run(line)
        url = self.blobs.blob(f"scripts/{script.name}", script.text.encode())
        return self.run(line, resource_files=[models.ResourceFile(http_url=url, file_path=script.name)])


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    blobs = BlobStub()
    local = Local(tmp_path_factory.mktemp("service") / "home", clock=WallClock()).start()
    try:
        with local.client() as client:
            yield Windows(client, blobs)
    finally:
        local.stop()
        blobs.close()


@pytest.fixture
def run(pool: Windows) -> Callable[..., Ended]:
    return pool.run


@pytest.fixture
def commands(pool: Windows) -> Callable[..., Ended]:
    return pool.commands
