"""The whole public surface of BatchClient: each method is served, and no route is without its method."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.batch.aio import BatchClient as AsyncClient
from azure.core.exceptions import HttpResponseError

from batchctl.emulator.api.routes import ROUTES

from .conftest import pool_options

NOW = datetime.now(UTC)
POOL = models.BatchPoolInfo(pool_id="x")
SPECIFICATION = models.BatchJobSpecification(pool_info=POOL)
SCHEDULE = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
LOGS = models.UploadBatchServiceLogsOptions(container_url="http://127.0.0.1:9/c?sig=x", start_time=NOW)
FORMULA = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes=1;")
GROUP = models.BatchTaskGroup(task_values=[])
NEW_SCHEDULE = models.BatchJobScheduleCreateOptions(id="no!", schedule=SCHEDULE, job_specification=SPECIFICATION)

# Method, arguments, and the code of the refusal (None: it succeeds). Names that do not exist show that the request
# came to its handler; test_lives.py calls each where it succeeds.
CALLS: tuple[tuple[str, tuple[Any, ...], str | None], ...] = (
    ("list_pools", (), None),
    ("list_supported_images", (), None),
    ("list_pool_node_counts", (), None),
    ("list_pool_usage_metrics", (), None),
    ("list_applications", (), None),
    ("list_jobs", (), None),
    ("list_job_schedules", (), None),
    ("get_application", ("x",), "ApplicationNotFound"),
    ("create_pool", (pool_options("no!"),), "InvalidPropertyValue"),
    ("get_pool", ("x",), "PoolNotFound"),
    ("pool_exists", ("x",), ""),
    ("update_pool", ("x", models.BatchPoolUpdateOptions()), "PoolNotFound"),
    (
        "replace_pool_properties",
        ("x", models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])),
        "PoolNotFound",
    ),
    ("begin_delete_pool", ("x",), "PoolNotFound"),
    ("begin_resize_pool", ("x", models.BatchPoolResizeOptions(target_dedicated_nodes=1)), "PoolNotFound"),
    ("begin_stop_pool_resize", ("x",), "PoolNotFound"),
    ("begin_remove_nodes", ("x", models.BatchNodeRemoveOptions(node_ids=["n"])), "PoolNotFound"),
    ("enable_pool_auto_scale", ("x", models.BatchPoolEnableAutoScaleOptions()), "PoolNotFound"),
    ("disable_pool_auto_scale", ("x",), "PoolNotFound"),
    ("evaluate_pool_auto_scale", ("x", FORMULA), "PoolNotFound"),
    ("list_nodes", ("x",), "PoolNotFound"),
    ("get_node", ("x", "n"), "PoolNotFound"),
    ("begin_reboot_node", ("x", "n", {"nodeRebootOption": "requeue"}), "PoolNotFound"),
    ("begin_reimage_node", ("x", "n", {"nodeReimageOption": "requeue"}), "PoolNotFound"),
    ("begin_start_node", ("x", "n"), "PoolNotFound"),
    ("begin_deallocate_node", ("x", "n", {"nodeDeallocateOption": "requeue"}), "PoolNotFound"),
    (
        "disable_node_scheduling",
        ("x", "n", models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="requeue")),
        "PoolNotFound",
    ),
    ("enable_node_scheduling", ("x", "n"), "PoolNotFound"),
    ("create_node_user", ("x", "n", models.BatchNodeUserCreateOptions(name="u")), "PoolNotFound"),
    ("replace_node_user", ("x", "n", "u", models.BatchNodeUserReplaceOptions(password="p")), "PoolNotFound"),
    ("delete_node_user", ("x", "n", "u"), "PoolNotFound"),
    ("get_node_remote_login_settings", ("x", "n"), "PoolNotFound"),
    ("list_node_extensions", ("x", "n"), "PoolNotFound"),
    ("get_node_extension", ("x", "n", "e"), "PoolNotFound"),
    ("upload_node_logs", ("x", "n", LOGS), "PoolNotFound"),
    ("list_node_files", ("x", "n"), "PoolNotFound"),
    ("download_node_file", ("x", "n", "f"), ""),
    ("get_node_file_properties", ("x", "n", "f"), ""),
    ("delete_node_file", ("x", "n", "f"), "PoolNotFound"),
    ("create_job", (models.BatchJobCreateOptions(id="no!", pool_info=POOL),), "InvalidPropertyValue"),
    ("get_job", ("x",), "JobNotFound"),
    ("update_job", ("x", models.BatchJobUpdateOptions(priority=1)), "JobNotFound"),
    ("replace_job", ("x", models.BatchJob(pool_info=POOL)), "JobNotFound"),
    ("begin_delete_job", ("x",), "JobNotFound"),
    ("begin_disable_job", ("x", models.BatchJobDisableOptions(disable_tasks="wait")), "JobNotFound"),
    ("begin_enable_job", ("x",), "JobNotFound"),
    ("begin_terminate_job", ("x", {"terminateReason": "r"}), "JobNotFound"),
    ("get_job_task_counts", ("x",), "JobNotFound"),
    ("list_job_preparation_and_release_task_status", ("x",), "JobNotFound"),
    ("list_jobs_from_schedule", ("x",), "JobScheduleNotFound"),
    ("create_job_schedule", (NEW_SCHEDULE,), "InvalidPropertyValue"),
    ("get_job_schedule", ("x",), "JobScheduleNotFound"),
    ("job_schedule_exists", ("x",), ""),
    ("update_job_schedule", ("x", models.BatchJobScheduleUpdateOptions(schedule=SCHEDULE)), "JobScheduleNotFound"),
    ("replace_job_schedule", ("x", models.BatchJobSchedule(job_specification=SPECIFICATION)), "JobScheduleNotFound"),
    ("begin_delete_job_schedule", ("x",), "JobScheduleNotFound"),
    ("disable_job_schedule", ("x",), "JobScheduleNotFound"),
    ("enable_job_schedule", ("x",), "JobScheduleNotFound"),
    ("begin_terminate_job_schedule", ("x",), "JobScheduleNotFound"),
    ("create_task", ("x", models.BatchTaskCreateOptions(id="t", command_line="c")), "JobNotFound"),
    ("create_tasks", ("x", [models.BatchTaskCreateOptions(id="t", command_line="c")]), "JobNotFound"),
    ("create_task_collection", ("x", GROUP), "JobNotFound"),
    ("list_tasks", ("x",), "JobNotFound"),
    ("get_task", ("x", "t"), "JobNotFound"),
    ("replace_task", ("x", "t", models.BatchTask()), "JobNotFound"),
    ("delete_task", ("x", "t"), "JobNotFound"),
    ("terminate_task", ("x", "t"), "JobNotFound"),
    ("reactivate_task", ("x", "t"), "JobNotFound"),
    ("list_subtasks", ("x", "t"), "JobNotFound"),
    ("list_task_files", ("x", "t"), "JobNotFound"),
    ("download_task_file", ("x", "t", "f"), ""),
    ("get_task_file_properties", ("x", "t", "f"), ""),
    ("delete_task_file", ("x", "t", "f"), "JobNotFound"),
)
OF_THE_CLIENT = {"close", "send_request", "from_connection_string"}


def outcome(call: Callable[[], Any]) -> str | None:
    """The code of the refusal: "" where the answer has no body that could say it, None for a success."""
    try:
        found = call()
        if hasattr(found, "__iter__") and not hasattr(found, "items"):
            list(found)
    except models.CreateTasksError as error:
        return error.errors[0].error.code
    except HttpResponseError as error:
        return error.error.code if getattr(error, "error", None) and error.error.code else ""
    return None


def public(client: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(client, callable) if not name.startswith("_")} - OF_THE_CLIENT


def test_every_public_method_is_called_here():
    named = [name for name, _, _ in CALLS]
    assert public(BatchClient) == public(AsyncClient) == set(named)
    assert len(named) == len(set(named))


@pytest.mark.parametrize(("name", "arguments", "code"), CALLS, ids=[name for name, _, _ in CALLS])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_each_method(client, name, arguments, code):
    assert outcome(lambda: getattr(client, name)(*arguments)) == code


def test_no_route_without_a_call(local):
    """As many routes as there are requests that the SDK can send: GET and HEAD of a file are two."""
    outside = [path for _, path, _ in ROUTES if path.startswith("/_local/")]
    assert len(ROUTES) - len(outside) == len(CALLS) - 1  # create_tasks sends what create_task_collection sends
