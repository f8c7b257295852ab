"""Commands in processes of their own that load nothing: each is forked from one that has loaded all of batchctl.

To load itself takes a command longer than what it does on services that are near. `python -m tests.forks` is the
process that is forked: a line of JSON in for each command, its exit code out."""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import requests

import batchctl
from batchctl.clock import SystemClock
from batchctl.frozen import write_methods
from tests import leaks

ROOT = Path(__file__).parents[1]
OTHERS = ("batchctl.emulator", "batchctl.testing", "batchctl.__main__", "batchctl.local.__main__")
"""What no command loads."""
MOMENT = 0.1
"""Seconds, the longest that a command sleeps: what it waits for on this machine is there soon."""
WRITTEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Forks:
    """The process that is forked, for one command at a time."""

    process: "subprocess.Popen[str]"
    turn: Lock = field(default_factory=Lock)

    def run(
        self, module: str, arguments: tuple[str, ...], folder: Path, environ: Mapping[str, str], timeout: float = 120
    ) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of `python -m MODULE ARGUMENTS` in the folder, without a terminal or input."""
        with self.turn, tempfile.TemporaryDirectory() as room:
            out, err = Path(room, "out"), Path(room, "err")
            asked = {"module": module, "arguments": arguments, "folder": str(folder), "environ": dict(environ)}
            line = json.dumps({**asked, "timeout": timeout, "out": str(out), "err": str(err)})
            to, back = self.process.stdin, self.process.stdout
            print(line, file=to, flush=True)
            code, said = int(back.readline() if back else ""), out.read_text(encoding="utf-8")
            assert code != -signal.SIGALRM, f"{arguments} did not end within {timeout:g} s: {said}"
            errors = err.read_text(encoding="utf-8")
            if arguments[:2] != ("local", "start"):  # whose variables for a shell are what opens the services
                leaks.check(said + errors, f"what {' '.join(arguments)} said")
            return code, said, errors


@contextlib.contextmanager
def forks() -> Iterator[Forks]:
    command = [sys.executable, "-m", "tests.forks"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forks(process)


def load() -> None:
    """The modules, and what is written or found out when they are first used."""
    for module in pkgutil.walk_packages(batchctl.__path__, "batchctl."):
        if not module.name.startswith(OTHERS):
            for value in vars(importlib.import_module(module.name)).values():
                if hasattr(getattr(value, "__init__", None), "is_written_later"):
                    write_methods(value)
    requests.Session().prepare_request(requests.Request("GET", "http://127.0.0.1"))


def hasten() -> None:
    sleep = SystemClock.sleep

    def sleep_a_moment(clock: SystemClock, seconds: float, halt: Event | None = None) -> None:
        sleep(clock, min(seconds, MOMENT), halt)

    SystemClock.sleep = sleep_a_moment


def serve() -> None:
    """Ends when nobody asks for more."""
    for line in sys.stdin:
        if not (child := os.fork()):
            become(**json.loads(line))
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def become(
    module: str, arguments: list[str], folder: str, environ: dict[str, str], timeout: float, out: str, err: str
) -> None:
    """What a new process has: its streams, its folder, its variables; and an end, however long it waits."""
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, WRITTEN), (2, err, WRITTEN)):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:] = arguments
    signal.setitimer(signal.ITIMER_REAL, timeout)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    load()
    hasten()
    gc.freeze()
    serve()
