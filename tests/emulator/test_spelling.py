"""Words as Azure Batch was recorded to spell them: most in small letters, some not, whatever the request said."""

import pytest
from azure.batch import models

from batchctl.emulator.api.spellings import SPELLINGS

from .conftest import new_job, pool_options
from .raw import VERSION, send

MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
BODY = {"vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}


def in_machine(**said):
    return {"virtualMachineConfiguration": {**MACHINE, **said}}


def at(body, path):
    for part in path.split("."):
        body = body[int(part) if part.isdigit() else part]
    return body


PLACES = {
    "vmSize": lambda word: {"vmSize": word},
    "taskSchedulingPolicy.nodeFillType": lambda word: {"taskSchedulingPolicy": {"nodeFillType": word}},
    "virtualMachineConfiguration.nodePlacementConfiguration.policy": lambda word: in_machine(
        nodePlacementConfiguration={"policy": word}
    ),
    "virtualMachineConfiguration.osDisk.caching": lambda word: in_machine(osDisk={"caching": word}),
    "virtualMachineConfiguration.dataDisks.0.caching": lambda word: in_machine(
        dataDisks=[{"lun": 0, "diskSizeGB": 8, "caching": word}]
    ),
    "virtualMachineConfiguration.securityProfile.securityType": lambda word: in_machine(
        securityProfile={"securityType": word}
    ),
    "networkConfiguration.publicIPAddressConfiguration.provision": lambda word: {
        "networkConfiguration": {"publicIPAddressConfiguration": {"provision": word}}
    },
}
CASES = [
    (path, asked, word)
    for path, words in {
        "vmSize": ["standard_d2s_v5"],
        "taskSchedulingPolicy.nodeFillType": ["Spread", "Pack"],
        "virtualMachineConfiguration.nodePlacementConfiguration.policy": ["Regional", "Zonal"],
        "virtualMachineConfiguration.osDisk.caching": ["None", "ReadOnly", "ReadWrite"],
        "virtualMachineConfiguration.dataDisks.0.caching": ["none", "readonly", "readwrite"],
        "virtualMachineConfiguration.securityProfile.securityType": ["trustedlaunch", "confidentialvm"],
        "networkConfiguration.publicIPAddressConfiguration.provision": [
            *("BatchManaged", "UserManaged", "NoPublicIPAddresses"),
        ],
    }.items()
    for word in words
    for asked in (word.lower(), word.upper())
]


@pytest.mark.parametrize(("path", "asked", "word"), CASES)
def test_words_of_pools(local, name, path, asked, word):
    body = {"id": name, **BODY, **PLACES[path](asked)}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).status == 201
    found = send(local.url, "GET", f"/pools/{name}?{VERSION}").json
    assert at(found, path) == word
    send(local.url, "DELETE", f"/pools/{name}?{VERSION}")


@pytest.mark.parametrize("word", ["TaskSuccess", "TaskFailure", "TaskCompletion"])
def test_when_outputs_are_uploaded(local, client, name, word):
    new_job(client, name, "nowhere")
    file = {
        "filePattern": "x",
        "destination": {"container": {"containerUrl": "http://127.0.0.1:9/x"}},
        "uploadOptions": {"uploadCondition": word.lower()},
    }
    send(local.url, "POST", f"/jobs/{name}/tasks?{VERSION}", {"id": "t", "commandLine": "true", "outputFiles": [file]})
    found = send(local.url, "GET", f"/jobs/{name}/tasks/t?{VERSION}").json
    assert found["outputFiles"][0]["uploadOptions"]["uploadCondition"] == word


def test_a_size_in_a_specification_of_a_pool(local, name):
    pool = {**BODY, "vmSize": "STANDARD_D2s_v5"}
    auto = {"poolLifetimeOption": "job", "pool": pool}
    body = {"id": name, "poolInfo": {"autoPoolSpecification": auto}}
    assert send(local.url, "POST", f"/jobs?{VERSION}", body).status == 201
    found = send(local.url, "GET", f"/jobs/{name}?{VERSION}").json
    assert found["poolInfo"]["autoPoolSpecification"]["pool"]["vmSize"] == "standard_d2s_v5"


def test_what_the_spelling_does_to_create_tasks_of_the_sdk(client, name):
    """azure-batch 15.1.0 compares with `clienterror`: a task that was refused is among the results and raises nothing,
    as on Azure (azure/batch/_operations/_patch.py, _bulk_add_tasks)."""
    new_job(client, name, "nowhere")
    good = models.BatchTaskCreateOptions(id="good", command_line="true")
    bad = models.BatchTaskCreateOptions(id="bad", command_line="")
    results = client.create_tasks(name, [good, bad])
    assert {one.task_id: one.status for one in results.result_values} == {"good": "Success", "bad": "ClientError"}


def test_the_order_of_jobs_is_said_by_the_newest_version_alone(local, name):
    assert send(local.url, "POST", f"/pools?{VERSION}", {"id": name, **BODY}).status == 201
    new, old = (f"api-version={version}" for version in ("2025-06-01", "2024-07-01.20.0"))
    policies = [send(local.url, "GET", f"/pools/{name}?{v}").json["taskSchedulingPolicy"] for v in (new, old)]
    assert policies == [{"nodeFillType": "Spread", "jobDefaultOrder": "none"}, {"nodeFillType": "Spread"}]
    some = send(local.url, "GET", f"/pools/{name}?{new}&$select=taskSchedulingPolicy").json
    assert some["taskSchedulingPolicy"] == policies[0]
    assert "taskSchedulingPolicy" not in send(local.url, "GET", f"/pools/{name}?{new}&$select=id").json


def test_a_pool_reads_as_it_was_compared_before(client, name):
    """Who compares with the SDK's own enumerations misses what Azure spells otherwise: so here."""
    client.create_pool(pool_options(name))
    policy = client.get_pool(name).task_scheduling_policy
    assert policy.node_fill_type != models.BatchNodeFillType.SPREAD
    assert policy.node_fill_type.lower() == models.BatchNodeFillType.SPREAD


def test_each_spelling_has_a_source():
    assert all(words and source.count(", ") >= 2 for _, words, source in SPELLINGS)
