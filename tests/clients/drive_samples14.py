"""The calls of Microsoft's published Python samples for Batch, in their order, with azure-batch 14.2.0: the quickstart,
hello world on an auto pool, preparation and release, pools and resource files, a job schedule with a job manager, MPI.
"""

import datetime
import http.server
import threading

from azure.batch import models
from drive_batch14 import connect, until

STANDARD = "Standard_D2s_v5"


class Blobs(http.server.BaseHTTPRequestHandler):
    """A blob behind a SAS, as far as a resource file needs one."""

    def do_GET(self):
        content = b"#!/bin/sh\necho simple task, and $1\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


def newest_ubuntu(client):
    """As the samples choose an image: verified, by publisher, offer and the start of the sku."""
    options = models.AccountListSupportedImagesOptions(filter="verificationType eq 'verified'")
    return next(
        models.VirtualMachineConfiguration(
            image_reference=image.image_reference, node_agent_sku_id=image.node_agent_sku_id
        )
        for image in client.account.list_supported_images(account_list_supported_images_options=options)
        if image.image_reference.publisher.lower() == "canonical"
        and image.image_reference.offer.lower() == "0001-com-ubuntu-server-jammy"
        and image.image_reference.sku.startswith("22_04")
    )


def in_shell(*commands):
    return "/bin/bash -c 'set -e; set -o pipefail; {}; wait'".format(";".join(commands))


def wait_for_tasks(client, job):
    until(lambda: all(task.state == models.TaskState.completed for task in client.task.list(job)))


def output(client, job, task, file="stdout.txt"):
    return b"".join(client.file.get_from_task(job, task, file)).decode()


def auto_pool(machine, prefix):
    pool = models.PoolSpecification(vm_size=STANDARD, target_dedicated_nodes=1, virtual_machine_configuration=machine)
    return models.PoolInformation(
        auto_pool_specification=models.AutoPoolSpecification(
            auto_pool_id_prefix=prefix,
            pool=pool,
            keep_alive=False,
            pool_lifetime_option=models.PoolLifetimeOption.job,
        )
    )


def quickstart(client, machine, blob):
    pool = models.PoolAddParameter(
        id="Quickstart", virtual_machine_configuration=machine, vm_size=STANDARD, target_dedicated_nodes=2
    )
    client.pool.add(pool)
    client.job.add(models.JobAddParameter(id="Quick", pool_info=models.PoolInformation(pool_id="Quickstart")))
    files = [models.ResourceFile(http_url=blob, file_path=f"taskdata{number}.txt") for number in range(3)]
    tasks = [
        models.TaskAddParameter(
            id=f"Task{number}", command_line=f'/bin/bash -c "cat {file.file_path}"', resource_files=[file]
        )
        for number, file in enumerate(files)
    ]
    client.task.add_collection("Quick", tasks)
    wait_for_tasks(client, "Quick")
    for task in client.task.list("Quick"):
        assert client.task.get("Quick", task.id).node_info.node_id
        assert "simple task" in output(client, "Quick", task.id)
    client.job.delete("Quick")
    client.pool.delete("Quickstart")


def hello_world(client, machine, blob):
    client.job.add(models.JobAddParameter(id="Hello", pool_info=auto_pool(machine, "HelloWorld")))
    client.task.add(job_id="Hello", task=models.TaskAddParameter(id="t", command_line=in_shell("echo Hello world")))
    wait_for_tasks(client, "Hello")
    assert output(client, "Hello", "t") == "Hello world\n"
    assert output(client, "Hello", "t", "stderr.txt") == ""
    pool = client.job.get("Hello").execution_info.pool_id
    assert pool.startswith("HelloWorld_")
    client.job.delete("Hello")
    until(lambda: not client.pool.exists(pool))


def preparation_and_release(client, machine, blob):
    job = models.JobAddParameter(id="Prepared", pool_info=auto_pool(machine, "Prepared"))
    job.job_preparation_task = models.JobPreparationTask(
        command_line=in_shell("echo prepared > $AZ_BATCH_NODE_SHARED_DIR/p")
    )
    job.job_release_task = models.JobReleaseTask(command_line=in_shell("echo released"))
    client.job.add(job)
    command = in_shell("cat $AZ_BATCH_NODE_SHARED_DIR/p")
    client.task.add(job_id="Prepared", task=models.TaskAddParameter(id="t", command_line=command))
    wait_for_tasks(client, "Prepared")
    assert output(client, "Prepared", "t") == "prepared\n"
    client.job.delete("Prepared")


def pools_and_resource_files(client, machine, blob):
    file = models.ResourceFile(file_path="simple_task.sh", http_url=blob)
    start = models.StartTask(command_line="bash simple_task.sh pool", resource_files=[file], wait_for_success=True)
    pool = models.PoolAddParameter(
        id="Resources",
        virtual_machine_configuration=machine,
        vm_size=STANDARD,
        target_dedicated_nodes=2,
        enable_inter_node_communication=True,
        start_task=start,
    )
    client.pool.add(pool)
    (node, _) = until(lambda: _idle(client, client.pool.get("Resources")))
    said = b"".join(client.file.get_from_compute_node("Resources", node.id, "startup/stdout.txt"))
    assert said == b"simple task, and pool\n"
    client.job.add(models.JobAddParameter(id="Resources", pool_info=models.PoolInformation(pool_id="Resources")))
    task = models.TaskAddParameter(id="t", command_line="bash simple_task.sh task", resource_files=[file])
    client.task.add(job_id="Resources", task=task)
    wait_for_tasks(client, "Resources")
    assert output(client, "Resources", "t") == "simple task, and task\n"


def _idle(client, pool):
    assert pool.resize_errors is None
    nodes = list(client.compute_node.list(pool.id))
    enough = len(nodes) >= pool.target_dedicated_nodes
    return enough and all(node.state == models.ComputeNodeState.idle for node in nodes) and nodes


def multi_instance(client, machine, blob):
    """On the pool of the step before."""
    settings = models.MultiInstanceSettings(
        number_of_instances=2,
        coordination_command_line=in_shell("echo $AZ_BATCH_IS_CURRENT_NODE_MASTER"),
        common_resource_files=[models.ResourceFile(file_path="common.sh", http_url=blob)],
    )
    command = in_shell("echo $AZ_BATCH_HOST_LIST", "ls $AZ_BATCH_TASK_SHARED_DIR")
    client.task.add(
        "Resources", models.TaskAddParameter(id="mpi", command_line=command, multi_instance_settings=settings)
    )
    wait_for_tasks(client, "Resources")
    subtasks = client.task.list_subtasks("Resources", "mpi").value
    assert [one.state for one in subtasks] == [models.SubtaskState.completed] * len(subtasks)
    assert "common.sh" in output(client, "Resources", "mpi")
    client.job.delete("Resources")
    client.pool.delete("Resources")


def job_schedule(client, machine, blob):
    specification = models.JobSpecification(
        pool_info=auto_pool(machine, "JobScheduler"),
        on_all_tasks_complete=models.OnAllTasksComplete.terminate_job,
        job_manager_task=models.JobManagerTask(
            id="JobManagerTask",
            command_line=in_shell("bash simple_task.sh manager"),
            resource_files=[models.ResourceFile(file_path="simple_task.sh", http_url=blob)],
        ),
    )
    schedule = models.Schedule(
        do_not_run_after=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30),
        recurrence_interval=datetime.timedelta(minutes=10),
    )
    parameters = models.JobScheduleAddParameter(id="Scheduler", schedule=schedule, job_specification=specification)
    client.job_schedule.add(cloud_job_schedule=parameters)
    recent = until(lambda: client.job_schedule.get("Scheduler").execution_info.recent_job)
    wait_for_tasks(client, recent.id)
    assert output(client, recent.id, "JobManagerTask") == "simple task, and manager\n"
    until(lambda: client.job.get(recent.id).state == models.JobState.completed)
    assert client.job_schedule.get("Scheduler").state == models.JobScheduleState.active
    client.job_schedule.delete("Scheduler")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blobs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    blob = f"http://127.0.0.1:{server.server_port}/account/container/blob?sig=x"
    client = connect()
    machine = newest_ubuntu(client)
    steps = (quickstart, hello_world, preparation_and_release, pools_and_resource_files, multi_instance, job_schedule)
    for step in steps:
        print(step.__name__, flush=True)
        step(client, machine, blob)


if __name__ == "__main__":
    main()
