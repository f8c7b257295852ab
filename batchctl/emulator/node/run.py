"""What happens on a node: an order is carried out, from its files to its outcome.

It is told all in an Order, tells all in an Outcome, and knows no record of the service. Processes are started and
waited for on the loop, downloads and uploads have threads: where tasks are short, a switch of threads costs more
than all else that is done for them.
"""

import asyncio
import contextlib
import logging
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchctl.emulator.node import container_runtime, containers, output_files, processes, resource_files, wine
from batchctl.emulator.node.containers import Container
from batchctl.emulator.node.outcome import Failed, Failure, KillReason, Outcome
from batchctl.emulator.node.windows import Machine

_log = logging.getLogger(__name__)
NODE_DIRECTORIES = ("applications", "fsmounts", "shared", "startup/wd", "volatile", "workitems")
LOG = "volatile/agent.log"
UNEXPECTED_EXIT = Failure(
    "FailureExitCode",
    (("Message", "The task process exited with an unexpected exit code"), ("AdditionalErrorCode", "FailureExitCode")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command line to run in `directory`/wd, on the node `root`; None: files are fetched, and that is all.

    `fresh`: the directory is emptied before. `common_files` come to the directory itself. `keeps`: what the command
    leaves in its process group lives until `Run.end`. `appends`: its streams go on where an earlier run's ended.
    `container`: it runs in one. `machine`: it runs on Windows. `refused`: it cannot, and why. `remark`: what the node's
    log is to say of it.
    """

    directory: Path
    root: Path
    command_line: str | None
    environment: dict[str, str]
    resource_files: tuple[dict[str, Any], ...] = ()
    output_files: tuple[dict[str, Any], ...] = ()
    common_files: tuple[dict[str, Any], ...] = ()
    fresh: bool = True
    keeps: bool = False
    appends: bool = False
    container: Container | None = None
    machine: Machine | None = None
    refused: Failure | None = None
    remark: str = ""


class Run:
    """An Order on its way. `kill` may come at any time on the loop's thread; `spawned` hears pid and birth.

    `threads` do what may take long. `begun`: by the monotonic clock of this machine.
    """

    def __init__(self, order: Order, threads: Executor, spawned: "Callable[[Run, int, float], None] | None") -> None:
        self.order, self._threads, self._spawned = order, threads, spawned
        self.begun = time.monotonic()
        self._streams: tuple[int, int] | None = None
        self._pid: int | None = None
        self._kept: subprocess.Popen[bytes] | None = None
        self._killed: KillReason | None = None
        self._container: str | None = None

    def make_ready(self) -> None:
        """Makes the directory, with streams that can be read before anything is in them. Raises OSError."""
        directory = str(self.order.directory)
        try:
            os.mkdir(directory)  # noqa: PTH102 - for every task, and Path takes twice as long
        except FileNotFoundError:
            os.makedirs(directory)  # noqa: PTH103
        except FileExistsError:
            pass
        with contextlib.suppress(FileExistsError):
            os.mkdir(f"{directory}/wd")  # noqa: PTH102
        self._streams = _open_streams(directory, self.order.appends)

    def kill(self, why: KillReason) -> None:
        """Ends the whole process group, or keeps it from starting. The first reason stands."""
        self._killed = self._killed or why
        if self._pid is not None:
            if held := self.order.container:  # the program that we started only watches it
                self._threads.submit(container_runtime.remove_container, held)
            processes.kill_group(self._pid)

    def end(self) -> None:
        """Ends what an order that `keeps` left behind."""
        if kept := self._kept:
            self._kept = None
            processes.kill_group(kept.pid)
            kept.wait()

    @property
    def pid(self) -> int | None:
        """The process that it waits for, or keeps."""
        return self._kept.pid if self._kept else self._pid

    @property
    def killed(self) -> KillReason | None:
        """Why it was killed."""
        return self._killed

    async def go(self) -> Outcome:
        """Runs it to its end, uploads included. Never raises: who waits for its end would wait for ever."""
        try:
            return await self._gone()
        except Exception as error:
            _log.exception("the run in %s", self.order.directory)
            return Outcome(None, Failure("CommandLaunchFailed", (("Message", f"{type(error).__name__}: {error}"),)))

    async def _gone(self) -> Outcome:
        try:
            try:
                code = await self._execute()
            finally:
                self._close_streams()
        except Failed as failed:
            return await self._uploaded(Outcome(None, failed.failure))
        except (OSError, ValueError) as error:  # ValueError: what no process can be given, such as a name with `=`
            return Outcome(None, Failure("CommandLaunchFailed", (("Message", str(error)),)))
        if self._killed is KillReason.EXPIRED:
            return await self._uploaded(Outcome(None, Failure("MaxWallClockTimeExpiry")))
        if self._killed:
            return Outcome(None, Failure("TaskEnded"))
        failure = UNEXPECTED_EXIT if code else None
        return await self._uploaded(Outcome(code, failure, container=self._container))

    async def _execute(self) -> int | None:
        """The exit code; None if it was killed before it started."""
        order = self.order
        wd = order.directory / "wd"
        if order.remark:
            await self._aside(write_log, order.root, order.remark)
        if order.refused:
            raise Failed(order.refused.code, **dict(order.refused.details))
        for files, place in ((order.common_files, order.directory), (order.resource_files, wd)):
            if files:
                await self._aside(resource_files.fetch_all, files, place, lambda: self._killed is not None)
        if self._killed:  # while files were fetched: nobody would kill what is started now
            return None
        if order.command_line is None:
            return 0
        if order.container:
            return await self._contained(order.container, order.command_line, wd)
        if order.machine:
            return await self._on_windows(order.machine, order.command_line, wd)
        return await self._wait(self._start(processes.split_words(order.command_line), wd, order.environment))

    async def _contained(self, container: Container, command_line: str, wd: Path) -> int | None:
        """The same in a container: its image is there first, and the runtime's own failures are no exit code."""
        await self._aside(container_runtime.bring_image, container)
        if self._killed:  # while the image was pulled
            return None
        words = containers.run_words(container, shlex.split(command_line), self.order.environment)
        code = await self._wait(self._start(words, wd, containers.client_environment(self.order.environment)))
        with contextlib.suppress(OSError):
            self._container = container.id_file.read_text()
            container.id_file.unlink()
        if code == containers.NOT_STARTED and self._container is None:
            raise Failed("ContainerInvalidSettings", Message=_last_line(wd.parent / "stderr.txt"))
        return code

    async def _on_windows(self, machine: Machine, command_line: str, wd: Path) -> int:
        """The same on a node of Windows: cmd runs the line, and writes down with what it ended."""
        words = wine.prepare_line(machine, command_line, wd.parent)
        environment = {**self.order.environment, **wine.variables_of(machine.prefix)}
        return wine.exit_code(machine, wd.parent, await self._wait(self._start(words, wd, environment)))

    async def _aside(self, work: Callable[..., None], *arguments: object) -> None:
        """Does it in a thread."""
        await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _start(self, words: list[str], wd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Starts the program in a session of its own. Raises Failed if there is none."""
        out, err = self._streams or _open_streams(str(wd.parent), self.order.appends)
        self._streams, born = (out, err), processes.birth_of_next()
        try:
            process = subprocess.Popen(
                words,
                cwd=wd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                close_fds=False,  # none of ours outlives exec (`keep_descriptors`), and to look for them takes long
                start_new_session=True,  # a group of its own, to be ended whole
            )
        except OSError as error:
            raise processes.launch_failure(words, wd, environment, error) from error
        finally:
            self._close_streams()
        self._pid = process.pid
        if self._spawned:
            self._spawned(self, process.pid, born)
        return process

    def _close_streams(self) -> None:
        """Closes what was opened for a program that has them now, or that never began."""
        streams, self._streams = self._streams, None
        for stream in streams or ():
            os.close(stream)

    async def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for the program, then ends what it left behind in its group."""
        try:
            await processes.await_end_of(process.pid)
        except (AttributeError, OSError):  # no pidfd on this system, or none left
            await self._aside(processes.wait_in_thread, process)
        self._pid = None  # before it is reaped: a kill that comes later must not meet another process of this number
        if self.order.keeps and processes.CAN_WAIT_WITHOUT_REAPING and not self._killed:
            self._kept = process
            return processes.exit_code_of(process.pid)
        processes.kill_group(process.pid)  # its number cannot be given anew before its leader is reaped
        return process.wait()

    async def _uploaded(self, outcome: Outcome) -> Outcome:
        """The outcome after its output files were uploaded."""
        order = self.order
        if not order.output_files:
            return outcome
        wd = order.directory / "wd"
        try:
            await self._aside(
                output_files.upload_all, order.output_files, wd, order.root, order.environment, outcome.succeeded
            )
        except Failed as failed:
            return Outcome(outcome.exit_code, outcome.failure or failed.failure)
        except (OSError, ValueError, re.error) as error:  # a pattern or a header that nobody can use
            failure = Failure("FileUploadMiscError", (("Message", str(error)),))
            return Outcome(outcome.exit_code, outcome.failure or failure)
        return outcome


def _last_line(path: Path) -> str:
    return " ".join(path.read_text(errors="replace").strip().splitlines()[-1:])[:500]


def _open_streams(directory: str, appends: bool) -> tuple[int, int]:
    """A task's stdout and stderr, emptied or as they are."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if appends else os.O_TRUNC)
    out = output_files.open_at_once(f"{directory}/stdout.txt", flags)
    try:
        return out, output_files.open_at_once(f"{directory}/stderr.txt", flags)
    except OSError:
        os.close(out)
        raise


def make_directories(root: Path) -> None:
    """The directories that every node has."""
    for name in NODE_DIRECTORIES:
        (root / name).mkdir(parents=True, exist_ok=True)


def write_log(root: Path, line: str) -> None:
    """A line in the node's log."""
    log = root / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(f"{line}\n")
