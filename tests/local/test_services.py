"""The real services: started once, found by all, stopped in good order, whatever dies."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

from batchctl import local
from batchctl.errors import CloudError
from batchctl.local import ask
from batchctl.local.home import Home, State, find_home, load_state, save_state
from batchctl.local.processes import find_process
from tests.children import child
from tests.services import batch_client, blob_service, eventually, started, unique

IN_ANOTHER_PROCESS = "from batchctl import local; local.ensure_running(lambda line: None); print(local.status().pids)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of this test's own."""
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    local.stop()


@pytest.fixture(scope="module")
def restarted_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("restarted") / "home"
    yield home
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATCHCTL_LOCAL_HOME", str(home))
        local.stop()


@pytest.fixture
def pair(restarted_home: Path, monkeypatch: pytest.MonkeyPatch) -> local.Services:
    """Services that a test may stop or kill: the next one that wants them starts them again."""
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(restarted_home))
    return started(silent)


def silent(line: str) -> None:
    assert line


def pids() -> dict[str, int]:
    found = local.status().pids
    assert found is not None
    return found


def none_left(processes: dict[str, int]) -> bool:
    return not any(find_process(pid) for pid in processes.values())


def upload(services: local.Services, text: bytes) -> str:
    """The name of the blob."""
    name = unique("blob")
    with blob_service(services) as blobs:
        if not (found := blobs.get_container_client("kept")).exists():
            found.create_container()
        found.upload_blob(name, text)
    return name


def download(services: local.Services, name: str) -> bytes:
    with blob_service(services) as blobs:
        return blobs.get_blob_client("kept", name).download_blob().readall()


def test_the_official_clients_are_served(batch_client: BatchClient, blob_service: BlobServiceClient) -> None:
    assert list(batch_client.list_supported_images())
    container = blob_service.create_container(unique("served"))
    assert list(container.list_blob_names()) == []


def test_another_key_opens_neither(services: local.Services) -> None:
    stranger = local.Services(
        **{
            **{name: getattr(services, name) for name in services.__slots__},
            "batch_key": services.storage_key,
            "storage_key": services.batch_key,
        }
    )
    with batch_client(stranger) as client, pytest.raises(HttpResponseError) as refused:
        list(client.list_pools())
    assert refused.value.status_code == 403
    with blob_service(stranger) as blobs, pytest.raises(HttpResponseError) as refused:
        blobs.create_container(unique("stranger"))
    assert refused.value.status_code == 403


def test_running_services_are_found_without_a_word(services: local.Services) -> None:
    before, said = pids(), list[str]()
    assert started(said.append) == services
    assert (said, pids()) == ([], before)


def test_status_says_what_runs(services: local.Services) -> None:
    status = local.status()
    assert (status.running, status.home) == (True, services.home)
    assert (status.batch_url, status.blob_url) == (services.batch_url, services.blob_url)
    assert status.idle_seconds is not None
    assert status.running_tasks is not None


def test_no_key_is_shown_or_readable(services: local.Services) -> None:
    command = ["ps", "-ww", "-o", "args=", "-p", ",".join(map(str, pids().values()))]
    listing = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(services.home) in listing.stdout
    for key in (services.batch_key, services.storage_key):
        assert key not in repr(services)
        assert key not in listing.stdout
        assert not any(key in line for lines in local.logs(10_000).values() for line in lines)
    others = stat.S_IRWXG | stat.S_IRWXO
    assert [path for path in services.home.rglob("*") if path.lstat().st_mode & others and not path.is_symlink()] == []


def test_signatures_do_not_reach_the_log(services: local.Services, blob_service: BlobServiceClient) -> None:
    container = unique("signed")
    blob_service.create_container(container).upload_blob("blob", b"text")
    sas = generate_blob_sas(
        services.storage_account,
        container,
        "blob",
        account_key=services.storage_key,
        permission=BlobSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    connection = HTTPConnection("127.0.0.1", urlsplit(services.blob_url).port or 0)
    connection.request("GET", f"/{services.storage_account}/{container}/blob?{sas}")
    assert connection.getresponse().read() == b"text"
    connection.close()
    signed: list[str] = []

    def logged() -> list[str]:
        signed[:] = [line for line in local.logs(10_000)["azurite"] if "sig=" in line and container in line]
        return signed

    eventually(logged, "the request is in the log")
    assert all("sig=REDACTED" in line for line in signed)


def test_ctrl_c_in_a_terminal_does_not_reach_them(services: local.Services) -> None:
    assert {os.getsid(pid) for pid in pids().values()} == {pids()["supervisor"]}


def test_loopback_is_never_proxied(services: local.Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert started(silent) == services
    assert local.status().idle_seconds is not None
    with blob_service(services) as blobs:
        blobs.create_container(unique("unproxied"))


def test_logs_are_the_last_lines(services: local.Services) -> None:
    assert set(local.logs(1)) == {"supervisor", "emulator", "azurite"}
    assert all(len(lines) <= 1 for lines in local.logs(1).values())


def test_nothing_runs_and_nothing_is_made(home: Path) -> None:
    assert not local.status().running
    assert not local.stop()
    local.reset()
    assert local.logs(5) == {}
    assert not home.exists()


def test_what_was_acknowledged_survives_a_stop(pair: local.Services) -> None:
    blob = upload(pair, b"acknowledged")
    processes = pids()
    assert local.stop()
    assert none_left(processes)
    after = started(silent)
    assert after == pair  # same ports and keys: URLs in queued tasks stay right
    assert download(after, blob) == b"acknowledged"


def test_a_killed_supervisor_takes_both_down_in_good_order(pair: local.Services) -> None:
    blob = upload(pair, b"acknowledged")
    processes = pids()
    os.kill(processes["supervisor"], signal.SIGKILL)
    eventually(lambda: none_left(processes), "both services have ended")
    assert not local.status().running
    assert download(started(silent), blob) == b"acknowledged"


def test_what_was_written_down_survives_a_kill_of_all(pair: local.Services) -> None:
    blob = upload(pair, b"acknowledged")
    eventually(lambda: f'"name":"{blob}"' in written_down(pair), "the blob is written down")
    processes = pids()
    for pid in processes.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: none_left(processes), "all have ended")
    assert download(started(silent), blob) == b"acknowledged"


def test_what_is_written_down_and_not_whole_is_not_there(pair: local.Services) -> None:
    """The power failed: the list of blobs had come to the disk, and the bytes of the last of them had not."""
    kept, half = upload(pair, b"kept"), upload(pair, b"half of this is lost")
    with blob_service(pair) as blobs:
        staged = blobs.get_blob_client("kept", unique("staged"))
        staged.stage_block("AAAA", b"lost")
    eventually(lambda: staged.blob_name in written_down(pair), "all is written down")
    processes = pids()
    for pid in processes.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: none_left(processes), "all have ended")
    for extent in (pair.home / "blobs" / "__blobstorage__").iterdir():
        if (place := extent.read_bytes().find(b"half of this is lost")) >= 0:
            os.truncate(extent, place + len(b"half"))
    with blob_service(started(silent)) as blobs:
        container = blobs.get_container_client("kept")
        names = {blob.name for blob in container.list_blobs()}
        assert names & {kept, half} == {kept}
        assert container.download_blob(kept).readall() == b"kept"
        again = container.get_blob_client(staged.blob_name)
        again.stage_block("BBBB", b"other")
        assert [block.id for block in again.get_block_list("uncommitted")[1]] == ["BBBB"]
        container.upload_blob(half, b"anew")
        assert container.download_blob(half).readall() == b"anew"


def test_blobs_are_written_down_at_once(services: local.Services) -> None:
    """Azurite alone writes every five seconds: twelve times would be half a minute."""
    began = time.monotonic()
    with blob_service(services) as blobs:
        container = blobs.create_container(unique("written"))
        for number in range(12):
            name = f"{container.container_name}-{number}"
            container.upload_blob(name, b"text")
            eventually(lambda name=name: f'"name":"{name}"' in written_down(services), "the blob is written down")
    assert time.monotonic() - began < 15


def written_down(services: local.Services) -> str:
    """What a start after a kill would find."""
    return (services.home / "blobs" / "__azurite_db_blob__.json").read_text(encoding="utf-8")


def test_what_a_dead_supervisor_left_is_ended_by_the_next_start(pair: local.Services) -> None:
    with child() as stray:
        local.stop()
        state, found = load_state(find_home()), find_process(stray.pid)
        assert state is not None
        assert found is not None
        save_state(Home(pair.home), State(state.batch_port, state.blob_port, state.supervisor, found, state.azurite))
        started(silent)
        assert stray.wait() == -signal.SIGTERM


@pytest.mark.parametrize("service", ["emulator", "azurite"])
def test_one_that_dies_takes_the_other_along(pair: local.Services, service: str) -> None:
    processes = pids()
    os.kill(processes[service], signal.SIGKILL)
    eventually(lambda: none_left(processes), "all have ended")
    again = started(silent)
    assert ask.ask_activity(urlsplit(again.batch_url).port or 0, again.batch_account, again.batch_key) is not None


def test_idle_services_stop_by_themselves(home: Path) -> None:
    services = started(silent, timing=local.Timing(interval=0.05, idle_limit=0.2))
    blob = upload(services, b"kept")
    eventually(lambda: not local.status().running, "idle services have stopped")
    assert download(started(silent), blob) == b"kept"


def test_two_homes_live_side_by_side(services: local.Services, pair: local.Services) -> None:
    assert pair.home != services.home
    assert not {pair.batch_url, pair.blob_url} & {services.batch_url, services.blob_url}
    assert pair.storage_key != services.storage_key
    upload(pair, b"second")
    assert local.stop()
    with blob_service(services) as blobs:
        assert blobs.get_account_information()


def test_several_commands_at_once_start_one_pair(home: Path) -> None:
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {racer.communicate(timeout=120)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert answers == {f"{pids()}\n"}


def test_a_port_that_was_taken_meanwhile_is_given_up(pair: local.Services) -> None:
    local.stop()
    with socket.create_server(("127.0.0.1", urlsplit(pair.blob_url).port or 0)):
        after = started(silent)
        assert after.blob_url != pair.blob_url
        assert after.batch_url == pair.batch_url


def test_reset_forgets_the_data(home: Path) -> None:
    services = started(silent)
    upload(services, b"forgotten")
    before = pids()
    with blob_service(services) as blobs, batch_client(services) as client:
        blobs.get_container_client("kept").acquire_lease()
        blobs.create_container("other").upload_blob("leased", b"x")
        blobs.get_blob_client("other", "leased").acquire_lease()
        client.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="none")))
        assert local.reset()
        assert pids() == before  # they were emptied, and not started again
        assert (list(blobs.list_containers()), list(client.list_jobs())) == ([], [])
    upload(services, b"the same name again")
    local.stop()
    assert not local.reset()
    assert not (home / "batch").exists()
    assert not (home / "blobs").exists()


def test_a_start_that_fails_says_why_and_leaves_nothing(home: Path) -> None:
    started(silent)
    local.stop()
    (home / "blobs" / "__azurite_db_blob__.json").write_text("{")
    with pytest.raises(CloudError, match=r"azurite ended at its start: .+ batchctl local reset") as failed:
        started(silent)
    assert "\n" not in str(failed.value)
    state = load_state(find_home())
    assert state is not None
    assert none_left({"emulator": state.emulator.pid, "azurite": state.azurite.pid})
