"""autoStorageContainerName means the local blob store, and identities open it; its own check of the signature is the
judge here."""

from azure.batch import BatchClient, models
from azure.storage.blob import BlobServiceClient

from tests.services import eventually, unique

IMAGE = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
MACHINE = models.VirtualMachineConfiguration(image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04")


def test_a_container_of_the_account_s_own_storage(batch_client: BatchClient, blob_service: BlobServiceClient):
    name = unique("auto")
    container = blob_service.create_container(name)
    for blob in ("in/one.txt", "in/two.txt", "other.txt"):
        container.upload_blob(blob, blob.encode())
    options = {"vm_size": "Standard_D2s_v5", "virtual_machine_configuration": MACHINE, "target_dedicated_nodes": 1}
    batch_client.create_pool(models.BatchPoolCreateOptions(id=name, **options))
    batch_client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    files = [models.ResourceFile(auto_storage_container_name=name, blob_prefix="in/", file_path="got")]
    missing = [models.ResourceFile(auto_storage_container_name=f"{name}-none")]
    line = "find . -type f -exec cat {} +"
    batch_client.create_task(name, models.BatchTaskCreateOptions(id="t", command_line=line, resource_files=files))
    batch_client.create_task(name, models.BatchTaskCreateOptions(id="none", command_line=line, resource_files=missing))
    eventually(lambda: {task.state for task in batch_client.list_tasks(name)} == {"completed"}, "the end of both")
    read = b"".join(batch_client.download_task_file(name, "t", "stdout.txt"))
    assert sorted([read[:10], read[10:]]) == [b"in/one.txt", b"in/two.txt"]
    failure = batch_client.get_task(name, "none").execution_info.failure_info
    assert failure.code == "BlobNotFound"
    assert "sig=" not in str(failure.as_dict())
    batch_client.begin_delete_job(name)
    batch_client.begin_delete_pool(name)
    container.delete_container()


def test_what_an_identity_reads_and_writes(batch_client: BatchClient, blob_service: BlobServiceClient):
    name = unique("identity")
    container = blob_service.create_container(name)
    container.upload_blob("in/one.txt", b"one")
    options = {"vm_size": "Standard_D2s_v5", "virtual_machine_configuration": MACHINE, "target_dedicated_nodes": 1}
    batch_client.create_pool(models.BatchPoolCreateOptions(id=name, **options))
    batch_client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    identity = models.BatchNodeIdentityReference(resource_id=f"/subscriptions/0/{name}")
    by = {"identity_reference": identity}
    blob = models.ResourceFile(http_url=f"{container.url}/in/one.txt", file_path="blob.txt", **by)
    whole = models.ResourceFile(storage_container_url=container.url, blob_prefix="in/", file_path="got", **by)
    place = models.OutputFileBlobContainerDestination(container_url=container.url, path="out", **by)
    output = models.OutputFile(
        file_pattern="*.md5",
        destination=models.OutputFileDestination(container=place),
        upload_options=models.OutputFileUploadConfiguration(upload_condition="taskSuccess"),
    )
    line = "/bin/sh -c 'cat blob.txt got/in/one.txt > both.md5'"
    closed = [models.ResourceFile(http_url=f"{container.url}/in/one.txt", file_path="blob.txt")]
    task = models.BatchTaskCreateOptions(id="t", command_line=line, resource_files=[blob, whole], output_files=[output])
    batch_client.create_task(name, task)
    batch_client.create_task(name, models.BatchTaskCreateOptions(id="none", command_line=line, resource_files=closed))
    eventually(lambda: {task.state for task in batch_client.list_tasks(name)} == {"completed"}, "the end of both")
    assert container.download_blob("out/both.md5").readall() == b"oneone"
    assert batch_client.get_task(name, "t").resource_files[0].http_url == f"{container.url}/in/one.txt"
    assert batch_client.get_task(name, "none").execution_info.failure_info.code in ("BlobAccessDenied", "BlobNotFound")
    batch_client.begin_delete_job(name)
    batch_client.begin_delete_pool(name)
    container.delete_container()
