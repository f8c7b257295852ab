"""Multi-instance tasks, through the SDK."""

from datetime import timedelta

import pytest
from azure.batch import models

from .conftest import completed, new_job, pool_options, ready_pool, text
from .stand import running, until
from .test_faults import accident
from .test_jobs import task
from .test_running import gone, output, shell


def company(client, name: str, nodes: int = 3) -> str:
    return ready_pool(client, name, nodes=nodes, enable_inter_node_communication=True)


def together(coordination: str, instances: int = 3, files=None) -> models.MultiInstanceSettings:
    return models.MultiInstanceSettings(
        number_of_instances=instances, coordination_command_line=coordination, common_resource_files=files
    )


def environment(content: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in content.splitlines() if "=" in line)


def test_one_task_on_three_nodes(client, name, blobs):
    pool, job = company(client, name), new_job(client, name, name)
    common = [models.ResourceFile(http_url=blobs.blob("in/common.txt", b"common\n"), file_path="common.txt")]
    own = [models.ResourceFile(http_url=blobs.blob("in/own.txt", b"own\n"), file_path="own.txt")]
    line = shell("cat $AZ_BATCH_TASK_SHARED_DIR/common.txt; env; ls")
    settings = together(shell("env; ls; cat $AZ_BATCH_TASK_SHARED_DIR/common.txt"), files=common)
    client.create_task(job, task("t", line, multi_instance_settings=settings, resource_files=own))
    done = completed(client, job, "t")
    assert done.execution_info.exit_code == 0
    said = text(client, done)
    assert said.count("common\n") == 2  # the coordination command's stream, and after it the task's own
    assert said.count("own.txt\n") == 2
    addresses = [node.ip_address for node in client.list_nodes(pool)]
    seen = environment(said)
    assert seen["AZ_BATCH_HOST_LIST"] == ",".join(addresses)
    assert seen["AZ_BATCH_NODE_LIST"] == ";".join(addresses)
    assert seen["AZ_BATCH_MASTER_NODE"] == f"{addresses[0]}:6000"
    assert seen["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true"
    assert seen["CCP_NODES"] == f"3 {addresses[0]} 1 {addresses[1]} 1 {addresses[2]} 1"
    subtasks = list(client.list_subtasks(job, "t"))
    assert [(one.id, one.state, one.exit_code, one.result) for one in subtasks] == [
        (1, "completed", 0, "success"),
        (2, "completed", 0, "success"),
    ]
    nodes = {one.node_info.node_id for one in subtasks} | {done.node_info.node_id}
    assert nodes == {node.id for node in client.list_nodes(pool)}
    for one in subtasks:
        where = one.node_info
        read = client.download_node_file(pool, where.node_id, f"{where.task_root_directory}/stdout.txt")
        words = b"".join(read).decode()
        theirs = environment(words)
        assert (theirs["AZ_BATCH_NODE_ID"], "own.txt" in words, "common\n" in words) == (where.node_id, False, True)
        assert theirs["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "false"
        assert theirs["AZ_BATCH_TASK_SHARED_DIR"] == seen["AZ_BATCH_TASK_SHARED_DIR"]
        assert theirs["AZ_BATCH_TASK_DIR"].endswith(where.task_root_directory)
    assert {node.state for node in client.list_nodes(pool)} == {"idle"}
    assert {node.total_tasks_run for node in client.list_nodes(pool)} == {1}


def test_services_that_coordination_starts_live_until_the_task_ends(client, name):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    starts = shell('sleep 1000 & echo $! > "$AZ_BATCH_TASK_SHARED_DIR/$AZ_BATCH_NODE_ID.pid"')
    line = shell('for file in "$AZ_BATCH_TASK_SHARED_DIR"/*.pid; do kill -0 $(cat $file) && cat $file; done')
    client.create_task(job, task("t", line, multi_instance_settings=together(starts, instances=2)))
    done = completed(client, job, "t")
    assert done.execution_info.exit_code == 0
    pids = [int(word) for word in text(client, done).split()]
    assert len(pids) == 2
    for pid in pids:
        until(lambda pid=pid: gone(pid), "the end of the service")


def test_one_instance_that_fails_fails_the_task(client, name):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    once = shell("[ $AZ_BATCH_IS_CURRENT_NODE_MASTER = true ] && exec sleep 1000; exit 7")
    constraints = models.BatchTaskConstraints(max_task_retry_count=1)
    client.create_task(job, task("t", "echo never", multi_instance_settings=together(once, 2), constraints=constraints))
    info = completed(client, job, "t").execution_info
    assert (info.exit_code, info.failure_info.code, info.retry_count) == (7, "FailureExitCode", 1)
    (subtask,) = client.list_subtasks(job, "t")
    assert (subtask.exit_code, subtask.result, subtask.failure_info.code) == (7, "failure", "FailureExitCode")
    assert {node.state for node in client.list_nodes(name)} == {"idle"}


def test_common_files_that_are_not_there(client, name, blobs):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    files = [models.ResourceFile(http_url=f"{blobs.container('in')}".replace("/in?", "/in/none?"), file_path="x")]
    client.create_task(job, task("t", "true", multi_instance_settings=together("true", 2, files)))
    info = completed(client, job, "t").execution_info
    assert (info.exit_code, info.failure_info.code) == (None, "BlobNotFound")


def test_it_waits_until_there_is_room_for_all(client, name):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    client.create_task(job, task("other", "sleep 1000"))
    until(lambda: client.get_task(job, "other").state == "running", "the start")
    client.create_task(job, task("t", "true", multi_instance_settings=together("true", 2)))
    assert client.get_task(job, "t").state == "active"
    client.terminate_task(job, "other")
    assert completed(client, job, "t").execution_info.exit_code == 0


@pytest.mark.parametrize(
    "options",
    [{"enable_inter_node_communication": False}, {"enable_inter_node_communication": True, "task_slots_per_node": 2}],
)
def test_pools_that_never_run_it(client, name, options):
    ready_pool(client, name, nodes=2, **options)
    first, second = new_job(client, name, name), new_job(client, f"{name}-other", name)
    client.create_task(first, task("t", "true", multi_instance_settings=together("true", 2)))
    client.create_task(second, task("t"))
    completed(client, second, "t")
    assert client.get_task(first, "t").state == "active"


@pytest.mark.parametrize("phase", ["coordination", "command"])
@pytest.mark.parametrize("how", ["terminate", "expire", "delete", "requeue"])
def test_all_instances_end_together(client, name, local, phase, how):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    note = 'echo $$ >> "$AZ_BATCH_NODE_SHARED_DIR/../../pids"'
    stays, goes = shell(f"{note}; sleep 1000"), shell(f"{note}; sleep 1000 & true")
    coordination, line = (stays, "true") if phase == "coordination" else (goes, stays)
    limit = models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=1))
    client.create_task(job, task("t", line, multi_instance_settings=together(coordination, 2), constraints=limit))
    pids = local.home / "nodes" / name / "pids"
    wanted = 2 if phase == "coordination" else 3
    until(lambda: pids.exists() and len(pids.read_text().split()) == wanted, "the start of all")
    if how == "terminate":
        client.terminate_task(job, "t")
        assert completed(client, job, "t").execution_info.failure_info.code == "TaskEnded"
    elif how == "expire":
        local.turn(61)
        assert completed(client, job, "t").execution_info.failure_info.code == "MaxWallClockTimeExpiry"
    elif how == "delete":
        client.delete_task(job, "t")
    else:
        client.begin_disable_job(
            job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0.01
        ).result()
        assert client.get_task(job, "t").execution_info.requeue_count == 1
    for pid in pids.read_text().split():
        until(lambda pid=int(pid): gone(pid), "the end of each process")
    until(lambda: {node.state for node in client.list_nodes(name)} == {"idle"}, "free nodes")


def test_a_subtask_s_node_that_breaks_takes_the_task_with_it(client, name, local):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000", multi_instance_settings=together("true", 2)))
    until(lambda: [one.state for one in client.list_subtasks(job, "t")] == ["completed"], "the coordination")
    (subtask,) = client.list_subtasks(job, "t")
    accident(local, name, subtask.node_info.node_id, accident="break")
    until(lambda: client.get_task(job, "t").execution_info.requeue_count == 1, "the requeue")
    assert (client.get_task(job, "t").state, list(client.list_subtasks(job, "t"))) == ("active", [])
    accident(local, name, subtask.node_info.node_id, accident="mend")
    until(lambda: client.get_task(job, "t").state == "running", "the second start")


def test_preparation_on_every_node_first(client, name):
    company(client, name, nodes=2)
    prepare = models.BatchJobPreparationTask(command_line=shell("echo made > $AZ_BATCH_NODE_SHARED_DIR/made"))
    job = new_job(client, name, name, job_preparation_task=prepare)
    check = shell("cat $AZ_BATCH_NODE_SHARED_DIR/made")
    client.create_task(job, task("t", check, multi_instance_settings=together(check, 2)))
    assert completed(client, job, "t").execution_info.exit_code == 0
    assert len(list(client.list_job_preparation_and_release_task_status(job))) == 2


def test_outputs_are_those_of_the_primary(client, name, blobs):
    company(client, name, nodes=2)
    job = new_job(client, name, name)
    files = [output(blobs.container("multi"), "*.txt")]
    client.create_task(
        job,
        task("t", shell("echo 1 > result.txt"), multi_instance_settings=together("true", 2), output_files=files),
    )
    completed(client, job, "t")
    assert [name for name in blobs.blobs if name.startswith("multi/")] == ["multi/result.txt"]


def test_a_restart_requeues_it(tmp_path):
    options = {"enable_inter_node_communication": True, "target_dedicated_nodes": 2}
    with running(tmp_path / "home") as local, local.client() as client:
        client.create_pool(pool_options("p", **options))
        new_job(client, "j", "p")
        client.create_task("j", task("t", "sleep 1000", multi_instance_settings=together("sleep 1000", 2)))
        until(lambda: [one.state for one in client.list_subtasks("j", "t")] == ["running"], "the coordination")
    with running(tmp_path / "home") as local, local.client() as client:
        until(lambda: [one.state for one in client.list_subtasks("j", "t")] == ["running"], "the coordination again")
        assert client.get_task("j", "t").execution_info.requeue_count == 1
