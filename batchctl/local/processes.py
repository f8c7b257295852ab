"""Processes by pid and start time, so that a pid used again is never taken for ours. Nothing goes by name."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"),
    *("XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST"),
    "BATCHCTL_LOCAL_CONTAINERS",
)

POLL = 0.02
"""Seconds between two looks at processes that are to end."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that ran at some time. `started` is opaque: equal for the same process, different for a later one."""

    pid: int
    started: str


def find_process(pid: int) -> Process | None:
    """The process that has this pid now; None if there is none, or it has ended and waits to be reaped."""
    state, started = _stat_of_linux(pid) if Path("/proc/self/stat").exists() else _stat_by_ps(pid)
    return Process(pid, started) if state and not state.startswith("Z") else None


def is_alive(process: Process) -> bool:
    """Whether it still runs."""
    return find_process(process.pid) == process


def end_processes(processes: Iterable[Process], *, within: float) -> list[Process]:
    """Sends SIGTERM to those that still run and waits. Returns those that run on after `within` seconds."""
    left = [process for process in processes if is_alive(process)]
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while (left := [process for process in left if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(POLL)
    return left


def clean_environment() -> dict[str, str]:
    """What a service may know of ours: no secret, no proxy, nothing that changes how python or node start."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _stat_of_linux(pid: int) -> tuple[str, str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and parentheses
    return fields[0], fields[19]  # fields 3 and 22 of proc(5): the state, and ticks since the machine started


def _stat_by_ps(pid: int) -> tuple[str, str]:
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    # In one language, whoever asks: the time is compared as text.
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    state, _, started = answer.stdout.strip().partition(" ")
    return state, started.strip()
