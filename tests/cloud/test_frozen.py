"""A service that takes connections and says nothing more: every way of asking ends."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from azure.core.exceptions import ServiceResponseTimeoutError

from batchctl.clock import SystemClock
from batchctl.cloud import connect
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.clients import storage
from batchctl.cloud.clients.faults import Fault
from tests.children import child
from tests.cloud.conftest import on

SERVING = """
import signal, socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
signal.pause()
"""

ASKED: dict[str, Callable[[Azure], object]] = {
    "Batch": lambda cloud: list(cloud._session.batch.pages("/pools")),
    "blobs": lambda cloud: list(cloud._session.blobs.list_containers()),
    "past the SDK": lambda cloud: cloud._session.direct.send("GET", cloud._session.sas.source("in"), {}),
}


@pytest.fixture
def frozen() -> Iterator[str]:
    """The address of a server that was stopped: the system still takes connections for it."""
    with child(SERVING, stdout=subprocess.PIPE) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        yield f"http://127.0.0.1:{port}"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("way", ASKED)
def test_a_frozen_service_is_given_up(way: str, frozen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(storage, "ANSWER_WITHIN", 1)  # libcurl counts whole seconds
    cloud = connect.connect(on(f"{frozen}/account", frozen), SystemClock())
    with pytest.raises((Fault, ServiceResponseTimeoutError)):
        ASKED[way](cloud)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "example.invalid"])
def test_the_sdk_waits_as_long_as_what_goes_past_it(host: str) -> None:
    waits = connect._transport(f"https://{host}/account", None).connection_config
    assert (waits.timeout, waits.read_timeout) == (storage.CONNECT_WITHIN, storage.ANSWER_WITHIN)
