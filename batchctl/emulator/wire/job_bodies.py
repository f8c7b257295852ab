"""The bodies of jobs and job schedules, property by property (API 2025-06-01)."""

from typing import Any

from batchctl.emulator.refusals import bad_value
from batchctl.emulator.times import UNLIMITED, sortable
from batchctl.emulator.wire.checks import (
    Json,
    Need,
    Or,
    Props,
    Shape,
    anything,
    flag,
    ident,
    many,
    moment,
    number,
    span,
    text,
    word,
    words,
)
from batchctl.emulator.wire.pool_bodies import POOL_SPECIFICATION
from batchctl.emulator.wire.task_bodies import ENVIRONMENT, JOB_MANAGER_TASK, METADATA, PREPARATION_TASK, RELEASE_TASK


def PREFIX(value: Any, path: str) -> str:  # noqa: N802 - a check, as its neighbours
    """What the id of an auto pool begins with; it may be empty."""
    given: str = text(20)(value, path)
    return str(ident(given, path)) if given else given


POOL_INFO = Shape(
    "PoolInformation",
    poolId=ident,
    autoPoolSpecification=Shape(
        "AutoPoolSpecification",
        autoPoolIdPrefix=PREFIX,
        poolLifetimeOption=Need(word("job", "jobschedule")),
        keepAlive=Or(flag, False),
        pool=POOL_SPECIFICATION,
    ),
)
CONSTRAINTS = Shape(
    "JobConstraints",
    maxWallClockTime=Or(span("PT1S"), UNLIMITED),
    maxTaskRetryCount=Or(number(-1, 2**31 - 1), 0),
)
NETWORK = Shape("JobNetworkConfiguration", subnetId=Need(text()), skipWithdrawFromVNet=flag)

PRIORITY = number(-1000, 1000)
_PARALLEL = number(-1, 2**31 - 1)


def PARALLEL(value: Any, path: str) -> int:  # noqa: N802 - a check, as its neighbours
    """-1 for no limit, or how many tasks may run at once."""
    found: int = _PARALLEL(value, path)
    if found == 0:
        raise bad_value(path, value, "-1 or at least 1 is wanted")
    return found


WHEN_COMPLETE = word("noaction", "terminatejob")
WHEN_FAILED = word("noaction", "performexitoptionsjobaction")
NO_CONSTRAINTS = {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0}

_SPECIFICATION: Props = {
    "displayName": text(1024),
    "usesTaskDependencies": Or(flag, False),
    "priority": Or(PRIORITY, 0),
    "allowTaskPreemption": Or(flag, False),
    "maxParallelTasks": Or(PARALLEL, -1),
    "constraints": Or(CONSTRAINTS, NO_CONSTRAINTS),
    "jobManagerTask": JOB_MANAGER_TASK,
    "jobPreparationTask": PREPARATION_TASK,
    "jobReleaseTask": RELEASE_TASK,
    "commonEnvironmentSettings": ENVIRONMENT,
    "poolInfo": Need(POOL_INFO),
    "onAllTasksComplete": Or(WHEN_COMPLETE, "noaction"),
    "onTaskFailure": Or(WHEN_FAILED, "noaction"),
    "networkConfiguration": NETWORK,
    "metadata": METADATA,
}
JOB = Shape("CloudJob", id=Need(ident), **_SPECIFICATION)
JOB_SPECIFICATION = Shape("JobSpecification", **_SPECIFICATION)
JOB_PATCH = Shape(
    "JobPatchParameters",
    priority=PRIORITY,
    allowTaskPreemption=flag,
    maxParallelTasks=PARALLEL,
    constraints=CONSTRAINTS,
    poolInfo=POOL_INFO,
    onAllTasksComplete=WHEN_COMPLETE,
    metadata=METADATA,
    networkConfiguration=NETWORK,
)
# A replaced job is often one that was read before: what cannot be changed is taken and ignored.
JOB_UPDATE_DEFAULTS = {
    "priority": 0,
    "allowTaskPreemption": False,
    "maxParallelTasks": -1,
    "constraints": NO_CONSTRAINTS,
    "onAllTasksComplete": "noaction",
}
READ_ONLY = words(
    "id displayName url eTag lastModified creationTime state stateTransitionTime previousState "
    "previousStateTransitionTime executionInfo stats usesTaskDependencies onTaskFailure "
    "jobManagerTask jobPreparationTask jobReleaseTask commonEnvironmentSettings"
)
DISABLE = Shape("JobDisableParameters", disableTasks=Need(word("requeue", "terminate", "wait")))
TERMINATE = Shape("JobTerminateParameters", terminateReason=text())
TASK_COLLECTION = Shape("TaskAddCollectionParameter", value=Need(many(anything, 100)))

_SCHEDULE = Shape(
    "Schedule",
    doNotRunUntil=moment,
    doNotRunAfter=moment,
    startWindow=span("PT1M"),
    recurrenceInterval=span("PT1M"),
)


def SCHEDULE(value: Any, path: str) -> Json:  # noqa: N802 - a check, as its neighbours
    """A schedule that begins before it ends."""
    given = _SCHEDULE(value, path)
    begin, end = given.get("doNotRunUntil"), given.get("doNotRunAfter")
    if begin is not None and end is not None and sortable(end) <= sortable(begin):
        raise bad_value(f"{path}.doNotRunAfter", end, "a time after doNotRunUntil is wanted")
    return given


JOB_SCHEDULE = Shape(
    "CloudJobSchedule",
    id=Need(ident),
    displayName=text(1024),
    schedule=Need(SCHEDULE),
    jobSpecification=Need(JOB_SPECIFICATION),
    metadata=METADATA,
)
JOB_SCHEDULE_PATCH = Shape(
    "JobSchedulePatchParameters", schedule=SCHEDULE, jobSpecification=JOB_SPECIFICATION, metadata=METADATA
)
