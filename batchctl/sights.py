"""What is seen of a run while it goes on and afterwards: pools, nodes, jobs and tasks with their times and troubles.

All times are the service's own, UTC. These are no resources: nothing of them is wanted or compared.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from batchctl.cloud_answers import Counts
from batchctl.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureInfo:
    """Why something failed, as the service says it (REST: TaskFailureInformation); `category` in small letters."""

    category: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSight:
    """A run of a task. `job` is the id that the service knows, `generation` counts from 1. `retried`, `requeued`: when
    the last time. `root`: its directory on the node; `container`: the id, state and trouble of the one it ran in.

    `waited` and `ran` are None while that is not over, or was never begun.
    """

    job: str
    generation: int
    id: str
    state: str
    result: str | None = None
    exit_code: int | None = None
    failure: FailureInfo | None = None
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    retries: int = 0
    requeues: int = 0
    retried: datetime | None = None
    requeued: datetime | None = None
    pool: str | None = None
    node: str | None = None
    root: str | None = None
    container: str | None = None
    slots: int = 1

    @property
    def status(self) -> str:
        """One word for state and result: waiting, preparing, running, succeeded, failed."""
        if self.state == "completed":
            return "failed" if self.result == "failure" else "succeeded"
        return "waiting" if self.state == "active" else self.state

    @property
    def waited(self) -> timedelta | None:
        return self.started - self.created if self.started and self.created else None

    @property
    def ran(self) -> timedelta | None:
        return self.ended - self.started if self.ended and self.started else None

    def ran_by(self, now: datetime) -> timedelta | None:
        """As `ran`; of a task that runs, until now. Two clocks may differ by a moment."""
        if self.state == "running" and self.started:
            return max(now - self.started, timedelta())
        return self.ran


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a port of a node (`behind`) is reached from outside."""

    host: str
    port: int
    behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSight:
    """A node of a pool. `spot`: it may be taken away. What begins with `start` is of the last try of its start task;
    `since`: from when on it is in its state."""

    id: str
    state: str
    vm_size: str = ""
    spot: bool = False
    ip: str | None = None
    scheduling: str = "enabled"
    running_tasks: int = 0
    running_slots: int = 0
    total_tasks: int = 0
    allocated: datetime | None = None
    booted: datetime | None = None
    since: datetime | None = None
    agent: str | None = None
    start_began: datetime | None = None
    start_ended: datetime | None = None
    start_exit_code: int | None = None
    start_failure: FailureInfo | None = None
    errors: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSight:
    """A pool, with its nodes counted by state. `dedicated` and `spot` are (there, wanted). `system`: what the price of
    its nodes has in it; `resized`: when its last resize began or ended. `external`: somebody else's; `of_job`: made by
    Batch for a job."""

    id: str
    state: str
    allocation: str
    vm_size: str
    system: str = "linux"
    slots_per_node: int = 1
    dedicated: tuple[int, int] = (0, 0)
    spot: tuple[int, int] = (0, 0)
    nodes: tuple[tuple[str, int], ...] = ()
    resized: datetime | None = None
    resize_errors: tuple[str, ...] = ()
    scaling: "ScalingSight | None" = None
    external: bool = False
    of_job: bool = False

    @property
    def there(self) -> int:
        return sum(count for _, count in self.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingSight:
    """The last evaluation of a pool's formula; `results`: what it set, `;`-separated."""

    evaluated: datetime | None = None
    results: str = ""
    error: str | None = None


GIVEN_UP = "BatchctlGaveUp"
"""Why we ended a job, in `why_ended`: what was left in it could never run, or was not to run any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSight:
    """A generation of the spec's job. `text`: of the spec that it was made from (`Stamp`), "" where it does not say so.
    `counts` are of its tasks, `slots` of the slots that these take."""

    id: str
    generation: int
    state: str
    pool: str
    priority: int = 0
    created: datetime | None = None
    ended: datetime | None = None
    why_ended: str | None = None
    scheduling_error: str | None = None
    text: str = ""
    counts: Counts = Counts()
    slots: Counts = Counts()

    @property
    def total(self) -> int:
        return self.counts.unfinished + self.counts.ended

    @property
    def goes_on(self) -> bool:
        """It has not ended: what waits may yet run, and what failed may be tried again (REST: JobState)."""
        return self.state in ("active", "enabling", "disabling", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUse:
    """What the tasks of a job used, as the service sums it up now and then (REST: Job Statistics). `told`: until when.

    `read` and `written` in bytes, from and to disks. What is zero in all was not measured, and is None.
    """

    told: datetime | None = None
    wall: timedelta = timedelta()
    cpu: timedelta | None = None
    read: float | None = None
    written: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUse:
    """Nodes of a kind (dedicated or spot, "" where nobody knows), and how long they were there. `at_least`: of some not
    all of it is known. `cost`: by list prices, None where one is not known."""

    kind: str
    nodes: int
    time: timedelta
    at_least: bool
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at a run. `spent`: by the nodes that are there; `failed`: the newest runs of tasks, where these did not
    succeed; `schedule`: whose jobs come by themselves."""

    pools: tuple[PoolSight, ...]
    jobs: tuple[JobSight, ...]
    failed: tuple[TaskSight, ...]
    schedule: str | None = None
    spent: tuple[NodeUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where files lie: in the directory of a task (`above` is its job) or of a node (`above` is its pool)."""

    above: str
    id: str
    is_task: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRun:
    """What runs beside the tasks on a node: a subtask (`name` is its number), the preparation or the release of a job.
    `folder`: its directory below that of the node."""

    name: str
    node: Place
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file on a node. `made`: when, as the service writes it; another try of its task makes it anew."""

    size: int
    made: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSight:
    """A file in the directory of a task or node: `name` as the service has it."""

    name: str
    size: int
    modified: datetime | None = None

    @property
    def path(self) -> str:
        """With slashes: nodes of Windows write backslashes."""
        return self.name if "/" in self.name else self.name.replace("\\", "/")


def newest_runs(runs: Sequence[TaskSight]) -> tuple[TaskSight, ...]:
    """Of each task the newest run; in the order of their first ones."""
    newest: dict[str, TaskSight] = {}
    for run in sorted(runs, key=lambda run: run.generation):
        newest[run.id.lower()] = run
    return tuple(newest.values())
