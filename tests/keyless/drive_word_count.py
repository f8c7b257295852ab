"""Counts the words of two texts as code for an account without keys does, with azure-batch and azure-identity as they
are: the client signs in, and so does each task on its node. Run by test_keyless.py."""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.batch import BatchClient, models
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

NAME = sys.argv[1]
TEXTS = {"one.txt": b"a rose is a rose is a rose", "two.txt": b"to be or not to be"}
TASK = Path(__file__).with_name("count_words.py")
IDENTITY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/counter"


def main() -> None:
    credential = DefaultAzureCredential()
    blobs = BlobServiceClient(os.environ["AZURE_STORAGE_ACCOUNT_URL"], credential)
    batch = BatchClient(os.environ["AZURE_BATCH_ENDPOINT"], credential)
    container = blobs.create_container(NAME)
    for name, text in TEXTS.items():
        container.upload_blob(name, text)
    container.upload_blob("count_words.py", TASK.read_bytes())
    batch.create_pool(_pool())
    batch.create_job(models.BatchJobCreateOptions(id=NAME, pool_info=models.BatchPoolInfo(pool_id=NAME)))
    script = models.ResourceFile(http_url=_signed(blobs, "count_words.py"), file_path="count_words.py")
    tasks = [_task(name, container.url, script) for name in TEXTS]
    batch.create_tasks(NAME, tasks)
    for name in TEXTS:
        _await(batch, name.partition(".")[0])
        found = json.loads(container.download_blob(f"{name}.json").readall())
        words = TEXTS[name].decode().split()
        assert found == {word: words.count(word) for word in words}
    batch.begin_delete_job(NAME, polling_interval=0.1).result()
    batch.begin_delete_pool(NAME, polling_interval=0.1).result()
    blobs.delete_container(NAME)


def _pool() -> models.BatchPoolCreateOptions:
    """An identity is given by Azure Resource Manager at Azure: no model has it."""
    return models.BatchPoolCreateOptions(
        {
            "id": NAME,
            "vmSize": "Standard_D2s_v5",
            "targetDedicatedNodes": 1,
            "virtualMachineConfiguration": {
                "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
                "nodeAgentSKUId": "batch.node.ubuntu 24.04",
            },
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [{"resourceId": IDENTITY}]},
        }
    )


def _task(name: str, container: str, script: models.ResourceFile) -> models.BatchTaskCreateOptions:
    return models.BatchTaskCreateOptions(
        id=name.partition(".")[0],
        command_line=f"{sys.executable} count_words.py {container} {name}",
        resource_files=[script],
    )


def _signed(blobs: BlobServiceClient, name: str) -> str:
    """A blob's address with a user delegation SAS."""
    now = datetime.now(UTC)
    start, end = now - timedelta(minutes=5), now + timedelta(hours=1)
    token = generate_blob_sas(
        str(blobs.account_name),
        NAME,
        name,
        user_delegation_key=blobs.get_user_delegation_key(start, end),
        permission=BlobSasPermissions(read=True),
        start=start,
        expiry=end,
    )
    return f"{blobs.url.rstrip('/')}/{NAME}/{name}?{token}"


def _await(batch: BatchClient, task_id: str) -> None:
    end = time.monotonic() + 60
    while (task := batch.get_task(NAME, task_id)).state != "completed":
        assert time.monotonic() < end, f"{task_id} is {task.state}"
        time.sleep(0.1)
    said = b"".join(batch.download_task_file(NAME, task_id, "stderr.txt")).decode()
    assert task.execution_info.exit_code == 0, said


main()
