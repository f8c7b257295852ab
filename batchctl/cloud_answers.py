"""Values that cross between `cloud/` and `reconcile/` and are no resources; most are what a cloud answers."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Any

from batchctl.errors import BatchctlError
from batchctl.frozen import dataclass
from batchctl.resources import ENDING, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What nodes cost by the hour in a region: `rates` has for `linux.spot`, by the size in small letters, the price.

    `made`: when they were asked; `source`: where.
    """

    region: str
    currency: str
    made: date
    source: str
    rates: Mapping[str, Mapping[str, float]]

    def of(self, size: str, system: str, kind: str) -> float | None:
        """The price of an hour, None where none is known."""
        return self.rates.get(f"{system}.{kind}", {}).get(size.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSize:
    """A VM size that Batch has in the account's region: the family by which its cores are counted, and until when.

    `lacks`: which of `spot`, `ephemeral` and `accelerated` it does not have; `generation`: of images that it starts, if
    these are of one alone.
    """

    family: str
    cores: int | None = None
    generation: int | None = None
    lacks: frozenset[str] = frozenset()
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A pool, a job in its generations (the last one last) and its tasks, as REST has them; `storage`: the address of
    the blobs."""

    pool: Mapping[str, Any] | None
    jobs: tuple[Mapping[str, Any], ...]
    tasks: tuple[Mapping[str, Any], ...]
    storage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolThere:
    """A pool of the account, whosever, with the nodes that it has or is to have."""

    name: str
    vm_size: str
    dedicated: int = 0
    spot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What the account may have at most, and what there is of it. None: no such quota is told.

    `cores_by_family`: where dedicated cores are counted by family, which `dedicated_cores` then says nothing of.
    `sizes` by their names in small letters, empty where nobody says them; `active_jobs` with job schedules. `untold`:
    what could not be asked just now, and why.
    """

    region: str
    dedicated_cores: int | None = None
    cores_by_family: Mapping[str, int] | None = None
    spot_cores: int | None = None
    pools: int | None = None
    jobs: int | None = None
    sizes: Mapping[str, OfferedSize] = field(default_factory=dict)
    pools_there: tuple[PoolThere, ...] = ()
    active_jobs: int = 0
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A saved plan, which is used once and not after `until`."""

    id: str
    until: datetime


USED = "the plan was applied before; what it made is gone or another by now: make a new plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one resource; `error` None: it is done."""

    resource: Resource
    error: BatchctlError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What would be sent to Batch of a resource, in REST's words (2025-06-01)."""

    resource: Resource
    method: str
    path: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tasks of a job by state (`GET /jobs/{id}/taskcounts`); may lag behind the service."""

    active: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0

    @property
    def unfinished(self) -> int:
        return self.active + self.running

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            active=self.active + other.active,
            running=self.running + other.running,
            succeeded=self.succeeded + other.succeeded,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """What a pool holds now: nodes, and tasks that run on them."""

    nodes: tuple[str, ...] = ()
    running_tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A formula that gives a pool its nodes: does it set a target at all, may its result change (one that reads
    neither tasks nor nodes nor the time says the same for ever), what kept the last evaluation from an answer, and when
    does the next one come (None: the first is still to come)?"""

    sets_target: bool = True
    may_change: bool = True
    error: str | None = None
    next_evaluation: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """How a job is: `state` in small letters, `gone` where it is not there. `why` it has ended or is not scheduled."""

    state: str = "active"
    why: str = ""

    @property
    def ended(self) -> str | None:
        """Why it has ended, if it has."""
        if self.state == "gone":
            return "it was deleted"
        return (self.why or "it was ended") if self.state in ENDING else None


COMING = frozenset({"creating", "starting", "waitingforstarttask", "rebooting", "reimaging", "upgradingos"})
"""States of nodes that will run tasks soon: their start task is still to run, or runs. In small letters, as those of
nodes are; counts of nodes have the states of REST's keys."""

BROKEN = frozenset({"unusable", "starttaskfailed"})
"""States of nodes on which nothing will run, in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenNodes:
    """Nodes that run nothing any more and `say` the same of it: how many, in which state (as the service writes it),
    the codes of their errors (REST: BatchNodeError, and of a start task BatchTaskFailureInfo), and the id of one."""

    count: int
    state: str
    codes: tuple[str, ...]
    says: str
    one: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth:
    """Can this pool run tasks? `nodes` counts them by state; `able` may run a task now or soon, `wanted` is how many
    there should be.

    `resize_errors`: why the resize that ended at `resized` gave less. `broken`: what is wrong with nodes that run
    nothing any more. `scaling` None: nodes are given by number. `last_words`: of failed start tasks, where no node is
    able. `state`: active, deleting, or gone. `slots`: of a node.
    `paid`: how many dedicated and how many spot nodes cost now, which all do but those that were taken away.
    `vm_size`: what they are, "" where nobody says.
    """

    steady: bool
    nodes: tuple[tuple[str, int], ...]
    able: int
    wanted: int = 0
    resize_errors: tuple[str, ...] = ()
    resized: datetime | None = None
    broken: tuple[BrokenNodes, ...] = ()
    scaling: Scaling | None = None
    last_words: tuple[str, ...] = ()
    paid: tuple[int, int] = (0, 0)
    state: str = "active"
    vm_size: str = ""
    slots: int = 1

    @property
    def count(self) -> int:
        return sum(count for _, count in self.nodes)

    @property
    def nodes_idle(self) -> bool:
        """All nodes are up and only wait for tasks."""
        return all(state == "idle" for state, _ in self.nodes) and bool(self.nodes)
