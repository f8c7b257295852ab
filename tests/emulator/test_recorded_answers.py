"""Answers as Azure Batch was recorded to give them: headers, defaults, what is absent, order, states and times.

Each says where it was seen: "assets" is Azure/azure-sdk-assets, recorded 2025-06-01 unless told otherwise.
"""

import pytest
from azure.batch import models

from .conftest import new_job, pool_options, ready_pool
from .raw import VERSION, send
from .stand import until

MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
BODY = {"vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}
OLD = "api-version=2024-07-01.20.0"
OLDEST = "api-version=2020-09-01.12.0"


def made(local, kind, body):
    reply = send(local.url, "POST", f"/{kind}?{VERSION}", body)
    assert reply.status == 201, reply.json
    return reply


def read(local, path, version=VERSION):
    return send(local.url, "GET", f"{path}?{version}").json


def test_where_a_created_job_is(local, name):
    """assets, net/…/JobOperations.json, 2025-09-03: whatever its id."""
    headers = made(local, "jobs", {"id": name, "poolInfo": {"poolId": "x"}}).headers
    assert headers["location"] == headers["dataserviceid"] == f"{local.url}/jobs/job-1"


def test_which_answers_repeat_their_address(local, client, name):
    """assets, js/…/autoscale_operations, compute_node_operations, task_operations_test, 2026-02-03."""
    formula = {"autoScaleFormula": "$TargetDedicatedNodes=0"}
    made(local, "pools", {"id": name, **BODY, "enableAutoScale": True, **formula})
    path = f"/pools/{name}/evaluateautoscale"
    assert send(local.url, "POST", f"{path}?{VERSION}", formula).headers["dataserviceid"] == local.url + path
    new_job(client, name, "x")
    client.create_task(name, models.BatchTaskCreateOptions(id="t", command_line="true"))
    client.terminate_task(name, "t")
    again = send(local.url, "POST", f"/jobs/{name}/tasks/t/reactivate?{VERSION}")
    assert (again.status, "dataserviceid" in again.headers) == (204, False)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/supportedimages", "supportedimages"), ("/applications", "listapplicationsummariesresponses")],
)
def test_names_of_lists(local, path, kind):
    """assets, js/…/byos_account, 2026-02-03; net/…/GetandListApplication.json, 2025-09-03."""
    assert read(local, path)["odata.metadata"] == f"{local.url}/$metadata#{kind}"


def test_what_is_filled_in_for_disks(local, name):
    """assets, js/…/pool_operations_test, 2026-02-03; python/…/test_batch_create_pools, 2024-07-01, 2025-03-19."""
    machine = {**MACHINE, "osDisk": {"diskSizeGB": 64}, "dataDisks": [{"lun": 1, "diskSizeGB": 50}]}
    made(local, "pools", {"id": name, **BODY, "virtualMachineConfiguration": machine})
    found = read(local, f"/pools/{name}")["virtualMachineConfiguration"]
    managed = {"managedDisk": {"storageAccountType": "standard_lrs"}}
    assert found["dataDisks"] == [{"lun": 1, "diskSizeGB": 50, "caching": "none", **managed}]
    assert found["osDisk"] == {"diskSizeGB": 64, "caching": "None", "ephemeralOSDiskSettings": {}, **managed}
    old = read(local, f"/pools/{name}", OLD)["virtualMachineConfiguration"]
    disk = {"lun": 1, "diskSizeGB": 50, "caching": "none", "storageAccountType": "standard_lrs"}
    assert old["dataDisks"] == [disk]


def test_where_a_container_works(local, client, name):
    """assets, net/…/AddTask.json, 2025-09-04."""
    new_job(client, name, "x")
    made(local, f"jobs/{name}/tasks", {"id": "t", "commandLine": "true", "containerSettings": {"imageName": "ubuntu"}})
    assert read(local, f"/jobs/{name}/tasks/t")["containerSettings"]["workingDirectory"] == "taskWorkingDirectory"
    assert read(local, f"/jobs/{name}/tasks/t", OLDEST)["containerSettings"] == {"imageName": "ubuntu"}


@pytest.mark.parametrize(
    ("version", "added"),
    [
        (OLDEST, []),
        ("api-version=2022-10-01.16.0", ["ephemeralOSDiskSettings"]),
        ("api-version=2024-02-01.19.0", ["ephemeralOSDiskSettings", "managedDisk"]),
    ],
)
def test_what_is_filled_in_for_a_disk_of_the_system_as_versions_know_it(local, name, version, added):
    """Azure/azure-sdk-for-python, test_batch_create_pools, 2017-09-01.6.0; Azure/azure-cli, pool_osDisk, 2024-04-18."""
    made(local, "pools", {"id": name, **BODY, "virtualMachineConfiguration": {**MACHINE, "osDisk": {"diskSizeGB": 64}}})
    disk = read(local, f"/pools/{name}", version)["virtualMachineConfiguration"]["osDisk"]
    assert sorted(disk) == ["caching", "diskSizeGB", *added]


@pytest.mark.parametrize(
    ("version", "of_jobs", "of_counts"),
    [
        (OLDEST, [], []),
        ("api-version=2021-06-01.14.0", ["maxParallelTasks"], []),
        ("api-version=2024-02-01.19.0", ["allowTaskPreemption", "maxParallelTasks"], ["upgradingOS"]),
        (OLD, ["allowTaskPreemption", "maxParallelTasks"], ["deallocated", "deallocating", "upgradingOS"]),
    ],
)
def test_a_version_is_not_told_what_came_after_it(local, client, name, version, of_jobs, of_counts):
    """Azure/azure-cli, test_batch_pool_cmd.yaml, test_batch_job_list_cmd.yaml: 2020-12-04 and 2024-04-18."""
    client.create_pool(pool_options(name))
    new_job(client, name, name)
    job = read(local, f"/jobs/{name}", version)
    assert sorted({"allowTaskPreemption", "maxParallelTasks"} & job.keys()) == of_jobs
    counts = read(local, "/nodecounts", version)["value"][0]["dedicated"]
    assert sorted({"deallocated", "deallocating", "upgradingOS"} & counts.keys()) == of_counts


def test_the_mode_of_communication_is_told_once_it_was_set(local, name):
    """Azure/azure-cli, test_batch_pool_cmd.yaml, 2024-02-01.19.0, 2024-04-18; 2025-06-01 knows it no more."""
    made(local, "pools", {"id": name, **BODY})
    asked = {"metadata": [], "applicationPackageReferences": []}
    assert "targetNodeCommunicationMode" not in read(local, f"/pools/{name}", OLD)
    send(local.url, "POST", f"/pools/{name}/updateproperties?{OLD}", {**asked, "certificateReferences": []})
    assert read(local, f"/pools/{name}", OLD)["targetNodeCommunicationMode"] == "default"
    for later_or_earlier in (VERSION, OLDEST):
        assert "targetNodeCommunicationMode" not in read(local, f"/pools/{name}", later_or_earlier)


def test_a_version_before_2024_07_takes_images_of_galleries_alone(local, name):
    """Azure/azure-cli, test_batch_pool_cmd.yaml, 2020-09-01.12.0 of 2020-12-04 and 2024-02-01.19.0 of 2024-04-18."""
    image = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/images/i"
    machine = {**MACHINE, "imageReference": {"virtualMachineImageId": image}}
    body = {"id": name, **BODY, "virtualMachineConfiguration": machine}
    reply = send(local.url, "POST", "/pools?api-version=2024-02-01.19.0", body)
    gallery = "/galleries/{galleryName}/images/{galleryImageName}"
    place = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute" + gallery
    why = f"must be of the format {place}/versions/{{galleryImageVersionName}} or {place}"
    assert (reply.status, reply.code) == (400, "InvalidPropertyValue")
    assert reply.json["values"][2]["value"] == f"The specified resource id {why}"
    assert send(local.url, "POST", f"/pools?{OLD}", body).status == 201


def test_empty_lists_are_not_there(local, name):
    """assets, net/…/ReplacePool.json, 2025-09-04; Azure/azure-cli, test_batch_pool_cmd.yaml, 2024-04-18."""
    made(local, "pools", {"id": name, **BODY, "metadata": [{"name": "a", "value": "b"}]})
    change = {"metadata": [], "applicationPackageReferences": []}
    assert send(local.url, "POST", f"/pools/{name}/updateproperties?{VERSION}", change).status == 204
    assert read(local, f"/pools/{name}").keys().isdisjoint(change)


def test_lists_are_in_the_order_of_ids(local, client):
    """assets, python/…/test_batch_create_pools, 2026-01-22; Azure/azure-cli, test_batch_job_list_cmd.yaml, 2024."""
    names = [f"order-{letter}" for letter in "CaB"]
    for one in names:
        client.create_pool(pool_options(one))
        new_job(client, one, one)
    for kind in ("pools", "jobs"):
        seen, link = [], f"/{kind}?{VERSION}&maxresults=2&$filter=startswith(id,'order-')".replace(" ", "%20")
        while link:
            page = send(local.url, "GET", link).json
            seen += [one["id"] for one in page["value"]]
            link = page.get("odata.nextLink", "").removeprefix(local.url)
        assert seen == ["order-a", "order-B", "order-C"]
    counted = [one["poolId"] for one in read(local, "/nodecounts")["value"]]
    assert counted == sorted(counted, key=str.lower)


def test_previous_states_are_not_those_in_passing(local, client, name):
    """assets, js/…/job_operations_test, 2026-02-04."""
    new_job(client, name, "x")
    seen = []
    for verb, body in (("disable", {"disableTasks": "requeue"}), ("enable", None), ("terminate", {})):
        assert send(local.url, "POST", f"/jobs/{name}/{verb}?{VERSION}", body).status == 202
        state = {"disable": "disabled", "enable": "active", "terminate": "completed"}[verb]
        until(lambda state=state: read(local, f"/jobs/{name}")["state"] == state, state)
        seen.append(read(local, f"/jobs/{name}")["previousState"])
    assert seen == ["active", "disabled", "active"]


def test_endpoints_of_a_node(local, client, name):
    """assets, js/…/compute_node_operations, 2026-02-04; 2022-01-01: Azure/azure-batch-cli-extensions."""
    ready_pool(client, name)
    [new] = read(local, f"/pools/{name}/nodes")["value"]
    [old] = read(local, f"/pools/{name}/nodes", OLD)["value"]
    assert "endpointConfiguration" not in new
    assert [one["name"] for one in old["endpointConfiguration"]["inboundEndpoints"]] == ["SSHRule.0"]
    login = f"/pools/{name}/nodes/{new['id']}/remoteloginsettings"
    reply = send(local.url, "GET", f"{login}?{VERSION}")
    assert (reply.json["remoteLoginPort"], reply.headers["dataserviceid"]) == (50000, local.url + login)


def test_scheduling_of_a_node_that_is_put_away(local, client, name):
    """assets, js/…/compute_node_operations, 2026-02-04."""
    ready_pool(client, name, start_task=models.BatchStartTask(command_line="true", wait_for_success=True))
    path = f"/pools/{name}/nodes/{next(iter(client.list_nodes(name))).id}"
    assert send(local.url, "POST", f"{path}/deallocate?{VERSION}").status == 202
    until(lambda: read(local, path)["state"] == "deallocated", "the deallocation")
    assert read(local, path)["schedulingState"] == "disabled"
    assert send(local.url, "POST", f"{path}/start?{VERSION}").status == 202
    seen = []
    until(lambda: seen.append(read(local, path)) or seen[-1]["state"] == "idle", "the start")
    assert {one["schedulingState"] for one in seen[:-1]} <= {"disabled"}
    assert read(local, path)["schedulingState"] == "enabled"


def test_families_of_addresses_are_sorted(local, name):
    """assets, js/…/pool_advanced_features_test, 2026-02-04."""
    network = {"publicIPAddressConfiguration": {"ipFamilies": ["IPv6", "IPv4"]}}
    made(local, "pools", {"id": name, **BODY, "networkConfiguration": network})
    found = read(local, f"/pools/{name}")["networkConfiguration"]["publicIPAddressConfiguration"]
    assert found["ipFamilies"] == ["IPv4", "IPv6"]


def test_times_have_no_zeros_behind_them(local, name):
    """assets, net/…/JobScheduleAutoPool.json, 2025-09-03."""
    body = {"schedule": {"doNotRunUntil": "2096-08-18T00:00:00Z"}, "jobSpecification": {"poolInfo": {"poolId": "x"}}}
    made(local, "jobschedules", {"id": name, **body})
    found = read(local, f"/jobschedules/{name}")
    assert found["schedule"]["doNotRunUntil"] == found["executionInfo"]["nextRunTime"] == "2096-08-18T00:00:00Z"
    filtered = f"/jobschedules?{VERSION}&$filter=executionInfo/nextRunTime%20{{}}%20datetime'2096-08-18T00:00:00.5Z'"
    assert [one["id"] for one in send(local.url, "GET", filtered.format("lt")).json["value"]] == [name]
    assert send(local.url, "GET", filtered.format("gt")).json["value"] == []


def test_where_a_formula_is_wrong(local, name):
    """assets, js/…/autoscale_operations, 2026-02-03."""
    formula = {"autoScaleFormula": "$TargetDedicatedNodes=0"}
    made(local, "pools", {"id": name, **BODY, "enableAutoScale": True, **formula})
    asked = {"autoScaleFormula": "x = 1;\n$y = $something_useless"}
    run = send(local.url, "POST", f"/pools/{name}/evaluateautoscale?{VERSION}", asked).json
    assert run["error"]["values"] == [
        {"name": "Message", "value": "Line 2, Col 6: Undefined symbol: $something_useless"}
    ]
    assert send(local.url, "POST", f"/pools/{name}/disableautoscale?{VERSION}").status == 200
    assert "autoScaleRun" not in read(local, f"/pools/{name}")


def test_where_logs_go(local, client, name, blobs):
    """assets, js/…/pool_operations_test, 2026-02-03: the account with a number, the pool in small letters."""
    big = f"{name}-Big"
    ready_pool(client, big)
    [node] = client.list_nodes(big)
    body = {"containerUrl": blobs.container("where"), "startTime": "2026-01-01T00:00:00Z"}
    found = send(local.url, "POST", f"/pools/{big}/nodes/{node.id}/uploadbatchservicelogs?{VERSION}", body).json
    account, pool, where, _ = found["virtualDirectoryName"].split("/")
    assert (account.rpartition("-")[0], pool, where) == (local.settings.account, big.lower(), node.id)
