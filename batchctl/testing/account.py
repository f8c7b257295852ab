"""An account of the tests: where it is, what opens it, and clients of it."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchctl.local.own import OwnServices

if TYPE_CHECKING:
    from azure.batch import BatchClient
    from azure.storage.blob import BlobServiceClient


class AzureBatch:
    """A local Azure Batch account with a storage account beside it. The blob store starts when it is first asked for,
    by `blob_endpoint`, `connection_string`, `environment` or `blob_service_client`."""

    def __init__(self, home: Path, capture: Any = None) -> None:
        self._capture = capture
        self._own = OwnServices(home, self._say)
        self._services = self._own.services

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self._services.batch_url

    @property
    def account_name(self) -> str:
        """Of the Batch account and of the storage account."""
        return self._services.batch_account

    @property
    def account_key(self) -> str:
        """Of the Batch account, base64, random."""
        return self._services.batch_key

    @property
    def blob_endpoint(self) -> str:
        """`http://127.0.0.1:PORT/ACCOUNT`."""
        self._own.start_blobs()
        return self._services.blob_url

    @property
    def storage_key(self) -> str:
        """Of the storage account, base64, random."""
        return self._services.storage_key

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the Azure CLI, batchctl and many programs find both accounts."""
        self._own.start_blobs()
        return self._services.environment

    @property
    def connection_string(self) -> str:
        """Of the storage account."""
        return self.environment["AZURE_STORAGE_CONNECTION_STRING"]

    def batch_client(self, **options: Any) -> "BatchClient":
        """A new client of azure-batch, past any proxy; `options` are the client's own."""
        from azure.batch import BatchClient
        from azure.core.credentials import AzureNamedKeyCredential
        from azure.core.pipeline.transport import RequestsTransport

        options.setdefault("transport", RequestsTransport(use_env_settings=False))
        return BatchClient(self.endpoint, AzureNamedKeyCredential(self.account_name, self.account_key), **options)

    def blob_service_client(self, **options: Any) -> "BlobServiceClient":
        """A new client of azure-storage-blob, past any proxy; `options` are the client's own."""
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient

        options.setdefault("transport", RequestsTransport(use_env_settings=False))
        return BlobServiceClient(self.blob_endpoint, credential=self.storage_key, **options)

    def reset(self) -> None:
        """Empties both accounts: what runs is ended, and all that they hold is gone, faults too."""
        self._own.empty()

    def end(self) -> None:
        """Ends the services."""
        self._own.end()

    def _say(self, line: str) -> None:
        """Azurite is installed once a machine, which takes a while: whoever waits is told, whatever pytest captures."""
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            print(line, file=sys.stderr)  # noqa: T201 - there is no page here
