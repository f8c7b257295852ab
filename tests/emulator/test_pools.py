"""Pools and their nodes, through the SDK."""

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from .conftest import completed, new_job, pool_options, ready_pool
from .raw import VERSION, send
from .stand import running, until


def steady(client, pool_id):
    def look():
        pool = client.get_pool(pool_id)
        return pool if pool.allocation_state == "steady" else None

    return until(look, "a steady pool")


def resize(client, pool_id, nodes):
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=nodes)
    client.begin_resize_pool(pool_id, options, polling_interval=0.01).result()


def code_of(caught) -> str:
    return caught.value.error.code


def test_a_new_pool(client, name):
    metadata = [models.BatchMetadataItem(name="owner", value="me")]
    client.create_pool(pool_options(name, target_dedicated_nodes=2, target_low_priority_nodes=1, metadata=metadata))
    pool = steady(client, name)
    assert (pool.id, pool.state, pool.task_slots_per_node) == (name, "active", 1)
    assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes) == (2, 1)
    assert pool.resize_timeout == timedelta(minutes=15)
    assert pool.task_scheduling_policy.node_fill_type == "Spread"
    assert pool.metadata[0].value == "me"
    assert pool.virtual_machine_configuration.image_reference.version == "latest"
    assert pool.resize_errors is None
    nodes = list(client.list_nodes(name))
    assert sorted(node.id[-2:] for node in nodes) == ["_d", "_d", "_p"]
    assert len({node.ip_address for node in nodes}) == 3
    assert client.get_node(name, nodes[0].id).affinity_id == f"TVM:{nodes[0].id}"
    assert client.pool_exists(name.upper())


def test_headers_of_a_new_pool(local, name):
    machine = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine}
    reply = send(local.url, "POST", f"/pools?{VERSION}", body)
    assert (reply.status, reply.content) == (201, b"")
    assert reply.headers["location"] == reply.headers["dataserviceid"] == f"{local.url}/pools/{name}"
    assert reply.headers["etag"].startswith("0x8D")
    again = send(local.url, "POST", f"/pools?{VERSION}", {**body, "id": name.upper()})
    assert (again.status, again.code) == (409, "PoolExists")
    head = send(local.url, "HEAD", f"/pools/{name}?{VERSION}")
    assert (head.status, head.content) == (200, b"")
    missing = send(local.url, "HEAD", f"/pools/{name}-x?{VERSION}")
    assert (missing.status, missing.content) == (404, b"")


MACHINE = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
GOOD = {"id": "good", "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        ({"id": "a b"}, "InvalidPropertyValue", "id"),
        ({"id": "x" * 65}, "InvalidPropertyValue", "id"),
        ({"id": None}, "MissingRequiredProperty", "id"),
        ({"vmSize": None}, "MissingRequiredProperty", "vmSize"),
        ({"virtualMachineConfiguration": None}, "MissingRequiredProperty", "virtualMachineConfiguration"),
        ({"virtualMachineConfiguration": {"nodeAgentSKUId": "x"}}, "MissingRequiredProperty", None),
        ({"nodeCount": 1}, "InvalidRequestBody", None),
        ({"startTask": {"commandLine": "x", "shell": True}}, "InvalidRequestBody", None),
        ({"targetDedicatedNodes": -1}, "InvalidPropertyValue", "targetDedicatedNodes"),
        ({"targetDedicatedNodes": 1.5}, "InvalidPropertyValue", "targetDedicatedNodes"),
        ({"targetDedicatedNodes": True}, "InvalidPropertyValue", "targetDedicatedNodes"),
        ({"taskSlotsPerNode": 9}, "InvalidPropertyValue", "taskSlotsPerNode"),
        (
            {"enableInterNodeCommunication": True, "targetDedicatedNodes": 1, "targetLowPriorityNodes": 1},
            "InvalidPropertyValue",
            "targetLowPriorityNodes",
        ),
        ({"taskSlotsPerNode": 0}, "InvalidPropertyValue", "taskSlotsPerNode"),
        ({"resizeTimeout": "PT1M"}, "InvalidPropertyValue", "resizeTimeout"),
        ({"resizeTimeout": "soon"}, "InvalidPropertyValue", "resizeTimeout"),
        (
            {"taskSchedulingPolicy": {"nodeFillType": "heap"}},
            "InvalidPropertyValue",
            "taskSchedulingPolicy.nodeFillType",
        ),
        ({"metadata": {}}, "InvalidPropertyValue", "metadata"),
        ({"displayName": "x" * 1025}, "InvalidPropertyValue", "displayName"),
        ({"applicationPackageReferences": [{"applicationId": "x"}]}, "InvalidApplicationPackageReferences", None),
    ],
)
def test_bad_pools(local, change, code, name):
    reply = send(local.url, "POST", f"/pools?{VERSION}", {**GOOD, **change})
    assert reply.code == code
    values = {entry["key"]: entry["value"] for entry in reply.json.get("values", ())}
    assert name is None or values["PropertyName"] == name


def test_numbers_as_texts_and_words_in_any_case(local, client, name):
    body = {**GOOD, "id": name, "targetDedicatedNodes": "1", "taskSlotsPerNode": "2"}
    policy = {"taskSchedulingPolicy": {"nodeFillType": "PACK"}, "resizeTimeout": "PT02H00M00S"}
    assert send(local.url, "POST", f"/pools?{VERSION}", {**body, **policy}).status == 201
    pool = client.get_pool(name)
    assert (pool.target_dedicated_nodes, pool.task_slots_per_node) == (1, 2)
    assert pool.task_scheduling_policy.node_fill_type == "Pack"
    assert pool.resize_timeout == timedelta(hours=2)


def test_passwords_do_not_come_back(client, name):
    users = [models.UserAccount(name="u", password="hidden")]
    client.create_pool(pool_options(name, user_accounts=users))
    assert "hidden" not in str(client.get_pool(name).as_dict())


def test_lists_with_filter_select_and_pages(client, name):
    for number in range(5):
        client.create_pool(pool_options(f"{name}-{number}"))
    found = list(client.list_pools(filter=f"startswith(id,'{name}-')", select=["id", "state"], max_results=2))
    assert [pool.id for pool in found] == [f"{name}-{number}" for number in range(5)]
    assert set(found[0].as_dict()) == {"id", "state"}
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_pools(filter="colour eq 'blue'"))
    assert code_of(caught) == "InvalidQueryParameterValue"


def test_resize_up_and_down(client, name):
    ready_pool(client, name, nodes=1)
    resize(client, name, 3)
    assert client.get_pool(name).current_dedicated_nodes == 3
    resize(client, name, 1)
    assert len(list(client.list_nodes(name))) == 1


def test_removing_a_node(client, name):
    ready_pool(client, name, nodes=2)
    first, second = client.list_nodes(name)
    options = models.BatchNodeRemoveOptions(node_ids=[first.id])
    client.begin_remove_nodes(name, options, polling_interval=0.01).result()
    assert [node.id for node in client.list_nodes(name)] == [second.id]
    assert client.get_pool(name).target_dedicated_nodes == 1
    with pytest.raises(ResourceNotFoundError) as caught:
        client.begin_remove_nodes(name, options)
    assert code_of(caught) == "NodeNotFound"
    twice = models.BatchNodeRemoveOptions(node_ids=[second.id, second.id.upper()])
    client.begin_remove_nodes(name, twice, polling_interval=0.01).result()
    assert client.get_pool(name).target_dedicated_nodes == 0


def test_a_node_that_leaves_gives_its_task_back(client, name, local):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="sleep 1000"))
    node = until(lambda: client.get_task(job, "t").node_info, "the start of the task").node_id
    client.begin_remove_nodes(name, models.BatchNodeRemoveOptions(node_ids=[node]), polling_interval=0.01).result()
    task = client.get_task(job, "t")
    assert (task.state, task.node_info) == ("active", None)
    assert (task.execution_info.requeue_count, task.execution_info.retry_count) == (1, 0)
    assert task.execution_info.last_requeue_time is not None


def test_deleting(client, name):
    ready_pool(client, name)
    client.begin_delete_pool(name, polling_interval=0.01).result()
    with pytest.raises(ResourceNotFoundError) as caught:
        client.get_pool(name)
    assert code_of(caught) == "PoolNotFound"
    client.create_pool(pool_options(name))


def test_a_deleted_pool_gives_its_tasks_back(client, name):
    ready_pool(client, name)
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start of the task")
    client.begin_delete_pool(name, polling_interval=0.01)
    until(lambda: client.get_task(job, "t").state == "active", "the requeue")
    until(lambda: not [pool for pool in client.list_pools() if pool.id == name], "the end of the pool")


def test_slow_machines_show_every_state(tmp_path, name):
    with running(tmp_path / "home", time_scale=1.0) as local, local.client() as client:
        start = models.BatchStartTask(command_line="true", wait_for_success=True)
        client.create_pool(pool_options(name, target_dedicated_nodes=1, start_task=start))
        assert client.get_pool(name).allocation_state == "resizing"
        with pytest.raises(ResourceExistsError) as caught:
            client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=2))
        assert code_of(caught) == "PoolBeingResized"
        local.turn(31)
        assert steady(client, name).current_dedicated_nodes == 1
        assert [node.state for node in client.list_nodes(name)] == ["creating"]
        counts = next(iter(client.list_pool_node_counts())).dedicated
        assert (counts.creating, counts.idle, counts.total) == (1, 0, 1)
        local.turn(61)
        assert [node.state for node in client.list_nodes(name)] == ["starting"]
        local.turn(31)
        until(lambda: [node.state for node in client.list_nodes(name)] == ["idle"], "the end of the boot")


def test_stopping_a_resize(tmp_path, name):
    with running(tmp_path / "home", time_scale=1.0) as local, local.client() as client:
        client.create_pool(pool_options(name, target_dedicated_nodes=1))
        assert send(local.url, "POST", f"/pools/{name}/stopresize?{VERSION}").status == 202
        local.turn(6)
        pool = steady(client, name)
        assert (pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (1, 0)
        with pytest.raises(ResourceExistsError) as caught:
            client.begin_stop_pool_resize(name)
        assert code_of(caught) == "OperationInvalidForCurrentState"


def test_a_resize_that_ended_before_its_stop(client, name):
    client.create_pool(pool_options(name))
    client.begin_stop_pool_resize(name, polling_interval=0.01).result()
    assert client.get_pool(name).allocation_state == "steady"


def test_an_etag_outlives_the_allocation(local, client, name):
    machine = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine, "targetDedicatedNodes": 1}
    made = send(local.url, "POST", f"/pools?{VERSION}", body)
    assert steady(client, name).as_dict()["eTag"] == made.headers["etag"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"virtualMachineConfiguration": None}, "MissingRequiredProperty"),
        ({"cloudServiceConfiguration": {"osFamily": "5"}}, "InvalidPropertyValue"),
        (
            {"certificateReferences": [{"thumbprint": "a", "thumbprintAlgorithm": "x"}]},
            "InvalidCertificateReferences",
        ),
        ({"applicationPackageReferences": [{"applicationId": "a"}]}, "InvalidApplicationPackageReferences"),
        (
            {"networkConfiguration": {"subnetId": "/subscriptions/00000000-0000-0000-0000-000000000000/x"}},
            "InvalidPropertyValue",
        ),
        ({"metadata": [{"name": "a", "value": "b", "other": "c"}]}, "InvalidRequestBody"),
        (
            {
                "virtualMachineConfiguration": {
                    **MACHINE,
                    "diskEncryptionConfiguration": {
                        "customerManagedKey": {"keyUrl": "https://a.vault.azure.net/keys/b"}
                    },
                }
            },
            "InvalidPropertyValue",
        ),
    ],
)
def test_pools_that_cannot_be(local, name, change, code):
    machine = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine, **change}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).code == code


@pytest.mark.parametrize(
    ("reference", "agent"),
    [
        ({}, "batch.node.ubuntu 24.04"),
        ({"offer": "x", "communityGalleryImageId": "y"}, "batch.node.ubuntu 24.04"),
        ({"publisher": "a", "offer": "b", "sku": "c"}, "batch.node.ubuntu 24.04"),
        ({"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}, "batch.node.debian 12"),
        (
            {"virtualMachineImageId": "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/x"},
            "batch.node.ubuntu 24.04",
        ),
    ],
)
def test_images_that_there_are_not(local, name, reference, agent):
    machine = {"imageReference": reference, "nodeAgentSKUId": agent}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).code == "InvalidPropertyValue"


def test_an_older_agent_than_the_image_has(local, name):
    reference = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    machine = {"imageReference": reference, "nodeAgentSKUId": "batch.node.ubuntu 20.04"}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).status == 201


def test_a_cloud_service_of_an_older_version(local, name):
    version = "api-version=2023-05-01.17.0"
    service = {"id": name, "vmSize": "small", "cloudServiceConfiguration": {"osFamily": "5"}}
    assert send(local.url, "POST", f"/pools?{version}", service).status == 201
    pool = send(local.url, "GET", f"/pools/{name}?{version}").json
    assert pool["cloudServiceConfiguration"] == {"osFamily": "5", "osVersion": "*"}


def test_quotas(tmp_path):
    with running(tmp_path / "home", pool_quota=1, dedicated_core_quota=5) as local, local.client() as client:
        client.create_pool(pool_options("one", target_dedicated_nodes=3))
        pool = steady(client, "one")
        assert pool.current_dedicated_nodes == 2
        assert [error.code for error in pool.resize_errors] == ["AccountCoreQuotaReached"]
        with pytest.raises(ResourceExistsError) as caught:
            client.create_pool(pool_options("two"))
        assert code_of(caught) == "PoolQuotaReached"


def test_patch(client, name):
    client.create_pool(pool_options(name))
    metadata = [models.BatchMetadataItem(name="a", value="b")]
    client.update_pool(name, models.BatchPoolUpdateOptions(metadata=metadata, vm_size="Standard_D4s_v5"))
    pool = client.get_pool(name)
    assert (pool.vm_size, pool.metadata[0].name) == ("standard_d4s_v5", "a")
    resize(client, name, 1)
    with pytest.raises(ResourceExistsError) as caught:
        client.update_pool(name, models.BatchPoolUpdateOptions(vm_size="Standard_D2s_v5"))
    assert code_of(caught) == "OperationNotValidOnPool"
    options = models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])
    client.replace_pool_properties(name, options)
    assert client.get_pool(name).metadata is None


def test_conditions(client, name):
    client.create_pool(pool_options(name))
    pool = steady(client, name)
    metadata = models.BatchPoolUpdateOptions(metadata=[])
    client.update_pool(name, metadata, etag=pool.etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(HttpResponseError) as caught:
        client.update_pool(name, metadata, etag=pool.etag, match_condition=MatchConditions.IfNotModified)
    assert (caught.value.status_code, code_of(caught)) == (412, "ConditionNotMet")
    now = client.get_pool(name)
    with pytest.raises(HttpResponseError) as caught:
        client.get_pool(name, etag=now.etag, match_condition=MatchConditions.IfModified)
    assert caught.value.status_code == 304


def test_reboot_runs_the_start_task_again(client, name):
    start = models.BatchStartTask(command_line="/bin/sh -c 'echo x >> $AZ_BATCH_NODE_SHARED_DIR/boots'")
    ready_pool(client, name, start_task=start)
    node = next(iter(client.list_nodes(name)))
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start of the task")
    client.begin_reboot_node(name, node.id, {"nodeRebootOption": "terminate"}, polling_interval=0.01)
    assert completed(client, job, "t").execution_info.failure_info.code == "TaskEnded"
    until(lambda: client.get_node(name, node.id).state == "idle", "the reboot")
    assert b"".join(client.download_node_file(name, node.id, "shared/boots")) == b"x\nx\n"
    assert client.get_node(name, node.id).last_boot_time > node.last_boot_time


def test_reimage_empties_the_node(client, name):
    ready_pool(
        client, name, start_task=models.BatchStartTask(command_line="/bin/sh -c 'echo > $AZ_BATCH_NODE_SHARED_DIR/x'")
    )
    node = next(iter(client.list_nodes(name)))
    job = new_job(client, name, name)
    line = "/bin/sh -c 'echo > $AZ_BATCH_NODE_SHARED_DIR/mine'"
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line=line))
    completed(client, job, "t")
    client.begin_reimage_node(name, node.id, {"nodeReimageOption": "requeue"}, polling_interval=0.01)
    until(lambda: client.get_node(name, node.id).last_boot_time > node.last_boot_time, "the reimage")
    until(lambda: client.get_node(name, node.id).state == "idle", "the boot")
    assert [file.name for file in client.list_node_files(name, node.id, recursive=True) if "shared/" in file.name] == [
        "shared/x"
    ]


def test_scheduling_of_a_node(client, name):
    ready_pool(client, name)
    node = next(iter(client.list_nodes(name))).id
    job = new_job(client, name, name)
    options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="requeue")
    client.disable_node_scheduling(name, node, options)
    with pytest.raises(ResourceExistsError) as caught:
        client.disable_node_scheduling(name, node, options)
    assert code_of(caught) == "NodeAlreadyInTargetSchedulingState"
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="true"))
    assert (client.get_node(name, node).scheduling_state, client.get_task(job, "t").state) == ("disabled", "active")
    client.enable_node_scheduling(name, node)
    completed(client, job, "t")
