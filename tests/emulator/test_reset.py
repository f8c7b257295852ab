"""The account emptied while it is at work, without a restart."""

from datetime import timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import ResourceNotFoundError

from .conftest import completed, new_job, pool_options, ready_pool
from .raw import send
from .stand import Local, running, until
from .test_jobs import task
from .test_multi import together
from .test_restart import Process
from .test_running import gone, shell, started_text


def reset(local: Local) -> None:
    assert send(local.url, "POST", "/_local/reset").status == 204


def holds(client: BatchClient) -> list[str]:
    return [one.id for look in (client.list_pools, client.list_jobs, client.list_job_schedules) for one in look()]


def put_to_work(client: BatchClient) -> list[int]:
    """Every kind of record, and of what goes on. The processes of the tasks."""
    start = models.BatchStartTask(command_line="true")
    ready_pool(client, "p", nodes=3, enable_inter_node_communication=True, start_task=start)
    scale = {"enable_auto_scale": True, "auto_scale_formula": "$TargetDedicatedNodes=1;"}
    client.create_pool(pool_options("scaled", auto_scale_evaluation_interval=timedelta(minutes=5), **scale))
    prepared = models.BatchJobPreparationTask(command_line="true")
    new_job(client, "j", "p", job_preparation_task=prepared, uses_task_dependencies=True)
    client.create_task("j", task("ended", "true"))
    completed(client, "j", "ended")
    client.create_task("j", task("t", shell("echo $$; sleep 1000")))
    client.create_task("j", task("waits", "true", depends_on=models.BatchTaskDependencies(task_ids=["t"])))
    new_job(client, "company", "p")
    settings = together(shell("sleep 1000 & echo $!"), instances=2)
    client.create_task("company", task("t", shell("echo $$; sleep 1000"), multi_instance_settings=settings))
    every = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="p"))
    schedule = models.BatchJobScheduleCreateOptions(id="s", schedule=every, job_specification=specification)
    client.create_job_schedule(schedule)
    until(lambda: started_text(client, "company").count("\n") == 2, "the command after the coordination")
    until(lambda: started_text(client, "j"), "the task")
    return [int(pid) for job in ("j", "company") for pid in started_text(client, job).split()]


def test_nothing_is_left(tmp_path):
    home = tmp_path / "home"
    with running(home) as local, local.client() as client:
        pids = put_to_work(client)
        send(local.url, "POST", "/_local/faults", {"kind": "quota", "quota": "pools", "most": 0})
        reset(local)
        until(lambda: all(map(gone, pids)), "the end of all")  # a killed orphan may take a moment
        assert holds(client) == []
        assert list((home / "nodes").rglob("*")) == []
        assert send(local.url, "GET", "/_local/faults").json["value"] == []
        with pytest.raises(ResourceNotFoundError):
            client.get_task("j", "t")
        local.turn(7 * 86400)  # no timer of what is gone strikes
        put_to_work(client)  # the same names, as in a new account
        reset(local)
        ready_pool(client, "after")
    with running(home) as local, local.client() as client:
        assert holds(client) == ["after"]


def test_what_left_its_process_group_goes_too(tmp_path):
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p")
    new_job(client, "j", "p")
    client.create_task("j", task("t", shell("setsid sleep 1000 & echo $!; wait")))
    stray = int(until(lambda: started_text(client, "j"), "the first line"))
    assert send(process.url, "POST", "/_local/reset").status == 204
    assert gone(stray)
    assert process.end(15) == 0


def test_a_stranger_empties_nothing(local, client, name):
    ready_pool(client, name)
    assert send(local.url, "POST", "/_local/reset", signed=False).status == 401
    assert client.pool_exists(name)
