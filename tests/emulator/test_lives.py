"""The lives of pools, jobs and schedules through every public method of the SDK, each of which succeeds here."""

import datetime

import pytest
from azure.batch import BatchClient, models

from .conftest import pool_options
from .drivers import Async, Sync
from .stand import BlobStub, Local, running, until
from .test_surface import public

NOW = datetime.datetime.now(datetime.UTC)
HOUR = datetime.timedelta(hours=1)
REFUSED = {"get_application"}
"""What cannot succeed: a local account has no applications."""


@pytest.fixture(scope="module", params=[Sync, Async], ids=["sync", "aio"])
def driver(request, tmp_path_factory):
    if request.param is Async:
        pytest.importorskip("aiohttp", reason="an environment older than the dev group")
    with running(tmp_path_factory.mktemp("lives") / "home") as local:
        driver = request.param(local.url)
        driver.local = local
        yield driver
        driver.close()


def test_every_method_succeeds(driver, blobs):
    call = driver.call
    the_account(call)
    the_pool(call)
    the_scaling(call, driver.local)
    the_nodes(call, blobs)
    the_job(call)
    the_tasks(call)
    the_files(call)
    the_schedule(call)
    the_ends(call)
    assert driver.called == public(BatchClient) - REFUSED


def the_account(call):
    assert call("list_supported_images")[-1].image_reference is not None
    assert call("list_applications") == []
    assert call("list_pool_usage_metrics") == []


def the_pool(call):
    assert call("create_pool", pool_options("p", target_dedicated_nodes=2)) is None
    assert call("pool_exists", "p") is True
    until(lambda: idle(call) == 2, "an idle pool")
    pool = call("get_pool", "p")
    assert (pool.id, pool.state, pool.allocation_state) == ("p", "active", "steady")
    assert pool.url.endswith("/pools/p")
    assert pool.creation_time <= pool.last_modified
    metadata = [models.BatchMetadataItem(name="a", value="b")]
    start = models.BatchStartTask(command_line="true")
    call("update_pool", "p", models.BatchPoolUpdateOptions(metadata=metadata, start_task=start))
    assert call("get_pool", "p").start_task.wait_for_success is True
    replaced = models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])
    call("replace_pool_properties", "p", replaced)
    pool = call("get_pool", "p")
    assert (pool.start_task, pool.metadata) == (None, None)
    (counts,) = call("list_pool_node_counts", filter="poolId eq 'p'")
    assert (counts.dedicated.idle, counts.dedicated.total, counts.low_priority.total) == (2, 2, 0)
    assert [one.vm_size for one in call("list_pools", select=["id"])] == [None]


def idle(call):
    return sum(node.state == "idle" for node in call("list_nodes", "p"))


def the_scaling(call, local: Local):
    formula = "$TargetDedicatedNodes=2"
    options = models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula, auto_scale_evaluation_interval=HOUR)
    call("enable_pool_auto_scale", "p", options)
    pool = call("get_pool", "p")
    assert (pool.enable_auto_scale, pool.auto_scale_formula, pool.auto_scale_evaluation_interval) == (
        True,
        formula,
        HOUR,
    )
    asked = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes=3")
    run = call("evaluate_pool_auto_scale", "p", asked)
    assert run.results == "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    call("disable_pool_auto_scale", "p")
    assert call("get_pool", "p").enable_auto_scale is False
    call("begin_resize_pool", "p", models.BatchPoolResizeOptions(target_dedicated_nodes=3))
    call("begin_stop_pool_resize", "p")
    until(lambda: idle(call) == 3, "three nodes")
    node = call("list_nodes", "p")[-1].id
    call("begin_remove_nodes", "p", models.BatchNodeRemoveOptions(node_ids=[node]))
    until(lambda: idle(call) == 2, "two nodes")


def the_nodes(call, blobs: BlobStub):
    node = call("list_nodes", "p")[0].id
    found = call("get_node", "p", node)
    assert (found.is_dedicated, found.scheduling_state, found.vm_size) == (True, "enabled", "standard_d2s_v5")
    call("create_node_user", "p", node, models.BatchNodeUserCreateOptions(name="me", password="secret"))
    call("replace_node_user", "p", node, "me", models.BatchNodeUserReplaceOptions(password="other"))
    call("delete_node_user", "p", node, "me")
    assert call("get_node_remote_login_settings", "p", node).remote_login_port
    extensions = call("list_node_extensions", "p", node)
    name = extensions[0].vm_extension.name
    assert call("get_node_extension", "p", node, name).provisioning_state == "Succeeded"
    logs = models.UploadBatchServiceLogsOptions(container_url=blobs.container("logs"), start_time=NOW)
    assert call("upload_node_logs", "p", node, logs).number_of_files_uploaded == 1
    option = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="requeue")
    call("disable_node_scheduling", "p", node, option)
    assert call("get_node", "p", node).scheduling_state == "disabled"
    call("enable_node_scheduling", "p", node)
    call("begin_reboot_node", "p", node, {"nodeRebootOption": "requeue"})
    call("begin_reimage_node", "p", node, {"nodeReimageOption": "requeue"})
    call("begin_deallocate_node", "p", node, {"nodeDeallocateOption": "requeue"})
    assert call("get_node", "p", node).state == "deallocated"
    call("begin_start_node", "p", node)
    until(lambda: idle(call) == 2, "the nodes")


def the_job(call):
    special = {
        "job_preparation_task": models.BatchJobPreparationTask(command_line="true"),
        "job_release_task": models.BatchJobReleaseTask(command_line="true"),
    }
    info = models.BatchPoolInfo(pool_id="p")
    assert call("create_job", models.BatchJobCreateOptions(id="j", pool_info=info, **special)) is None
    call("update_job", "j", models.BatchJobUpdateOptions(priority=900))
    assert call("get_job", "j").priority == 900
    call("replace_job", "j", models.BatchJob(pool_info=info, priority=500))
    job = call("get_job", "j")
    assert (job.priority, job.state, job.job_release_task.id) == (500, "active", "jobrelease")
    assert [one.id for one in call("list_jobs", filter="state eq 'active'")] == ["j"]
    call("begin_disable_job", "j", models.BatchJobDisableOptions(disable_tasks="requeue"))
    assert call("get_job", "j").state == "disabled"


def the_tasks(call):
    """In a disabled job first, so that nothing has run yet."""
    task = models.BatchTaskCreateOptions(id="t", command_line="/bin/sh -c 'echo hello; mkdir d; echo x > d/f'")
    assert call("create_task", "j", task) is None
    many = [models.BatchTaskCreateOptions(id=f"m{number}", command_line="true") for number in range(3)]
    results = call("create_task_collection", "j", models.BatchTaskGroup(task_values=many)).result_values
    assert [one.status for one in results] == ["Success"] * 3
    more = [models.BatchTaskCreateOptions(id=f"n{number}", command_line="true") for number in range(101)]
    assert len(call("create_tasks", "j", more).result_values) == 101
    call("replace_task", "j", "t", models.BatchTask(constraints=models.BatchTaskConstraints(max_task_retry_count=1)))
    assert call("get_task", "j", "t").constraints.max_task_retry_count == 1
    call("terminate_task", "j", "t")
    assert call("get_task", "j", "t").execution_info.failure_info.code == "TaskEnded"
    call("delete_task", "j", "n0")
    assert call("list_subtasks", "j", "t") == []
    call("begin_enable_job", "j")
    call("reactivate_task", "j", "t")
    until(lambda: call("get_job_task_counts", "j").task_counts.succeeded == 104, "the end of all tasks")
    task = call("get_task", "j", "t")
    assert (task.state, task.previous_state, task.execution_info.exit_code) == ("completed", "running", 0)
    assert (task.node_info.pool_id, task.node_info.task_root_directory) == ("p", "workitems/j/job-1/t")
    assert len(call("list_tasks", "j", filter="startswith(id,'n')", select=["id", "state"])) == 100


def the_files(call):
    entries = {entry.name: entry for entry in call("list_task_files", "j", "t", recursive=True)}
    assert (entries["wd/d"].is_directory, entries["stdout.txt"].properties.content_length) == (True, 6)
    assert call("download_task_file", "j", "t", "stdout.txt") == b"hello\n"
    assert call("download_task_file", "j", "t", "stdout.txt", ocp_range="bytes=1-3") == b"ell"
    about = call("get_task_file_properties", "j", "t", "stdout.txt")
    assert (about.content_length, about.is_directory, about.creation_time) == (6, False, None)
    assert about.file_mode.startswith("0o100")
    call("delete_task_file", "j", "t", "wd/d", recursive=True)
    assert "wd/d" not in [entry.name for entry in call("list_task_files", "j", "t", recursive=True)]
    node = call("get_task", "j", "t").node_info.node_id
    path = "workitems/j/job-1/t/stdout.txt"
    assert path in [entry.name for entry in call("list_node_files", "p", node, recursive=True)]
    assert call("download_node_file", "p", node, path) == b"hello\n"
    assert call("get_node_file_properties", "p", node, path).content_length == 6
    call("delete_node_file", "p", node, path)


def the_schedule(call):
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="nowhere"))
    rule = models.BatchJobScheduleConfiguration(recurrence_interval=HOUR)
    options = models.BatchJobScheduleCreateOptions(id="s", schedule=rule, job_specification=specification)
    assert call("create_job_schedule", options) is None
    assert call("job_schedule_exists", "s") is True
    assert [job.id for job in call("list_jobs_from_schedule", "s")] == ["s:job-1"]
    rule = models.BatchJobScheduleConfiguration(recurrence_interval=2 * HOUR)
    call("update_job_schedule", "s", models.BatchJobScheduleUpdateOptions(schedule=rule))
    call("replace_job_schedule", "s", models.BatchJobSchedule(schedule=rule, job_specification=specification))
    call("disable_job_schedule", "s")
    assert call("get_job_schedule", "s").state == "disabled"
    call("enable_job_schedule", "s")
    schedule = call("get_job_schedule", "s")
    assert (schedule.state, schedule.execution_info.recent_job.id) == ("active", "s:job-1")
    assert [one.id for one in call("list_job_schedules")] == ["s"]
    call("begin_terminate_job_schedule", "s")
    call("begin_delete_job_schedule", "s")
    assert call("list_job_schedules") == []


def the_ends(call):
    call("begin_terminate_job", "j", {"terminateReason": "enough"})
    assert call("get_job", "j").execution_info.termination_reason == "enough"
    (status, *_) = call("list_job_preparation_and_release_task_status", "j")
    assert status.job_preparation_task_execution_info.exit_code == 0
    assert status.job_release_task_execution_info.result == "success"
    call("begin_delete_job", "j")
    call("begin_delete_pool", "p")
    assert (call("list_jobs"), call("list_pools")) == ([], [])
