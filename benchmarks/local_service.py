"""How quick the local Batch service is, beside what the machine can do at all: `python -m benchmarks.local_service`.

Linux alone: CPU and memory of the service are read from /proc.
"""

import itertools
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from batchctl.cloud.clients.batch import Batch
from benchmarks import peers
from benchmarks.emulator import Emulator, add, await_that, emulator, make_job, make_pool
from benchmarks.figures import Figure, table

ROUNDS = 5
MANY = 100_000
_names = itertools.count(1)


def figures(rounds: int = ROUNDS, many: int = MANY) -> list[Figure]:
    """All of them; `many` is the number of tasks that memory, listing and restart are measured with."""
    return [*run_through(rounds), *accept(rounds), *holding(many, rounds), *answers(rounds)]


def run_through(rounds: int, tasks: int = 500, workers: int = 4) -> list[Figure]:
    """Tasks of `true`, from the first request to the last end, beside loops that do the least for each, and beside an
    earlier build."""
    raw, threads = list[float](), list[float]()
    ours, cpu, then, cpu_then = list[float](), list[float](), list[float](), list[float]()
    with emulator() as service, emulator(str(peers.earlier())) as earlier:
        batch, batch_then = service.batch(), earlier.batch()
        for asked in (batch, batch_then):
            make_pool(asked, "pool", nodes=workers, slots=4)
        for _ in range(rounds + 1):
            raw.append(raw_loop(service.home / f"raw-{next(_names)}", tasks, 1))
            threads.append(raw_loop(service.home / f"raw-{next(_names)}", tasks, workers))
            for one, asked, rates, costs in ((service, batch, ours, cpu), (earlier, batch_then, then, cpu_then)):
                before = one.cpu()
                rates.append(_run_tasks(asked, tasks))
                costs.append((one.cpu() - before) / tasks * 1000)
    # The first round warms up.
    build = f"build {peers.EARLIER}"
    return [
        Figure(
            f"{tasks} tasks of `true` run through",
            median(ours[1:]),
            "/s",
            "raw loop: directory, two streams, process",
            median(raw[1:]),
            "at least 0.6 x",
        ),
        Figure(
            f"{tasks} tasks of `true` run through",
            median(ours[1:]),
            "/s",
            f"the same loop in {workers} threads",
            median(threads[1:]),
            "at least 0.85 x",
        ),
        Figure(f"{tasks} tasks of `true` run through", median(ours[1:]), "/s", build, median(then[1:])),
        Figure("CPU of the service a task", median(cpu[1:]), "ms", build, median(cpu_then[1:]), "at most 0.6 ms"),
    ]


def raw_loop(root: Path, tasks: int, workers: int) -> float:
    """Task directories, stream files and processes a second, by so many threads.

    What it makes below `root` stays until all is measured: ext4 makes new files many times slower for minutes after
    many were deleted, for us and for the loop.
    """
    environment = {"PATH": os.environ["PATH"]}

    def one(directory: Path) -> None:
        (directory / "wd").mkdir(parents=True)
        with (directory / "stdout.txt").open("wb") as out, (directory / "stderr.txt").open("wb") as err:
            process = subprocess.Popen(
                ["true"], cwd=directory / "wd", env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        process.wait()

    with ThreadPoolExecutor(workers) as pool:
        began = time.perf_counter()
        list(pool.map(lambda number: one(root / str(number)), range(tasks)))
        return tasks / (time.perf_counter() - began)


def _run_tasks(batch: Batch, tasks: int) -> float:
    """Tasks a second."""
    job = f"run-{next(_names)}"
    make_job(batch, job, "pool")
    began = time.perf_counter()
    for chunk in _chunks(tasks):
        add(batch, job, chunk)
    await_that(lambda: batch.get(f"/jobs/{job}/taskcounts")["taskCounts"]["completed"] == tasks)
    return tasks / (time.perf_counter() - began)


def accept(rounds: int, tasks: int = 10_000) -> list[Figure]:
    """Tasks that are taken in while none can run, beside SQLite alone writing as much."""
    ours, cpu, sqlite = [], [], []
    with emulator() as service:
        batch = service.batch()
        make_pool(batch, "pool")
        for _ in range(rounds):
            sqlite.append(_sqlite_rows(tasks))
            job, before = f"take-{next(_names)}", service.cpu()
            make_job(batch, job, "pool")
            ours.append(tasks / _timed(partial(fill, batch, job, tasks)))
            cpu.append((service.cpu() - before) / tasks * 1000)
            batch.delete(f"/jobs/{job}")
    return [
        Figure("tasks accepted, 100 a request", median(ours), "/s", aim="10,000 /s or more"),
        Figure(
            "CPU of the service an accepted task",
            median(cpu),
            "ms",
            "SQLite alone, 100 rows of 300 bytes a transaction",
            1000 / median(sqlite),
        ),
    ]


def fill(batch: Batch, job: str, tasks: int) -> None:
    """Adds so many tasks of `true`, several requests at once."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda chunk: add(batch, job, chunk), _chunks(tasks)))


def _sqlite_rows(rows: int) -> float:
    """Rows a second."""
    with tempfile.TemporaryDirectory() as home:
        database = sqlite3.connect(Path(home) / "rows.sqlite", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE one (key TEXT PRIMARY KEY, body TEXT)")
        began = time.perf_counter()
        for start in range(0, rows, 100):
            database.execute("BEGIN")
            database.executemany(
                "INSERT INTO one VALUES (?,?)", [(f"{number:07}", "x" * 300) for number in range(start, start + 100)]
            )
            database.execute("COMMIT")
        took = time.perf_counter() - began
        database.close()
    return rows / took


def holding(tasks: int, rounds: int) -> list[Figure]:
    """What many waiting tasks cost: memory, a list of them, a restart."""
    with emulator(str(peers.earlier())) as earlier:
        batch = earlier.batch()
        make_pool(batch, "pool")
        make_job(batch, "all", "pool")
        fill(batch, "all", tasks + tasks // 10)
        memory_then = earlier.memory()
    with emulator() as service:
        batch = service.batch()
        make_pool(batch, "pool")
        make_job(batch, "tenth", "pool")
        make_job(batch, "all", "pool")
        empty = service.memory()
        fill(batch, "tenth", tasks // 10)
        fill(batch, "all", tasks)
        memory = service.memory()
        query = {"filter": "state eq 'active'", "select": "id,state"}
        lists = [[_a_task(batch, job, query) for job in ("tenth", "all")] for _ in range(rounds)]
        misses = [
            [
                _a_task(batch, job, {"filter": "state eq 'running'"}, of=of)
                for job, of in (("tenth", tasks // 10), ("all", tasks))
            ]
            for _ in range(rounds)
        ]
        restarts = [_restart(service) for _ in range(rounds)]
    start = [
        _timed(lambda: subprocess.run([sys.executable, "-c", "import uvicorn, starlette.responses"], check=True))
        for _ in range(rounds)
    ]
    return [
        Figure(f"memory with {tasks + tasks // 10:,} tasks", memory, "MB", "empty", empty),
        Figure(
            f"memory with {tasks + tasks // 10:,} tasks",
            memory,
            "MB",
            f"build {peers.EARLIER}",
            memory_then,
            "at most 110 MB",
        ),
        _linear("listed with filter and select", lists, tasks),
        _linear("passed over by a filter", misses, tasks),
        Figure(
            f"restart with {tasks + tasks // 10:,} tasks",
            median(restarts),
            "s",
            "python -c 'import uvicorn, starlette'",
            median(start),
            "under 3 s",
        ),
    ]


def _linear(what: str, pairs: Sequence[Sequence[float]], tasks: int) -> Figure:
    tenth, whole = (median(one) * 1e6 for one in zip(*pairs, strict=True))
    return Figure(f"a task {what}, of {tasks:,}", whole, "µs", f"of {tasks // 10:,}", tenth, "about 1 x")


def _a_task(batch: Batch, job: str, query: dict[str, str], of: int = 0) -> float:
    """Seconds a task of a whole list."""
    found = 0

    def walk() -> None:
        nonlocal found
        found = sum(1 for _ in batch.pages(f"/jobs/{job}/tasks", **query))

    took = _timed(walk)
    return took / (of or found)


def _restart(service: Emulator) -> float:
    service.stop()
    return service.start()


def answers(rounds: int, requests: int = 200) -> list[Figure]:
    """A small request over a connection that is kept."""
    with emulator() as service:
        batch = service.batch()
        make_pool(batch, "pool")
        took, cpu = [], []
        for _ in range(rounds):
            before = service.cpu()
            took.append(_timed(lambda: [batch.get("/pools/pool") for _ in range(requests)]) / requests * 1000)
            cpu.append((service.cpu() - before) / requests * 1000)
    return [
        Figure("a GET through the SDK's pipeline", median(took), "ms", aim="no 40 ms of delayed ACK"),
        Figure("CPU of the service a GET", median(cpu), "ms"),
    ]


def _chunks(tasks: int) -> list[list[dict[str, Any]]]:
    bodies = [{"id": f"task-{number:06}", "commandLine": "true"} for number in range(tasks)]
    return [bodies[start : start + 100] for start in range(0, tasks, 100)]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(table(figures()))
