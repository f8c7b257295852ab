"""What a shell offers behind the words of a command: names of the spec that the line names. Sends no request."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from batchctl.errors import UsageError

if TYPE_CHECKING:
    from batchctl.desired import Desired
    from batchctl.spec.model import Spec


LINES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Where typer's scripts for bash, and for zsh, fish and PowerShell, put the line."""


def completed_command(environ: Mapping[str, str], otherwise: str) -> str:
    """Of a line that a shell asks to complete the command, "" while it is not whole; `otherwise` where nobody asks."""
    if "_BATCHCTL_COMPLETE" not in environ:
        return otherwise
    line = next((environ[name] for name in LINES if name in environ), "")
    words = line.split()[1:]
    return words[0] if words[1:] or (words and line.endswith((" ", "\n"))) else ""


def tasks(context: typer.Context, incomplete: str) -> list[str]:
    return _beginning(incomplete, context, lambda names: names["task"])


def objects(context: typer.Context, incomplete: str) -> list[str]:
    """`KIND.NAME`, as --only takes them."""
    return _beginning(incomplete, context, _all)


def outputs(context: typer.Context, incomplete: str) -> list[str]:
    """What a blob is asked for by: its task, or its container."""
    return _beginning(incomplete, context, lambda n: [*n["task"], *(f"{name}/*" for name in n["container"])])


def reruns(context: typer.Context, incomplete: str) -> list[str]:
    return _beginning(incomplete, context, lambda names: ["all", "failed", *names["task"]])


def words(incomplete: str) -> list[str]:
    """Of the language, a step at a time: `pool.` is followed by its parts."""
    from batchctl.spec.reading.explained import explain_word

    try:
        found = explain_word(incomplete.rpartition(".")[0]).inner
    except UsageError:
        return []
    return [word.path for word in found if word.path.startswith(incomplete)]


def _all(names: Mapping[str, list[str]]) -> list[str]:
    return [f"{kind}.{name}" for kind in ("pool", "container", "job", "task") for name in names[kind]]


def _beginning(
    incomplete: str, context: typer.Context, offered: Callable[[Mapping[str, list[str]]], Iterable[str]]
) -> list[str]:
    """Whatever is wrong, a line that is being written is no place to say it."""
    try:
        named = offered(_names(context))
    except Exception:
        return []
    return [name for name in named if name.startswith(incomplete)]


def _names(context: typer.Context) -> Mapping[str, list[str]]:
    """The names of the objects of each kind, as the spec and its files say them; nothing is asked, hashed or signed."""
    from batchctl.spec.outside.stocktaking import take_inventory
    from batchctl.spec.resolve import resolve

    spec = _spec(context)
    found: Desired = resolve(spec, take_inventory(spec, None))
    names: dict[str, list[str]] = {"pool": [], "container": [], "job": [], "task": []}
    for resource in found.resources:
        names.setdefault(resource.kind, []).append(getattr(resource, "id", resource.name))
    if found.external_pool:
        names["pool"].append(found.external_pool.name)
    return names


def _spec(context: typer.Context) -> "Spec":
    """The spec of the line, with the variables and overlays that stand there."""
    import os

    from batchctl.opening.outside import Outside
    from batchctl.opening.variables import parse_variables
    from batchctl.spec.load import load, with_stand_ins

    said = context.params
    # Behind an option that still wants its value nothing of the line is parsed but its options.
    path = Path(said.get("spec") or context.args[0])
    beside = {name: [Path(file) for file in said.get(name) or ()] for name in ("overlay", "var_file")}
    environ, _ = with_stand_ins(path, os.environ, overlays=beside["overlay"])
    return load(
        path,
        parse_variables(said.get("var") or ()),
        Outside(environ, read=False),
        var_files=beside["var_file"],
        overlays=beside["overlay"],
    )
