"""What a seed asks of the Batch service of this machine: first whether all would be taken, then all of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from batchctl.errors import CloudError
from batchctl.local.running import Json, ask_running

VERSION = "api-version=2026-10-01"
_AT_ONCE = 100
"""Tasks in one request, as Batch has it."""


def refused_bodies(pools: Sequence[Json], jobs: Sequence[tuple[Json, list[Json]]]) -> list[Json]:
    """What would be refused: `at` (`["jobs", 0, "tasks", 3]`), `code`, `message`, `values`. Nothing is taken in."""
    body = {"pools": pools, "jobs": [{"job": job, "tasks": tasks} for job, tasks in jobs]}
    found: list[Json] = ask_running("POST", f"/_local/seed/check?{VERSION}", body)["value"]
    return found


def add_bodies(pools: Sequence[Json], jobs: Sequence[tuple[Json, list[Json]]]) -> Iterator[str]:
    """Adds all by Batch's own requests, and names each pool and job once it is there. Raises CloudError."""
    for pool in pools:
        ask_running("POST", f"/pools?{VERSION}", pool)
        yield f"pool {pool['id']}"
    for job, tasks in jobs:
        ask_running("POST", f"/jobs?{VERSION}", job)
        for start in range(0, len(tasks), _AT_ONCE):
            _add_tasks(job["id"], tasks[start : start + _AT_ONCE])
        yield f"job {job['id']}"


def _add_tasks(job: str, tasks: list[Json]) -> None:
    answer: Any = ask_running("POST", f"/jobs/{job}/addtaskcollection?{VERSION}", {"value": tasks})
    for result in answer["value"]:
        if "error" in result:
            raise CloudError(f"task {result['taskId']} of job {job} was refused: {result['error']['code']}")
