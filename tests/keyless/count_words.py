"""Counts the words of a blob on a node, signed in as the identity of the pool: CONTAINER_URL NAME."""

import json
import os
import sys
from collections import Counter

from azure.batch import BatchClient
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

credential = DefaultAzureCredential()
container = ContainerClient.from_container_url(sys.argv[1], credential)
text = container.download_blob(sys.argv[2]).readall().decode()
container.upload_blob(f"{sys.argv[2]}.json", json.dumps(Counter(text.split())))
# Its own task, of the account that its environment names.
task = BatchClient(os.environ["AZ_BATCH_ACCOUNT_URL"], credential).get_task(
    os.environ["AZ_BATCH_JOB_ID"], os.environ["AZ_BATCH_TASK_ID"]
)
assert task.state == "running", task.state
