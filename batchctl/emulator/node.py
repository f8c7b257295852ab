"""What happens on a node: directories, environment, processes. The only user of subprocess; a run is one thread.

It is told all in an Order, tells all in an Outcome, and knows no record of the service.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchctl.emulator import inputs, outputs
from batchctl.emulator.outcome import Failed, Failure, Outcome
from batchctl.emulator.strays import birth

NODE_DIRECTORIES = ("applications", "fsmounts", "shared", "startup/wd", "volatile", "workitems")
_CAN_WAIT_WITHOUT_REAPING = hasattr(os, "waitid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command line to run in `directory`/wd. `fresh`: the directory is emptied before.

    `runs_on_host` False: it wants a container, and the node has no runtime for one.
    """

    directory: Path
    command_line: str
    environment: dict[str, str]
    resource_files: tuple[dict[str, Any], ...] = ()
    output_files: tuple[dict[str, Any], ...] = ()
    fresh: bool = True
    runs_on_host: bool = True


class Run:
    """An Order on its way. `kill` may come at any time, from any thread; `spawned` hears pid and birth."""

    def __init__(self, order: Order, spawned: Callable[[int, float], None] | None = None) -> None:
        self.order, self._spawned = order, spawned
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._killed: str | None = None

    def kill(self, why: str) -> None:
        """Ends the whole process group, or keeps it from starting. The first reason stands."""
        with self._lock:
            self._killed = self._killed or why
            if self._pid is not None:
                kill_group(self._pid)

    @property
    def killed(self) -> str | None:
        """Why it was killed."""
        return self._killed

    def __call__(self) -> Outcome:
        """Runs it to its end, uploads included. Never raises."""
        try:
            code = self._execute()
        except Failed as failed:
            return self._uploaded(Outcome(None, failed.failure))
        except OSError as error:
            return Outcome(None, Failure("CommandLaunchFailed", (("Reason", str(error)),)))
        if self._killed == "expired":
            return self._uploaded(Outcome(None, Failure("MaxWallClockTimeExpiry")))
        if self._killed:
            return Outcome(None, Failure("TaskEnded"))
        return self._uploaded(Outcome(code, Failure("FailureExitCode") if code else None))

    def _execute(self) -> int | None:
        """The exit code; None if it was killed before it started."""
        order = self.order
        wd = order.directory / "wd"
        if not order.runs_on_host:
            raise Failed("ContainerRuntimeNotFound", Reason="the service was not told to run containers on its host")
        inputs.fetch_all(order.resource_files, wd, lambda: self._killed is not None)
        process = self._start(_words(order.command_line), wd)
        return None if process is None else self._wait(process)

    def _start(self, words: list[str], wd: Path) -> subprocess.Popen[bytes] | None:
        """Starts the program in a session of its own. Raises Failed if there is none."""
        program = _program(words[0], wd, self.order.environment)
        with (wd.parent / "stdout.txt").open("wb") as out, (wd.parent / "stderr.txt").open("wb") as err, self._lock:
            if self._killed:
                return None
            try:
                process = subprocess.Popen(
                    words,
                    executable=program,
                    cwd=wd,
                    env=self.order.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            except OSError as error:
                raise Failed("CommandLaunchFailed", Reason=str(error)) from error
            self._pid = process.pid
        if self._spawned:
            self._spawned(process.pid, birth(process.pid))
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for the program, then ends what it left behind in its group."""
        if _CAN_WAIT_WITHOUT_REAPING:  # the group's number cannot be given anew before its leader is reaped
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:
            process.wait()
        with self._lock:
            self._pid = None
            kill_group(process.pid)
        code = process.wait()
        return 128 - code if code < 0 else code

    def _uploaded(self, outcome: Outcome) -> Outcome:
        """The outcome after its output files were uploaded."""
        order = self.order
        try:
            outputs.upload_all(order.output_files, order.directory / "wd", order.environment, outcome.succeeded)
        except Failed as failed:
            return Outcome(outcome.exit_code, outcome.failure or failed.failure, uploading=True)
        return outcome


def make_ready(directory: Path) -> None:
    """A task's directory, with streams that can be read before anything is in them."""
    (directory / "wd").mkdir(parents=True, exist_ok=True)
    (directory / "stdout.txt").write_bytes(b"")
    (directory / "stderr.txt").write_bytes(b"")


def make_directories(root: Path) -> None:
    """The directories that every node has."""
    for name in NODE_DIRECTORIES:
        (root / name).mkdir(parents=True, exist_ok=True)


def remove_tree(path: Path) -> None:
    """Deletes a directory, also where a task took away its own write permission."""

    def unlock(function: Callable[..., Any], name: str, _error: Any) -> None:
        with contextlib.suppress(OSError):
            Path(name).parent.chmod(0o700)
            Path(name).chmod(0o700)
            function(name)

    shutil.rmtree(path, onerror=unlock)


def kill_group(pid: int) -> None:
    """SIGKILL to a process group; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _words(command_line: str) -> list[str]:
    """The words of a command line: quotes and backslash, and nothing else of a shell."""
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise Failed("CommandLaunchFailed", Reason=str(error)) from error
    if not words:
        raise Failed("CommandProgramNotFound", CommandLine=command_line)
    return words


def _program(word: str, wd: Path, environment: dict[str, str]) -> str:
    """The program's path: relative to wd where it has a slash, else from the task's PATH."""
    found = shutil.which(str(wd / word)) if "/" in word else shutil.which(word, path=environment.get("PATH", ""))
    if found is None:
        exists = "/" in word and (wd / word).exists()
        raise Failed("CommandLaunchFailed" if exists else "CommandProgramNotFound", Program=word)
    return found
