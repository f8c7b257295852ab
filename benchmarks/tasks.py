"""Adding and watching many tasks, beside `create_tasks` and the tutorial's list: `python -m benchmarks.tasks`.

Both add the same tasks (a command line, one blob in, one container out, both with a SAS) through the same proxy to a
stub that says yes, so that the client is seen; building the tasks counts. CPU is the client's alone. What the local
service itself takes is in `benchmarks.local_service`.
"""

import base64
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from azure.batch import models
from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)

from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import Target, connect
from batchctl.resources import Job, Task
from batchctl.work import OutputFile, ResourceFile
from benchmarks.batch_stub import batch_stub
from benchmarks.emulator import ACCOUNT, Emulator, emulator, make_job, make_pool
from benchmarks.figures import Figure, table
from benchmarks.proxy import Proxy, Tally, proxied

ROUNDS = 5
KEY = base64.b64encode(bytes(64)).decode()
ROUND_TRIP = 0.020
CONCURRENCIES = (4, 16, 32)
BLOBS = f"http://127.0.0.1:10000/{ACCOUNT}"
LINE = "/bin/bash -c 'set -e -o pipefail; python3 $AZ_BATCH_NODE_SHARED_DIR/top_words.py --filepath {} --numwords 3'"
DIGEST = "command=0123456789ab;environment=0123456789ab;inputs=0123456789ab;scripts=0123456789ab;outputs=0123456789ab"
_names = count(1)


@dataclass(frozen=True, slots=True)
class Cost:
    """One way of adding, once."""

    seconds: float
    cpu: float
    tally: Tally


def figures(rounds: int = ROUNDS, tasks: int = 10_000, many: int = 100_000) -> list[Figure]:
    """All of them; `many` tasks for what memory is measured with."""
    with emulator() as service:
        make_pool(service.batch(), "pool")
        return [*adding(rounds, tasks), memory(service, many), *watching(service, rounds, tasks)]


def adding(rounds: int, tasks: int) -> list[Figure]:
    """Interleaved: ours, then the SDK with each concurrency."""
    near: dict[int, list[Cost]] = {}
    far: dict[int, list[Cost]] = {}
    for round_trip, costs in ((0.0, near), (ROUND_TRIP, far)):
        with batch_stub() as stub, proxied(stub, round_trip) as proxy:
            for _ in range(rounds):
                for concurrency in (0, *CONCURRENCIES):
                    costs.setdefault(concurrency, []).append(_cost(proxy, tasks, concurrency))
    best = min(CONCURRENCIES, key=lambda one: _median(far, one, "seconds"))
    thrifty = min(CONCURRENCIES, key=lambda one: _median(near, one, "cpu"))
    return [
        Figure(f"requests to add {tasks:,} tasks", near[0][0].tally.methods["POST"], "", aim=f"{tasks // 100}"),
        Figure(
            "tasks added a CPU-second of the client",
            tasks / _median(near, 0, "cpu"),
            "/s",
            f"create_tasks({thrifty})",
            tasks / _median(near, thrifty, "cpu"),
            "at least 3 x",
        ),
        Figure(
            f"seconds to add {tasks:,}, no round trip",
            _median(near, 0, "seconds"),
            "s",
            f"create_tasks({thrifty})",
            _median(near, thrifty, "seconds"),
        ),
        Figure(
            f"seconds to add {tasks:,} at 20 ms",
            _median(far, 0, "seconds"),
            "s",
            f"create_tasks({best})",
            _median(far, best, "seconds"),
            "at most 0.4 x",
        ),
    ]


def _median(costs: dict[int, list[Cost]], concurrency: int, name: str) -> float:
    return float(median(getattr(cost, name) for cost in costs[concurrency]))


def _cost(proxy: Proxy, tasks: int, concurrency: int) -> Cost:
    """`concurrency` 0: ours."""
    service = Emulator(Path(), key=KEY, url=proxy.url)
    proxy.tally()
    began, cpu = time.perf_counter(), time.process_time()
    if concurrency:
        _add_with_sdk(service, "job", tasks, concurrency)
    else:
        _add(cloud(service, proxy.url), "job", tasks)
    return Cost(time.perf_counter() - began, time.process_time() - cpu, proxy.tally())


def cloud(service: Emulator, url: str) -> Azure:
    """Ours, as the command line makes it; nobody listens at the blob endpoint, and nothing is asked of it."""
    target = Target.local(
        batch_url=url,
        batch_account=ACCOUNT,
        batch_key=service.key,
        storage_url=BLOBS,
        storage_account=ACCOUNT,
        storage_key=service.key,
    )
    return connect(target, SystemClock())


def wanted(job: str, tasks: int) -> tuple[Task, ...]:
    return tuple(
        Task(
            job=job,
            id=f"top-words-{number:06}",
            command_line=LINE.format(f"{number:06}.txt"),
            resource_files=(ResourceFile(container="input", blob=f"{number:06}.txt", file_path=f"{number:06}.txt"),),
            output_files=(OutputFile(file_pattern="*_OUTPUT.txt", container="output"),),
            digest=DIGEST,
        )
        for number in range(tasks)
    )


def _add(ours: Azure, job: str, tasks: int) -> None:
    refused = [outcome.error for outcome in ours.create(wanted(job, tasks), "bench") if outcome.error]
    assert not refused, refused[0]


def _add_with_sdk(service: Emulator, job: str, tasks: int, concurrency: int) -> None:
    made = sdk_tasks(service, tasks)
    with service.client() as client:
        results = client.create_tasks(job, task_collection=made, max_concurrency=concurrency)
    assert len(results.result_values or ()) == tasks


def sdk_tasks(service: Emulator, tasks: int) -> list[models.BatchTaskCreateOptions]:
    """The same tasks as models."""
    clock = SystemClock()
    common: dict[str, Any] = {"account_key": service.key, "expiry": clock.now()}
    sink = generate_container_sas(ACCOUNT, "output", permission=ContainerSasPermissions(create=True), **common)
    container = models.OutputFileBlobContainerDestination(
        container_url=f"{BLOBS}/output?{sink}",
        upload_headers=[models.OutputFileUploadHeader(name="x-ms-meta-owner", value="bench")],
    )
    reading = BlobSasPermissions(read=True)

    def one(number: int) -> models.BatchTaskCreateOptions:
        name = f"{number:06}.txt"
        url = f"{BLOBS}/input/{name}?{generate_blob_sas(ACCOUNT, 'input', name, permission=reading, **common)}"
        return models.BatchTaskCreateOptions(
            id=f"top-words-{number:06}",
            command_line=LINE.format(name),
            resource_files=[models.ResourceFile(http_url=url, file_path=name)],
            output_files=[
                models.OutputFile(
                    file_pattern="*_OUTPUT.txt",
                    destination=models.OutputFileDestination(container=container),
                    upload_options=models.OutputFileUploadConfiguration(
                        upload_condition=models.OutputFileUploadCondition.TASK_SUCCESS
                    ),
                )
            ],
            environment_settings=[models.EnvironmentSetting(name="BATCHCTL_DIGEST", value=DIGEST)],
        )

    return [one(number) for number in range(tasks)]


def memory(service: Emulator, tasks: int) -> Figure:
    """What the peak grows by while so many tasks that are there already are added."""
    job = f"job-{next(_names)}"
    make_job(service.batch(), job, "pool")
    ours, made = cloud(service, service.url), wanted(job, tasks)
    before = _peak()
    done = sum(outcome.error is None for outcome in ours.create(made, "bench"))
    assert done == tasks
    grown = _peak() - before
    service.batch().delete(f"/jobs/{job}")
    return Figure(f"peak memory grown by adding {tasks:,} tasks", grown, "MB", aim="less than 20 MB")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def watching(service: Emulator, rounds: int, tasks: int) -> list[Figure]:
    """One poll, beside the list of all tasks that the tutorial asks for each second."""
    job = f"job-{next(_names)}"
    make_job(service.batch(), job, "pool")
    _add(cloud(service, service.url), job, tasks)
    with proxied(service.url) as proxy:
        found, client = cloud(service, proxy.url), service.client(proxy.url)
        ours = [_poll(proxy, lambda: found.counts(Job(name=job, pool="pool"))) for _ in range(rounds)]
        theirs = [_poll(proxy, lambda: _consume(client.list_tasks(job))) for _ in range(rounds)]
        client.close()
    peer = "list_tasks, as in the tutorial"

    def middle(costs: list[Cost], value: Callable[[Cost], float]) -> float:
        return median(map(value, costs))

    return [
        Figure(f"requests a poll of {tasks:,}", ours[-1].tally.requests, "", peer, theirs[-1].tally.requests, "1"),
        Figure("bytes of a poll's answer", ours[-1].tally.down, "", peer, theirs[-1].tally.down, "under 1 KB"),
        Figure(
            "CPU of the client a poll",
            middle(ours, lambda one: one.cpu * 1000),
            "ms",
            peer,
            middle(theirs, lambda one: one.cpu * 1000),
        ),
    ]


def _poll(proxy: Proxy, work: Callable[[], object]) -> Cost:
    proxy.tally()
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - began, time.process_time() - cpu, proxy.tally())


def _consume(items: Iterable[object]) -> int:
    return sum(1 for _ in items)


if __name__ == "__main__":
    print(table(figures()))
