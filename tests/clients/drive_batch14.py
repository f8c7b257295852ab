"""Drives azure-batch 14.2.0 (msrest) through all of its operation groups. Run by test_clients.py in an environment
of its own, against the account that the environment names; ends with an assertion where an answer is wrong.
"""

import datetime
import os
import time

from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials

MOMENT = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
PLAIN = {
    "str": "text",
    "int": 1,
    "bool": True,
    "iso-8601": MOMENT,
    "duration": datetime.timedelta(minutes=10),
    "object": {"one": "two"},
    "{str}": {"one": "two"},
    "[str]": ["text"],
}
RULED = {
    ("PoolAddParameter", "vm_size"): "Standard_D2s_v5",
    ("InboundNATPool", "frontend_port_range_start"): 15000,
    ("InboundNATPool", "frontend_port_range_end"): 15100,
    ("NetworkSecurityGroupRule", "priority"): 150,
    ("RollingUpgradePolicy", "max_batch_instance_percent"): 20,
    ("RollingUpgradePolicy", "max_unhealthy_instance_percent"): 20,
    ("ResourceFile", "file_mode"): "0755",
    ("JobManagerTask", "id"): "manager",
    ("JobPreparationTask", "id"): "preparation",
    ("JobReleaseTask", "id"): "release",
    ("ContainerConfiguration", "type"): "dockerCompatible",
    ("Schedule", "do_not_run_after"): MOMENT + datetime.timedelta(days=1),
    ("MultiInstanceSettings", "number_of_instances"): 1,
    ("ImageReference", "virtual_machine_image_id"): "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
    "/galleries/g/images/i",
}
LEFT_OUT = {
    *(("ImageReference", name) for name in ("publisher", "offer", "sku", "exact_version")),
    *(("ResourceFile", name) for name in ("storage_container_url", "auto_storage_container_name", "blob_prefix")),
    ("UserIdentity", "user_name"),
    ("PoolInformation", "auto_pool_specification"),
    ("AutoPoolSpecification", "pool"),
}
EVERYWHERE = {
    *("application_package_references", "certificate_references", "cloud_service_configuration"),
    *("enable_auto_scale", "auto_scale_formula", "auto_scale_evaluation_interval"),
    *("target_dedicated_nodes", "target_low_priority_nodes"),
}
SECRETS = {"password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"}


def connect():
    key = SharedKeyCredentials(os.environ["AZURE_BATCH_ACCOUNT"], os.environ["AZURE_BATCH_ACCESS_KEY"])
    client = BatchServiceClient(key, batch_url=os.environ["AZURE_BATCH_ENDPOINT"])
    client.config.retry_policy.retries = 0
    return client


def full(name):
    """A model with every property set that it may have at once."""
    model = getattr(models, name)
    wanted = {
        attribute: value(name, attribute, about["type"])
        for attribute, about in model._attribute_map.items()
        if attribute not in EVERYWHERE and (name, attribute) not in LEFT_OUT
    }
    return model(**wanted)


def value(model, attribute, kind):
    if (model, attribute) in RULED:
        return RULED[model, attribute]
    if kind in PLAIN:
        return PLAIN[kind]
    if kind.startswith("["):
        return [value(model, attribute, kind[1:-1])]
    found = getattr(models, kind)
    return full(kind) if hasattr(found, "_attribute_map") else list(found)[-1]


def lost(asked, found, path=""):
    """What was asked and did not come back; the service may add, and hides secrets."""
    if isinstance(asked, dict) and isinstance(found, dict):
        for name, one in asked.items():
            if name in SECRETS:
                assert name not in found, path + name
            elif one is not None:
                yield from lost(one, found.get(name), f"{path}.{name}")
    elif isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        for index, one in enumerate(asked):
            yield from lost(one, found[index], f"{path}[{index}]")
    elif str(asked).lower() != str(found).lower():
        yield path, asked, found


def same(asked, found):
    """`found` as the strict model of the SDK read it."""
    differences = [
        (path, one, other)
        for path, one, other in lost(asked.serialize(), found.serialize(keep_readonly=True))
        if not (str(one).startswith("P") and set(str(one)) & set("HMS"))  # durations are written in two ways
    ]
    assert not differences, differences


def refused(code, call, *arguments):
    try:
        call(*arguments)
    except models.BatchErrorException as error:
        assert error.error.code == code, error.error.code
    else:
        raise AssertionError(f"{code} was expected")


def until(look):
    for _ in range(200):
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def machine(**options):
    image = models.ImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    return models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04", **options
    )


def round_trips(client):
    pool = full("PoolAddParameter")
    pool.id = "whole"
    client.pool.add(pool)
    same(pool, client.pool.get("whole"))
    job = full("JobAddParameter")
    job.id = "whole"
    client.job.add(job)
    same(job, client.job.get("whole"))
    task = full("TaskAddParameter")
    task.id = "whole"
    client.task.add("whole", task)
    same(task, client.task.get("whole", "whole"))
    schedule = full("JobScheduleAddParameter")
    schedule.id = "whole"
    client.job_schedule.add(schedule)
    same(schedule, client.job_schedule.get("whole"))


def account(client):
    images = list(client.account.list_supported_images(models.AccountListSupportedImagesOptions(max_results=2)))
    assert len(images) > 2
    assert images[-1].image_reference is not None
    counts = list(client.account.list_pool_node_counts(models.AccountListPoolNodeCountsOptions(filter="poolId eq 'p'")))
    assert counts == []
    assert list(client.application.list()) == []
    refused("ApplicationNotFound", client.application.get, "nothing")
    assert list(client.pool.list_usage_metrics()) == []


def pools(client):
    users = [models.UserAccount(name="somebody", password="secret", elevation_level=models.ElevationLevel.admin)]
    pool = models.PoolAddParameter(
        id="p",
        vm_size="Standard_D2s_v5",
        virtual_machine_configuration=machine(data_disks=[models.DataDisk(lun=1, disk_size_gb=50)]),
        user_accounts=users,
        application_licenses=["maya"],
        target_node_communication_mode=models.NodeCommunicationMode.classic,
        start_task=models.StartTask(command_line="true"),
    )
    client.pool.add(pool)
    refused("PoolExists", client.pool.add, pool)
    found = steady(client)
    assert found.virtual_machine_configuration.data_disks[0].disk_size_gb == 50
    assert found.application_licenses == ["maya"]
    assert found.target_node_communication_mode == models.NodeCommunicationMode.classic
    assert (found.state, found.allocation_state) == (models.PoolState.active, models.AllocationState.steady)
    assert client.pool.exists("p")
    assert not client.pool.exists("nothing")
    metadata = [models.MetadataItem(name="a", value="b")]
    properties = models.PoolUpdatePropertiesParameter(
        certificate_references=[], application_package_references=[], metadata=metadata
    )
    client.pool.update_properties("p", properties)
    client.pool.patch("p", models.PoolPatchParameter(metadata=[models.MetadataItem(name="c", value="d")]))
    found = client.pool.get("p")
    assert (found.start_task, found.metadata[0].value) == (None, "d")
    only = client.pool.get("p", models.PoolGetOptions(select="id,state", expand="stats"))
    assert (only.id, only.vm_size, only.allocation_state) == ("p", None, None)
    page = client.pool.list(models.PoolListOptions(max_results=1))
    page.next()
    assert len(page.current_page) == 1
    chosen = models.PoolListOptions(filter="startswith(id,'P')", select="id,state", expand="stats")
    assert [one.id for one in client.pool.list(chosen)] == ["p"]


def steady(client):
    """The pool, once it is not being resized."""

    def look():
        pool = client.pool.get("p")
        return pool if pool.allocation_state == models.AllocationState.steady else None

    return until(look)


def scaling(client):
    client.pool.enable_auto_scale(
        "p", auto_scale_formula="$TargetDedicatedNodes=2", auto_scale_evaluation_interval=datetime.timedelta(minutes=6)
    )
    run = client.pool.evaluate_auto_scale("p", "$TargetDedicatedNodes=3")
    assert run.results == "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    steady(client)
    client.pool.disable_auto_scale("p")
    asked = models.PoolResizeParameter(target_dedicated_nodes=2, target_low_priority_nodes=1)
    client.pool.resize("p", asked)
    client.pool.stop_resize("p")
    if steady(client).resize_errors:  # the stop came in time
        client.pool.resize("p", asked)
    nodes = until(lambda: _idle(client, 3))
    client.pool.remove_nodes("p", models.NodeRemoveParameter(node_list=[nodes[-1].id]))
    until(lambda: _idle(client, 2))


def _idle(client, number):
    nodes = list(client.compute_node.list("p"))
    return nodes if [node.state for node in nodes] == [models.ComputeNodeState.idle] * number else None


def nodes(client):
    operations = client.compute_node
    node = next(iter(operations.list("p", models.ComputeNodeListOptions(filter="state eq 'idle'"))))
    found = operations.get("p", node.id)
    assert found.scheduling_state == models.SchedulingState.enabled
    assert found.is_dedicated
    assert found.node_agent_info.version
    operations.add_user("p", node.id, models.ComputeNodeUser(name="me", password="secret", is_admin=False))
    operations.update_user("p", node.id, "me", models.NodeUpdateUserParameter(password="other"))
    login = operations.get_remote_login_settings("p", node.id)
    assert login.remote_login_port and login.remote_login_ip_address
    operations.delete_user("p", node.id, "me")
    refused("OperationNotValidOnNode", operations.get_remote_desktop, "p", node.id)
    logs = models.UploadBatchServiceLogsConfiguration(container_url="http://127.0.0.1:9/c?sig=x", start_time=MOMENT)
    result = operations.upload_batch_service_logs("p", node.id, logs)
    assert result.number_of_files_uploaded > 0 and result.virtual_directory_name
    operations.disable_scheduling("p", node.id)
    operations.enable_scheduling("p", node.id)
    extensions = list(client.compute_node_extension.list("p", node.id))
    assert client.compute_node_extension.get("p", node.id, extensions[0].vm_extension.name).provisioning_state
    operations.reboot("p", node.id, models.ComputeNodeRebootOption.terminate)
    until(lambda: _idle(client, 2))


def jobs(client):
    special = {
        "job_preparation_task": models.JobPreparationTask(command_line="true"),
        "job_release_task": models.JobReleaseTask(command_line="true"),
    }
    info = models.PoolInformation(pool_id="p")
    client.job.add(models.JobAddParameter(id="j", pool_info=info, **special))
    constraints = models.JobConstraints(max_task_retry_count=3)
    client.job.update("j", models.JobUpdateParameter(priority=500, constraints=constraints, pool_info=info))
    client.job.patch("j", models.JobPatchParameter(priority=900))
    job = client.job.get("j")
    assert (job.priority, job.constraints.max_task_retry_count) == (900, 3)
    old = datetime.datetime(2020, 1, 1)
    refused(
        "ConditionNotMet",
        client.job.patch,
        "j",
        models.JobPatchParameter(priority=1),
        models.JobPatchOptions(if_unmodified_since=old),
    )
    assert [one.id for one in client.job.list(models.JobListOptions(filter="id eq 'j'", expand="stats"))] == ["j"]
    client.job.disable("j", models.DisableJobOption.requeue)
    until(lambda: client.job.get("j").state == models.JobState.disabled)
    client.job.enable("j")
    until(lambda: client.job.get("j").state == models.JobState.active)
    assert list(client.job.list_preparation_and_release_task_status("j")) == []


def tasks(client):
    task = models.TaskAddParameter(
        id="t",
        command_line="/bin/sh -c 'echo hello; mkdir d; echo x > d/f.txt'",
        authentication_token_settings=models.AuthenticationTokenSettings(access=[models.AccessScope.job]),
    )
    client.task.add("j", task)
    found = client.task.get("j", "t")
    assert found.authentication_token_settings.access[0] == models.AccessScope.job
    until(lambda: client.task.get("j", "t").state == models.TaskState.completed)
    assert client.task.get("j", "t").execution_info.result == models.TaskExecutionResult.success
    many = [models.TaskAddParameter(id=f"many-{number}", command_line="true") for number in range(250)]
    added = client.task.add_collection("j", many, threads=2)
    assert len(added.value) == 250
    assert all(one.status == models.TaskAddStatus.success for one in added.value)
    until(lambda: client.job.get_task_counts("j").task_counts.succeeded == 251)
    assert client.job.get_task_counts("j").task_slot_counts.completed == 251
    filtered = models.TaskListOptions(filter="startswith(id,'many-24')", select="id,state", max_results=3)
    assert len(list(client.task.list("j", filtered))) == 11
    refused("TaskExists", client.task.add, "j", task)
    waiting = models.TaskAddParameter(id="waits", command_line="true", required_slots=1)
    client.job.disable("j", models.DisableJobOption.requeue)
    until(lambda: client.job.get("j").state == models.JobState.disabled)
    client.task.add("j", waiting)
    client.task.update("j", "waits", models.TaskConstraints(max_task_retry_count=1))
    assert client.task.get("j", "waits").constraints.max_task_retry_count == 1
    client.task.terminate("j", "waits")
    client.job.enable("j")
    until(lambda: client.job.get("j").state == models.JobState.active)
    client.task.reactivate("j", "waits")
    assert client.task.list_subtasks("j", "waits").value == []
    client.task.delete("j", "waits")
    huge = [
        models.ResourceFile(http_url="https://x.blob.core.windows.net/f/f", file_path=f"f{n}") for n in range(20000)
    ]
    try:
        client.task.add_collection("j", [models.TaskAddParameter(id="huge", command_line="c", resource_files=huge)])
    except models.CreateTasksErrorException as error:
        assert error.errors[-1].error.code == "RequestBodyTooLarge"
    else:
        raise AssertionError("the task was too large")


def files(client):
    entries = list(client.file.list_from_task("j", "t", recursive=True))
    assert {entry.name for entry in entries} >= {"stdout.txt", "stderr.txt", "wd/d/f.txt"}
    about = client.file.get_properties_from_task("j", "t", "stdout.txt", raw=True)
    assert int(about.headers["Content-Length"]) == 6
    content = b"".join(client.file.get_from_task("j", "t", "stdout.txt"))
    assert content == b"hello\n"
    part = models.FileGetFromTaskOptions(ocp_range="bytes=1-3")
    assert b"".join(client.file.get_from_task("j", "t", "stdout.txt", part)) == b"ell"
    client.file.delete_from_task("j", "t", "wd/d", recursive=True)
    node = client.task.get("j", "t").node_info.node_id
    path = "workitems/j/job-1/t/stdout.txt"
    names = [entry.name for entry in client.file.list_from_compute_node("p", node, recursive=True)]
    assert path in names
    assert b"".join(client.file.get_from_compute_node("p", node, path)) == b"hello\n"
    assert client.file.get_properties_from_compute_node("p", node, path, raw=True).headers["Content-Type"]
    client.file.delete_from_compute_node("p", node, path)
    refused("FileNotFound", client.file.get_from_task, "j", "t", "stdout.txt")


def schedules(client):
    specification = models.JobSpecification(
        pool_info=models.PoolInformation(pool_id="nowhere"),
        constraints=models.JobConstraints(max_task_retry_count=2),
    )
    schedule = models.Schedule(start_window=datetime.timedelta(hours=1), recurrence_interval=datetime.timedelta(days=1))
    operations = client.job_schedule
    operations.add(models.JobScheduleAddParameter(id="s", schedule=schedule, job_specification=specification))
    assert operations.get("s").state == models.JobScheduleState.active
    assert operations.exists("s")
    assert not operations.exists("nothing")
    assert [job.id for job in client.job.list_from_job_schedule("s")] == ["s:job-1"]
    assert client.job.get("s:job-1").execution_info.pool_id == "nowhere"
    operations.disable("s")
    operations.enable("s")
    later = models.Schedule(recurrence_interval=datetime.timedelta(hours=10))
    operations.update("s", models.JobScheduleUpdateParameter(schedule=later, job_specification=specification))
    operations.patch("s", models.JobSchedulePatchParameter(schedule=later))
    assert "s" in [one.id for one in operations.list(models.JobScheduleListOptions(filter="state eq 'active'"))]
    operations.terminate("s")
    operations.delete("s")


def ends(client):
    client.job.terminate("j", "enough")
    until(lambda: client.job.get("j").state == models.JobState.completed)
    assert client.job.get("j").execution_info.terminate_reason == "enough"
    statuses = list(client.job.list_preparation_and_release_task_status("j"))
    assert all(one.job_release_task_execution_info.exit_code == 0 for one in statuses)
    refused("JobCompleted", client.task.add, "j", models.TaskAddParameter(id="late", command_line="true"))
    client.job.delete("j")
    client.pool.delete("p")
    until(lambda: not client.pool.exists("p"))
    certificate = models.CertificateAddParameter(thumbprint="a", thumbprint_algorithm="sha1", data="eA==")
    refused("InvalidUri", client.certificate.add, certificate)


if __name__ == "__main__":
    batch = connect()
    for step in (account, round_trips, pools, scaling, nodes, jobs, tasks, files, schedules, ends):
        print(step.__name__, flush=True)
        step(batch)
