"""The process of a task: its program found, its end awaited, its group ended whole."""

import asyncio
import contextlib
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from batchctl.emulator.node.outcome import Failed

_NOT_FOUND = "The system cannot find the file specified"
"""As recorded of a Linux node (Azure/azure-sdk-assets, js/…/task_operations_test, 2025-06-01, 2026-02-04)."""
# Where it can, a group is ended while its leader's number is still taken.
CAN_WAIT_WITHOUT_REAPING = hasattr(os, "waitid")


def keep_descriptors() -> None:
    """What this process was handed down, beside its three streams, goes to no child of it: Python's own never do."""
    folder = Path("/dev/fd")
    for name in os.listdir(folder) if folder.is_dir() else ():  # noqa: PTH208 - names, of which some are gone by now
        with contextlib.suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)


def split_words(command_line: str) -> list[str]:
    """The words of a command line: quotes and backslash, and nothing else of a shell."""
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise Failed("CommandLaunchFailed", CommandLine=command_line, Message=str(error)) from error
    if not words:
        raise Failed("CommandProgramNotFound", Message=_NOT_FOUND)
    return words


def launch_failure(words: list[str], wd: Path, environment: dict[str, str], error: OSError) -> Failed:
    """Why the first word could not be started: relative to wd where it has a slash, else from the task's PATH."""
    word, line = words[0], shlex.join(words)
    found = shutil.which(str(wd / word)) if "/" in word else shutil.which(word, path=environment.get("PATH", ""))
    if found is not None:
        return Failed("CommandLaunchFailed", CommandLine=line, Message=str(error))
    if "/" in word and (wd / word).exists():
        return Failed("CommandLaunchFailed", CommandLine=line, Message=f"'{word}' is no file that may be executed")
    return Failed("CommandProgramNotFound", Message=_NOT_FOUND)


async def await_end_of(pid: int) -> None:
    """Returns when a child has ended, without reaping it. Linux alone."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    watch = os.pidfd_open(pid)
    loop.add_reader(watch, _settle, ended)
    try:
        await ended
    finally:
        loop.remove_reader(watch)
        os.close(watch)


def _settle(ended: "asyncio.Future[None]") -> None:
    if not ended.done():  # the loop may tell twice before who waits goes on
        ended.set_result(None)


def wait_in_thread(process: subprocess.Popen[bytes]) -> None:
    """The same in a thread; reaps it where the system cannot wait otherwise."""
    if CAN_WAIT_WITHOUT_REAPING:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def exit_code_of(pid: int) -> int:
    """The exit code of a child that has ended and is not to be reaped."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    if ended is None:
        return 0
    # That of a signal is negative in Batch; 128 and the signal is what a shell says of a program that it ran.
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def kill_group(pid: int) -> None:
    """SIGKILL to a process group; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def birth_of_next() -> float:
    """The birth of a process that is started now; 0 where the system does not tell. Cheaper than to ask /proc then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else 0.0


def birth_of(pid: int) -> float:
    """When a process started; -inf if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -math.inf
    return float(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
