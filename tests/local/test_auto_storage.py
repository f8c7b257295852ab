"""autoStorageContainerName means the local blob store, whose own check of the signature is the judge here."""

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
