"""The Cloud of an account: every method hands on to the room of its kind."""

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import blobs, containers, jobs, nodes, pools, schedules, tasks
from batchctl.cloud.transfer.downloads import read_blob, read_whole
from batchctl.cloud.transfer.listing import list_blobs
from batchctl.cloud_answers import Counts, Held, JobStanding, Outcome, PoolHealth, PoolUse, Quotas
from batchctl.on_paper import kept_on_paper
from batchctl.resources import Blob, Container, Job, Pool, Resource, Schedule, Stamped, SupportedImage, Task

if TYPE_CHECKING:
    from batchctl.cloud.hands import AzureHands
    from batchctl.cloud.lock.lease import Lock
    from batchctl.cloud.looks.eyes import AzureEyes

ROOMS: dict[type[Resource], ModuleType] = {
    Container: containers,
    Blob: blobs,
    Pool: pools,
    Job: jobs,
    Schedule: schedules,
    Task: tasks,
}


class Azure:
    """Satisfies the port of `reconcile/`, which says what each method is for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def clock(self) -> Clock:
        """Tells the time as the service does, whose stamps are compared with it."""
        return self._session.service_clock

    def storage(
        self, owner: str, names: Iterable[str], unread: Collection[str] = ()
    ) -> tuple[tuple[Container, ...], tuple[Blob, ...]]:
        found = containers.observe(self._session, owner, names)
        with self._session.workers() as pool:
            read = [container.name for container in found if container.name not in unread]
            listed = list(pool.map(lambda name: list_blobs(self._session, name), read))
        return found, tuple(blob for listing in listed for blob in listing)

    def made(self) -> tuple[Stamped, ...]:
        session = self._session
        found: tuple[Stamped, ...] = (
            *containers.list_containers(session),
            *pools.observe(session),
            *jobs.observe(session),
            *schedules.observe(session),
        )
        return tuple(resource for resource in found if resource.owner is not None)

    def batch(self, owner: str, names: Iterable[str]) -> tuple[Pool | Job | Schedule | Task, ...]:
        wanted = {name.lower() for name in names}
        with self._session.workers() as pool:
            # Meanwhile, for nothing of it is needed to ask for jobs and their tasks.
            found_pools = pool.submit(lambda: list(pools.observe(self._session)))
            planned = pool.submit(lambda: list(schedules.observe(self._session)))
            all_jobs = list(jobs.observe(self._session))
            found_jobs = [
                job
                for job in all_jobs
                if job.owner == owner or _base_id(job.id.lower()) in wanted or job.id.lower() in wanted
            ]
            ours = [job for job in found_jobs if job.owner == owner]
            found_tasks = list(pool.map(lambda job: tasks.observe(self._session, job), ours))
            kept = [p for p in found_pools.result() if p.owner == owner or p.name.lower() in wanted]
            ended = frozenset(job.id for job in all_jobs if job.state == "completed")
            due = [
                schedules.with_last_job(schedule, ended)
                for schedule in planned.result()
                if schedule.owner == owner or schedule.name.lower() in wanted
            ]
        return (*kept, *found_jobs, *due, *(task for listed in found_tasks for task in listed))

    def images(self) -> tuple[SupportedImage, ...]:
        return pools.supported_images(self._session)

    def place(self, url: str) -> tuple[str, str] | None:
        return self._session.sas.place(url)

    def why_no_identities(self) -> str | None:
        return self._session.arm.obstacle() if self._session.arm else None

    def quotas(self) -> Quotas | None:
        if self._session.arm is None or self._session.arm.account is None:
            return None
        from batchctl.cloud.resources.quotas import account_quotas  # imported late: few specs name the account's id

        return account_quotas(self._session)

    def on_paper(self, resource: Resource) -> tuple[str, ...]:
        return kept_on_paper(resource) if self._session.is_paper else ()

    def create(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        return ROOMS[type(resources[0])].create(self._session, resources, owner)  # type: ignore[no-any-return]  # a module's function

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        return ROOMS[type(changes[0][1])].update(self._session, changes, owner)  # type: ignore[no-any-return]  # a module's function

    def adopt(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        return ROOMS[type(changes[0][1])].adopt(self._session, changes, owner)  # type: ignore[no-any-return]  # a module's function

    def delete(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        return ROOMS[type(resources[0])].delete(self._session, resources, owner)  # type: ignore[no-any-return]  # a module's function

    def last_run(self, schedule: Schedule) -> str | None:
        return schedules.how_last_job_ended(self._session, schedule)

    def seal(self, job: Job, added: frozenset[str]) -> None:
        jobs.seal_job(self._session, job, added)

    def counts(self, job: Job) -> Counts:
        return jobs.task_counts(self._session, job)

    def unfinished(self, job: Job) -> bool:
        return tasks.has_unfinished_tasks(self._session, job)

    def standing(self, job: Job) -> JobStanding:
        return jobs.job_standing(self._session, job)

    def waiting(self, job: Job) -> tuple[Task, ...]:
        return tasks.observe_waiting(self._session, job)

    def retried(self, job: Job) -> tuple[str, ...]:
        return tasks.retried_tasks(self._session, job)

    def failed_preparations(self, job: Job) -> tuple[str, ...]:
        return jobs.failed_preparations(self._session, job)

    def over(self, job: Job) -> bool:
        return jobs.is_over(self._session, job)

    def pool_of(self, job: Job) -> str | None:
        return jobs.pool_of_job(self._session, job)

    def kept_pools(self, owner: str) -> tuple[Pool, ...]:
        return tuple(pool for pool in pools.observe(self._session) if pool.owner == owner and pool.of_job)

    def tasks(self, job: Job) -> tuple[Task, ...]:
        return tasks.observe(self._session, job)

    def failed(self, job: Job) -> tuple[Task, ...]:
        return tasks.observe(self._session, job, failed=True)

    def use(self, pool: str) -> PoolUse:
        return nodes.pool_use(self._session, pool)

    def health(self, pool: str) -> PoolHealth:
        return pools.pool_health(self._session, pool)

    def preempted(self, pool: str) -> frozenset[str]:
        return nodes.preempted_nodes(self._session, pool)

    def files(self, task: Task) -> tuple[str, ...]:
        return tasks.task_files(self._session, task)

    def tail(self, task: Task, lines: int) -> tuple[str, ...]:
        return tasks.task_last_words(self._session, task, lines)

    def blobs(self, container: str) -> tuple[Blob, ...]:
        return list_blobs(self._session, container)

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        return read_blob(self._session, blob, start)

    def contents(self, blobs: Sequence[Blob]) -> Generator[tuple[int, bytes | Exception], None, None]:
        return read_whole(self._session, blobs)

    def bodies(self, job: str, pool: str) -> Held:
        """A job with its tasks, and a pool, as the service has them; "" for none."""
        from batchctl.cloud.looks.bodies import held_bodies  # imported late: nothing else asks for it

        return held_bodies(self._session, job, pool)

    def containers(self) -> tuple[Container, ...]:
        """All that the account has."""
        return tuple(containers.list_containers(self._session))

    @property
    def eyes(self) -> "AzureEyes":
        """What those use who only look."""
        from batchctl.cloud.looks.eyes import AzureEyes  # imported late: a plan looks at nothing of this

        return AzureEyes(self._session)

    @property
    def hands(self) -> "AzureHands":
        """What those use who do something to a run by hand."""
        from batchctl.cloud.hands import AzureHands  # imported late, too

        return AzureHands(self._session)

    def halt(self) -> None:
        self._session.halt.set()

    def lock(self, owner: str) -> "Lock":
        from batchctl.cloud.lock.lease import Lock  # imported late: a plan takes none

        return Lock(self._session, owner)


def _base_id(job_id: str) -> str:
    """`word-count` of `word-count-g2`: jobs of others may sit where our next generation goes."""
    name, _, generation = job_id.rpartition("-g")
    return name if generation.isdigit() else job_id
