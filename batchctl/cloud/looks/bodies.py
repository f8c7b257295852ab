"""Pools, jobs and tasks as the service has them, for who makes a spec of them."""

from typing import Any

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud_answers import Held


def held_bodies(session: Session, job: str, pool: str) -> Held:
    """Every generation of a job of ours, the latest last, or that job alone; its tasks; and the pool that is named, or
    that it runs on."""
    jobs = _generations(session, job) if job else []
    pool = pool or (jobs[-1].get("poolInfo", {}).get("poolId", "") if jobs else "")
    body = session.find(lambda: session.batch.get(f"/pools/{path_segment(pool)}")) if pool else None
    tasks: dict[str, Json] = {}
    for found in jobs:
        # Of a task that ran more than once, the last run says what was asked.
        tasks |= {item["id"]: item for item in _tasks(session, found["id"])}
    return Held(pool=body, jobs=tuple(jobs), tasks=tuple(tasks.values()), storage=session.sas.endpoint)


def _tasks(session: Session, job: str) -> list[Json]:
    return session.ask(lambda: list(session.batch.pages(f"/jobs/{path_segment(job)}/tasks")))


def _generations(session: Session, job: str) -> list[Json]:
    found = session.ask(lambda: list(session.batch.pages("/jobs")))
    named = next((item for item in found if item["id"].lower() == job.lower()), None)
    if named is None or not (name := _mark(named, marks.JOB)):
        return [] if named is None else [named]
    ours = [i for i in found if (_mark(i, marks.JOB), _mark(i, marks.OWNER)) == (name, _mark(named, marks.OWNER))]
    return sorted(ours, key=lambda item: marks.number(_mark(item, marks.GENERATION)))


def _mark(item: dict[str, Any], name: str) -> str:
    return marks.from_pairs(item.get("metadata")).get(name, "")
