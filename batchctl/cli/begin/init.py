"""batchctl init: a spec for a folder of inputs and a command. What it asks is what was not said."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from batchctl.cli.speaking import open_page
from batchctl.errors import MachineError, UsageError

IGNORED = ("/results/",)
"""What a run brings home."""


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the inputs are and the spec goes.")] = Path(),
    command: Annotated[
        str,
        typer.Option("--command", metavar="TEXT", help="What is done with each input, which stands at {item.name}."),
    ] = "",
    inputs: Annotated[str, typer.Option("--inputs", metavar="GLOB", help="The inputs, relative to DIR.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The spec's name; else that of DIR.")] = "",
    whole: Annotated[
        str, typer.Option("--from-command", metavar="TEXT", help="Both in one: 'python3 x.py data/*.csv'.")
    ] = "",
    ci: Annotated[
        str,
        typer.Option("--ci", metavar="SERVICE", help="A pipeline beside it, for github, azure-devops or gitlab."),
    ] = "",
) -> None:
    """Write a spec that runs a command on each of some files, and say what to do next. Writes over nothing."""
    from batchctl.cli.begin.draft import Wish, draft, parted, spec_name
    from batchctl.cli.begin.pipelines import planned_pipeline

    spec = folder / "spec.yaml"
    if spec.exists():
        raise UsageError(f"{spec} is there, and nothing is written over")
    if whole and (command or inputs):
        raise UsageError("--from-command says the command and the inputs: leave --command and --inputs away")
    if not folder.is_dir():
        raise UsageError(f"{folder} is no directory: name the one where the inputs are")
    command, inputs = parted(whole, folder) if whole else (command, inputs)
    command = command or _asked("--command", "Which command, with {item.name} for one input?")
    inputs = inputs or _asked("--inputs", "Which files are the inputs, such as data/*.csv?")
    own = spec_name(folder.resolve().name)
    name = name or (_asked("--name", f"Which name [{own}]?", own) if sys.stdin.isatty() and not whole else own)
    text = draft(Wish(folder=folder, command=command, inputs=inputs, name=name))
    pipeline = planned_pipeline(ci, spec) if ci else None
    out = open_page()
    try:
        _write_valid(spec, text)
        out.result(f"Wrote {spec}, which is valid")
        if pipeline:
            pipeline.write()
            out.result(f"Wrote {pipeline.file}: {pipeline.says}")
        if told := _ignore(folder / ".gitignore"):
            out.result(told)
    except OSError as error:
        raise MachineError(f"cannot write to {folder}: {error.strerror}") from error
    out.result("Next, on the Azure Batch of this machine:")
    for verb in ("plan", "apply"):
        out.result(_command("batchctl", verb, str(spec), "--target", "local"))


def _write_valid(spec: Path, text: str) -> None:
    """Raises UsageError, and leaves nothing behind, where the files and the command make no valid spec."""
    from batchctl.spec.load import examined

    spec.write_text(text, encoding="utf-8")
    problems, _ = examined(spec, {}, os.environ)
    if problems:
        spec.unlink()
        told = "; ".join(f"{problem.message} [{problem.code}]" for problem in problems)
        raise UsageError(f"nothing was written, for the spec would not be valid: {told}")


def _asked(option: str, question: str, default: str = "") -> str:
    """What somebody at a terminal answers. Raises UsageError where nobody is, or nothing is said."""
    if not sys.stdin.isatty():
        raise UsageError(f"nothing says {option}, and there is no terminal to ask at; --from-command says both in one")
    open_page().say(question)
    if answer := sys.stdin.readline().strip() or default:
        return answer
    raise UsageError(f"no answer: {option} says it too")


def _ignore(file: Path) -> str:
    """What was done about the file, or is to be done, if anything."""
    if not file.exists():
        file.write_text("".join(f"{line}\n" for line in IGNORED), encoding="utf-8")
        return f"Wrote {file}"
    there = file.read_text(encoding="utf-8", errors="replace").splitlines()
    lacking = [line for line in IGNORED if line not in there]
    return f"Add to {file}: {' '.join(lacking)}" if lacking else ""


def _command(*words: str) -> str:
    return f"  {shlex.join(words)}"
