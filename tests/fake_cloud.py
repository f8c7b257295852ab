"""A Cloud in memory: as strict as the real one about marks, about what exists and what has ended. `tests/contract`
asks both the same questions. Tasks run when they are counted."""

import hashlib
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from posixpath import basename
from typing import Any, TypeVar

from batchctl.cloud_answers import USED, Counts, JobStanding, Outcome, PoolHealth, PoolUse, Quotas, Ticket
from batchctl.configurations import TaskDependencies
from batchctl.errors import BatchctlError, CloudError, Partial, Refused
from batchctl.machines import DiffDiskSettings, ManagedDisk
from batchctl.output_names import blob_names, file_on_node, written_mark
from batchctl.reconcile.decide.dependents import satisfies_dependents
from batchctl.reconcile.port import Cloud
from batchctl.resources import (
    Blob,
    Container,
    Image,
    Job,
    Pool,
    Resource,
    Schedule,
    Stamp,
    Stamped,
    SupportedImage,
    Task,
    generation_id,
    label_of,
)
from batchctl.rules import Rule, asked_hashes, field_differences
from batchctl.work import JobManagerTask, KeptStreams, OutputFile

UBUNTU = Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
WINDOWS = Image(publisher="microsoftwindowsserver", offer="windowsserver", sku="2022-datacenter")
JAMMY = Image(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
HPC = Image(publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2404")
IMAGES = (
    SupportedImage(image=UBUNTU, node_agent_sku_id="batch.node.ubuntu 24.04", os_type="linux", verified=True),
    SupportedImage(image=UBUNTU, node_agent_sku_id="batch.node.ubuntu 26.04", os_type="linux", verified=False),
    SupportedImage(image=JAMMY, node_agent_sku_id="batch.node.ubuntu 22.04", os_type="linux", verified=True),
    SupportedImage(
        image=HPC,
        node_agent_sku_id="batch.node.ubuntu 24.04",
        os_type="linux",
        verified=True,
        capabilities=("DockerCompatible",),
    ),
    SupportedImage(image=WINDOWS, node_agent_sku_id="batch.node.windows amd64", os_type="windows", verified=True),
)
ENDED = ("terminating", "completed", "deleting")
CHUNK = 4 << 20
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

R = TypeVar("R", bound=Resource)
S = TypeVar("S", Container, Pool, Job, Schedule)


class Crash(BaseException):
    """The client dies here: not one more write reaches the service."""


@dataclass
class Held:
    """A lock as the service knows it: who has it, and how often it was taken."""

    holder: "FakeLock | None" = None
    taken: int = 0
    used: set[Ticket] = field(default_factory=set)


class FakeLock:
    """One client's hand on a lock."""

    def __init__(self, cloud: "FakeCloud", owner: str) -> None:
        self._cloud, self._owner, self._seen = cloud, owner, 0

    @property
    def held(self) -> Held:
        return self._cloud.locks.setdefault(self._owner, Held())

    def look(self) -> bool:
        self._seen = self.held.taken
        return self._cloud.has_locks

    def take(self, patience: timedelta, ticket: Ticket | None = None) -> bool:
        held = self.held
        if held.holder is self:
            return True
        if ticket in held.used:
            raise Refused([USED])
        if held.holder is not None:
            raise Refused([f"another apply or destroy of {self._owner!r} is at work"])
        held.used |= {ticket} if ticket else set()
        undisturbed = held.taken == self._seen
        self._cloud.has_locks, held.holder, held.taken = True, self, held.taken + 1
        return undisturbed

    def holder(self) -> str | None:
        return None if self.held.holder is None else "ada@elsewhere, since a while"

    def release(self, *, forget: bool = False) -> None:
        if self.held.holder is self:
            self.held.holder = None
            if forget and not self.held.used:
                del self._cloud.locks[self._owner]


class FakeCloud:
    """`fails`: exit codes by task id. `crash_after`: so many writes are done, the next one raises Crash.
    `has_locks`: the container of the locks is there; `leased`: containers and blobs by name. `ailing`: what is said of
    a pool that is not well, by name; `taken_away`: its spot nodes that were preempted."""

    def __init__(self) -> None:
        self.containers: dict[str, str | None] = {}
        self.stored: dict[tuple[str, str], tuple[Blob, bytes]] = {}
        self.pools: dict[str, Pool] = {}
        self.jobs: dict[str, Job] = {}
        self.schedules: dict[str, Schedule] = {}
        self.added: dict[str, dict[str, Task]] = {}
        self.nodes_gone = False
        self.fails: dict[str, int] = {}
        self.writes: list[tuple[str, str, str]] = []
        self.crash_after: int | None = None
        self.locks: dict[str, Held] = {}
        self.has_locks = True
        self.leased: set[str] = set()
        self.facts: dict[str, Container] = {}
        self.ailing: dict[str, PoolHealth] = {}
        self.taken_away: dict[str, frozenset[str]] = {}
        self.now = EPOCH
        self.halted = False
        self.no_identities: str | None = None
        self.quotas_told: Quotas | None = None
        self._versions = 0

    # What a hand does beside batchctl.

    def put(
        self,
        container: str,
        path: str,
        data: bytes,
        owner: str | None = None,
        task: str | None = None,
        output: str | None = None,
    ) -> Blob:
        self._versions += 1
        blob = Blob(
            container=container,
            path=path,
            md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            size=len(data),
            owner=owner,
            task=task,
            output=output,
            etag=f'"0x{self._versions:X}"',
            modified=EPOCH + timedelta(seconds=self._versions),
            snapshots=self.stored[container, path][0].snapshots if (container, path) in self.stored else 0,
        )
        self.containers.setdefault(container, None)
        self.stored[container, path] = blob, data
        return blob

    # What is there.

    def storage(
        self, owner: str, names: Iterable[str], unread: Collection[str] = ()
    ) -> tuple[tuple[Container, ...], tuple[Blob, ...]]:
        wanted = set(names)
        found = tuple(
            replace(self.facts.get(n, Container(name=n)), owner=o, leased=n in self.leased)
            for n, o in self.containers.items()
            if o == owner or n in wanted
        )
        return found, tuple(blob for c in found if c.name not in unread for blob in self.blobs(c.name))

    def made(self) -> tuple[Stamped, ...]:
        found = (
            *self.storage("", self.containers)[0],
            *self.pools.values(),
            *self.jobs.values(),
            *self.schedules.values(),
        )
        return tuple(resource for resource in found if resource.owner is not None)

    def batch(self, owner: str, names: Iterable[str]) -> tuple[Pool | Job | Schedule | Task, ...]:
        wanted = {name.lower() for name in names}
        pools = [p for key, p in self.pools.items() if p.owner == owner or key in wanted]
        bases = {key: re.sub(r"-g\d+$", "", key) for key in self.jobs}
        jobs = [j for key, j in self.jobs.items() if j.owner == owner or {key, bases[key]} & wanted]
        due = [s for key, s in self.schedules.items() if s.owner == owner or key in wanted]
        return (*pools, *jobs, *due, *(task for job in jobs if job.owner == owner for task in self.tasks(job)))

    def images(self) -> tuple[SupportedImage, ...]:
        return IMAGES

    def on_paper(self, resource: Resource) -> tuple[str, ...]:
        return ()

    def place(self, url: str) -> tuple[str, str] | None:
        container, _, path = url.removeprefix("https://ours/").partition("/")
        return (container, path) if url.startswith("https://ours/") else None

    def quotas(self) -> Quotas | None:
        return self.quotas_told

    def why_no_identities(self) -> str | None:
        return self.no_identities

    def last_run(self, schedule: Schedule) -> str | None:
        return "completed (AllTasksComplete): 1 task succeeded" if schedule.last_job else None

    def tasks(self, job: Job) -> tuple[Task, ...]:
        held = self.jobs.get(job.id.lower(), job)
        return tuple(_seen(task, held) for task in self.added.get(job.id.lower(), {}).values())

    def failed(self, job: Job) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks(job) if task.state != "completed" or task.result != "success")

    def blobs(self, container: str) -> tuple[Blob, ...]:
        inside = [blob for (holds, _), (blob, _) in sorted(self.stored.items()) if holds == container]
        return tuple(replace(blob, leased=blob.name in self.leased) for blob in inside)

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        first = start
        while start == first or start < blob.size:
            found, data = self.stored.get((blob.container, blob.path), (None, b""))
            if found is None:
                raise CloudError(f"{blob.name} is not there", status=404, code="BlobNotFound")
            if blob.etag and found.etag != blob.etag:
                raise CloudError(f"{blob.name} has changed", status=412, code="ConditionNotMet")
            yield data[start : start + CHUNK]
            start += CHUNK

    def contents(self, blobs: Sequence[Blob]) -> Generator[tuple[int, bytes | Exception], None, None]:
        for n, blob in enumerate(blobs):
            try:
                yield n, b"".join(self.read(blob))
            except Exception as error:
                yield n, error

    def halt(self) -> None:
        self.halted = True

    def lock(self, owner: str) -> FakeLock:
        return FakeLock(self, owner)

    # What is done.

    def create(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        return self._each("create", resources, lambda resource: self._create(resource, owner))

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        held = {wanted: found for found, wanted in changes}
        return self._each("update", list(held), lambda wanted: self._update(held[wanted], wanted, owner))

    def adopt(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        held = {ours: found for found, ours in changes}
        return self._each("adopt", list(held), lambda ours: self._adopt(held[ours], ours, owner))

    def delete(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        return self._each("delete", resources, lambda resource: self._delete(resource, owner))

    def seal(self, job: Job, added: frozenset[str]) -> None:
        self._written("seal", job)
        held = _there(self.jobs, job.id, "Job")
        if missing := added - {task.id for task in self.tasks(held)}:
            raise Partial(f"job {job.id!r} lacks {', '.join(sorted(missing))}")
        if held.state in ENDED and not held.sealed:
            raise Partial(f"job {job.id!r} ended (BatchctlGaveUp) while its tasks were added; apply again")
        self.jobs[job.id.lower()] = replace(held, sealed=True)
        self._settle(job)

    # What runs.

    def counts(self, job: Job) -> Counts:
        held = _there(self.jobs, job.id, "Job")
        if held.state not in ENDED and self.health(held.pool or held.made_pool or "").able:
            added = self.added[job.id.lower()]
            while ready := [t for t in added.values() if t.state != "completed" and _is_ready(t, added)]:
                added.update({task.id.lower(): self._run(task, held) for task in ready})
        self._settle(job)
        tasks = self.tasks(job)
        return Counts(
            active=sum(t.state == "active" for t in tasks),
            running=sum(t.state == "running" for t in tasks),
            succeeded=sum(t.result == "success" for t in tasks),
            failed=sum(t.result == "failure" for t in tasks),
        )

    def unfinished(self, job: Job) -> bool:
        return any(task.state != "completed" for task in self.tasks(job))

    def standing(self, job: Job) -> JobStanding:
        held = self.jobs.get(job.id.lower())
        return JobStanding(state=held.state or "active") if held else JobStanding(state="gone")

    def waiting(self, job: Job) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks(job) if task.state == "active")

    def retried(self, job: Job) -> tuple[str, ...]:
        return ()

    def failed_preparations(self, job: Job) -> tuple[str, ...]:
        return ()

    def over(self, job: Job) -> bool:
        return self.standing(job).ended is not None

    def pool_of(self, job: Job) -> str | None:
        held = self.jobs.get(job.id.lower())
        return held.made_pool if held else None

    def kept_pools(self, owner: str) -> tuple[Pool, ...]:
        return tuple(pool for pool in self.pools.values() if pool.owner == owner and pool.of_job)

    def use(self, pool: str) -> PoolUse:
        runs = [task for job in self.jobs.values() if job.pool.lower() == pool.lower() for task in self.tasks(job)]
        nodes = tuple(f"node-{number}" for number in range(1, self._nodes(pool) + 1))
        return PoolUse(nodes=nodes, running_tasks=sum(task.state == "running" for task in runs))

    def health(self, pool: str) -> PoolHealth:
        if pool.lower() in self.ailing:
            return self.ailing[pool.lower()]
        nodes = self._nodes(pool)
        state = "active" if pool.lower() in self.pools else "gone"
        there = (("idle", nodes),) if nodes else ()
        return PoolHealth(steady=True, nodes=there, able=nodes, wanted=nodes, state=state, paid=(nodes, 0))

    def preempted(self, pool: str) -> frozenset[str]:
        return self.taken_away.get(pool.lower(), frozenset())

    def files(self, task: Task) -> tuple[str, ...]:
        held = self.added.get(generation_id(task.job, task.generation or 1).lower(), {}).get(task.id.lower())
        held = None if self.nodes_gone else held
        made = [blob_names(o, held).file_of(_blob_path(o, held.id)) for o in held.output_files] if held else []
        return tuple(file.removeprefix(file_on_node("")) for file in made)

    def tail(self, task: Task, lines: int) -> tuple[str, ...]:
        code = self.fails.get(task.id)
        return ("it goes", "it breaks")[-lines:] if code else ()

    def _run(self, task: Task, job: Job) -> Task:
        code = self.fails.get(task.id, 0)
        unwanted = "tasksuccess" if code else "taskfailure"
        for output in task.output_files:
            if output.upload_condition.lower() == unwanted:
                continue
            if output.container not in self.containers:
                return replace(task, state="completed", result="failure", exit_code=code, failure=NO_CONTAINER)
            content = f"{task.id} {task.digest}".encode()
            mark = written_mark(output, task)
            self.put(output.container, _blob_path(output, task.id), content, job.owner, task.id, mark)
        if task.streams:
            self._keep_streams(task.streams, task, job, code)
        now = (EPOCH + timedelta(seconds=self._versions)).isoformat()
        ended = replace(task, state="completed", result="failure" if code else "success", exit_code=code, ended=now)
        return replace(ended, failure="FailureExitCode: The task exited with a failure code" if code else None)

    def _keep_streams(self, kept: KeptStreams, task: Task, job: Job, code: int) -> None:
        if kept.upload_condition.lower() == ("tasksuccess" if code else "taskfailure"):
            return
        for name in ("stdout.txt", "stderr.txt"):
            path, said = f"{task.id}/{name}", b"it goes"
            blob = replace(self.put(kept.container, path, said, job.owner, task.id), is_log=True)
            self.stored[kept.container, path] = blob, said

    def _settle(self, job: Job) -> None:
        held = self.jobs[job.id.lower()]
        if held.sealed and held.state not in ENDED and not self.unfinished(job):
            self.jobs[job.id.lower()] = replace(held, state="completed")
            self._end_its_pool(held)

    def _with_its_pool(self, job: Job, owner: str) -> Job:
        if job.auto_pool is None:
            return job
        name, keeps = f"{job.auto_pool.auto_pool_id_prefix or ''}_{job.id}", job.auto_pool.keep_alive
        _agreed(job.auto_pool.pool)
        made = replace(job.auto_pool.pool, name=name, of_job=job.id if keeps else "")
        self.pools[name.lower()] = replace(_stored(made, owner), owner=owner if keeps else None)
        return replace(job, made_pool=name)

    def _end_its_pool(self, job: Job) -> None:
        if job.auto_pool and not job.auto_pool.keep_alive:
            self.pools.pop((job.made_pool or "").lower(), None)

    def _nodes(self, pool: str) -> int:
        held = self.pools.get(pool.lower())
        return held.nodes if held else 0

    def _each(self, verb: str, resources: Sequence[R], work: Callable[[R], None]) -> Iterator[Outcome]:
        for resource in resources:
            self._written(verb, resource)
            try:
                work(resource)
            except BatchctlError as error:
                yield Outcome(resource=resource, error=error)
            else:
                yield Outcome(resource=resource)

    def _written(self, verb: str, resource: Resource) -> None:
        if self.crash_after is not None and len(self.writes) >= self.crash_after:
            raise Crash
        self.writes.append((verb, resource.kind, label_of(resource)))

    def _create(self, resource: Resource, owner: str) -> None:
        match resource:
            case Container(name=name):
                if self.containers.setdefault(name, owner) != owner:
                    raise CloudError(f"{name} exists", status=409, code="ContainerAlreadyExists")
                self.facts[name] = self._stamped(resource)
            case Blob():
                held, _ = self.stored.get((resource.container, resource.path), (None, b""))
                if held and (held.owner, held.md5) != (owner, resource.md5):
                    raise CloudError(f"{resource.name} exists", status=409, code="BlobAlreadyExists")
                self._upload(resource, owner)
            case Pool(name=name):
                _agreed(resource)
                _free(self.pools, name, resource, owner)
                self.pools[name.lower()] = replace(
                    self._stamped(_stored(resource, owner)), created=str(len(self.writes))
                )
            case Job(id=name):
                _free(self.jobs, name, resource, owner)
                if name.lower() not in self.jobs:
                    self.added[name.lower()] = {}
                    ends = resource.sealed and resource.job_manager_task is not None
                    made = replace(resource, owner=owner, state="active", sealed=ends, asked=asked_hashes(resource))
                    made = self._with_its_pool(made, owner)
                    self.jobs[name.lower()] = self._stamped(made)
                    if manager := resource.job_manager_task:
                        self._add(_as_task(resource, manager))
            case Schedule(name=name):
                _free(self.schedules, name, resource, owner)
                self.schedules[name.lower()] = self._planned(resource, owner)
            case Task():
                self._add(resource)

    def _update(self, found: Resource, wanted: Resource, owner: str) -> None:
        match wanted:
            case Blob(container=container, path=path):
                held, _ = self.stored.get((container, path), (None, b""))
                if held is None or (isinstance(found, Blob) and found.etag and found.etag != held.etag):
                    raise CloudError(f"{wanted.name} has changed", status=412, code="ConditionNotMet")
                self._upload(wanted, owner)
            case Pool(name=name):
                if wanted.asked_again:
                    self.ailing.pop(name.lower(), None)
                there = _there(self.pools, name, "Pool")
                # Nothing but what differs is patched.
                kept = {
                    "display_name": wanted.display_name or there.display_name,
                    "node_agent_sku_id": wanted.node_agent_sku_id or there.node_agent_sku_id,
                }
                self.pools[name.lower()] = self._stamped(replace(_stored(wanted, owner), created=there.created, **kept))
            case Job(id=name):
                held_job = _there(self.jobs, name, "Job")
                if wanted.state == "terminating":
                    self.jobs[name.lower()] = replace(held_job, state="completed")
                    self._end_its_pool(held_job)
                    return
                changed = {d.name: d.new for d in field_differences(held_job, wanted) if d.rule is Rule.IN_PLACE}
                self.jobs[name.lower()] = replace(held_job, **changed, asked=asked_hashes(wanted))
            case Schedule(name=name):
                held_schedule = _there(self.schedules, name, "JobSchedule")
                shown = held_schedule.display_name
                self.schedules[name.lower()] = replace(self._planned(wanted, owner), display_name=shown)
            case Task(id=name):
                tasks = self.added[generation_id(wanted.job, wanted.generation or 1).lower()]
                held_task = _there(tasks, name, "Task")
                if held_task.state != "completed":
                    limits = {d.name: d.new for d in field_differences(held_task, wanted) if d.rule is Rule.IN_PLACE}
                    tasks[name.lower()] = replace(held_task, **limits)
            case Container(name=name):
                _marked(self.containers.get(name), owner, name)
                lost = (*self.facts.get(name, wanted).lost, *wanted.lost)
                self.facts[name] = replace(self._stamped(wanted), lost=lost)

    def _delete(self, resource: Resource, owner: str) -> None:
        match resource:
            case Container(name=name) if name in self.containers:
                foreign = [b.path for b in self.blobs(name) if b.owner != owner or b.snapshots]
                if foreign or self.containers[name] != owner:
                    raise Refused([f"container {name!r} is not ours alone: {foreign}"])
                del self.containers[name]
                self.facts.pop(name, None)
                self.stored = {key: value for key, value in self.stored.items() if key[0] != name}
            case Blob(container=container, path=path):
                found, _ = self.stored.get((container, path), (None, b""))
                if found and resource.etag and found.etag != resource.etag:
                    raise CloudError(f"{resource.name} has changed", status=412, code="ConditionNotMet")
                if found and found.snapshots:
                    raise CloudError(f"{resource.name} has snapshots", status=409, code="SnapshotsPresent")
                self.stored.pop((container, path), None)
            case Pool(name=name) if name.lower() in self.pools:
                _marked(self.pools[name.lower()].owner, owner, name)
                del self.pools[name.lower()]
            case Job(id=name) if name.lower() in self.jobs:
                _marked(self.jobs[name.lower()].owner, owner, name)
                self._end_its_pool(self.jobs[name.lower()])
                del self.jobs[name.lower()], self.added[name.lower()]
            case Schedule(name=name) if name.lower() in self.schedules:
                _marked(self.schedules[name.lower()].owner, owner, name)
                del self.schedules[name.lower()]
            case Task():
                raise NotImplementedError("tasks go with their job")
            case _:
                pass

    def _adopt(self, found: Resource, ours: Resource, owner: str) -> None:
        match ours:
            case Container(name=name):
                self.containers[name] = owner
                self.facts[name] = self._stamped(ours)
            case Blob(container=container, path=path):
                held, data = self.stored[container, path]
                assert isinstance(found, Blob)
                if held.etag != found.etag:
                    raise CloudError(f"{ours.name} has changed", status=412, code="ConditionNotMet")
                if held.md5 == ours.md5:
                    self.put(container, path, data, owner)
                else:
                    self._upload(ours, owner)
            case Pool(name=name):
                held_pool = _there(self.pools, name, "Pool")
                self.pools[name.lower()] = self._stamped(replace(held_pool, owner=owner, stamp=ours.stamp))
            case Job(id=name):
                held_job = _there(self.jobs, name, "Job")
                if held_job.state in ENDED:
                    raise CloudError(f"job {name!r} has ended", status=409, code="JobCompleted")
                self.jobs[name.lower()] = self._stamped(replace(held_job, **_marks(ours, owner)))
            case Schedule(name=name):
                held_schedule = _there(self.schedules, name, "JobSchedule")
                self.schedules[name.lower()] = self._stamped(replace(held_schedule, owner=owner, stamp=ours.stamp))
            case Task():
                raise NotImplementedError("tasks come with their job")

    def _stamped(self, resource: S) -> S:
        stamp = resource.stamp
        expires = self.now + stamp.expires_after if stamp.expires_after else stamp.expires
        return replace(resource, stamp=Stamp(origin=stamp.origin, expires=expires))

    def _planned(self, schedule: Schedule, owner: str) -> Schedule:
        """Its times are left to others: it makes no job here."""
        asked = asked_hashes(schedule)
        held = replace(
            schedule, owner=owner, state="active", asked=asked, task=None, next_run=schedule.do_not_run_until
        )
        return self._stamped(held)

    def _upload(self, blob: Blob, owner: str) -> None:
        if blob.container not in self.containers:
            raise CloudError(f"no container {blob.container}", status=404, code="ContainerNotFound")
        if blob.source is None and blob.text is None:
            raise CloudError(f"blob {blob.name!r} has no local file to come from")
        data = blob.source.read_bytes() if blob.source else (blob.text or "").encode()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != blob.md5:
            raise CloudError(f"{blob.source} changed while it was uploaded")
        self.put(blob.container, blob.path, data, owner)

    def _add(self, task: Task) -> None:
        job = generation_id(task.job, task.generation or 1)
        if _there(self.jobs, job, "Job").state in ENDED:
            raise CloudError(f"job {job!r} takes no more tasks", status=409, code="JobCompleted")
        held = self.added[job.lower()].setdefault(task.id.lower(), replace(task, state="active"))
        if held.digest != task.digest:
            raise CloudError(f"task {task.id!r} exists", status=409, code="TaskExists")


NO_CONTAINER = "FileUploadContainerNotFound: One of the specified Azure container(s) was not found"


def _marks(job: Job, owner: str) -> dict[str, Any]:
    return {"owner": owner, "stamp": job.stamp, "name": job.name, "generation": job.generation}


def _as_task(job: Job, manager: JobManagerTask) -> Task:
    """A manager as the service has it among the tasks of its job."""
    said = {"job": job.name, "generation": job.generation, "id": manager.id, "digest": manager.content}
    return Task(**said, command_line=manager.command_line, output_files=manager.output_files, streams=manager.streams)


def _there(held: dict[str, R], name: str, kind: str) -> R:
    if name.lower() not in held:
        raise CloudError(f"{name} is not there", status=404, code=f"{kind}NotFound")
    return held[name.lower()]


def _free(held: dict[str, R], name: str, wanted: Resource, owner: str) -> None:
    """The id can be had: nothing is there, or what goes (it is waited for), or what a lost answer left of ours."""
    found = held.get(name.lower())
    if isinstance(found, Pool | Job | Schedule) and found.state == "deleting":
        del held[name.lower()]
    elif isinstance(found, Pool | Job | Schedule) and (found.owner != owner or found.asked != asked_hashes(wanted)):
        raise CloudError(f"{name} exists", status=409, code=f"{type(found).__name__}Exists")


def _stored(pool: Pool, owner: str) -> Pool:
    """The service counts the nodes; a formula is taken to ask for one. It fills in the order of jobs, and disks."""
    scaled = pool.auto_scale_formula is not None
    dedicated, spot = (1, 0) if scaled else (pool.target_dedicated_nodes or 0, pool.target_spot_nodes or 0)
    counted = replace(pool, target_dedicated_nodes=dedicated, target_spot_nodes=spot, nodes=dedicated + spot)
    order = pool.task_scheduling_policy.job_default_order or "none"
    policy = replace(pool.task_scheduling_policy, job_default_order=order)
    disks = pool.data_disks and tuple(_filled_disk(disk) for disk in pool.data_disks)
    system = pool.os_disk and replace(
        _filled_disk(pool.os_disk),
        ephemeral_os_disk_settings=pool.os_disk.ephemeral_os_disk_settings or DiffDiskSettings(),
    )
    filled = replace(counted, task_scheduling_policy=policy, data_disks=disks, os_disk=system)
    kept: Pool = without_secrets(filled)
    return replace(kept, owner=owner, state="active", asked=asked_hashes(pool), by_reboot=False, asked_again=False)


def _filled_disk(disk: Any) -> Any:
    managed = disk.managed_disk or ManagedDisk()
    kind = managed.storage_account_type or "standard_lrs"
    return replace(disk, caching=disk.caching or "none", managed_disk=replace(managed, storage_account_type=kind))


def without_secrets(value: Any) -> Any:
    """What the service gives back of a value."""
    if isinstance(value, tuple):
        return tuple(map(without_secrets, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    told = {f.name: None if "secret" in f.metadata else without_secrets(getattr(value, f.name)) for f in fields(value)}
    return replace(value, **told)


def _agreed(pool: Pool) -> None:
    if pool.node_agent_sku_id is None:
        raise CloudError("nodeAgentSKUId is required", status=400, code="InvalidRequestBody")


def _marked(found: str | None, owner: str, name: str) -> None:
    if found != owner:
        raise Refused([f"{name!r} does not bear our mark any more"])


def _is_ready(task: Task, added: Mapping[str, Task]) -> bool:
    """All that it depends on is in the job and has ended so that it may run."""
    waits = task.depends_on or TaskDependencies()
    numbers = (str(n) for r in waits.task_id_ranges for n in range(r.start, r.end + 1))
    return all((found := added.get(i.lower())) and satisfies_dependents(found) for i in (*waits.task_ids, *numbers))


def _seen(task: Task, job: Job) -> Task:
    """What the service tells of a task when it is listed."""
    return Task(
        job=task.job,
        id=task.id,
        depends_on=task.depends_on,
        exit_conditions=task.exit_conditions,
        environment=task.environment,
        max_wall_clock_time=task.max_wall_clock_time,
        max_task_retry_count=job.max_task_retry_count
        if task.max_task_retry_count is None
        else task.max_task_retry_count,
        retention_time=task.retention_time,
        digest=task.digest,
        generation=task.generation or 1,
        state=task.state,
        result=task.result,
        exit_code=task.exit_code,
        failure=task.failure,
        ended=task.ended,
    )


def _blob_path(output: OutputFile, task: str) -> str:
    """One file for each pattern: what `*` stands for is the task's id."""
    parts = output.file_pattern.split("/")
    wild = next((index for index, part in enumerate(parts) if set("*?[") & set(part)), None)
    if wild is None:
        return output.path or basename(output.file_pattern)
    below = re.sub(r"\*+", task, "/".join(parts[wild:]))
    return f"{output.path.rstrip('/')}/{below}" if output.path else below


_: Cloud = FakeCloud()  # mypy proves here that it is one
