"""Files that come from containers which the spec does not declare, and outputs that go to one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from batchctl.local import Services
from tests.e2e.conftest import Workbench
from tests.services import unique

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
name: elsewhere
vars:
  theirs: {type: string}
storage:
  containers:
    output: {}
pool:
  id: elsewhere
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
job:
  id: elsewhere
  tasks:
    - id: join
      resourceFiles:
        - {storageContainerUrl: '{vars.theirs}?${env:THEIRS_SAS}', blobPrefix: in/, filePath: got, fileMode: '0600'}
        - {autoStorageContainerName: CONTAINER, blobPrefix: in/b, filePath: more}
      commands: ['cat got/in/a more/in/b > both', 'stat -c %a got/in/a >> both']
      outputFiles:
        - {filePattern: both, containerUrl: '{vars.theirs}?${env:THEIRS_SAS}', path: out/both}
        - {filePattern: both, container: output}
wait: {timeout: PT5M}
download:
  - {container: output, to: ../results/elsewhere}
"""


def signed(services: Services, container: str, minutes: int) -> str:
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    allowed = ContainerSasPermissions(read=True, list=True, create=True, write=True)
    options = {"account_key": services.storage_key, "permission": allowed, "expiry": ends}
    return generate_container_sas(services.storage_account, container, **options)


def test_files_of_other_accounts(
    workbench: Workbench, named: Callable[[str], str], services: Services, blob_service: BlobServiceClient
) -> None:
    container = blob_service.create_container(unique("theirs"))
    for name in ("a", "b"):
        container.upload_blob(f"in/{name}", f"{name}\n".encode())
    name = container.container_name
    (workbench.folder / "specs" / "elsewhere.yaml").write_text(SPEC.replace("CONTAINER", name))
    spec = named("elsewhere.yaml")
    said = ("--var", f"theirs={container.url}")
    one, other = (
        replace(workbench, environ=workbench.environ | {"THEIRS_SAS": signed(services, name, minutes)})
        for minutes in (30, 60)
    )
    done = one.run("apply", spec, "--yes", *said)
    assert done.code == 0, done.said
    assert container.download_blob("out/both").readall() == b"a\nb\n600\n"
    assert (workbench.folder / "results" / "elsewhere" / "both").read_text() == "a\nb\n600\n"
    again = other.run("plan", spec, "--detailed-exitcode", *said)
    assert again.code == 0, again.said
    assert one.run("destroy", spec, "--yes", *said).code == 0
    assert container.get_blob_client("out/both").exists()
    assert "sig=" not in done.said + again.said
    container.delete_container()
