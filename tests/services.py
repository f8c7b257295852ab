"""The real services and the official SDK's clients on them, for every test that wants them."""

import os
import secrets
import time
from collections.abc import Callable

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient

from batchctl import local
from batchctl.cloud.connect import AZURITE_KNOWS
from tests import leaks


def started(
    say: Callable[[str], None], timing: local.Timing = local.TIMING, keyless: bool | None = None
) -> local.Services:
    """The services of `BATCHCTL_LOCAL_HOME`. Skips only if it was asked to; what cannot be installed is a failure."""
    if os.environ.get("BATCHCTL_TEST_NO_AZURITE") == "1":
        pytest.skip("BATCHCTL_TEST_NO_AZURITE=1: nothing that needs the blob store is tested")
    found = local.ensure_running(say, asked=local.Asked(keyless=keyless), timing=timing)
    leaks.know(found.batch_key, found.storage_key)
    return found


def batch_client(services: local.Services) -> BatchClient:
    """A new client, past any proxy, that says at once what is wrong instead of trying again."""
    return BatchClient(
        endpoint=services.batch_url,
        credential=AzureNamedKeyCredential(services.batch_account, services.batch_key),
        transport=_straight(services),
        retry_total=0,
    )


def blob_service(services: local.Services) -> BlobServiceClient:
    """A new client, past any proxy, that says at once what is wrong instead of trying again."""
    return BlobServiceClient(
        services.blob_url,
        credential=services.storage_key,
        api_version=AZURITE_KNOWS,
        transport=_straight(services),
        retry_total=0,
    )


def _straight(services: local.Services) -> RequestsTransport:
    trusted = str(services.authority) if services.authority else True
    return RequestsTransport(use_env_settings=False, connection_verify=trusted)


def unique(prefix: str) -> str:
    """A name that no other test has: lower-case letters, digits and dashes."""
    return f"{prefix}-{secrets.token_hex(4)}"


def eventually(condition: Callable[[], object], what: str, *, within: float = 60.0) -> None:
    """Returns when the condition holds; fails the test if that takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:g} s: {what}")
        time.sleep(0.02)
