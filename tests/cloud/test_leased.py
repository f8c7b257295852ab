"""What somebody holds by a lease is refused by name, before anything is done (reliability F39)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobLeaseClient, BlobServiceClient

from batchctl.errors import Refused
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from tests import verbs
from tests.clock import HastyClock
from tests.sweeps.stage import WHOLE, Stage, inside, staged

Lease = Callable[[BlobServiceClient, str], BlobLeaseClient]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, services: Services) -> Iterator[Stage]:
    found = staged(tmp_path_factory.mktemp("leased") / "stage", services)
    inside(found, None, "apply")
    yield found
    found.clear()


def of_container(blobs: BlobServiceClient, name: str) -> BlobLeaseClient:
    return blobs.get_container_client(f"{name}-input").acquire_lease()


def of_blob(blobs: BlobServiceClient, name: str) -> BlobLeaseClient:
    return blobs.get_blob_client(f"{name}-output", "a_OUTPUT.txt").acquire_lease()


@pytest.mark.parametrize(
    ("lease", "named"),
    [(of_container, "container 'NAME-input' is leased"), (of_blob, "blob 'NAME-output/a_OUTPUT.txt' is leased")],
    ids=["container", "blob"],
)
def test_destroy_names_what_is_leased(
    stage: Stage, blob_service: BlobServiceClient, lease: Lease, named: str, tmp_path: Path
) -> None:
    held = lease(blob_service, stage.name)
    spec = load(stage.folder / "spec.yaml", {}, {})
    with pytest.raises(Refused) as raised:
        list(
            verbs.destroy(spec, stage.cloud, HastyClock(), lambda plan: True, Choices(discard_outputs=True, force=True))
        )
    assert named.replace("NAME", stage.name) in str(raised.value)
    assert stage.held() == WHOLE
    held.release()
