"""What becomes of tasks and their files when a node leaves or reboots, and when their time is over."""

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from .conftest import completed, new_job, ready_pool
from .stand import running, until
from .test_faults import files_code
from .test_jobs import task
from .test_pools import code_of


def retained(hours: float) -> models.BatchTaskConstraints:
    return models.BatchTaskConstraints(retention_time=timedelta(hours=hours))


def test_files_go_when_their_time_is_over(client, name, pool, local):
    job = new_job(client, name, pool)
    for task_id, hours in (("short", 1), ("long", 3)):
        client.create_task(job, task(task_id, "echo x", constraints=retained(hours)))
        completed(client, job, task_id)
    assert (files_code(client, job, "short"), files_code(client, job, "long")) == (None, None)
    local.turn(3601)
    assert (files_code(client, job, "short"), files_code(client, job, "long")) == ("TaskFilesCleanedup", None)
    assert client.get_task(job, "short").execution_info.exit_code == 0
    local.turn(7200)
    assert files_code(client, job, "long") == "TaskFilesCleanedup"


def test_a_task_that_runs_again_keeps_its_files(client, name, pool, local):
    job = new_job(client, name, pool)
    client.create_task(job, task("t", "false", constraints=retained(1)))
    completed(client, job, "t")
    local.turn(1800)
    client.reactivate_task(job, "t")
    until(lambda: client.get_task(job, "t").state == "completed", "the second end")
    local.turn(1900)
    assert files_code(client, job, "t") is None
    local.turn(1800)
    assert files_code(client, job, "t") == "TaskFilesCleanedup"


def test_retention_goes_on_over_a_restart(tmp_path):
    with running(tmp_path / "home") as local, local.client() as client:
        ready_pool(client, "p")
        new_job(client, "j", "p")
        client.create_task("j", task("t", constraints=retained(1)))
        completed(client, "j", "t")
    with running(tmp_path / "home") as local, local.client() as client:
        assert files_code(client, "j", "t") is None
        local.turn(3601)
        assert files_code(client, "j", "t") == "TaskFilesCleanedup"


@pytest.mark.parametrize("how", ["resize", "remove"])
@pytest.mark.parametrize("option", ["requeue", "terminate", "taskcompletion", "retaineddata"])
def test_nodes_leave_as_they_are_told(client, name, local, option, how):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, task("done", constraints=retained(1)))
    completed(client, job, "done")
    client.create_task(job, task("t", "sleep 1000", constraints=retained(2)))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    node = next(iter(client.list_nodes(name))).id
    if how == "resize":
        options = models.BatchPoolResizeOptions(target_dedicated_nodes=0, node_deallocation_option=option)
        client.begin_resize_pool(name, options, polling_interval=0.01)
    else:
        options = models.BatchNodeRemoveOptions(node_ids=[node], node_deallocation_option=option)
        client.begin_remove_nodes(name, options, polling_interval=0.01)
    if option == "requeue":
        until(lambda: client.get_task(job, "t").execution_info.requeue_count == 1, "the requeue")
    elif option == "terminate":
        assert completed(client, job, "t").execution_info.failure_info.code == "TaskEnded"
    else:
        assert (client.get_task(job, "t").state, client.get_pool(name).allocation_state) == ("running", "resizing")
        client.create_task(job, task("late"))
        client.terminate_task(job, "t")
        completed(client, job, "t")
        assert client.get_task(job, "late").state == "active"
    if option == "retaineddata":
        for seconds in (3700, 3000):
            local.turn(seconds)
            assert [one.id for one in client.list_nodes(name)] == [node]
        assert files_code(client, job, "t") is None
        local.turn(1000)
    until(lambda: not list(client.list_nodes(name)), "the end of the node")
    assert client.get_pool(name).allocation_state == "steady"


@pytest.mark.parametrize("what", ["task", "job"])
def test_a_node_waits_for_no_files_of_what_is_deleted(client, name, local, what):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, task("t", constraints=retained(1)))
    completed(client, job, "t")
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0, node_deallocation_option="retaineddata")
    client.begin_resize_pool(name, options, polling_interval=0.01)
    assert client.get_pool(name).allocation_state == "resizing"
    if what == "task":
        client.delete_task(job, "t")
    else:
        client.begin_delete_job(job, polling_interval=0.01).result()
    until(lambda: not list(client.list_nodes(name)), "the end of the node")


@pytest.mark.parametrize("option", ["requeue", "terminate", "taskcompletion", "retaineddata"])
def test_nodes_reboot_as_they_are_told(client, name, local, option):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000", constraints=retained(1)))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    before = next(iter(client.list_nodes(name)))
    client.begin_reboot_node(name, before.id, {"nodeRebootOption": option}, polling_interval=0.01)
    if option == "requeue":
        until(lambda: client.get_task(job, "t").execution_info.requeue_count == 1, "the requeue")
    elif option == "terminate":
        assert completed(client, job, "t").execution_info.failure_info.code == "TaskEnded"
    else:
        with pytest.raises(HttpResponseError) as caught:
            client.begin_reboot_node(name, before.id, {"nodeRebootOption": "requeue"})
        assert code_of(caught) == "NodeBeingRebooted"
        client.terminate_task(job, "t")
        completed(client, job, "t")
    if option == "retaineddata":
        assert client.get_node(name, before.id).last_boot_time == before.last_boot_time
        local.turn(3601)
    until(lambda: client.get_node(name, before.id).last_boot_time > before.last_boot_time, "the reboot")


def test_a_pool_that_goes_waits_for_nobody(client, name):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0, node_deallocation_option="taskcompletion")
    client.begin_resize_pool(name, options, polling_interval=0.01)
    client.begin_delete_pool(name, polling_interval=0.01)
    until(lambda: client.get_task(job, "t").execution_info.requeue_count == 1, "the requeue")
    until(lambda: name not in [pool.id for pool in client.list_pools()], "the end of the pool")
