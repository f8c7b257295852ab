"""Processes are told apart by pid and start time, and ended one by one."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from batchctl.local.processes import Process, _stat_by_ps, clean_environment, end_processes, find_process, is_alive
from tests.children import child
from tests.services import eventually

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with child() as process:
        yield process


def test_the_same_process_is_the_same() -> None:
    assert find_process(os.getpid()) == find_process(os.getpid())
    assert is_alive(find_process(os.getpid()) or Process(0, ""))


def test_a_pid_used_again_is_another_process(sleeper: subprocess.Popen[bytes]) -> None:
    stale = Process(sleeper.pid, "another time")
    assert not is_alive(stale)
    assert end_processes([stale], within=5) == []
    assert sleeper.poll() is None


def test_a_process_that_waits_to_be_reaped_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    process = find_process(sleeper.pid)
    assert process is not None
    os.kill(sleeper.pid, signal.SIGKILL)
    eventually(lambda: not is_alive(process), "the killed process is gone")
    assert sleeper.returncode is None  # it was not waited for


def test_end_sends_sigterm_and_waits(sleeper: subprocess.Popen[bytes]) -> None:
    process = find_process(sleeper.pid)
    assert process is not None
    assert end_processes([process], within=30) == []
    assert sleeper.wait() == -signal.SIGTERM


def test_end_tells_who_does_not_go() -> None:
    with child(STUBBORN, stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        assert stubborn.stdout.readline() == b"up\n"
        process = find_process(stubborn.pid)
        assert process is not None
        assert end_processes([process], within=0.1) == [process]


def test_systems_without_proc_ask_ps(sleeper: subprocess.Popen[bytes]) -> None:
    state, started = _stat_by_ps(sleeper.pid)
    assert state
    assert started == _stat_by_ps(sleeper.pid)[1] != ""
    sleeper.kill()
    sleeper.wait()
    assert _stat_by_ps(sleeper.pid) == ("", "")


def test_services_get_no_secrets_and_no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_KEY", "HTTP_PROXY", "http_proxy", "NODE_OPTIONS", "PYTHONSTARTUP", "MY_TOKEN"):
        monkeypatch.setenv(name, "no business of theirs")
    assert "no business of theirs" not in clean_environment().values()
    assert clean_environment()["PATH"] == os.environ["PATH"]
