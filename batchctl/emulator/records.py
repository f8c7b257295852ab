"""What the service keeps of pools, nodes, jobs and tasks, and which state may follow which.

Times are seconds since 1970. `spec` is the checked body as it was asked, in the names of the wire. Fields that are
marked LIVE are rebuilt at the start and never stored.
"""

import json
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from batchctl.emulator import times

Json = dict[str, Any]
Moves = dict[str, frozenset[str]]


def _move_table(**table: str) -> Moves:
    return {state: frozenset(following.split()) for state, following in table.items()}


POOL_MOVES = _move_table(active="deleting", deleting="")
ALLOCATION_MOVES = _move_table(steady="resizing", resizing="steady stopping", stopping="steady resizing")
_ENDS = " unusable preempted leavingpool"
NODE_MOVES = _move_table(
    creating="starting" + _ENDS,
    starting="waitingforstarttask idle offline" + _ENDS,
    waitingforstarttask="idle offline starttaskfailed" + _ENDS,
    starttaskfailed="rebooting reimaging deallocating" + _ENDS,
    idle="running offline unknown rebooting reimaging deallocating upgradingos" + _ENDS,
    running="idle offline unknown" + _ENDS,
    offline="idle rebooting reimaging deallocating upgradingos" + _ENDS,
    unknown="idle running offline" + _ENDS,
    rebooting="starting" + _ENDS,
    reimaging="starting" + _ENDS,
    upgradingos="starting" + _ENDS,
    deallocating="deallocated leavingpool",
    deallocated="starting leavingpool",
    unusable="rebooting preempted leavingpool",
    preempted="starting leavingpool",
    leavingpool="",
)
"""`offline` is a node that is told to take no tasks, and has none (REST: BatchNodeState)."""
JOB_MOVES = _move_table(
    active="disabling terminating deleting",
    disabling="disabled terminating deleting",
    disabled="enabling terminating deleting",
    enabling="active terminating deleting",
    terminating="completed deleting",
    completed="deleting",
    deleting="",
)
TASK_MOVES = _move_table(
    active="preparing running completed",
    preparing="running active completed",
    running="active completed",
    completed="active",
)
SCHEDULE_MOVES = _move_table(
    active="disabled terminating completed deleting",
    disabled="active terminating deleting",
    terminating="completed deleting",
    completed="deleting",
    deleting="",
)


PASSING = frozenset({"disabling", "enabling", "terminating"})
"""States of jobs and schedules that are no previousState of what follows them: `active` and `disabled` are."""

UNTRIED: Json = {"retryCount": 0, "requeueCount": 0}
"""executionInfo of a task that never ran: one for all, as what is known of a task is replaced and never changed."""

LIVE = {"live": True}
"""Marks a field that is rebuilt, not stored."""


# eq=False: a record is itself and not its fields, so that it can be a key and be changed.
@dataclass(slots=True, eq=False, kw_only=True)
class Entity:
    """What all of them have. `seq` grows with creation; `modified` is unique, and the ETag is made of it."""

    kind: ClassVar[str]
    moves: ClassVar[Moves]
    id: str
    seq: int = 0
    created: float = 0.0
    modified: float = 0.0
    state: str = "active"
    state_time: float = 0.0
    previous: str | None = None
    previous_time: float | None = None

    @property
    def key(self) -> str:
        """Ids are compared without regard to case."""
        key = self.id.lower()
        return self.id if key == self.id else key  # of very many tasks, one text each

    @property
    def etag(self) -> str:
        return times.etag(self.modified)

    def move(self, state: str, now: float) -> None:
        """Goes to `state`; a move that is not in the table is a bug of the service."""
        if state not in self.moves[self.state]:
            raise AssertionError(f"{self.kind} {self.id}: {self.state} -> {state}")
        if self.state not in PASSING:
            self.previous, self.previous_time = self.state, self.state_time
        self.state, self.state_time = state, now


@dataclass(slots=True, eq=False, kw_only=True)
class Pool(Entity):
    """A pool. `removing` says what becomes of tasks on nodes that leave, `next_ip` which address the next node gets.

    `autoscale_first`: its formula was enabled, and no later run has followed on the first one. `seen`: since when its
    allocation was as it was when somebody asked whether the pool exists.
    """

    kind: ClassVar[str] = "pool"
    moves: ClassVar[Moves] = POOL_MOVES
    spec: Json = field(default_factory=dict)
    allocation: str = "steady"
    allocation_time: float = 0.0
    resize_errors: list[Json] = field(default_factory=list)
    autoscale_run: Json | None = None
    autoscale_enabled: float = 0.0
    autoscale_asked: float = 0.0
    autoscale_first: bool = False
    removing: str = "requeue"
    next_ip: int = 4  # Azure keeps the first four addresses of a subnet
    auto_job: str | None = None
    seen: float | None = field(default=None, repr=False, metadata=LIVE)
    nodes: "dict[str, Node]" = field(default_factory=dict, repr=False, metadata=LIVE)

    def allocate(self, allocation: str, now: float) -> None:
        """Goes to another allocation state."""
        if allocation not in ALLOCATION_MOVES[self.allocation]:
            raise AssertionError(f"pool {self.id}: allocation {self.allocation} -> {allocation}")
        self.allocation, self.allocation_time = allocation, now


@dataclass(slots=True, eq=False, kw_only=True)
class Node(Entity):
    """A node: a directory and a number of slots. `start` is startTaskInfo, `start_task` what it was asked to run.
    `size` is of a pool that mixes sizes.

    `after` is the state that it goes to once its last task has ended, `retaining`: and the files of all are due; a node
    that has one takes no tasks. `returning`: it boots for the first time after it was deallocated. `seen`: the
    `state_time` of the state that somebody was last told.
    """

    kind: ClassVar[str] = "node"
    moves: ClassVar[Moves] = NODE_MOVES
    pool: str
    dedicated: bool = True
    size: str | None = None
    ip: str = ""
    scheduling: str = "enabled"
    booted: float | None = None
    start_task: Json | None = None
    start: Json | None = None
    errors: list[Json] = field(default_factory=list)
    tasks_run: int = 0
    tasks_succeeded: int = 0
    recent: list[list[str]] = field(default_factory=list)
    users: dict[str, Json] = field(default_factory=dict)
    preparations: dict[str, Json] = field(default_factory=dict)
    releases: dict[str, Json] = field(default_factory=dict)
    after: str | None = None
    retaining: bool = False
    returning: bool = False
    mended_at: float | None = None
    pid: list[float] | None = None
    seen: float | None = field(default=None, repr=False, metadata=LIVE)
    busy: "dict[int, Task]" = field(default_factory=dict, repr=False, metadata=LIVE)

    @property
    def affinity(self) -> str:
        return f"TVM:{self.id}"

    @property
    def shown_scheduling(self) -> str:
        """A node that was deallocated takes no tasks until it is up again, whatever it was told."""
        away = self.state in ("deallocating", "deallocated")
        boots = self.returning and self.state in ("starting", "waitingforstarttask")
        return "disabled" if away or boots else self.scheduling

    @property
    def at_rest(self) -> str:
        """The state of a node that is up and runs no task."""
        return "idle" if self.scheduling == "enabled" else "offline"

    @property
    def slots_used(self) -> int:
        return sum(task.slots for task in self.busy.values())


def number_of(key: str) -> str | None:
    """The whole number that an id is, without zeros before it; None for all others."""
    return (key.lstrip("0") or "0") if key.isascii() and key.isdigit() else None


class Tasks(dict[str, "Task"]):
    """A job's tasks by their keys, and in the order of their making: so that a page of very many is found without
    touching each of them. That list is made when it is asked for, and made again after a task has gone.

    `padded`: the keys that are numbers with zeros before them, by the number without."""

    __slots__ = ("_line", "padded")

    def __init__(self) -> None:
        super().__init__()
        self._line: list[Task] | None = None
        self.padded: dict[str, list[str]] = {}

    def __setitem__(self, key: str, task: "Task") -> None:
        super().__setitem__(key, task)
        if (number := number_of(key)) not in (None, key):
            self.padded.setdefault(str(number), []).append(key)
        if self._line is not None:
            self._line.append(task)

    def pop(self, key: str, default: Any = None) -> Any:
        self._line = None
        if key in (padded := self.padded.get(number_of(key) or "", [])):
            padded.remove(key)
        return super().pop(key, default)

    def in_order(self) -> "list[Task]":
        if self._line is None:
            self._line = list(self.values())
        return self._line


@dataclass(slots=True, eq=False, kw_only=True)
class Job(Entity):
    """A job. `pool` is the key of the pool that its tasks run in (the auto pool's, where it has one).

    `action` is what a task's end asks of it: `disable` or `terminate`, and the reason. `ready` are the tasks that wait
    for room, `unfit` those for which the pool as it is never has room.
    """

    kind: ClassVar[str] = "job"
    moves: ClassVar[Moves] = JOB_MOVES
    spec: Json = field(default_factory=dict)
    pool: str | None = None
    started: float = 0.0
    ended: float | None = None
    reason: str | None = None
    disabling: str = "wait"
    action: list[str] | None = None
    schedule: str | None = None
    auto_pool: str | None = None
    scheduling_error: Json | None = None
    tasks: Tasks = field(default_factory=Tasks, repr=False, metadata=LIVE)
    ready: "list[Task]" = field(default_factory=list, repr=False, metadata=LIVE)
    unfit: "list[Task]" = field(default_factory=list, repr=False, metadata=LIVE)
    at_work: "dict[int, Task]" = field(default_factory=dict, repr=False, metadata=LIVE)
    unfinished: int = field(default_factory=int, repr=False, metadata=LIVE)
    waiting: "dict[str, list[Task]]" = field(default_factory=dict, repr=False, metadata=LIVE)


@dataclass(slots=True, eq=False, kw_only=True)
class Task(Entity):
    """A task. `asked` is its body as JSON text, for there may be very many; `info` is executionInfo.

    `instances`: on how many nodes a multi-instance task runs; `subtasks`: what is known of all but the primary.
    """

    kind: ClassVar[str] = "task"
    moves: ClassVar[Moves] = TASK_MOVES
    job: str
    asked: str = "{}"
    slots: int = 1
    affinity: str | None = None
    instances: int | None = None
    info: Json = field(default_factory=lambda: UNTRIED)
    pool: str | None = None
    node: str | None = None
    directory: str | None = None
    pid: list[float] | None = None
    subtasks: list[Json] | None = None
    unmet: int = field(default=0, repr=False, metadata=LIVE)

    def __lt__(self, other: "Task") -> bool:
        """First come, first served."""
        return self.seq < other.seq

    @property
    def spec(self) -> Json:
        """What was asked; parsed anew each time."""
        asked: Json = json.loads(self.asked)
        return asked

    @property
    def failed(self) -> bool:
        return self.info.get("result") == "failure"


@dataclass(slots=True, eq=False, kw_only=True)
class Schedule(Entity):
    """A job schedule. `runs` counts the jobs that it made."""

    kind: ClassVar[str] = "schedule"
    moves: ClassVar[Moves] = SCHEDULE_MOVES
    spec: Json = field(default_factory=dict)
    runs: int = 0
    next_run: float | None = None
    recent: str | None = None
    ended: float | None = None
    pool: str | None = None


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def asked_text(spec: Json) -> str:
    """The text that a task keeps of what it was asked."""
    return _ENCODER.encode(spec)


def stored_fields(record: type[Entity]) -> tuple[str, ...]:
    """The fields of a record that are stored with it at each change."""
    return tuple(one.name for one in fields(record) if not one.metadata.get("live") and one.name != "asked")
