"""Fixtures of the local service: one service a module, one client, one blob store."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.batch import BatchClient, models

from .stand import BlobStub, Local, running, until

_numbers = itertools.count(1)
IMAGE = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with running(tmp_path_factory.mktemp("service") / "home") as local:
        yield local


@pytest.fixture(scope="module")
def client(local: Local) -> Iterator[BatchClient]:
    with local.client() as client:
        yield client


@pytest.fixture(scope="module")
def blobs() -> Iterator[BlobStub]:
    stub = BlobStub()
    yield stub
    stub.close()


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"n{next(_numbers)}"


def pool_options(pool_id: str, **options: Any) -> models.BatchPoolCreateOptions:
    machine = models.VirtualMachineConfiguration(image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04")
    given: dict[str, Any] = {"vm_size": "Standard_D2s_v5", "virtual_machine_configuration": machine, **options}
    return models.BatchPoolCreateOptions(id=pool_id, **given)


def ready_pool(client: BatchClient, pool_id: str, nodes: int = 1, **options: Any) -> str:
    """A pool whose nodes wait for tasks."""
    client.create_pool(pool_options(pool_id, target_dedicated_nodes=nodes, **options))
    until(lambda: [node.state for node in client.list_nodes(pool_id)] == ["idle"] * nodes, "an idle pool")
    return pool_id


def new_job(client: BatchClient, job_id: str, pool_id: str, **options: Any) -> str:
    info = models.BatchPoolInfo(pool_id=pool_id)
    client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=info, **options))
    return job_id


def completed(client: BatchClient, job_id: str, task_id: str) -> models.BatchTask:
    """The task, once it is completed."""

    def look() -> models.BatchTask | None:
        task = client.get_task(job_id, task_id)
        return task if task.state == "completed" else None

    return until(look, f"the end of {task_id}")


@pytest.fixture(scope="module")
def pool(client: BatchClient) -> str:
    """A pool of one node with four slots."""
    return ready_pool(client, "shared-pool", task_slots_per_node=4)


@pytest.fixture
def run(client: BatchClient, pool: str, name: str) -> Callable[..., models.BatchTask]:
    """Runs one task in a job of its own and gives it back completed."""

    def run_task(command: str, **options: Any) -> models.BatchTask:
        job = new_job(client, f"job-{name}-{next(_numbers)}", pool)
        client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line=command, **options))
        return completed(client, job, "t")

    return run_task


def text(client: BatchClient, task: models.BatchTask, file: str = "stdout.txt") -> str:
    """A file of a task."""
    job_id = task.url.split("/jobs/")[1].split("/")[0]
    return b"".join(client.download_task_file(job_id, task.id, file)).decode()
