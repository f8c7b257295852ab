"""The blob store as other programs meet it: with whatever API version is theirs."""

from datetime import UTC, datetime, timedelta

from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, generate_blob_sas

from batchctl import local
from batchctl.cloud.connect import AZURITE_KNOWS
from tests.services import unique


def client(services: local.Services, **more: str) -> BlobServiceClient:
    """The official client as it comes, past any proxy."""
    transport = RequestsTransport(use_env_settings=False)
    return BlobServiceClient(services.blob_url, services.storage_key, transport=transport, retry_total=0, **more)


def written_and_read(container: ContainerClient) -> bytes:
    container.upload_blob("a/b.txt", b"text", metadata={"k": "v"})
    return container.download_blob("a/b.txt").readall()


def test_the_newest_sdk_is_taken_with_its_own_version(services: local.Services) -> None:
    with client(services) as blobs:
        assert blobs.api_version > AZURITE_KNOWS
        container = blobs.create_container(unique("newest"))
        assert written_and_read(container) == b"text"
        assert [blob.metadata for blob in container.list_blobs(include=["metadata"])] == [{"k": "v"}]


def test_a_signature_of_the_newest_version_is_taken(services: local.Services) -> None:
    with client(services) as blobs:
        container = blobs.create_container(unique("newest"))
        written_and_read(container)
        sas = generate_blob_sas(
            services.storage_account,
            container.container_name,
            "a/b.txt",
            account_key=services.storage_key,
            permission="r",
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        url = f"{container.url}/a/b.txt?{sas}"
    assert f"sv={AZURITE_KNOWS}" not in url
    with BlobClient.from_blob_url(url, transport=RequestsTransport(use_env_settings=False)) as blob:
        assert blob.download_blob().readall() == b"text"


def test_a_version_that_nobody_knows_yet_is_taken(services: local.Services) -> None:
    # The SDK itself refuses such a version of its own: the header is set past it.
    with client(services) as blobs:
        container = blobs.create_container(unique("later"), headers={"x-ms-version": "2031-01-01"})
        assert written_and_read(container) == b"text"
