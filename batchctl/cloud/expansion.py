"""What an apply would send to Batch, body by body, and nothing of it is sent."""

from collections.abc import Iterable, Iterator

from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import jobs, pool_bodies, schedules, tasks
from batchctl.cloud.resources.bodies import rest_dialect
from batchctl.cloud_answers import Request
from batchctl.resources import Job, Pool, Resource, Schedule, Task, generation_id


class Expansion:
    """The bodies of an account that is only named: where a signature goes, it says so."""

    def __init__(self, session: Session) -> None:
        self._session, self._dialect = session, rest_dialect(session)

    def requests(self, resources: Iterable[Resource], owner: str) -> Iterator[Request]:
        """Pools, jobs and tasks in the order in which they are made; a job is closed once it has its tasks (design
        D7)."""
        closed: list[Request] = []
        for resource in resources:
            match resource:
                case Pool():
                    body = pool_bodies.pool_body(self._session, resource, owner)
                    yield Request(resource=resource, method="POST", path="/pools", body=body)
                case Job():
                    yield Request(resource=resource, method="POST", path="/jobs", body=self._job(resource, owner))
                    closing: Json = {"onAllTasksComplete": "terminatejob"}
                    closed.append(
                        Request(resource=resource, method="PATCH", path=jobs.job_path(resource), body=closing)
                    )
                case Schedule():
                    body = schedules.schedule_body(self._session, resource, owner)
                    yield Request(resource=resource, method="POST", path="/jobschedules", body=body)
                case Task():
                    body = tasks.task_body(self._session, self._dialect, owner, resource)
                    path = f"/jobs/{path_segment(generation_id(resource.job, resource.generation or 1))}/tasks"
                    yield Request(resource=resource, method="POST", path=path, body=body)
        yield from closed

    def _job(self, job: Job, owner: str) -> Json:
        return jobs.job_body(self._session, job, owner)
