"""How each state of each kind of record is reached, and what leads from one to another: by requests and faults alone.

The service of these tests is as slow as the platform, on a clock that is turned by hand: states last until then.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .raw import VERSION, Reply, send
from .stand import Local, until

MACHINE = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
UNTIL_TOLD = "/bin/sh -c 'until [ -e $AZ_BATCH_NODE_SHARED_DIR/go ]; do sleep 0.01; done'"
"""A command line that ends when `Stage.tell` was called."""
LONG = "sleep 1000"


@dataclass
class Stage:
    """One pool of one spot node, one job, one task and one schedule, all of one name; made when they are needed."""

    local: Local
    name: str
    start_task: str | None = None
    node_id: str = field(default="", init=False)

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        query = "" if path.startswith("/_local") else f"?{VERSION}"
        return send(self.local.url, method, path + query, body)

    def do(self, method: str, path: str, body: Any = None) -> Reply:
        reply = self.send(method, path, body)
        assert reply.status < 300, (method, path, reply.content)
        return reply

    @property
    def pool(self) -> str:
        return f"/pools/{self.name}"

    @property
    def node(self) -> str:
        return f"{self.pool}/nodes/{self.node_id}"

    @property
    def job(self) -> str:
        return f"/jobs/{self.name}"

    @property
    def task(self) -> str:
        return f"{self.job}/tasks/t"

    @property
    def schedule(self) -> str:
        return f"/jobschedules/{self.name}"

    def state(self, path: str, name: str = "state") -> str:
        """A property of what is there; "gone" if nothing is."""
        reply = self.send("GET", path)
        return reply.json[name] if reply.status == 200 else "gone"

    def see(self, path: str, state: str, name: str = "state") -> None:
        until(lambda: self.state(path, name) == state, f"{path} is {state}")

    def accident(self, accident: str) -> Reply:
        return self.do("POST", f"/_local{self.node}", {"accident": accident})

    def tell(self) -> None:
        """Lets UNTIL_TOLD end."""
        root = self.local.home / "nodes" / self.name / self.node_id
        (root / "shared" / "go").touch()

    def new_pool(self, nodes: int = 1) -> None:
        start = {"startTask": {"commandLine": self.start_task}} if self.start_task else {}
        body = {"id": self.name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE, **start}
        self.do("POST", "/pools", {**body, "targetLowPriorityNodes": nodes, "taskSlotsPerNode": 2})

    def new_job(self, **spec: Any) -> None:
        self.do("POST", "/jobs", {"id": self.name, "poolInfo": {"poolId": self.name}, **spec})

    def new_task(self, line: str = LONG) -> None:
        self.do("POST", f"{self.job}/tasks", {"id": "t", "commandLine": line})


Step = Callable[[Stage], Any]


# nodes


def creating(s: Stage) -> None:
    s.new_pool()
    s.local.turn(31)
    s.node_id = s.do("GET", f"{s.pool}/nodes").json["value"][0]["id"]


def starting(s: Stage) -> None:
    creating(s)
    s.local.turn(61)


def waiting(s: Stage) -> None:
    s.start_task = s.start_task or UNTIL_TOLD
    starting(s)
    s.local.turn(31)


def start_task_failed(s: Stage) -> None:
    s.start_task = "false"
    waiting(s)
    s.local.turn(6)
    s.see(s.node, "starttaskfailed")


def idle(s: Stage) -> None:
    starting(s)
    s.local.turn(31)
    s.see(s.node, "idle")


def running(s: Stage) -> None:
    idle(s)
    s.new_job()
    s.new_task()
    s.see(s.task, "running")


def disable_scheduling(s: Stage) -> None:
    s.do("POST", f"{s.node}/disablescheduling", {"nodeDisableSchedulingOption": "taskcompletion"})


def then(*steps: Step) -> Step:
    def all_of_them(s: Stage) -> None:
        for step in steps:
            step(s)

    return all_of_them


def post(where: str, verb: str, body: Any = None) -> Step:
    return lambda s: s.do("POST", f"{getattr(s, where)}/{verb}", body)


def accident(name: str) -> Step:
    return lambda s: s.accident(name)


def turn(seconds: float) -> Step:
    return lambda s: s.local.turn(seconds)


def tell(s: Stage) -> None:
    s.tell()


def remove(s: Stage) -> None:
    s.do("POST", f"{s.pool}/removenodes", {"nodeList": [s.node_id]})


def end_task(s: Stage) -> None:
    s.do("POST", f"{s.task}/terminate")


REBOOT, REIMAGE, DEALLOCATE = (post("node", verb) for verb in ("reboot", "reimage", "deallocate"))
NODES: dict[str, Step] = {
    "creating": creating,
    "starting": starting,
    "waitingforstarttask": waiting,
    "starttaskfailed": start_task_failed,
    "idle": idle,
    "running": running,
    "offline": then(idle, disable_scheduling),
    "unknown": then(idle, accident("lose")),
    "rebooting": then(idle, REBOOT),
    "reimaging": then(idle, REIMAGE),
    "upgradingos": then(idle, accident("upgrade")),
    "deallocating": then(idle, DEALLOCATE),
    "deallocated": then(idle, DEALLOCATE, turn(61)),
    "unusable": then(idle, accident("break")),
    "preempted": then(idle, accident("preempt")),
    "leavingpool": then(idle, remove),
}
"""State of a node, and how it is reached."""
TO_NODE: dict[str, Step] = {
    "unusable": accident("break"),
    "preempted": accident("preempt"),
    "leavingpool": remove,
    "rebooting": REBOOT,
    "reimaging": REIMAGE,
    "deallocating": DEALLOCATE,
    "upgradingos": accident("upgrade"),
    "unknown": accident("lose"),
    "starting": turn(301),
}
"""State, and what leads to it from wherever a way leads."""
NODE_WAYS: dict[tuple[str, str], tuple[Step, Step]] = {
    ("starting", "waitingforstarttask"): (starting, turn(31)),
    ("starting", "idle"): (starting, turn(31)),
    ("starting", "offline"): (then(starting, disable_scheduling), turn(31)),
    ("waitingforstarttask", "idle"): (then(waiting, turn(6)), tell),
    ("waitingforstarttask", "offline"): (then(waiting, disable_scheduling, turn(6)), tell),
    ("waitingforstarttask", "starttaskfailed"): (starting, then(turn(31), turn(6))),
    ("idle", "running"): (idle, then(Stage.new_job, Stage.new_task)),
    ("idle", "offline"): (idle, disable_scheduling),
    ("running", "idle"): (running, end_task),
    ("running", "offline"): (then(running, disable_scheduling), end_task),
    ("offline", "idle"): (NODES["offline"], post("node", "enablescheduling")),
    ("unknown", "idle"): (NODES["unknown"], accident("mend")),
    ("unknown", "running"): (then(running, accident("lose")), accident("mend")),
    ("unknown", "offline"): (then(NODES["unknown"], disable_scheduling), accident("mend")),
    ("deallocating", "deallocated"): (NODES["deallocating"], turn(61)),
    ("deallocated", "starting"): (NODES["deallocated"], post("node", "start")),
    ("unusable", "rebooting"): (NODES["unusable"], accident("mend")),
    ("preempted", "starting"): (NODES["preempted"], accident("mend")),
}
"""Where the way depends on both ends: how it begins, and what then happens."""
START_TASKS = {
    ("starting", "waitingforstarttask"): UNTIL_TOLD,
    ("waitingforstarttask", "starttaskfailed"): "false",
}


# jobs and tasks

PREPARED = {"jobPreparationTask": {"commandLine": UNTIL_TOLD}, "jobReleaseTask": {"commandLine": LONG}}


def disable(option: str) -> Step:
    return post("job", "disable", {"disableTasks": option})


def ran_with_release(s: Stage) -> None:
    idle(s)
    s.tell()
    s.new_job(**PREPARED)
    s.new_task("true")
    s.see(s.task, "completed")


TERMINATE, DELETE_JOB = post("job", "terminate"), lambda s: s.do("DELETE", s.job)
DISABLED = then(Stage.new_job, disable("wait"), turn(6), lambda s: s.see(s.job, "disabled"))
JOBS: dict[str, Step] = {
    "active": Stage.new_job,
    "disabling": then(running, disable("wait")),
    "disabled": DISABLED,
    "enabling": then(DISABLED, lambda s: s.do("POST", f"{s.job}/enable")),
    "terminating": then(ran_with_release, TERMINATE),
    "completed": then(Stage.new_job, TERMINATE, turn(6), lambda s: s.see(s.job, "completed")),
    "deleting": then(Stage.new_job, DELETE_JOB),
}
TO_JOB: dict[str, Step] = {
    "disabling": disable("wait"),
    "disabled": then(turn(6), end_task),
    "enabling": lambda s: s.do("POST", f"{s.job}/enable"),
    "active": turn(6),
    "terminating": TERMINATE,
    "completed": turn(901),
    "deleting": DELETE_JOB,
}


def active_task(s: Stage) -> None:
    s.new_job()
    s.new_task()


def preparing(s: Stage) -> None:
    idle(s)
    s.new_job(**PREPARED)
    s.new_task()
    s.see(s.task, "preparing")


TASKS: dict[str, Step] = {
    "active": active_task,
    "preparing": preparing,
    "running": running,
    "completed": then(active_task, end_task),
}
TO_TASK: dict[str, Step] = {
    "completed": end_task,
    "active": disable("requeue"),
    "running": tell,
}
TASK_WAYS: dict[tuple[str, str], tuple[Step, Step]] = {
    ("active", "preparing"): (idle, then(lambda s: s.new_job(**PREPARED), Stage.new_task)),
    ("active", "running"): (idle, then(Stage.new_job, Stage.new_task)),
    ("completed", "active"): (TASKS["completed"], lambda s: s.do("POST", f"{s.task}/reactivate")),
}


# job schedules


def new_schedule(s: Stage, rule: Any = None, **spec: Any) -> None:
    body = {"id": s.name, "jobSpecification": {"poolInfo": {"poolId": s.name}, **spec}}
    s.do("POST", "/jobschedules", {**body, "schedule": rule or {"recurrenceInterval": "P1D"}})


def ending_schedule(s: Stage) -> None:
    """Its job has a release task that goes on."""
    idle(s)
    s.tell()
    new_schedule(s, **PREPARED, jobManagerTask={"id": "t", "commandLine": "true", "killJobOnCompletion": False})
    s.see(f"/jobs/{s.name}:job-1/tasks/t", "completed")


END_SCHEDULE, DELETE_SCHEDULE = post("schedule", "terminate"), lambda s: s.do("DELETE", s.schedule)
SCHEDULES: dict[str, Step] = {
    "active": new_schedule,
    "disabled": then(new_schedule, post("schedule", "disable")),
    "terminating": then(ending_schedule, END_SCHEDULE),
    "completed": then(new_schedule, END_SCHEDULE, turn(6), lambda s: s.see(s.schedule, "completed")),
    "deleting": then(new_schedule, DELETE_SCHEDULE),
}
TO_SCHEDULE: dict[str, Step] = {
    "disabled": post("schedule", "disable"),
    "active": post("schedule", "enable"),
    "terminating": END_SCHEDULE,
    "completed": turn(901),
    "deleting": DELETE_SCHEDULE,
}
SCHEDULE_WAYS: dict[tuple[str, str], tuple[Step, Step]] = {
    ("active", "completed"): (
        lambda s: new_schedule(s, {"doNotRunUntil": "2000-01-01T00:00:00Z"}),
        then(lambda s: s.do("POST", f"/jobs/{s.name}:job-1/terminate"), turn(6)),
    ),
}


# pools


def grow(s: Stage) -> None:
    s.do("POST", f"{s.pool}/resize", {"targetLowPriorityNodes": 2})


def stopping(s: Stage) -> None:
    """A node that has to go waits for its task."""
    running(s)
    s.do("POST", f"{s.pool}/resize", {"targetLowPriorityNodes": 0, "nodeDeallocationOption": "taskcompletion"})
    s.local.turn(31)
    s.do("POST", f"{s.pool}/stopresize")


POOLS: dict[str, Step] = {"active": Stage.new_pool, "deleting": then(idle, lambda s: s.do("DELETE", s.pool))}
TO_POOL: dict[str, Step] = {"deleting": lambda s: s.do("DELETE", s.pool)}
ALLOCATIONS: dict[str, Step] = {"steady": idle, "resizing": then(idle, grow), "stopping": stopping}
TO_ALLOCATION: dict[str, Step] = {"resizing": grow, "stopping": post("pool", "stopresize"), "steady": turn(31)}
ALLOCATION_WAYS: dict[tuple[str, str], tuple[Step, Step]] = {
    ("stopping", "steady"): (stopping, then(end_task, lambda s: s.see(s.node, "leavingpool"), turn(31))),
    ("stopping", "resizing"): (stopping, TO_POOL["deleting"]),
}
