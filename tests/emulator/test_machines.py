"""Every edge of every transition table is walked, and every verb is tried in every state that does not know it.

The tables are the service's own; the codes stand here, so that both must be changed to change what clients see.
"""

import itertools
from collections.abc import Iterator

import pytest

from batchctl.emulator import records
from batchctl.emulator.api.routes import ROUTES

from . import stages
from .stages import Stage, Step
from .stand import Local, running, until

# kind: the table, how states are reached, what leads to a state, the ways that depend on both ends
MACHINES = {
    "pool": (records.POOL_MOVES, stages.POOLS, stages.TO_POOL, {}),
    "allocation": (records.ALLOCATION_MOVES, stages.ALLOCATIONS, stages.TO_ALLOCATION, stages.ALLOCATION_WAYS),
    "node": (records.NODE_MOVES, stages.NODES, stages.TO_NODE, stages.NODE_WAYS),
    "job": (records.JOB_MOVES, stages.JOBS, stages.TO_JOB, {}),
    "task": (records.TASK_MOVES, stages.TASKS, stages.TO_TASK, stages.TASK_WAYS),
    "schedule": (records.SCHEDULE_MOVES, stages.SCHEDULES, stages.TO_SCHEDULE, stages.SCHEDULE_WAYS),
}
EDGES = [
    (kind, here, there) for kind, (table, *_) in MACHINES.items() for here in table for there in sorted(table[here])
]
STATES = [(kind, state) for kind, (table, *_) in MACHINES.items() for state in table]
WHERE = {
    "pool": ("pool", "state"),
    "allocation": ("pool", "allocationState"),
    "node": ("node", "state"),
    "job": ("job", "state"),
    "task": ("task", "state"),
    "schedule": ("schedule", "state"),
}
_names = itertools.count(1)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with running(tmp_path_factory.mktemp("slow") / "home", time_scale=1.0, job_quota=10000, pool_quota=10000) as local:
        yield local


@pytest.fixture(scope="module")
def moves() -> Iterator[set[tuple[str, ...]]]:
    """Every move that the service makes: kind, name of the stage, from, to."""
    seen: set[tuple[str, ...]] = set()
    move, allocate = records.Entity.move, records.Pool.allocate

    def told(record, state, now):
        before = record.state
        move(record, state, now)
        owner = getattr(record, "pool", None) if record.kind == "node" else getattr(record, "job", record.id)
        seen.add((record.kind, owner, before, state))

    def allocation_told(pool, allocation, now):
        before = pool.allocation
        allocate(pool, allocation, now)
        seen.add(("allocation", pool.id, before, allocation))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records.Entity, "move", told)
        patch.setattr(records.Pool, "allocate", allocation_told)
        yield seen


def way(kind: str, here: str, there: str) -> tuple[Step, Step]:
    _, reach, lead, ways = MACHINES[kind]
    return ways.get((here, there)) or (reach[here], lead[there])


@pytest.mark.parametrize(("kind", "here", "there"), EDGES, ids=["-".join(edge) for edge in EDGES])
def test_every_edge_is_walked(slow, moves, kind, here, there):
    stage = Stage(slow, f"edge-{next(_names)}", start_task=stages.START_TASKS.get((here, there)))
    begin, step = way(kind, here, there)
    begin(stage)
    edge = (kind, stage.name, here, there)
    step(stage)
    until(lambda: edge in moves, f"the step from {here} to {there}")


@pytest.mark.parametrize(("kind", "state"), STATES, ids=["-".join(one) for one in STATES])
def test_every_state_is_seen(slow, kind, state):
    stage = Stage(slow, f"state-{next(_names)}")
    MACHINES[kind][1][state](stage)
    path, name = WHERE[kind]
    stage.see(getattr(stage, path), state, name)


# Rows are verbs, columns states; `ok` is allowed, anything else the code of the refusal.
OK, NO = "ok", "OperationInvalidForCurrentState"
PD, PR = "PoolBeingDeleted", "PoolBeingResized"
JT, JC, JD, JN = "JobBeingTerminated", "JobCompleted", "JobBeingDeleted", "JobNotActive"
ST, SC, SD = "JobScheduleBeingTerminated", "JobScheduleCompleted", "JobScheduleBeingDeleted"
RB, RI, US, SAME = "NodeBeingRebooted", "NodeBeingReimaged", "NodeStateUnusable", "NodeAlreadyInTargetSchedulingState"
TC, TN = "TaskCompleted", "TaskNotCompleted"
BOOT = {
    **dict.fromkeys(records.NODE_MOVES, NO),
    **dict.fromkeys(("idle", "running", "offline", "starttaskfailed"), OK),
    **{"rebooting": RB, "reimaging": RI, "unusable": US},
}


def rows(verbs: str, codes: dict[str, str]) -> dict[str, dict[str, str]]:
    """Several verbs that are answered alike."""
    return dict.fromkeys(verbs.split(", "), codes)


CODES: dict[str, dict[str, dict[str, str]]] = {
    "pool": {
        "POST": {"active": "PoolExists", "deleting": PD},
        **rows("PATCH, DELETE, POST updateproperties", {"active": OK, "deleting": PD}),
    },
    "allocation": {
        "POST resize": {"steady": OK, "resizing": PR, "stopping": PR},
        "POST stopresize": {"steady": NO, "resizing": OK, "stopping": NO},
        "POST removenodes": {"steady": OK, "resizing": PR, "stopping": PR},
        "POST enableautoscale": {"steady": OK, "resizing": PR, "stopping": PR},
        "POST disableautoscale": dict.fromkeys(records.ALLOCATION_MOVES, OK),
        "POST evaluateautoscale": dict.fromkeys(records.ALLOCATION_MOVES, "OperationNotValidOnPool"),
    },
    "node": {
        **rows("POST reboot, POST reimage, POST deallocate", BOOT),
        "POST start": {**dict.fromkeys(records.NODE_MOVES, NO), "deallocated": OK},
        "POST disablescheduling": {**dict.fromkeys(records.NODE_MOVES, OK), "offline": SAME},
        "POST enablescheduling": {**dict.fromkeys(records.NODE_MOVES, SAME), "offline": OK},
    },
    "job": {
        "POST": {**dict.fromkeys(records.JOB_MOVES, "JobExists"), "deleting": JD},
        "DELETE": {**dict.fromkeys(records.JOB_MOVES, OK), "deleting": JD},
        "POST disable": {
            **{"active": OK, "disabling": OK, "disabled": OK, "enabling": NO},
            **{"terminating": JT, "completed": JC, "deleting": JD},
        },
        "POST enable": {
            **{"active": NO, "disabling": NO, "disabled": OK, "enabling": NO},
            **{"terminating": JT, "completed": JC, "deleting": JD},
        },
        **rows(
            "PATCH, PUT, POST terminate, POST tasks, POST addtaskcollection",
            {**dict.fromkeys(records.JOB_MOVES, OK), "terminating": JT, "completed": JC, "deleting": JD},
        ),
    },
    "task": {
        "POST": dict.fromkeys(records.TASK_MOVES, "TaskExists"),
        "PUT": {**dict.fromkeys(records.TASK_MOVES, OK), "completed": TC},
        "DELETE": dict.fromkeys(records.TASK_MOVES, OK),
        "POST terminate": {**dict.fromkeys(records.TASK_MOVES, OK), "completed": TC},
        "POST reactivate": {**dict.fromkeys(records.TASK_MOVES, TN), "completed": OK},
    },
    "schedule": {
        "POST": {**dict.fromkeys(records.SCHEDULE_MOVES, "JobScheduleExists"), "deleting": SD},
        "DELETE": {**dict.fromkeys(records.SCHEDULE_MOVES, OK), "deleting": SD},
        **rows(
            "PATCH, PUT, POST disable, POST enable, POST terminate",
            {"active": OK, "disabled": OK, "terminating": ST, "completed": SC, "deleting": SD},
        ),
    },
}
NO_MACHINE = ("users", "users/{user}", "files/{file}", "uploadbatchservicelogs", "extensions", "extensions/{extension}")
"""Below a node or a task, what does not look at its state."""
PREFIXES = {
    "/pools/{pool}/nodes/{node}": "node",
    "/pools/{pool}": "pool",
    "/jobs/{job}/tasks/{task}": "task",
    "/jobs/{job}": "job",
    "/jobschedules/{schedule}": "schedule",
}


def routed() -> set[tuple[str, str]]:
    """Every verb that changes one record, as the routes have it."""
    found = set()
    for method, path, _ in ROUTES:
        prefix = next((one for one in PREFIXES if path.startswith(one)), None)
        below = path[len(prefix) :].strip("/") if prefix else ""
        if prefix and method not in ("GET", "HEAD") and below not in NO_MACHINE:
            found.add((PREFIXES[prefix], f"{method} {below}".strip()))
    return found


def test_every_verb_and_every_state_has_its_code():
    rows = {("pool" if kind == "allocation" else kind, verb) for kind, verbs in CODES.items() for verb in verbs}
    created = {(kind, "POST") for kind in ("pool", "job", "task", "schedule")}
    assert rows - created == routed()
    for kind, verbs in CODES.items():
        assert all(set(codes) == set(MACHINES[kind][0]) for codes in verbs.values()), kind


@pytest.mark.parametrize(("kind", "state"), STATES, ids=["-".join(one) for one in STATES])
def test_every_verb_that_a_state_does_not_know_is_refused(slow, kind, state):
    stage = Stage(slow, f"verbs-{next(_names)}")
    MACHINES[kind][1][state](stage)
    path, name = WHERE[kind]
    stage.see(getattr(stage, path), state, name)
    for verb, codes in CODES[kind].items():
        if codes[state] != OK:
            reply = request(stage, kind, verb)
            assert (verb, reply.code, reply.status) == (verb, codes[state], 409)
    assert stage.state(getattr(stage, path), name) == state


@pytest.mark.parametrize("verb", list(CODES["allocation"]))
def test_a_pool_that_is_deleted_is_not_resized(slow, verb):
    stage = Stage(slow, f"verbs-{next(_names)}")
    stages.POOLS["deleting"](stage)
    assert request(stage, "allocation", verb).code == PD


def request(stage: Stage, kind: str, verb: str):
    """Sends the verb with a body that would do."""
    method, _, below = verb.partition(" ")
    path = getattr(stage, WHERE[kind][0])
    if verb == "POST":
        return stage.send("POST", path.rpartition("/")[0], NEW[kind] | {"id": path.rpartition("/")[2]})
    return stage.send(method, f"{path}/{below}".rstrip("/"), BODIES.get((kind, verb)))


INFO = {"poolInfo": {"poolId": "x"}}
NEW = {
    "pool": {"vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": stages.MACHINE},
    "job": INFO,
    "task": {"commandLine": "true"},
    "schedule": {"schedule": {}, "jobSpecification": INFO},
}
FORMULA = {"autoScaleFormula": "$TargetDedicatedNodes=1;"}
BODIES = {
    ("pool", "PATCH"): {"metadata": []},
    ("pool", "POST updateproperties"): {"metadata": [], "applicationPackageReferences": []},
    ("allocation", "POST resize"): {"targetDedicatedNodes": 1},
    ("allocation", "POST removenodes"): {"nodeList": ["x"]},
    ("allocation", "POST enableautoscale"): FORMULA,
    ("allocation", "POST evaluateautoscale"): FORMULA,
    ("job", "PATCH"): {"priority": 1},
    ("job", "PUT"): INFO,
    ("job", "POST disable"): {"disableTasks": "wait"},
    ("job", "POST tasks"): {"id": "new", "commandLine": "true"},
    ("job", "POST addtaskcollection"): {"value": []},
    ("task", "PUT"): {"constraints": {}},
    ("schedule", "PATCH"): {"schedule": {}},
    ("schedule", "PUT"): {"jobSpecification": INFO},
}


@pytest.mark.parametrize(
    ("state", "code"), [("terminating", JT), ("completed", JC), ("disabled", JN), ("enabling", JN)]
)
def test_a_failed_task_is_not_reactivated_in_a_job_that_does_not_run(slow, state, code):
    stage = Stage(slow, f"verbs-{next(_names)}")
    stages.JOBS["active"](stage)
    stage.new_task()
    stages.end_task(stage)
    if state == "terminating":
        stage = Stage(slow, f"verbs-{next(_names)}")
        stages.idle(stage)
        stage.tell()
        stage.new_job(**stages.PREPARED)
        stage.new_task("false")
        stage.see(stage.task, "completed")
        stages.TERMINATE(stage)
    elif state == "completed":
        stages.TERMINATE(stage)
        stages.turn(6)(stage)
        stage.see(stage.job, "completed")
    else:
        stages.disable("wait")(stage)
        stages.turn(6)(stage)
        stage.see(stage.job, "disabled")
        if state == "enabling":
            stages.TO_JOB["enabling"](stage)
    assert stage.send("POST", f"{stage.task}/reactivate").code == code


def test_a_task_that_succeeded_is_not_reactivated(slow):
    stage = Stage(slow, f"verbs-{next(_names)}")
    stages.idle(stage)
    stage.new_job()
    stage.new_task("true")
    stage.see(stage.task, "completed")
    assert stage.send("POST", f"{stage.task}/reactivate").code == "TaskSucceeded"
