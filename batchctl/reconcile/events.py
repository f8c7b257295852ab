"""What happens while a plan is carried out, and what gc finds: frozen values that doers yield and `render` prints."""

from datetime import datetime, timedelta
from typing import Literal

from batchctl.cloud_answers import Counts
from batchctl.errors import BatchctlError
from batchctl.frozen import dataclass
from batchctl.resources import Blob, Task

Verb = Literal["adopt", "end", "delete", "create", "update"]
"""What is done to the objects of a kind, in one go. Jobs are ended before anything is deleted."""

PhaseName = Literal["changes", "tasks", "pools", "downloads"]
"""What an apply does, part by part: what the plan says, then it waits, ends pools (`afterRun`), and fetches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A kind's turn has come: what is done to these objects of one kind. `size`: bytes that are stored for it."""

    verb: Verb
    kind: str
    names: tuple[str, ...]
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    verb: Verb
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    verb: Verb | Literal["seal", "scale"]
    kind: str
    name: str
    error: BatchctlError


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The tasks that are waited for have moved."""

    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Tasks are waited for from here on. `wanted`: so many has the spec; `added`: so many of them this apply runs, None
    where more may come."""

    wanted: int
    added: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeen:
    """How the pool is: its nodes by state, of so many that there should be."""

    pool: str
    wanted: int
    nodes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What this apply has used by now, and how much it may at most. `cost` None: no price is known."""

    node_hours: float
    cost: float | None = None
    currency: str = ""
    most_node_hours: float | None = None
    most_cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesWaiting:
    """No task runs yet, and this is what the pool says."""

    pool: str
    nodes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNotice:
    """What is wrong with a job, or what its tasks wait for."""

    job: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNotice:
    """What is wrong with a pool, or what its tasks wait for; the work goes on."""

    pool: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Jobs were ended because too much of their work goes wrong: no task of them runs any more."""

    jobs: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed:
    """A task that did not succeed, why, and the end of its stderr. `overwritten`: by another task, so that to run it
    again would not help."""

    task: Task
    why: str
    stderr: tuple[str, ...]
    overwritten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Tasks that failed alike: `why` is an exit code or the service's word, `says` the last line of what the first one
    said, of which numbers do not count. `tasks` are the first few; `job` is that of the first."""

    why: str
    says: str
    count: int
    tasks: tuple[str, ...]
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Laggard:
    """A task that has run longer than 99 of 100 of its factory, which took `usual` at most."""

    task: str
    job: str
    ran: timedelta
    usual: timedelta
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A node on which nothing runs, and what its start task said last."""

    node: str
    pool: str
    why: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorySeen:
    """The tasks of a factory that are waited for."""

    name: str
    tasks: int
    succeeded: int
    failed: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """So many tasks that nothing will start: they wait for `culprit`, which failed, or for others of them."""

    count: int
    tasks: tuple[str, ...]
    culprit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What matters in a run by now. `unread`: so many more tasks failed. `factories`, `laggards`: only where somebody
    looks on; `partly`: more tasks have ended than the factories tell."""

    causes: tuple[Cause, ...] = ()
    unread: int = 0
    blocked: Blocked | None = None
    nodes: tuple[Broken, ...] = ()
    laggards: tuple[Laggard, ...] = ()
    factories: tuple[FactorySeen, ...] = ()
    partly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingHome:
    """So many blobs are brought home from here on, with so many bytes."""

    blobs: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be known of a run as a whole, a sentence each."""

    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What follows belongs to this part of the work."""

    name: PhaseName


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """These jobs are waited for from here on, and go on if nobody does. `unattended`: what of them is nobody's affair
    then, or whose it is; `more`: they have not all their tasks yet."""

    jobs: tuple[str, ...]
    unattended: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """Jobs were left to themselves. `counts`: of their tasks, as they were last seen; `back` and `stop`: the commands
    that come back to them and that end them."""

    jobs: tuple[str, ...]
    unattended: tuple[str, ...] = ()
    counts: Counts | None = None
    back: str = ""
    stop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """From when to when a command was at work, and how many seconds, in all and in each part."""

    begun: datetime
    ended: datetime
    seconds: float
    phases: tuple[tuple[PhaseName, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A blob came home to `path`."""

    blob: Blob
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFetched:
    blob: Blob
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """Tasks that were announced are known now, and added."""

    tasks: int
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All that one spec made. `expires`: the last moment that any of it names. `unwanted`: why nobody wants it.
    `retiring`: what of it Azure takes away."""

    owner: str
    origins: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    expires: datetime | None = None
    unwanted: str | None = None
    retiring: tuple[str, ...] = ()


Doing = Begun | Applied | Failed | Expanded
Waiting = Awaited | Progress | Looked | PoolSeen | Spent | NodesWaiting | JobNotice | PoolNotice | Halted
Coming = Notice | Phase | UnderWay | Detached | Took
Event = Doing | Waiting | Coming | TaskFailed | ComingHome | Fetched | NotFetched
