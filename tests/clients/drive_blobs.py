"""Drives the newest azure-storage-blob, adlfs, cloudpathlib and pyarrow through the calls that people make of them.

Takes a connection string; run by test_drives.py in an environment of its own.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import adlfs
import pyarrow
from azure.storage.blob import BlobClient, BlobServiceClient, generate_container_sas
from cloudpathlib import AzureBlobClient
from pyarrow import fs, parquet

STORE = sys.argv[1]
ACCOUNT = dict(part.split("=", 1) for part in STORE.split(";"))
LARGE = os.urandom(9 << 20)


def drive_sdk(container):
    """The official SDK, with the API version that is its own; signatures bear it too."""
    container.upload_blob("sdk/small.txt", b"small", metadata={"k": "v"}, tags={"a": "b"})
    container.upload_blob("sdk/large.bin", LARGE, max_concurrency=2)
    assert container.download_blob("sdk/large.bin").readall() == LARGE
    small = container.get_blob_client("sdk/small.txt")
    assert (small.get_blob_properties().metadata, small.get_blob_tags()) == ({"k": "v"}, {"a": "b"})
    expiry = datetime.now(UTC) + timedelta(hours=1)
    key = ACCOUNT["AccountKey"]
    sas = generate_container_sas(
        container.account_name, container.container_name, account_key=key, permission="rl", expiry=expiry
    )
    assert BlobClient.from_blob_url(f"{small.url}?{sas}").download_blob().readall() == b"small"
    assert [blob.name for blob in container.list_blobs(name_starts_with="sdk/")] == ["sdk/large.bin", "sdk/small.txt"]


def drive_adlfs(name):
    """Files through fsspec: piped, opened, copied, moved, removed."""
    files = adlfs.AzureBlobFileSystem(connection_string=STORE)
    files.pipe(f"{name}/adlfs/a.txt", b"text")
    with files.open(f"{name}/adlfs/large.bin", "wb") as file:
        file.write(LARGE)
    assert files.cat(f"{name}/adlfs/large.bin") == LARGE
    files.cp(f"{name}/adlfs/a.txt", f"{name}/adlfs/b.txt")
    files.mv(f"{name}/adlfs/b.txt", f"{name}/adlfs/c.txt")
    files.rm(f"{name}/adlfs/a.txt")
    assert files.find(f"{name}/adlfs") == [f"{name}/adlfs/c.txt", f"{name}/adlfs/large.bin"]


def drive_cloudpathlib(name):
    """Paths: written, read, renamed, walked."""
    path = AzureBlobClient(connection_string=STORE).CloudPath(f"az://{name}/paths/a.txt")
    path.write_text("text")
    assert path.read_text() == "text"
    path.rename(path.with_name("b.txt"))
    assert [found.name for found in path.parent.iterdir()] == ["b.txt"]


def drive_pyarrow(name):
    """A table written and read by pyarrow's own client in C++."""
    url = urlsplit(ACCOUNT["BlobEndpoint"])
    place = {f"{kind}_storage_authority": url.netloc for kind in ("blob", "dfs")}
    place |= {f"{kind}_storage_scheme": url.scheme for kind in ("blob", "dfs")}
    files = fs.AzureFileSystem(ACCOUNT["AccountName"], account_key=ACCOUNT["AccountKey"], **place)
    parquet.write_table(pyarrow.table({"n": list(range(10_000))}), f"{name}/arrow/t.parquet", filesystem=files)
    assert parquet.read_table(f"{name}/arrow/t.parquet", filesystem=files).num_rows == 10_000


with BlobServiceClient.from_connection_string(STORE) as service:
    made = service.create_container(f"drive-{os.urandom(4).hex()}")
    drive_sdk(made)
    drive_adlfs(made.container_name)
    drive_cloudpathlib(made.container_name)
    drive_pyarrow(made.container_name)
    made.delete_container()
