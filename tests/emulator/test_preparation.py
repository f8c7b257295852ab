"""Job preparation and release tasks, and pools that are made for a job."""

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from .conftest import completed, new_job, pool_options, ready_pool, text
from .stand import until
from .test_jobs import state, task
from .test_pools import code_of
from .test_running import shell


def end(client, job: str) -> None:
    client.begin_terminate_job(job, {"terminateReason": "over"}, polling_interval=0.01).result()


def test_preparation_before_and_release_after(client, name):
    ready_pool(client, name, nodes=2)
    job = new_job(
        client,
        name,
        name,
        job_preparation_task=models.BatchJobPreparationTask(command_line=shell("echo $AZ_BATCH_JOB_ID > made; pwd")),
        job_release_task=models.BatchJobReleaseTask(command_line=shell("echo released > $AZ_BATCH_NODE_SHARED_DIR/x")),
    )
    for number in range(2):
        client.create_task(job, task(f"t{number}", shell("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made")))
    first, second = (completed(client, job, f"t{number}") for number in range(2))
    assert text(client, first) == text(client, second) == f"{job}\n"
    used = {first.node_info.node_id, second.node_info.node_id}
    end(client, job)
    notes = list(client.list_job_preparation_and_release_task_status(job))
    assert {note.node_id for note in notes} == used
    for note in notes:
        prepared, released = note.job_preparation_task_execution_info, note.job_release_task_execution_info
        assert (prepared.state, prepared.exit_code, prepared.retry_count) == ("completed", 0, 0)
        assert (released.state, released.exit_code) == ("completed", 0)
        assert b"".join(client.download_node_file(name, note.node_id, "shared/x")) == b"released\n"
        assert prepared.task_root_directory == f"workitems/{job}/job-1/jobpreparation"
    assert len(list(client.list_job_preparation_and_release_task_status(job, filter="nodeId eq 'other'"))) == 0


def test_who_is_told_where_the_preparation_ran(client, name):
    """Tasks and the release task, not the preparation itself (Learn: Task runtime environment variables)."""
    said = 'echo "${AZ_BATCH_JOB_PREP_DIR-none} ${AZ_BATCH_JOB_PREP_WORKING_DIR-none}" > $AZ_BATCH_NODE_SHARED_DIR/'
    ready_pool(client, name)
    [node] = client.list_nodes(name)
    job = new_job(
        client,
        name,
        name,
        job_preparation_task=models.BatchJobPreparationTask(command_line=shell(f"{said}before")),
        job_release_task=models.BatchJobReleaseTask(command_line=shell(f"{said}after")),
    )
    client.create_task(job, task("t", shell(f"{said}meanwhile")))
    completed(client, job, "t")
    end(client, job)
    before, meanwhile, after = (
        b"".join(client.download_node_file(name, node.id, f"shared/{file}")).decode().split()
        for file in ("before", "meanwhile", "after")
    )
    root = meanwhile[0]
    assert root.endswith(f"workitems/{job}/job-1/jobpreparation")
    assert (before, meanwhile, after) == (["none", "none"], [root, f"{root}/wd"], [root, f"{root}/wd"])


def test_tasks_stay_away_where_preparation_failed(client, name):
    ready_pool(client, name)
    job = new_job(client, name, name, job_preparation_task=models.BatchJobPreparationTask(command_line="false"))
    client.create_task(job, task("t"))

    def failed():
        notes = list(client.list_job_preparation_and_release_task_status(job))
        return notes and notes[0].job_preparation_task_execution_info.result == "failure"

    until(failed, "the failure of the preparation")
    other = new_job(client, f"{name}-other", name)
    client.create_task(other, task("t"))
    completed(client, other, "t")
    assert client.get_task(job, "t").state == "active"


def test_preparation_that_nobody_waits_for(client, name, pool):
    prepare = models.BatchJobPreparationTask(command_line="false", wait_for_success=False)
    job = new_job(client, name, pool, job_preparation_task=prepare)
    client.create_task(job, task("t"))
    assert completed(client, job, "t").execution_info.exit_code == 0


def test_a_task_that_waits_for_preparation_can_be_ended(client, name, pool):
    prepare = models.BatchJobPreparationTask(command_line="sleep 1000")
    job = new_job(client, name, pool, job_preparation_task=prepare)
    client.create_task(job, task("t"))
    until(lambda: client.get_task(job, "t").state == "preparing", "the preparation")
    assert client.get_job_task_counts(job).task_counts.running == 1
    end(client, job)
    assert client.get_task(job, "t").execution_info.failure_info.code == "TaskEnded"
    assert state(client, job) == "completed"


def test_a_job_without_preparation(client, name):
    new_job(client, name, "no-such-pool")
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_job_preparation_and_release_task_status(name))
    assert code_of(caught) == "JobPreparationTaskOrReleaseTaskNotSpecified"


@pytest.mark.parametrize("keep", [False, True])
def test_a_pool_for_one_job(local, client, name, keep):
    options = pool_options("x", target_dedicated_nodes=1).as_dict()
    options.pop("id")
    auto = models.BatchAutoPoolSpecification(
        auto_pool_id_prefix=name,
        pool_lifetime_option="job",
        keep_alive=keep,
        pool=models.BatchPoolSpecification(options),
    )
    info = models.BatchPoolInfo(auto_pool_specification=auto)
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=info))
    client.create_task(name, task("t"))
    ran = completed(client, name, "t").node_info.pool_id
    assert ran == client.get_job(name).execution_info.pool_id
    assert ran.startswith(f"{name}_")
    end(client, name)
    assert client.get_pool(ran).state == ("active" if keep else "deleting")
    assert b"".join(client.download_task_file(name, "t", "stdout.txt")) == b""
    local.turn(21)
    if keep:
        assert client.get_pool(ran).state == "active"
    else:
        until(lambda: ran not in [pool.id for pool in client.list_pools()], "the end of the pool")
