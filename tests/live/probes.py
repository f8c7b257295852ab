"""The probes, a table: what an account and the local service are both asked.

In paths and bodies {p} is an id of the probe's own, {pool} the pool with nodes, {node} its first, {size} a VM size.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Query = tuple[tuple[str, str], ...]
Reached = Callable[[Any], bool]


@dataclass(frozen=True)
class Step:
    """A request. `until`: it is asked again, for at most `within` seconds, until an answer is so; `takes`: a name for
    what a function finds in the answer; `volatile`: properties and headers that are another each time."""

    method: str
    path: str
    body: Any = None
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    until: Reached | None = None
    within: float = 120
    takes: tuple[str, Callable[[Any], str]] | None = None
    volatile: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Probe:
    """`needs_node`: it costs node-hours."""

    name: str
    steps: tuple[Step, ...]
    needs_node: bool = False


IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
MACHINE = {"imageReference": IMAGE, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
POOL: Json = {"id": "{p}", "vmSize": "{size}", "virtualMachineConfiguration": MACHINE}
JOB: Json = {"id": "{p}", "poolInfo": {"poolId": "{p}-no-pool"}}
ON_NODE: Json = {"id": "{p}", "poolInfo": {"poolId": "{pool}"}}
_MINUTES = 900.0
LARGE = [{"httpUrl": f"https://example.com/{'x' * 90}/{number}", "filePath": f"f{number}"} for number in range(10_000)]
"""Resource files that are more than a body may have."""


def post(path: str, body: Any = None, **more: Any) -> Step:
    return Step("POST", path, body, **more)


def get(path: str, **more: Any) -> Step:
    return Step("GET", path, **more)


def among(*states: str, name: str = "state") -> Reached:
    """Whether a body, or every entry of a list that has any, is in one of the states."""

    def reached(body: Any) -> bool:
        found = body.get("value", [body]) if isinstance(body, dict) else []
        return bool(found) and all(one.get(name) in states for one in found)

    return reached


def gone(body: Any) -> bool:
    return isinstance(body, dict) and str(body.get("code", "")).endswith("NotFound")


def _first_id(body: Any) -> str:
    return str(body["value"][0]["id"])


STEADY = among("steady", name="allocationState")
COMPLETED = among("completed")
VOLATILE_NODE = frozenset({"ipAddress", "version", "publicFQDN", "exactVersion"})


def _task(name: str, line: str, **more: Any) -> tuple[Step, ...]:
    """A task on the node, from its addition to its end."""
    body = {"id": name, "commandLine": line, **more}
    path = f"/jobs/{{p}}/tasks/{name}"
    return post("/jobs/{p}/tasks", body), get(path, until=COMPLETED, within=_MINUTES)


NODE_COMES_UP = Probe(
    "node-comes-up",
    (
        post(
            "/pools",
            {
                **POOL,
                "id": "{pool}",
                "targetDedicatedNodes": 1,
                "startTask": {"commandLine": "/bin/sh -c 'echo here'", "waitForSuccess": True},
            },
        ),
        get(
            "/pools/{pool}/nodes",
            until=among("idle", "starttaskfailed", "unusable"),
            within=_MINUTES,
            volatile=VOLATILE_NODE,
        ),
        get("/pools/{pool}", until=STEADY, within=_MINUTES),
        get("/pools/{pool}/nodes", takes=("node", _first_id), volatile=VOLATILE_NODE),
        get("/pools/{pool}/nodes/{node}/remoteloginsettings"),
        get("/nodecounts", query=(("$filter", "poolId eq '{pool}'"),)),
    ),
    needs_node=True,
)

PROBES: tuple[Probe, ...] = (
    # Errors: nothing is made, or nothing with a node.
    Probe("resize-to-nothing", (post("/pools/{p}/resize", {}), post("/pools/{p}/resize", {"targetDedicatedNodes": 0}))),
    Probe(
        "nobody-there",
        (
            get("/pools/{p}"),
            get("/jobs/{p}"),
            get("/jobs/{p}/tasks"),
            get("/jobschedules/{p}"),
            Step("DELETE", "/pools/{p}"),
            get("/nosuchthing/{p}"),
            Step("PUT", "/pools/{p}", {}),
        ),
    ),
    Probe(
        "queries",
        (
            *(get("/pools", query=(("maxresults", number),)) for number in ("0", "-5", "1001", "many")),
            get("/pools", query=(("$filter", "nosuch eq 'a'"),)),
            get("/pools", query=(("$filter", "id eq"),)),
            get("/pools", query=(("$select", "nosuch"),)),
            get("/pools", query=(("$expand", "nosuch"),)),
            get("/pools", query=(("nosuch", "1"),)),
        ),
    ),
    Probe(
        "bodies",
        (
            post("/pools", {**POOL, "nosuch": 1}),
            post("/pools", {"id": "{p}"}),
            post("/pools", {**POOL, "id": "not an id"}),
            post("/pools", {**POOL, "vmSize": "no_such_size"}),
            post("/pools", {**POOL, "targetDedicatedNodes": -1}),
            post("/jobs", {"id": "{p}"}),
        ),
    ),
    Probe(
        "images",
        tuple(
            post("/pools", {**POOL, "virtualMachineConfiguration": {**MACHINE, "imageReference": image}})
            for image in (
                {"publisher": "nobody", "offer": "nothing", "sku": "never"},
                {"virtualMachineImageId": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/gallery/g"},
            )
        ),
    ),
    Probe(
        "formulas",
        (
            post("/pools", {**POOL, "enableAutoScale": True}),
            post("/pools", {**POOL, "enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes = ;"}),
            post("/pools", {**POOL, "enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes=0;"}),
            *(
                post("/pools/{p}/evaluateautoscale", {"autoScaleFormula": formula}, volatile=frozenset({"timestamp"}))
                for formula in (
                    "$TargetDedicatedNodes=3",
                    "a = 1;\n$TargetDedicatedNodes = nosuch;",
                    "$TargetDedicatedNodes = 1 / 0;",
                    "$TargetDedicatedNodes = avg($ActiveTasks.GetSample(1));",
                )
            ),
            post("/pools/{p}/resize", {"targetDedicatedNodes": 0}),
            post("/pools/{p}/disableautoscale"),
        ),
    ),
    Probe(
        "too-large",
        (
            post("/jobs", JOB),
            post(
                "/jobs/{p}/addtaskcollection", {"value": [{"id": "t", "commandLine": "true", "resourceFiles": LARGE}]}
            ),
            post(
                "/jobs/{p}/addtaskcollection",
                {"value": [{"id": f"t{number}", "commandLine": "true"} for number in range(101)]},
            ),
        ),
    ),
    Probe(
        "preparation-of-none",
        (
            post("/jobs", JOB),
            get("/jobs/{p}/jobpreparationandreleasetaskstatus"),
            post("/jobs", {**JOB, "id": "{p}-r", "jobReleaseTask": {"commandLine": "true"}}),
        ),
    ),
    Probe(
        "twice",
        (
            post("/jobs", JOB),
            post("/jobs", JOB),
            post("/jobs/{p}/tasks", {"id": "t", "commandLine": "true"}),
            post("/jobs/{p}/tasks", {"id": "t", "commandLine": "true"}),
            post("/jobs/{p}/addtaskcollection", {"value": [{"id": name, "commandLine": "true"} for name in "tu"]}),
            Step("DELETE", "/jobs/{p}/tasks/t", headers={"If-Match": '"0x8DDD000000000000"'}),
        ),
    ),
    # Passing states and shapes, still without a node.
    Probe(
        "new-pool",
        (
            post("/pools", POOL),
            get("/pools/{p}", until=STEADY),
            post("/pools/{p}/updateproperties", {"metadata": [], "applicationPackageReferences": []}),
            get("/pools/{p}"),
            Step("DELETE", "/pools/{p}"),
            post("/pools/{p}/resize", {"targetDedicatedNodes": 0}),
            get("/pools/{p}", until=gone, within=300),
        ),
    ),
    Probe(
        "pool-being-resized",
        (
            post("/pools", POOL),
            post("/pools/{p}/resize", {"targetDedicatedNodes": 0}),
            get("/pools/{p}", until=STEADY),
            post("/pools/{p}/stopresize"),
        ),
    ),
    Probe(
        "spellings",
        (
            post(
                "/pools",
                {
                    **POOL,
                    "taskSchedulingPolicy": {"nodeFillType": "pack"},
                    "taskSlotsPerNode": 2,
                    "userAccounts": [{"name": "somebody", "password": "hk7!dGk29_qe", "elevationLevel": "admin"}],
                    "virtualMachineConfiguration": {
                        **MACHINE,
                        "nodePlacementConfiguration": {"policy": "regional"},
                        "osDisk": {"caching": "readwrite"},
                        "dataDisks": [{"lun": 0, "diskSizeGB": 8}],
                    },
                },
            ),
            get("/pools/{p}", until=STEADY),
            post("/jobs", {**JOB, "onTaskFailure": "PerformExitOptionsJobAction", "usesTaskDependencies": True}),
            get("/jobs/{p}"),
            post(
                "/jobs/{p}/tasks",
                {
                    "id": "t",
                    "commandLine": "true",
                    "exitConditions": {"exitCodes": [{"code": 1, "exitOptions": {"jobAction": "terminate"}}]},
                    "outputFiles": [
                        {
                            "filePattern": "../std*.txt",
                            "destination": {"container": {"containerUrl": "https://example.com/c"}},
                            "uploadOptions": {"uploadCondition": "taskcompletion"},
                        }
                    ],
                    "userIdentity": {"autoUser": {"scope": "task", "elevationLevel": "admin"}},
                    "containerSettings": {"imageName": "ubuntu"},
                },
            ),
            get("/jobs/{p}/tasks/t"),
        ),
    ),
    Probe(
        "empty-job-that-ends-itself",
        (post("/jobs", {**JOB, "onAllTasksComplete": "terminatejob"}), get("/jobs/{p}"), get("/jobs/{p}/taskcounts")),
    ),
    Probe(
        "states-of-a-job",
        (
            post("/jobs", JOB),
            post("/jobs/{p}/disable", {"disableTasks": "requeue"}),
            get("/jobs/{p}", until=among("disabled")),
            post("/jobs/{p}/enable"),
            get("/jobs/{p}", until=among("active")),
            post("/jobs/{p}/terminate", {"terminateReason": "a reason"}),
            get("/jobs/{p}", until=COMPLETED),
            post("/jobs/{p}/enable"),
            Step("DELETE", "/jobs/{p}"),
            get("/jobs/{p}", until=gone, within=300),
        ),
    ),
    Probe(
        "ended-before-it-ran",
        (
            post("/jobs", JOB),
            post("/jobs/{p}/tasks", {"id": "t", "commandLine": "true"}),
            post("/jobs/{p}/tasks/t/terminate"),
            get("/jobs/{p}/tasks/t", until=COMPLETED),
            post("/jobs/{p}/tasks/t/reactivate"),
            get("/jobs/{p}/tasks/t"),
        ),
    ),
    Probe(
        "order-of-lists",
        (
            *(post("/jobs", {**JOB, "id": f"{{p}}-{letter}"}) for letter in "CaB"),
            get("/jobs", query=(("$filter", "startswith(id,'{p}')"), ("$select", "id,state,priority"))),
            get(
                "/jobs",
                query=(("$filter", "startswith(id,'{p}')"), ("maxresults", "2")),
                volatile=frozenset({"odata.nextLink"}),
            ),
        ),
    ),
    Probe(
        "schedule",
        (
            post(
                "/jobschedules",
                {
                    "id": "{p}",
                    "schedule": {"doNotRunUntil": "2096-02-05T23:32:00.220Z", "recurrenceInterval": "PT1H"},
                    "jobSpecification": {"poolInfo": {"poolId": "{p}-no-pool"}},
                },
            ),
            get("/jobschedules/{p}"),
            post("/jobschedules/{p}/disable"),
            get("/jobschedules/{p}"),
            post("/jobschedules/{p}/terminate"),
            get("/jobschedules/{p}", until=COMPLETED),
        ),
    ),
    # With nodes: one for all of them, and one that a stopped resize may bring.
    Probe(
        "stopped-resize",
        (
            post("/pools", {**POOL, "targetDedicatedNodes": 1}),
            post("/pools/{p}/stopresize"),
            get("/pools/{p}", until=STEADY, within=_MINUTES),
            Step("DELETE", "/pools/{p}"),
        ),
        needs_node=True,
    ),
    NODE_COMES_UP,
    Probe(
        "ends-of-tasks",
        (
            post("/jobs", ON_NODE),
            *_task("good", "/bin/sh -c 'echo out; echo err >&2; sleep 1'"),
            *_task("three", "/bin/sh -c 'sleep 1; exit 3'"),
            *_task("no-program", "no-such-program"),
            *_task("no-file", "true", resourceFiles=[{"httpUrl": "https://example.com/no/such", "filePath": "a"}]),
            *_task("too-long", "sleep 600", constraints={"maxWallClockTime": "PT5S"}),
            get("/jobs/{p}/taskcounts"),
        ),
        needs_node=True,
    ),
    Probe(
        "files",
        (
            post("/jobs", ON_NODE),
            *_task("t", "/bin/sh -c 'echo out'"),
            get("/jobs/{p}/tasks/t/files"),
            Step("HEAD", "/jobs/{p}/tasks/t/files/stdout.txt"),
            get("/jobs/{p}/tasks/t/files/stdout.txt"),
            get("/jobs/{p}/tasks/t/files/no-such-file"),
            get("/jobs/{p}/tasks/t/files/stdout.txt", headers={"ocp-range": "bytes=1-2"}),
        ),
        needs_node=True,
    ),
    Probe(
        "job-that-waits-for-its-release",
        (
            post(
                "/jobs",
                {
                    **ON_NODE,
                    "jobPreparationTask": {"commandLine": "sleep 1"},
                    "jobReleaseTask": {"commandLine": "sleep 5"},
                },
            ),
            *_task("t", "sleep 1"),
            post("/jobs/{p}/terminate", {}),
            get("/jobs/{p}", until=COMPLETED, within=_MINUTES),
            get("/jobs/{p}/jobpreparationandreleasetaskstatus"),
        ),
        needs_node=True,
    ),
    Probe(
        "node-restarts",
        (
            post("/pools/{pool}/nodes/{node}/disablescheduling", {"nodeDisableSchedulingOption": "requeue"}),
            get("/pools/{pool}/nodes/{node}", until=among("disabled", name="schedulingState"), volatile=VOLATILE_NODE),
            post("/pools/{pool}/nodes/{node}/enablescheduling"),
            post("/pools/{pool}/nodes/{node}/reboot", {"nodeRebootOption": "requeue"}),
            get("/pools/{pool}/nodes/{node}", until=among("idle", "unusable"), within=_MINUTES, volatile=VOLATILE_NODE),
        ),
        needs_node=True,
    ),
    Probe(
        "node-goes",
        (
            post("/pools/{pool}/removenodes", {"nodeList": ["{node}"]}),
            get("/pools/{pool}", until=STEADY, within=_MINUTES),
            Step("DELETE", "/pools/{pool}"),
        ),
        needs_node=True,
    ),
)
