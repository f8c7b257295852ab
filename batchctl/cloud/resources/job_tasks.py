"""What nodes run before and after the tasks of a job: to and from REST JSON."""

from datetime import timedelta

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.durations import duration, limits_body
from batchctl.cloud.resources.files import node_task, node_task_body
from batchctl.resources import RETENTION, JobPreparationTask, JobReleaseTask

QUARTER = timedelta(minutes=15)


def job_tasks_body(
    session: Session, preparation: JobPreparationTask | None, release: JobReleaseTask | None
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if preparation is not None:
        found["jobPreparationTask"] = {
            **node_task_body(session, preparation),
            "constraints": limits_body(
                maxWallClockTime=preparation.max_wall_clock_time,
                maxTaskRetryCount=preparation.max_task_retry_count,
                retentionTime=preparation.retention_time,
            ),
            "waitForSuccess": preparation.wait_for_success,
            "rerunOnNodeRebootAfterSuccess": preparation.rerun_on_node_reboot_after_success,
        }
    if release is not None:
        found["jobReleaseTask"] = {
            **node_task_body(session, release),
            **limits_body(maxWallClockTime=release.max_wall_clock_time, retentionTime=release.retention_time),
        }
    return found


def preparation_task(session: Session, item: Json | None) -> JobPreparationTask | None:
    if not item:
        return None
    limits = item.get("constraints") or {}
    return JobPreparationTask(
        **node_task(session, item),
        max_wall_clock_time=duration(limits.get("maxWallClockTime")),
        max_task_retry_count=limits.get("maxTaskRetryCount", 0),
        retention_time=duration(limits.get("retentionTime")) or RETENTION,
        wait_for_success=item.get("waitForSuccess", True),
        rerun_on_node_reboot_after_success=item.get("rerunOnNodeRebootAfterSuccess", True),
    )


def release_task(session: Session, item: Json | None) -> JobReleaseTask | None:
    if not item:
        return None
    return JobReleaseTask(
        **node_task(session, item),
        max_wall_clock_time=duration(item.get("maxWallClockTime")) or QUARTER,
        retention_time=duration(item.get("retentionTime")) or RETENTION,
    )
