"""Pools, jobs and their tasks at the gate, all of a seed at once: what would be refused of it. Nothing is taken in."""

from collections.abc import Iterator
from dataclasses import dataclass

from batchctl.emulator.admission.jobs import admit_job
from batchctl.emulator.admission.pools import admit_pool
from batchctl.emulator.admission.tasks import admit_task
from batchctl.emulator.records import Job, Json, Pool, Schedule, Task
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import Need, Or, Shape, dictionary, many
from batchctl.emulator.wire.job_bodies import JOB
from batchctl.emulator.wire.pool_bodies import POOL
from batchctl.emulator.wire.versions import check_age

SEED = Shape(
    "Seed",
    pools=Or(many(dictionary), []),
    jobs=Or(many(Shape("SeedJob", job=Need(dictionary), tasks=Or(many(dictionary), []))), []),
)
Refused = tuple[list[str | int], Refusal]
"""Where in the seed, and why."""


@dataclass(slots=True)
class Account:
    """What there is, and how much of it there may be."""

    pools: dict[str, Pool]
    jobs: dict[str, Job]
    schedules: dict[str, Schedule]
    most_pools: int
    most_jobs: int


def refused_of_seed(account: Account, seed: Json, version: str) -> Iterator[Refused]:
    """Whatever the account would refuse if it came piece by piece."""
    for index, body in enumerate(seed["pools"]):
        try:
            _take_pool(account, body, version)
        except Refusal as refusal:
            yield ["pools", index], refusal
    for index, entry in enumerate(seed["jobs"]):
        try:
            job = _take_job(account, entry["job"], version)
        except Refusal as refusal:
            yield ["jobs", index], refusal
            continue
        for number, body in enumerate(entry["tasks"]):
            try:
                _take_task(job, body)
            except Refusal as refusal:
                yield ["jobs", index, "tasks", number], refusal


def _take_pool(account: Account, body: Json, version: str) -> None:
    check_age(body, version)
    spec = POOL(body)
    pool = Pool(id=spec.pop("id"))
    pool.spec = admit_pool(account.pools, account.most_pools, pool.id, spec, version)
    account.pools[pool.key] = pool


def _take_job(account: Account, body: Json, version: str) -> Job:
    check_age(body, version)
    spec = JOB(body)
    name = spec.pop("id")
    job = Job(id=name, spec=admit_job(account, account.most_jobs, name, spec), pool="")
    account.jobs[job.key] = job
    if manager := job.spec.get("jobManagerTask"):
        job.tasks[manager["id"].lower()] = Task(id=manager["id"], job=name, asked="{}")
    return job


def _take_task(job: Job, body: Json) -> None:
    task = Task(id=admit_task(job, body)["id"], job=job.id, asked="{}")
    job.tasks[task.key] = task
