"""Jobs and tasks, through the SDK."""

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from .conftest import completed, new_job, ready_pool
from .raw import VERSION, send
from .stand import running, until
from .test_pools import code_of


def task(task_id: str, command: str = "true", **options) -> models.BatchTaskCreateOptions:
    return models.BatchTaskCreateOptions(id=task_id, command_line=command, **options)


def state(client, job: str) -> str:
    return client.get_job(job).state


def test_a_new_job(client, name):
    new_job(client, name, "no-such-pool")
    job = client.get_job(name)
    assert (job.state, job.priority, job.max_parallel_tasks) == ("active", 0, -1)
    assert (job.all_tasks_complete_mode, job.task_failure_mode) == ("noaction", "noaction")
    assert job.constraints.max_wall_clock_time.days == 10675199
    assert job.execution_info.pool_id == "no-such-pool"
    client.create_task(name, task("t"))
    assert client.get_task(name, "t").state == "active"
    with pytest.raises(ResourceExistsError) as caught:
        new_job(client, name.upper(), "x")
    assert code_of(caught) == "JobExists"


def test_a_new_task(client, name):
    new_job(client, name, "no-such-pool", constraints=models.BatchJobConstraints(max_task_retry_count=3))
    client.create_task(name, task("t"))
    got = client.get_task(name, "T")
    assert (got.id, got.required_slots, got.execution_info.retry_count) == ("t", 1, 0)
    assert (got.constraints.max_task_retry_count, got.constraints.retention_time.days) == (3, 7)
    assert got.user_identity.auto_user.elevation_level == "nonadmin"
    with pytest.raises(ResourceExistsError) as caught:
        client.create_task(name, task("T"))
    assert code_of(caught) == "TaskExists"


def test_adding_many(local, client, name):
    new_job(client, name, "no-such-pool")
    client.create_task(name, task("there"))
    asked = [{"id": "a", "commandLine": "x"}, {"id": "THERE", "commandLine": "x"}, {"id": "b"}, {}]
    reply = send(local.url, "POST", f"/jobs/{name}/addtaskcollection?{VERSION}", {"value": asked})
    assert reply.status == 200
    first, second, third, fourth = reply.json["value"]
    assert (first["status"], first["taskId"], first["location"]) == ("Success", "a", f"{local.url}/jobs/{name}/tasks/a")
    assert (second["status"], second["error"]["code"]) == ("ClientError", "TaskExists")
    assert (third["status"], third["error"]["code"]) == ("ClientError", "MissingRequiredProperty")
    assert (fourth["status"], "taskId" in fourth) == ("ClientError", False)
    too_many = {"value": [{"id": f"x{number}", "commandLine": "x"} for number in range(101)]}
    assert send(local.url, "POST", f"/jobs/{name}/addtaskcollection?{VERSION}", too_many).status == 400
    large = {"value": [{"id": "large", "commandLine": "x" * 1_100_000}]}
    reply = send(local.url, "POST", f"/jobs/{name}/addtaskcollection?{VERSION}", large)
    assert (reply.status, reply.code) == (413, "RequestBodyTooLarge")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"commandLine": ""}, "InvalidPropertyValue"),
        ({"command": "x"}, "InvalidRequestBody"),
        ({"requiredSlots": 0}, "InvalidPropertyValue"),
        ({"resourceFiles": [{}]}, "InvalidPropertyValue"),
        ({"resourceFiles": [{"httpUrl": "http://x"}]}, "InvalidPropertyValue"),
        ({"resourceFiles": [{"httpUrl": "x", "storageContainerUrl": "y", "filePath": "z"}]}, "InvalidPropertyValue"),
        ({"outputFiles": [{"filePattern": "x"}]}, "MissingRequiredProperty"),
        ({"constraints": {"maxTaskRetryCount": -2}}, "InvalidPropertyValue"),
        ({"environmentSettings": [{"value": "x"}]}, "MissingRequiredProperty"),
        ({"dependsOn": {"taskIds": ["a"]}}, "TaskDependenciesNotSpecifiedOnJob"),
        ({"exitConditions": {"default": {"jobAction": "terminate"}}}, "InvalidPropertyValue"),
        ({"exitConditions": {"default": {"dependencyAction": "block"}}}, "InvalidPropertyValue"),
    ],
)
def test_bad_tasks(local, client, name, change, code):
    new_job(client, name, "no-such-pool")
    reply = send(local.url, "POST", f"/jobs/{name}/tasks?{VERSION}", {"id": "t", "commandLine": "x", **change})
    assert (reply.status, reply.code) == (400, code)


def test_slots_limit_and_order(client, name):
    ready_pool(client, name, task_slots_per_node=2)
    job = new_job(client, name, name)
    client.create_task(job, task("wide", "sleep 1000", required_slots=2))
    until(lambda: client.get_task(job, "wide").state == "running", "the start")
    client.create_task_collection(job, models.BatchTaskGroup(task_values=[task("a"), task("b")]))
    node = next(iter(client.list_nodes(name)))
    assert (node.state, node.running_tasks_count, node.running_task_slots_count) == ("running", 1, 2)
    assert {one.id: one.state for one in client.list_tasks(job)} == {"wide": "running", "a": "active", "b": "active"}
    counts = client.get_job_task_counts(job)
    assert (counts.task_counts.active, counts.task_counts.running, counts.task_slot_counts.running) == (2, 1, 2)
    client.terminate_task(job, "wide")
    first, second = completed(client, job, "a"), completed(client, job, "b")
    assert first.execution_info.start_time <= second.execution_info.start_time
    counts = client.get_job_task_counts(job).task_counts
    assert (counts.completed, counts.succeeded, counts.failed) == (3, 2, 1)


def test_priority_goes_before_age(client, name):
    ready_pool(client, name)
    jobs = {priority: new_job(client, f"{name}-{priority}", name, priority=priority) for priority in (0, 5)}
    client.create_task(jobs[0], task("first", "sleep 1000"))
    until(lambda: client.get_task(jobs[0], "first").state == "running", "the start")
    client.create_task(jobs[0], task("low"))
    client.create_task(jobs[5], task("high"))
    client.terminate_task(jobs[0], "first")
    low, high = completed(client, jobs[0], "low"), completed(client, jobs[5], "high")
    assert high.execution_info.start_time < low.execution_info.start_time


def test_max_parallel_tasks(client, name):
    ready_pool(client, name, task_slots_per_node=4)
    job = new_job(client, name, name, max_parallel_tasks=1)
    for number in range(2):
        client.create_task(job, task(f"t{number}", "sleep 1000"))
    until(lambda: client.get_task(job, "t0").state == "running", "the start")
    assert client.get_task(job, "t1").state == "active"
    client.update_job(job, models.BatchJobUpdateOptions(max_parallel_tasks=2))
    until(lambda: client.get_task(job, "t1").state == "running", "the second start")


def test_terminating_when_all_tasks_are_complete(client, name, pool):
    job = new_job(client, name, pool)
    client.create_task(job, task("t"))
    completed(client, job, "t")
    assert state(client, job) == "active"
    client.update_job(job, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminateJob"))
    until(lambda: state(client, job) == "completed", "the end of the job")
    info = client.get_job(job).execution_info
    assert (info.termination_reason, info.end_time is not None) == ("AllTasksComplete", True)
    with pytest.raises(ResourceExistsError) as caught:
        client.create_task(job, task("late"))
    assert code_of(caught) == "JobCompleted"


def test_a_job_without_tasks_is_complete_after_a_while(local, client, name):
    """At Azure it was active after 21 s (Azure/azure-sdk-assets, python/…/test_batch_jobs, 2025-06-01, 2026-01-22)."""
    new_job(client, name, "x", all_tasks_complete_mode="terminatejob")
    local.turn(25)
    assert state(client, name) == "active"
    local.turn(6)
    until(lambda: state(client, name) == "completed", "the end of the job")


def test_terminating(client, name, pool):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    client.begin_terminate_job(job, {"terminateReason": "enough"}, polling_interval=0.01).result()
    assert client.get_job(job).execution_info.termination_reason == "enough"
    info = client.get_task(job, "t").execution_info
    assert (info.result, info.failure_info.code) == ("failure", "TaskEnded")
    with pytest.raises(ResourceExistsError) as caught:
        client.begin_terminate_job(job, {"terminateReason": "again"})
    assert code_of(caught) == "JobCompleted"


@pytest.mark.parametrize(("option", "after"), [("requeue", "active"), ("terminate", "completed")])
def test_disabling_and_enabling(client, name, pool, option, after):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    options = models.BatchJobDisableOptions(disable_tasks=option)
    client.begin_disable_job(job, options, polling_interval=0.01).result()
    assert (state(client, job), client.get_task(job, "t").state) == ("disabled", after)
    client.begin_enable_job(job, polling_interval=0.01).result()
    assert state(client, job) == "active"
    if after == "active":
        until(lambda: client.get_task(job, "t").state == "running", "the second start")
        assert client.get_task(job, "t").execution_info.requeue_count == 1


def test_disabling_that_waits(client, name, pool):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="wait"), polling_interval=0.01)
    assert state(client, job) == "disabling"
    client.create_task(job, task("later"))
    client.terminate_task(job, "t")
    until(lambda: state(client, job) == "disabled", "the rest")
    assert client.get_task(job, "later").state == "active"


def test_deleting(client, name, pool, local):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "sleep 1000"))
    info = until(lambda: client.get_task(job, "t").node_info, "the start")
    directory = local.home / "nodes" / info.pool_id / info.node_id / "workitems" / job
    assert directory.is_dir()
    client.begin_delete_job(job, polling_interval=0.01).result()
    with pytest.raises(ResourceNotFoundError) as caught:
        client.get_job(job)
    assert code_of(caught) == "JobNotFound"
    assert not directory.exists()
    new_job(client, name, pool)


def test_deleting_a_task(client, name, pool):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    client.delete_task(job, "t")
    with pytest.raises(ResourceNotFoundError) as caught:
        client.get_task(job, "t")
    assert code_of(caught) == "TaskNotFound"
    client.create_task(job, task("t", "echo again"))
    assert completed(client, job, "t").execution_info.exit_code == 0


def test_the_end_of_a_task_that_never_ran(client, name):
    new_job(client, name, "no-such-pool")
    client.create_task(name, task("t"))
    client.terminate_task(name, "t")
    got = client.get_task(name, "t")
    assert (got.state, got.execution_info.failure_info.code, got.node_info) == ("completed", "TaskEnded", {})
    assert got.execution_info.start_time is None
    with pytest.raises(ResourceExistsError) as caught:
        client.terminate_task(name, "t")
    assert code_of(caught) == "TaskCompleted"
    with pytest.raises(ResourceExistsError) as caught:
        list(client.list_task_files(name, "t"))
    assert code_of(caught) == "TaskFilesUnavailable"


def test_reactivating(client, name, pool):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "/bin/sh -c 'test -e $AZ_BATCH_NODE_SHARED_DIR/flag'"))
    failed = completed(client, job, "t")
    assert failed.execution_info.exit_code == 1
    client.create_task(job, task("flag", "/bin/sh -c 'touch $AZ_BATCH_NODE_SHARED_DIR/flag'"))
    completed(client, job, "flag")
    client.reactivate_task(job, "t")
    assert completed(client, job, "t").execution_info.exit_code == 0
    with pytest.raises(ResourceExistsError) as caught:
        client.reactivate_task(job, "t")
    assert code_of(caught) == "TaskSucceeded"


def test_the_job_s_time_runs_out(client, name, pool, local):
    from datetime import timedelta

    limit = models.BatchJobConstraints(max_wall_clock_time=timedelta(minutes=5))
    job = new_job(client, name, pool, constraints=limit)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    local.turn(301)
    until(lambda: state(client, job) == "completed", "the end of the job")
    assert client.get_job(job).execution_info.termination_reason == "MaxWallClockTimeExpiry"


def test_patch_and_put(client, name):
    new_job(client, name, "a")
    metadata = [models.BatchMetadataItem(name="k", value="v")]
    client.update_job(name, models.BatchJobUpdateOptions(priority=7, metadata=metadata))
    job = client.get_job(name)
    assert (job.priority, job.metadata[0].value) == (7, "v")
    job.priority = 3
    client.replace_job(name, job)
    assert (client.get_job(name).priority, client.get_job(name).metadata[0].value) == (3, "v")
    client.replace_job(name, models.BatchJob(pool_info=models.BatchPoolInfo(pool_id="a")))
    assert (client.get_job(name).priority, client.get_job(name).metadata) == (0, None)
    with pytest.raises(ResourceExistsError) as caught:
        client.update_job(name, models.BatchJobUpdateOptions(pool_info=models.BatchPoolInfo(pool_id="b")))
    assert code_of(caught) == "JobNotActive"


def test_replacing_a_task(client, name):
    from datetime import timedelta

    new_job(client, name, "no-such-pool")
    client.create_task(name, task("t"))
    got = client.get_task(name, "t")
    got.constraints = models.BatchTaskConstraints(max_task_retry_count=4, retention_time=timedelta(days=1))
    client.replace_task(name, "t", got)
    assert client.get_task(name, "t").constraints.max_task_retry_count == 4


def test_filters_and_pages(client, name, pool):
    job = new_job(client, name, pool)
    group = [task(f"t{number:03}", "false" if number % 2 else "true") for number in range(20)]
    client.create_task_collection(job, models.BatchTaskGroup(task_values=group))
    until(lambda: all(one.state == "completed" for one in client.list_tasks(job)), "the end of all")
    failed = list(client.list_tasks(job, filter="executionInfo/result eq 'failure'", select=["id"], max_results=3))
    assert [one.id for one in failed] == [f"t{number:03}" for number in range(1, 20, 2)]
    assert not list(client.list_tasks(job, filter="executionInfo/exitCode gt 1 or state ne 'completed'"))
    since = "creationTime ge DateTime'2020-01-01T00:00:00Z' and startswith(id, 't01')"
    assert len(list(client.list_tasks(job, filter=since))) == 10
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_tasks(job, filter="state eq"))
    assert code_of(caught) == "InvalidQueryParameterValue"


def test_job_quota(tmp_path):
    with running(tmp_path / "home", job_quota=1) as local, local.client() as client:
        new_job(client, "one", "x")
        with pytest.raises(ResourceExistsError) as caught:
            new_job(client, "two", "x")
        assert code_of(caught) == "ActiveJobAndScheduleQuotaReached"
        client.begin_terminate_job("one", {"terminateReason": "x"}, polling_interval=0.01).result()
        new_job(client, "two", "x")
