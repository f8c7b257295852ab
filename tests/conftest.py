"""No test reaches the user's own accounts or services; those that need services share one real pair."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient
from azure.storage.blob import BlobServiceClient
from hypothesis import HealthCheck, settings

from batchctl import local
from tests.services import batch_client as new_batch_client
from tests.services import blob_service as new_blob_service
from tests.services import started

# How long an example takes says how busy the machine is, not whether the property holds.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def local_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of all local services that tests start, in this process or by the command line."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AZURE_") or name == "BATCHCTL_TARGET"]:
            patch.delenv(name)
        home = tmp_path_factory.mktemp("local-services")
        patch.setenv("BATCHCTL_LOCAL_HOME", str(home))
        yield home
        local.stop()


@pytest.fixture(scope="session")
def services(local_home: Path, pytestconfig: pytest.Config) -> local.Services:
    """Both real services, started once for all tests."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            os.write(2, f"{line}\n".encode())

    return started(say)


@pytest.fixture
def batch_client(services: local.Services) -> Iterator[BatchClient]:
    """The official Batch client on the real local service."""
    with new_batch_client(services) as client:
        yield client


@pytest.fixture
def blob_service(services: local.Services) -> Iterator[BlobServiceClient]:
    """The official Blob client on the real local service."""
    with new_blob_service(services) as client:
        yield client
