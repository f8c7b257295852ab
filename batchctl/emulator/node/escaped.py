"""Processes that left their task's group, by a double fork or a session of their own: adopted, and ended with the task.

The service is made the parent of what its descendants leave behind (PR_SET_CHILD_SUBREAPER), so that such a process is
found among its children. Linux alone, and only where the service is a process of its own; elsewhere groups are all.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

_SUBREAPER = 36
_MARK = b"AZ_BATCH_TASK_DIR="


def adopt() -> bool:
    """From now on orphans are ours. False where the system does not know that."""
    if sys.platform != "linux" or not _children_of_ours().exists():
        return False
    answer: int = ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    return answer == 0


def sweep(leaders: Collection[int], directories: Collection[str]) -> bool:
    """Ends the orphans of tasks that run no more, and reaps what has ended. Whether some are left.

    `leaders` are the processes that the service waits for itself, `directories` those of the tasks that run.
    """
    left = False
    for pid in map(int, _children_of_ours().read_text().split()):
        if pid not in leaders and not _reaped(pid):
            left = True
            if not _belongs(pid, directories):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    return left


def _belongs(pid: int, directories: Collection[str]) -> bool:
    """Whether its task runs. Of one that does not tell, nothing is known while any task runs."""
    try:
        names = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        names = []
    task = next((os.fsdecode(name.removeprefix(_MARK)) for name in names if name.startswith(_MARK)), None)
    return bool(directories) if task is None else task in directories


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _children_of_ours() -> Path:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
