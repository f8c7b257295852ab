"""The command line in processes that cost milliseconds: each is forked from one that has imported everything."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from batchctl import cli, clock
from batchctl.cli import target as door
from batchctl.cloud.connect import Target
from tests.sweeps.hasty import SkippingClock, hastened
from tests.sweeps.stage import Ran, Stage, Ways

LIBRARIES = ("batchctl", "azure", "requests", "rich", "typer", "jsonschema", "yaml", "pycurl")

_CONTEXT = multiprocessing.get_context("forkserver")


def prepare() -> None:
    """What this process has imported by now, every client has from its beginning."""
    ours = [
        name for name in sys.modules if name.partition(".")[0] in ("batchctl", "azure", "rich", "typer", "jsonschema")
    ]
    _CONTEXT.set_forkserver_preload([*ours, __name__])


@dataclass(frozen=True)
class Client:
    """One run of the command line; `told` is the file of all that it says."""

    process: ForkServerProcess
    told: Path

    def signal(self, number: int) -> None:
        if self.process.is_alive() and self.process.pid:
            os.kill(self.process.pid, number)

    def ended(self, within: float = 120) -> Ran:
        """How it ended. One that does not is killed, and what it said is in the error."""
        self.process.join(within)
        if self.process.is_alive():
            self.signal(signal.SIGKILL)
            raise AssertionError(f"it did not end within {within:g} s: {self.told.read_text()}")
        return Ran(self.process.exitcode or 0, self.told.read_text() if self.told.exists() else "")


def _nothing() -> None:
    """A lambda cannot be sent to another process."""


def start(
    stage: Stage,
    ways: Ways | None,
    *arguments: str,
    real_time: bool = False,
    before: Callable[[], None] = _nothing,
) -> Client:
    """`batchctl ARGUMENTS` in the stage's folder, by these ways. `real_time`: its pauses are not skipped. `before` is
    called in its process first."""
    told = stage.folder / f"told-{len(list(stage.folder.glob('told-*')))}.txt"
    process = _CONTEXT.Process(target=_run, args=(stage.folder, told, stage.given(ways), arguments, real_time, before))
    process.start()
    return Client(process, told)


def _run(
    folder: Path,
    told: Path,
    given: dict[str, Any],
    arguments: tuple[str, ...],
    real_time: bool,
    before: Callable[[], None],
) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "BATCHCTL_", "COLUMNS"))]:
        del os.environ[name]
    os.environ["NO_COLOR"] = "1"
    os.chdir(folder)
    stream = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, stream), (2, stream)):
        os.dup2(source, number)
    door._target = lambda *_: Target.local(**given)
    if not real_time:
        clock.SystemClock = SkippingClock  # type: ignore[misc]
    sys.argv = ["batchctl", *arguments]
    before()
    with hastened():
        cli.main()
