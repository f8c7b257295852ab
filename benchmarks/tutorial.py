"""The word count as the tutorial writes it, imperatively, on the SDKs: one loop after the other, a look every second.

`python -m benchmarks.tutorial NAME FOLDER` with AZURE_BATCH_* and AZURE_STORAGE_CONNECTION_STRING set; FOLDER holds
`node_scripts` and `specs`, and gets `results-NAME`. It leaves what it made, for `clean`. As there, a container that is
there already will do, a pool or a job will not, and who waits for half an hour gives up.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import (
    BlobSasPermissions,
    BlobServiceClient,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)

from batchctl.clock import SystemClock
from batchctl.cloud.connect import AZURITE_KNOWS

IMAGE = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server", version="latest")
PATIENCE = 30 * 60
"""So many looks, a second from one to the next."""


def clients() -> tuple[BatchClient, BlobServiceClient]:
    key = AzureNamedKeyCredential(os.environ["AZURE_BATCH_ACCOUNT"], os.environ["AZURE_BATCH_ACCESS_KEY"])
    blobs = BlobServiceClient.from_connection_string(
        os.environ["AZURE_STORAGE_CONNECTION_STRING"], api_version=AZURITE_KNOWS
    )
    return BatchClient(os.environ["AZURE_BATCH_ENDPOINT"], key), blobs


def upload(blobs: BlobServiceClient, container: str, path: Path) -> models.ResourceFile:
    client = blobs.get_blob_client(container, path.name)
    with path.open("rb") as data:
        client.upload_blob(data, overwrite=True)
    token = generate_blob_sas(
        str(client.account_name),
        container,
        path.name,
        account_key=blobs.credential.account_key,
        permission=BlobSasPermissions(read=True),
        expiry=SystemClock().now().replace(year=2099),
    )
    return models.ResourceFile(http_url=f"{client.url}?{token}", file_path=path.name)


def main(name: str, folder: Path) -> None:
    batch, blobs = clients()
    for container in ("application", "input", "output"):
        with contextlib.suppress(ResourceExistsError):
            blobs.create_container(f"{name}-{container}")
    script = upload(blobs, f"{name}-application", folder / "node_scripts" / "top_words.py")
    texts = sorted((folder / "specs" / "word-count" / "data").glob("*.txt"))
    inputs = [upload(blobs, f"{name}-input", text) for text in texts]
    batch.create_pool(
        models.BatchPoolCreateOptions(
            id=name,
            vm_size="Standard_D2s_v5",
            target_dedicated_nodes=1,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04"
            ),
            start_task=models.BatchStartTask(
                command_line="/bin/bash -c 'cp -r $AZ_BATCH_TASK_WORKING_DIR/* $AZ_BATCH_NODE_SHARED_DIR'",
                resource_files=[script],
                wait_for_success=True,
            ),
        )
    )
    batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    token = generate_container_sas(
        str(blobs.account_name),
        f"{name}-output",
        account_key=blobs.credential.account_key,
        permission=ContainerSasPermissions(read=True, write=True),
        expiry=SystemClock().now().replace(year=2099),
    )
    output = models.OutputFile(
        file_pattern="*_OUTPUT.txt",
        destination=models.OutputFileDestination(
            container=models.OutputFileBlobContainerDestination(
                container_url=f"{blobs.get_container_client(f'{name}-output').url}?{token}"
            )
        ),
        upload_options=models.OutputFileUploadConfiguration(
            upload_condition=models.OutputFileUploadCondition.TASK_SUCCESS
        ),
    )
    line = "/bin/bash -c 'python3 $AZ_BATCH_NODE_SHARED_DIR/top_words.py --filepath {} --numwords 3'"
    tasks = [
        models.BatchTaskCreateOptions(
            id=f"top-words-{text.stem}",
            command_line=line.format(text.name),
            resource_files=[file],
            output_files=[output],
        )
        for text, file in zip(texts, inputs, strict=True)
    ]
    batch.create_task_collection(name, models.BatchTaskGroup(task_values=tasks))
    wait(batch, name)
    results = folder / f"results-{name}"
    results.mkdir(exist_ok=True)
    for blob in blobs.get_container_client(f"{name}-output").list_blobs():
        content = blobs.get_blob_client(f"{name}-output", blob.name).download_blob().readall()
        (results / blob.name).write_bytes(content)


def wait(batch: BatchClient, job: str) -> None:
    for _ in range(PATIENCE):
        if all(task.state == models.BatchTaskState.COMPLETED for task in batch.list_tasks(job)):
            return
        time.sleep(1)
    raise RuntimeError("the tasks did not end in time")


def clean(name: str) -> None:
    batch, blobs = clients()
    for container in ("application", "input", "output"):
        blobs.delete_container(f"{name}-{container}")
    batch.begin_delete_job(name).result()
    batch.begin_delete_pool(name).result()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
