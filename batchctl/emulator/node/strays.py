"""Processes that nobody waits for any more: those that left their task's group, and those that outlived the service.

The service is made the parent of what its descendants leave behind, by a double fork or a session of their own
(PR_SET_CHILD_SUBREAPER), so that such an orphan is found among its children and ended with its task. Linux alone, and
only where the service is a process of its own; elsewhere groups are all.

What an earlier run of the service left is found by pid and birth, or by its environment. A birth is in seconds since
the machine's start: with the pid it names a process for good.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from batchctl.emulator.node.processes import birth_of, kill_group
from batchctl.emulator.node.windows import PREFIX_ENDING

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
_MARK = b"AZ_BATCH_TASK_DIR="
_PREFIX, _ENDING = b"WINEPREFIX=", PREFIX_ENDING.encode()
_PROC = Path("/proc")
_WITHIN = 5.0  # seconds that the start of the service waits for their ends
_SURE = 1.0  # seconds between the clock being read and the process being there


def adopt_orphans() -> bool:
    """From now on orphans are ours. False where the system does not know that."""
    if sys.platform != "linux" or not _children_of_ours().exists():
        return False
    answer: int = ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    return answer == 0


def end_orphans(leaders: Collection[int], directories: Collection[str]) -> bool:
    """Ends the orphans of tasks that run no more, and reaps what has ended. Whether some are left.

    `leaders` are the processes that the service waits for itself, `directories` those of the tasks that run.
    """
    left = False
    for pid in map(int, _children_of_ours().read_text().split()):
        if pid not in leaders and not _is_reaped(pid):
            environment = _environment_of(pid)
            if any(one.startswith(_PREFIX) and one.endswith(_ENDING) for one in environment):
                continue  # of a node of Windows: its tasks end with their groups, Wine itself when nothing runs
            left = True
            if not _task_runs(environment, directories):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    return left


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _task_runs(names: list[bytes], directories: Collection[str]) -> bool:
    """Whether its task runs. Of one that does not tell, nothing is known while any task runs."""
    task = next((os.fsdecode(name.removeprefix(_MARK)) for name in names if name.startswith(_MARK)), None)
    return bool(directories) if task is None else task in directories


def _is_reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _children_of_ours() -> Path:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")


def end_strays(home: Path, recorded: Iterable[list[float]]) -> int:
    """Kills the recorded groups that are still the same processes, and all that run in a node below `home`.

    Returns when they are gone, so that none of their tasks runs twice at once: how many there were. Without /proc only
    a process group that still leads itself is taken.
    """
    groups = {int(pid) for pid, born in recorded if _is_same(int(pid), born)}
    others = set(_in_nodes_of(home)) if sys.platform == "linux" else set()
    for pid in groups:
        kill_group(pid)
    for pid in others:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    _await_ends(groups | others)
    return len(groups | others)


def _await_ends(pids: Iterable[int]) -> None:
    """A killed process may take a moment, or for ever where a device does not answer: that is not waited for."""
    deadline = time.monotonic() + _WITHIN
    for pid in pids:
        while _process_runs(pid) and time.monotonic() < deadline:
            time.sleep(0.002)  # seconds: most are gone within one of these


def _process_runs(pid: int) -> bool:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _is_same(pid: int, born: float) -> bool:
    if born:
        return abs(birth_of(pid) - born) < _SURE
    try:
        return os.getpgid(pid) == pid
    except OSError:
        return False


def _in_nodes_of(home: Path) -> Iterable[int]:
    """Processes whose environment says that they run on a node of this home."""
    place = os.fsencode(home / "nodes") + b"/"
    marks = b"AZ_BATCH_NODE_ROOT_DIR=" + place, _PREFIX + os.fsencode(home) + b"/"
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                environment = (entry / "environ").read_bytes()
                if any(mark in environment for mark in marks):
                    yield int(entry.name)
