"""What is read of a pool that is not well."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.cloud_answers import PoolHealth, Scaling
from tests.cloud.test_answers import answering

ENDED = "2026-01-01T12:00:00.1234567Z"
FIXED = {"allocationState": "Steady", "allocationStateTransitionTime": ENDED, "targetDedicatedNodes": 2}
SCALED = {
    **FIXED,
    "targetDedicatedNodes": 0,
    "enableAutoScale": True,
    "autoScaleFormula": "$TargetDedicatedNodes=min($PendingTasks);",
}


def health_of(pool: dict[str, Any], *listed: dict[str, Any], files: dict[str, str] | None = None) -> PoolHealth:
    """Of a service that says all of it to every question: the pool, counts of its nodes and the nodes."""
    with answering(200, "application/json", json.dumps({**pool, "value": listed}), files=files) as target:
        return connect(target, SystemClock()).health("p")


def test_a_resize_that_fell_short() -> None:
    error = {"code": "AccountCoreQuotaReached", "message": "no cores", "values": [{"name": "Quota", "value": "4"}]}
    health = health_of({**FIXED, "resizeErrors": [error]}, {"dedicated": {"idle": 1, "total": 1}})
    assert health.resize_errors == ("AccountCoreQuotaReached: no cores (Quota: 4)",)
    assert (health.count, health.wanted, health.able, health.scaling) == (1, 2, 1, None)
    assert health.resized is not None
    assert health.resized.replace(microsecond=0) == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_nodes_that_are_broken_beside_others_that_run() -> None:
    told = {
        "dedicated": {"running": 1, "unusable": 1, "total": 2},
        "state": "Unusable",
        "errors": [{"code": "DiskFull", "message": "no space left", "errorDetails": [{"name": "Disk", "value": "/"}]}],
    }
    assert health_of(FIXED, told).broken == ("1 node Unusable: DiskFull: no space left (Disk: /)",)
    failed = {
        "dedicated": {"running": 1, "startTaskFailed": 2, "total": 3},
        "state": "startTaskFailed",
        "startTaskInfo": {"exitCode": 3, "failureInfo": {"message": "it ended so"}},
    }
    health = health_of(FIXED, failed, {**failed, "dedicated": {}})
    assert health.broken == ("2 nodes startTaskFailed: its start task failed with exit code 3: it ended so",)
    found = [{"name": "BlobSource", "value": "https://a.blob/c/tool.sh?sv=1&sig=x"}, {"name": "FilePath", "value": "t"}]
    never = {"failureInfo": {"code": "BlobNotFound", "message": "It is not found", "details": found}}
    assert health_of(FIXED, {**failed, "startTaskInfo": never}).broken == (
        "1 node startTaskFailed: its start task failed: "
        "BlobNotFound: It is not found (BlobSource: https://a.blob/c/tool.sh; FilePath: t)",
    )


def test_what_many_nodes_say_is_told_once() -> None:
    failed = {"state": "startTaskFailed", "startTaskInfo": {"exitCode": 3, "failureInfo": {"message": "it ended so"}}}
    full = {"state": "unusable", "errors": [{"code": "DiskFull", "message": "no space left"}]}
    nodes = [{**failed, "id": f"n{number}"} for number in range(150)]
    health = health_of(FIXED, *nodes, {**full, "id": "m1"}, {"id": "m2", "state": "offline"})
    told = [line for line in health.details if not line.startswith("    ")]
    assert told == [
        "150 nodes (n0, n1, n2, …) are startTaskFailed: its start task failed with exit code 3: it ended so",
        "node m1 is unusable: DiskFull: no space left",
        "node m2 is offline: no error given",
    ]
    stderr = [line for line in health.details if line.startswith("    ")]
    assert stderr, "the answer stands for the file, too"
    assert {line.split("]")[0] for line in stderr} == {"    [n0"}


def test_a_start_task_that_spoke_on_stdout_alone() -> None:
    failed = {"id": "n", "state": "startTaskFailed", "startTaskInfo": {"exitCode": 3}}
    health = health_of(FIXED, failed, files={"startup/stderr.txt": "\n", "startup/stdout.txt": "no licence\n"})
    assert health.details[1:] == ("    [n] no licence",)


@pytest.mark.parametrize(
    ("pool", "scaling"),
    [
        ({}, Scaling()),
        (
            {"autoScaleRun": {"timestamp": ENDED[:19] + "Z"}},
            Scaling(next_evaluation=datetime(2026, 1, 1, 12, 15, tzinfo=UTC)),
        ),
        (
            {"autoScaleRun": {"timestamp": ENDED[:19] + "Z"}, "autoScaleEvaluationInterval": "PT5M"},
            Scaling(next_evaluation=datetime(2026, 1, 1, 12, 5, tzinfo=UTC)),
        ),
        (
            {"autoScaleRun": {"error": {"code": "E", "message": "no", "values": [{"name": "Reason", "value": "x"}]}}},
            Scaling(error="E: no (Reason: x)"),
        ),
        ({"autoScaleFormula": "x = 1;"}, Scaling(sets_target=False, may_change=False)),
        ({"autoScaleFormula": "x = $TargetDedicatedNodes == 1;"}, Scaling(sets_target=False)),
        ({"autoScaleFormula": "// $TargetDedicatedNodes = 1;\nx = 1;"}, Scaling(sets_target=False, may_change=False)),
        ({"autoScaleFormula": "/* none */ $TargetLowPriorityNodes\n = 1;"}, Scaling(may_change=False)),
        ({"autoScaleFormula": "$TargetDedicated = 1;"}, Scaling(may_change=False)),
        ({"autoScaleFormula": "$TargetDedicatedNodes=0;$NodeDeallocationOption=requeue;"}, Scaling(may_change=False)),
        ({"autoScaleFormula": "n = 0 * 4; $TargetDedicatedNodes = n /* $PendingTasks */;"}, Scaling(may_change=False)),
        ({"autoScaleFormula": "$TargetDedicatedNodes = $TargetDedicatedNodes + 1;"}, Scaling()),
        ({"autoScaleFormula": "$TargetDedicatedNodes = time().hour > 18 ? 4 : 0;"}, Scaling()),
        ({"autoScaleFormula": "$TargetDedicatedNodes = $PendingTasks.GetSample(1);"}, Scaling()),
    ],
)
def test_a_formula(pool: dict[str, Any], scaling: Scaling) -> None:
    health = health_of({**SCALED, **pool})
    assert health.scaling == scaling
    assert (health.count, health.able) == (0, 0)
