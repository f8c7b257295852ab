"""The local Batch service as a process to be measured: started on a fresh home, asked as batchctl asks."""

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from batchctl.cloud.clients.batch import Batch
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.signing import BATCH, SharedKey
from batchctl.cloud.clients.storage import Direct

ACCOUNT = "bench"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Emulator:
    """A service on `home`, which may be started and stopped again and again."""

    home: Path
    python: str = sys.executable
    key: str = ""
    url: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> float:
        """Starts it; the seconds until it listens."""
        key_file, ready = self.home / "key", self.home / "ready"
        if not self.key:
            self.key = base64.b64encode(secrets.token_bytes(32)).decode()
            key_file.touch(mode=0o600)
            key_file.write_text(self.key)
        ready.unlink(missing_ok=True)
        words = ["--home", self.home / "batch", "--account", ACCOUNT, "--key-file", key_file, "--ready-file", ready]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [self.python, "-m", "batchctl.emulator", *map(str, words), "--exit-with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.home,  # not where this build's own modules lie
        )
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError("the service ended at its start")
            time.sleep(0.002)
        took = time.perf_counter() - began
        self.url = json.loads(ready.read_text())["url"]
        return took

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            assert self.process.stdin
            self.process.stdin.close()
            self.process = None

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def cpu(self) -> float:
        """Seconds of CPU that it has used, without its tasks."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Resident MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def client(self, url: str = "") -> BatchClient:
        return BatchClient(url or self.url, AzureNamedKeyCredential(ACCOUNT, self.key), retry_total=0)

    def batch(self, url: str = "") -> Batch:
        url = url or self.url
        return Batch(Direct(url, Gate(), straight=True, is_batch=True), url, SharedKey(ACCOUNT, self.key, BATCH))


@contextlib.contextmanager
def emulator(python: str = sys.executable) -> Iterator[Emulator]:
    """A service on a fresh home, gone at the end; of the batchctl of that Python."""
    with tempfile.TemporaryDirectory(prefix="batchctl-bench-") as home:
        one = Emulator(Path(home), python)
        one.start()
        try:
            yield one
        finally:
            one.stop()


def make_pool(batch: Batch, name: str, nodes: int = 0, slots: int = 1) -> None:
    """A pool whose nodes are ready."""
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    sizes = {"vmSize": "Standard_D2s_v5", "targetDedicatedNodes": nodes, "taskSlotsPerNode": slots}
    batch.post("/pools", {"id": name, "virtualMachineConfiguration": machine, **sizes})
    await_that(lambda: [one["state"] for one in batch.pages(f"/pools/{name}/nodes")] == ["idle"] * nodes)


def make_job(batch: Batch, name: str, pool: str) -> None:
    batch.post("/jobs", {"id": name, "poolInfo": {"poolId": pool}})


def add(batch: Batch, job: str, bodies: Sequence[dict[str, Any]]) -> None:
    """Adds up to 100 tasks in one request."""
    results = batch.post(f"/jobs/{job}/addtaskcollection", {"value": bodies})["value"]
    # In small letters by builds that had not seen Azure's.
    assert all(one["status"].lower() == "success" for one in results), results[:3]


def await_that(condition: Callable[[], object], pause: float = 0.02, within: float = 600) -> None:
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause)
