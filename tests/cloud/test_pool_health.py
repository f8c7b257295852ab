"""What is read of a pool that is not well."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.cloud_answers import BrokenNodes, PoolHealth, Scaling
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
    assert health_of(FIXED, told).broken == (
        BrokenNodes(count=1, state="Unusable", codes=("DiskFull",), says="DiskFull: no space left (Disk: /)"),
    )
    failed = {
        "dedicated": {"running": 1, "startTaskFailed": 2, "total": 3},
        "state": "startTaskFailed",
        "startTaskInfo": {"exitCode": 3, "failureInfo": {"message": "it ended so"}},
    }
    health = health_of(FIXED, {**failed, "id": "n1"}, {**failed, "dedicated": {}})
    said = "its start task failed with exit code 3: it ended so"
    assert health.broken == (BrokenNodes(count=2, state="startTaskFailed", codes=(), says=said, one="n1"),)
    found = [{"name": "BlobSource", "value": "https://a.blob/c/tool.sh?sv=1&sig=x"}, {"name": "FilePath", "value": "t"}]
    never = {"failureInfo": {"code": "BlobNotFound", "message": "It is not found", "details": found}}
    (nodes,) = health_of(FIXED, {**failed, "startTaskInfo": never}).broken
    assert (nodes.codes, nodes.says) == (
        ("BlobNotFound",),
        "its start task failed: BlobNotFound: It is not found (BlobSource: https://a.blob/c/tool.sh; FilePath: t)",
    )


NONE_ABLE = {"dedicated": {"startTaskFailed": 150, "unusable": 1, "offline": 1, "total": 152}}


def test_what_many_nodes_say_is_told_once() -> None:
    failed = {"state": "startTaskFailed", "startTaskInfo": {"exitCode": 3, "failureInfo": {"message": "it ended so"}}}
    full = {"state": "unusable", "errors": [{"code": "DiskFull", "message": "no space left"}]}
    nodes = [{**failed, "id": f"n{number}"} for number in range(150)]
    health = health_of(FIXED, {**nodes[0], **NONE_ABLE}, *nodes[1:], {**full, "id": "m1"})
    assert [(nodes.count, nodes.one) for nodes in health.broken] == [(150, "n0"), (1, "m1")]
    assert health.last_words, "the answer stands for the file, too"
    assert {line.split("]")[0] for line in health.last_words} == {"    [n0"}


def test_a_start_task_that_spoke_on_stdout_alone() -> None:
    failed = {"id": "n", "state": "startTaskFailed", "startTaskInfo": {"exitCode": 3}, **NONE_ABLE}
    health = health_of(FIXED, failed, files={"startup/stderr.txt": "\n", "startup/stdout.txt": "no licence\n"})
    assert health.last_words == ("    [n] no licence",)


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
