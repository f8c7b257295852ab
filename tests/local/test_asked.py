"""What a start may be asked for, and whom it lets in."""

import signal
import socket
import subprocess
import sys
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from batchctl import local
from batchctl.errors import Refused, UsageError
from batchctl.local.asked import Asked, checked, require_as_asked
from batchctl.local.home import State, load_state
from batchctl.local.processes import Process
from batchctl.local.start import choose_port

GONE = Process(1, "some time ago")
RUNNING = State(20000, 20001, GONE, GONE, GONE, ready=True)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(port=20000, blob_port=20000), "both 20000"),
        (Asked(bind="10.0.0.1"), "127.0.0.1 or 0.0.0.0"),
        (Asked(bind="::"), "127.0.0.1 or 0.0.0.0"),
        *(
            (Asked(host_names=(name,)), f"--host-name {name}:")
            for name in ("*", "*.local", "a:80", "", "a b", "http://a")
        ),
        *((Asked(host_names=(name,)), "one name") for name in ("-a", "a/", "a,b", "[::1]", "a" * 300, "a\n")),
    ],
)
def test_what_no_start_can_be_asked_for(asked: Asked, says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("*", r"\*")):
        checked(asked)


def test_names_are_compared_in_lower_case() -> None:
    names = ("Batch", "batch", "a_b.internal", "10.0.0.1", "fd00::2")
    assert checked(Asked(host_names=names)).host_names == ("batch", "a_b.internal", "10.0.0.1", "fd00::2")


@pytest.mark.parametrize(
    "asked", [Asked(), Asked(port=20000, blob_port=20001), Asked(host_names=("batch",)), Asked(bind="0.0.0.0")]
)
def test_services_that_run_so(asked: Asked) -> None:
    require_as_asked(asked, replace(RUNNING, bind="0.0.0.0", host_names=("batch", "other")))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(port=1), "Batch is on port 20000"),
        (Asked(blob_port=1), "blobs are on port 20001"),
        (Asked(bind="0.0.0.0"), "they listen on 127.0.0.1"),
        (Asked(host_names=("batch",)), "do not know the name batch"),
    ],
)
def test_services_that_run_otherwise(asked: Asked, says: str) -> None:
    with pytest.raises(Refused, match=f"run already, but .*{says}"):
        require_as_asked(asked, RUNNING)


@pytest.mark.parametrize("option", ["port", "blob_port"])
def test_a_port_that_is_taken_is_named_and_nothing_is_started(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "home"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 cannot be had .*: nothing was started"):
            local.ensure_running(lambda line: None, asked=Asked(**{option: port}))
    assert not (tmp_path / "home" / "state.json").exists()


def test_they_serve_in_the_foreground_as_they_were_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "home"))
    port = choose_port(None)
    blob_port = choose_port(None, (port,))
    words = ["--port", str(port), "--blob-port", str(blob_port), "--host-name", "batch.internal", "--foreground"]
    command = [sys.executable, "-m", "batchctl", "local", "start", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout
        try:
            assert f"127.0.0.1:{port} " in serving.stdout.readline()
            status = local.status()
            assert (status.running, status.host_names, status.bind) == (True, ("batch.internal",), "127.0.0.1")
            assert status.pids
            assert status.pids["supervisor"] == serving.pid
            for name, there in ((f"batch.internal:{port}", 200), (f"127.0.0.1:{port}", 200), ("other", 403)):
                assert _ask(port, "/_local/health", name)[0] == there
            assert _ask(blob_port, "/batchctl?comp=list", "batch.internal")[1].find(b"AuthorizationFailure") > 0
            with pytest.raises(Refused, match="run already"):
                local.serve_here(lambda line: None, Asked(), lambda services: None)
        finally:
            serving.send_signal(signal.SIGTERM)
    assert serving.returncode == 0
    state = load_state(local.home.find_home())
    assert state
    assert not state.ready


def _ask(port: int, path: str, host: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text
