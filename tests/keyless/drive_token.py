"""Asks for a token in each way that the command line names, and shows it to Batch. Run by test_keyless.py."""

import asyncio
import os
import sys

from azure.batch import BatchClient
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.identity.aio import DefaultAzureCredential as AsyncDefaultAzureCredential

ENDPOINT = os.environ["AZURE_BATCH_ENDPOINT"]


async def of_the_loop() -> None:
    async with AsyncDefaultAzureCredential() as credential, AsyncBatchClient(ENDPOINT, credential) as client:
        assert [pool async for pool in client.list_pools()] == []


for way in sys.argv[1:]:
    match way:
        case "default":
            assert list(BatchClient(ENDPOINT, DefaultAzureCredential()).list_pools()) == []
        case "aio":
            asyncio.run(of_the_loop())
        case "adfs":
            secret = ClientSecretCredential("adfs", "an-app", "any-secret")
            assert list(BatchClient(ENDPOINT, secret).list_pools()) == []
        case "undiscovered":
            secret = ClientSecretCredential("any-tenant", "an-app", "any-secret", disable_instance_discovery=True)
            assert list(BatchClient(ENDPOINT, secret).list_pools()) == []
