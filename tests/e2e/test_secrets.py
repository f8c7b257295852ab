"""Every kind of secret that a spec can bring, and every place where something is written: none of them is in any.

A canary is a secret that is known, so that whoever looks can tell. What a task says itself is its own affair, unless
the command that shows it knows the secret.
"""

import base64
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from batchctl import cli, local
from batchctl.cloud.lock.lease import CONTAINER as LOCKS
from tests import leaks
from tests.services import batch_client, blob_service, unique

pytestmark = pytest.mark.e2e

# A word that no other test has in its names: the logs of the services hold all of them.
KEY = base64.b64encode(b"linnet of an account".ljust(64, b"!")).decode()
CLAIMS = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"x"}', b'{"linnet":"y"}'))
TOKEN = ".".join((*CLAIMS, "linnet-of-a-signature"))
CANARIES = {
    "URL": "https://linnet.blob.core.windows.net/c/b?sv=2024&sig=linnetSignature%2B01%3D&sp=r",
    "STORED": f"DefaultEndpointsProtocol=https;AccountName=linnet;AccountKey={KEY};EndpointSuffix=core.windows.net",
    "ACCOUNT_KEY": KEY,
    "CLIENT_SECRET": "linnet~Client.Secret'01",
    "BEARER": TOKEN,
    "PLAIN_VALUE": "linnet plain value",
    "USER_PASSWORD": "linnet-User-01",
    "REGISTRY_PASSWORD": "linnet-Registry-01",
    "MOUNT_KEY": base64.b64encode(b"linnet of a mount").decode(),
    "QUERY_KEY": "linnet/query?key=01",
    "SSH_KEY": "-----BEGIN KEY-----\nlinnetLine01\nlinnetLine02\n-----END KEY-----\n",
    "WEBHOOK": "linnet\"with\\quotes'01",
}
leaks.know(KEY, TOKEN, CANARIES["CLIENT_SECRET"], CANARIES["USER_PASSWORD"], CANARIES["REGISTRY_PASSWORD"])
BESIDE = {
    "AZURE_CLIENT_SECRET": "linnet-of-a-client",
    "AZURE_STORAGE_CONNECTION_STRING": "AccountKey=linnetOfAStorage==",
}
"""What is in the environment and in no spec: nobody reads it, or hands it on."""
SPEC = """\
version: 1
name: NAME
vars: {api_token: {type: string}}
storage: {containers: {NAME-out: {}}}
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: microsoft-dsvm, offer: ubuntu-hpc, sku: '2404'}
  targetDedicatedNodes: 1
  metadata: [{name: note, value: '${env:PLAIN_VALUE}'}]
  userAccounts:
    - {name: one, password: '${env:USER_PASSWORD}', linuxUserConfiguration: {sshPrivateKey: '${env:SSH_KEY}'}}
  containerConfiguration:
    containerRegistries: [{username: u, password: '${env:REGISTRY_PASSWORD}', registryServer: r.example}]
  startTask: {commands: ['test -n "$STORED"'], environmentSettings: [{name: STORED, value: '${env:STORED}'}]}
job:
  id: NAME
  commonEnvironmentSettings: [{name: COMMON, value: 'x ${env:CLIENT_SECRET}'}]
  tasks:
    - id: good
      environmentSettings:
        - {name: BEARER, value: '${env:BEARER}'}
        - {name: KEY, value: '${env:ACCOUNT_KEY}'}
        - {name: MARKED, value: linnet in the spec, sensitive: true}
        - {name: MOUNT, value: '${env:MOUNT_KEY}'}
      commands: ['test ${env:WEBHOOK} != {vars.api_token}', 'echo done > done.txt']
      outputFiles: [{filePattern: done.txt, container: NAME-out}]
    - id: bad
      commands: ['echo ${env:PLAIN_VALUE} {vars.api_token} >&2', 'exit 7']
    - id: lost
      resourceFiles: [{httpUrl: 'http://127.0.0.1:9/c?code=${env:QUERY_KEY}', filePath: a}]
      commands: ['cat a']
wait: {timeout: PT5M}
download: [{container: NAME-out, to: results}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: local.Services) -> str:
    """A folder that is the home, the place of temporary files and where the spec lies; the spec's name."""
    name = unique("sec")
    for variable, value in {**CANARIES, **BESIDE}.items():
        monkeypatch.setenv(variable, value)
    for variable in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("NAME", name))
    return name


TAKEN = ("--target", "local", "--var", "api_token=linnet-of-a-variable-01")
COMMANDS: Mapping[str, int] = {
    "expand spec.yaml": 0,
    "plan spec.yaml --full --out kept.json": 0,
    "plan spec.yaml --json": 0,
    "show kept.json": 0,
    "show kept.json --json": 0,
    "show kept.json --markdown": 0,
    "apply spec.yaml --yes --json --report reports": 3,
    "apply spec.yaml --yes": 3,
    "status spec.yaml": 0,
    "tasks spec.yaml -o json": 0,
    "why spec.yaml task.bad": 0,
    "why spec.yaml task.lost": 0,
    "why spec.yaml task.good --rerun": 0,
    "logs spec.yaml bad": 0,
    "report spec.yaml --to reports-later": 0,
    "debug-dump spec.yaml": 0,
    "plan spec.yaml --var nonsense=linnet-that-fits-nowhere": 64,
}
"""What is said by whom, and how it ends."""


def test_no_secret_is_written_anywhere(
    stage: str, tmp_path: Path, services: local.Services, capfd: pytest.CaptureFixture[str]
) -> None:
    said = {}
    for line, code in COMMANDS.items():
        command, spec, *rest = line.split()
        taken = {"show": (), "expand": TAKEN[2:]}.get(command, TAKEN)
        assert cli.run([command, spec, *taken, *rest]) == code, (line, capfd.readouterr())
        said[line] = "".join(capfd.readouterr())
    sinks = {**said, **_files(tmp_path), **_held(services, stage)}
    assert cli.run(["destroy", "spec.yaml", *TAKEN, "--yes"]) == 0
    sinks["destroy"] = "".join(capfd.readouterr())
    leaks = {where: found for where, text in sinks.items() if (found := leaked(text))}
    assert leaks == {}, "\n".join(f"{where}: {found}" for where, found in leaks.items())


def leaked(text: str) -> list[str]:
    """What stands around each place where a canary begins."""
    begins = ("linnet", KEY[:12], TOKEN[:12])
    return [text[max(0, at - 60) : at + 60] for at in range(len(text)) if text.startswith(begins, at)]


def _files(folder: Path) -> dict[str, str]:
    """All that lies in the folder; of an archive what is in it."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "spec.yaml"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {
                    f"{path.name}/{name}": archive.read(name).decode(errors="replace") for name in archive.namelist()
                }
        else:
            found[str(path.relative_to(folder))] = path.read_text(errors="replace")
    return found


def _held(services: local.Services, name: str) -> dict[str, str]:
    """What we write into the account beside what the spec asks for, and the logs of the services; the rest of their
    state is what tasks need, for their owner alone."""
    with blob_service(services) as blobs, batch_client(services) as batch:
        marked = {f"container {c.name}": str(c.metadata) for c in blobs.list_containers(name, include_metadata=True)}
        names = (*(found.removeprefix("container ") for found in marked), LOCKS)
        # The other one holds what tasks said themselves.
        ours = {f"blobs of {c}": _blobs_of(blobs, c) for c in names if not c.endswith("-logs")}
        pool, jobs = batch.get_pool(name), [job for job in batch.list_jobs() if job.id.startswith(name)]
        marks = {one.id: str([m for m in one.metadata or () if m.name.startswith("batchctl")]) for one in (pool, *jobs)}
    home = local.find_home()
    assert stat.S_IMODE(home.root.stat().st_mode) & 0o077 == 0
    logs = {f"log {path.name}": path.read_text(errors="replace") for path in home.logs.iterdir()}
    assert all((marked, jobs, logs))
    return {**marked, **ours, **marks, **logs}


def _blobs_of(blobs: BlobServiceClient, container: str) -> str:
    """Names, metadata and contents: of a lock, what is noted on it."""
    with blobs.get_container_client(container) as client:
        found = list(client.list_blobs(include=["metadata"]))
        return "\n".join(f"{b.name} {b.metadata} {client.download_blob(b.name).readall()!r}" for b in found)
