"""batchctl demo: the word count, from nothing to its outputs, on the services of this machine."""

import os
import shlex
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.options import Options
from batchctl.cli.speaking import open_page
from batchctl.cli.specs import apply_spec, destroy_spec
from batchctl.errors import MachineError, Refused, UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from batchctl.render.page import Page

SPEC, REPORT = "specs/word-count.yaml", "report"
RUN = (SPEC, "--target", "local", "--yes")
FILES = (SPEC, "specs/word-count", "node_scripts/top_words.py", "schemas/batchctl.schema.json")
"""What the spec needs around it, and the schema that an editor checks it by."""


def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--in", metavar="DIR", help="A new or empty directory for its files; else a temporary one."),
    ] = None,
) -> None:
    """Count words in three texts on the Azure Batch of this machine: plan, run, outputs, report, and away again."""
    from batchctl import local

    out = open_page()
    _require_empty(folder)
    # Before anything is written: what is missing on this machine is told here.
    local.ensure_running(out.say)
    place = _written(folder or Path(tempfile.mkdtemp(prefix="batchctl-demo-")))
    os.chdir(place)  # so that the commands are short, and are what is run
    out.result("Three texts, and a task for each that counts its words.")
    _tell(out, _command("cd", str(place)), _command("batchctl", "apply", *RUN, "--report", REPORT))
    try:
        _done(lambda: apply_spec(Path(SPEC), Options(target="local", yes=True, report=Path(REPORT))))
        _tell(out, _command("batchctl", "destroy", *RUN))
        destroy_spec(Path(SPEC), Options(target="local", yes=True))
    except Refused:
        out.say("Where something else is at the demo's names, services of its own, which end by themselves, run it:")
        out.say("  BATCHCTL_LOCAL_HOME=$(mktemp -d) batchctl demo")
        raise
    _tell(out, f"Outputs: {place / 'results'}", f"Report:  {place / REPORT / 'report.html'}")
    out.say("The commands can be repeated; `batchctl local open` shows meanwhile what the services do.")


def _require_empty(folder: Path | None) -> None:
    """Raises UsageError: nothing is written among somebody's files."""
    if folder and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--in {folder}: it is no empty directory; name one that is empty or not there yet")


def _written(folder: Path) -> Path:
    """Where the files are now. Raises MachineError."""
    place = folder.resolve()
    try:
        for name in FILES:
            to = place / name
            to.parent.mkdir(parents=True, exist_ok=True)
            with as_file(_shipped(name)) as found:
                if found.is_dir():
                    copytree(found, to)
                else:
                    to.write_bytes(found.read_bytes())
    except OSError as error:
        raise MachineError(f"cannot write the demo's files to {place}: {error.strerror}") from error
    return place


def _shipped(name: str) -> "Traversable":
    """In the wheel inside the package, in a checkout beside it."""
    package = files("batchctl")
    inside = package / name
    return inside if inside.is_file() or inside.is_dir() else package / ".." / name


def _command(*words: str) -> str:
    return f"$ {shlex.join(words)}"


def _tell(out: "Page", *lines: str) -> None:
    """With a line of room above."""
    for line in ("", *lines):
        out.result(line)


def _done(run: Callable[[], None]) -> None:
    """A command that ends well says so by an exit."""
    try:
        run()
    except typer.Exit as end:
        if end.exit_code:
            raise
