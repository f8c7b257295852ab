"""Job schedules make jobs when their time comes."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from .conftest import completed, pool_options
from .stand import running, until
from .test_jobs import task
from .test_pools import code_of


def new_schedule(client, schedule_id: str, pool: str, manager: str | None = None, **rule) -> str:
    special = manager and models.BatchJobManagerTask(id="manager", command_line=manager)
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id=pool), job_manager_task=special)
    schedule = models.BatchJobScheduleConfiguration(**rule)
    options = models.BatchJobScheduleCreateOptions(id=schedule_id, schedule=schedule, job_specification=specification)
    client.create_job_schedule(options)
    return schedule_id


def jobs(client, schedule: str) -> list[str]:
    return [f"{job.id} {job.state.value}" for job in client.list_jobs_from_schedule(schedule)]


def test_one_run(client, name, pool):
    new_schedule(client, name, pool, "true")
    schedule = until(lambda: finished(client, name), "the end of the schedule")
    assert jobs(client, name) == [f"{name}:job-1 completed"]
    recent = schedule.execution_info.recent_job
    assert (recent.id, recent.url.rpartition("/")[2]) == (f"{name}:job-1", f"{name}:job-1")
    assert schedule.execution_info.next_run_time is None
    ran = completed(client, f"{name}:job-1", "manager")
    assert ran.node_info.task_root_directory == f"workitems/{name}/job-1/manager"
    assert b"".join(client.download_task_file(f"{name}:job-1", "manager", "stderr.txt")) == b""


def finished(client, name):
    schedule = client.get_job_schedule(name)
    return schedule if schedule.state == "completed" else None


def test_recurrence(client, name, pool, local):
    new_schedule(client, name, pool, "true", recurrence_interval=timedelta(hours=1))
    until(lambda: jobs(client, name) == [f"{name}:job-1 completed"], "the first job")
    local.turn(3601)
    until(lambda: jobs(client, name) == [f"{name}:job-1 completed", f"{name}:job-2 completed"], "the second job")
    client.disable_job_schedule(name)
    local.turn(3601)
    assert len(jobs(client, name)) == 2
    client.enable_job_schedule(name)
    until(lambda: len(jobs(client, name)) == 3, "the third job")


def test_a_job_that_goes_on_holds_back_the_next(client, name, pool, local):
    new_schedule(client, name, pool, recurrence_interval=timedelta(hours=1))
    local.turn(7300)
    assert jobs(client, name) == [f"{name}:job-1 active"]
    client.begin_terminate_job(f"{name}:job-1", {"terminateReason": "x"}, polling_interval=0.01).result()
    until(lambda: jobs(client, name) == [f"{name}:job-1 completed", f"{name}:job-2 active"], "the second job")


def test_a_schedule_that_begins_and_ends(tmp_path, name):
    with running(tmp_path / "home") as local, local.client() as client:
        now = datetime.now(UTC)
        new_schedule(
            client, name, "x", do_not_run_until=now + timedelta(hours=1), do_not_run_after=now + timedelta(hours=2)
        )
        assert jobs(client, name) == []
        local.turn(3601)
        assert jobs(client, name) == [f"{name}:job-1 active"]
        local.turn(3601)
        client.begin_terminate_job(f"{name}:job-1", {"terminateReason": "x"}, polling_interval=0.01).result()
        until(lambda: finished(client, name), "the end")


def test_terminating_and_deleting(client, name):
    new_schedule(client, name, "no-such-pool")
    with pytest.raises(ResourceExistsError) as caught:
        new_schedule(client, name.upper(), "x")
    assert code_of(caught) == "JobScheduleExists"
    client.begin_terminate_job_schedule(name, polling_interval=0.01).result()
    assert client.get_job(f"{name}:job-1").execution_info.termination_reason == "TerminateJobSchedule"
    assert finished(client, name)
    with pytest.raises(ResourceExistsError) as caught:
        client.disable_job_schedule(name)
    assert code_of(caught) == "JobScheduleCompleted"
    client.begin_delete_job_schedule(name, polling_interval=0.01).result()
    with pytest.raises(ResourceNotFoundError):
        client.get_job(f"{name}:job-1")


def test_changes(client, name):
    new_schedule(client, name, "a")
    assert client.job_schedule_exists(name)
    change = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(days=1))
    client.update_job_schedule(name, models.BatchJobScheduleUpdateOptions(schedule=change))
    schedule = client.get_job_schedule(name)
    assert schedule.schedule.recurrence_interval == timedelta(days=1)
    schedule.metadata = [models.BatchMetadataItem(name="k", value="v")]
    client.replace_job_schedule(name, schedule)
    assert client.get_job_schedule(name).metadata[0].value == "v"
    assert name in [one.id for one in client.list_job_schedules(filter=f"id eq '{name}'")]


def test_schedules_hold_over_a_restart(tmp_path):
    with running(tmp_path / "home") as local, local.client() as client:
        new_schedule(client, "s", "x", recurrence_interval=timedelta(hours=1))
        client.create_task("s:job-1", task("t"))
    with running(tmp_path / "home") as local, local.client() as client:
        assert jobs(client, "s") == ["s:job-1 active"]
        client.begin_terminate_job("s:job-1", {"terminateReason": "x"}, polling_interval=0.01).result()
        local.turn(3601)
        until(lambda: len(jobs(client, "s")) == 2, "the second job")


def test_the_pool_of_a_schedule_goes_after_a_restart_too(tmp_path):
    options = pool_options("x", target_dedicated_nodes=1).as_dict()
    options.pop("id")
    auto = models.BatchAutoPoolSpecification(
        pool_lifetime_option="jobschedule", pool=models.BatchPoolSpecification(options)
    )
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(auto_pool_specification=auto))
    schedule = models.BatchJobScheduleConfiguration()
    with running(tmp_path / "home") as local, local.client() as client:
        client.create_job_schedule(
            models.BatchJobScheduleCreateOptions(id="s", schedule=schedule, job_specification=specification)
        )
        until(lambda: [pool.current_dedicated_nodes for pool in client.list_pools()] == [1], "a pool")
        client.begin_terminate_job_schedule("s", polling_interval=0.01).result()
        assert [pool.state for pool in client.list_pools()] == ["deleting"]
    with running(tmp_path / "home") as local, local.client() as client:
        assert [pool.state for pool in client.list_pools()] == ["deleting"]
        local.turn(21)
        until(lambda: not list(client.list_pools()), "the end of the pool")


def test_a_pool_for_all_jobs_of_a_schedule(client, name, local):
    options = pool_options("x").as_dict()
    options.pop("id")
    auto = models.BatchAutoPoolSpecification(
        auto_pool_id_prefix=name, pool_lifetime_option="jobschedule", pool=models.BatchPoolSpecification(options)
    )
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(auto_pool_specification=auto))
    rule = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(id=name, schedule=rule, job_specification=specification)
    )
    client.begin_terminate_job(f"{name}:job-1", {"terminateReason": "x"}, polling_interval=0.01).result()
    local.turn(3601)
    until(lambda: len(jobs(client, name)) == 2, "the second job")
    pools = {job.execution_info.pool_id for job in client.list_jobs_from_schedule(name)}
    assert len(pools) == 1
    client.begin_delete_job_schedule(name, polling_interval=0.01).result()
    until(lambda: not pools & {pool.id for pool in client.list_pools()}, "the end of the pool")
