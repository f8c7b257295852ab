"""The commands with their options, as `--help` has them."""

from collections.abc import Iterator
from typing import Any

import typer

from batchctl.cli import GROUPS, door
from tests.documents.tables import cell, code, row, table

INTRODUCTION = """# Commands

What `batchctl COMMAND --help` says. What they are for: [the README](../../README.md#commands). How they end:
[exit codes](exit-codes.md).
"""


def commands_page() -> str:
    root: Any = typer.main.get_command(door("--help"))
    parts = [INTRODUCTION]
    for group, (_, names) in GROUPS.items():
        parts.append(f"## {group if group != 'Commands' else 'Plan and apply'}\n")
        parts += [text for name, command in root.commands.items() if name in names for text in _command(name, command)]
    return "\n".join(parts)


def _command(name: str, command: Any) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    told = command.help or ""
    yield f"### `batchctl {name}`\n\n{cell(told)}\n"
    if inner:
        for below, one in inner.items():
            yield from _command(f"{name} {below}", one)
        return
    context = typer.Context(command, info_name=f"batchctl {name}")
    yield f"```text\n{_usage(name, command, context)}\n```\n"
    if rows := [_row(param, context) for param in command.get_params(context) if not _known(param)]:
        yield "\n".join(table(("option", "what it does"), rows)) + "\n"


def _usage(name: str, command: Any, context: Any) -> str:
    pieces = (piece.strip("{}") for piece in command.collect_usage_pieces(context))
    return " ".join([f"batchctl {name}", *pieces])


def _known(param: Any) -> bool:
    return param.name == "help" or bool(getattr(param, "hidden", False))


def _row(param: Any, context: Any) -> str:
    told = " ".join([cell(param.help or ""), *_default(param)])
    if param.param_type_name == "argument":
        return row(code(param.make_metavar(context)), told)
    names = "/".join((*param.opts, *param.secondary_opts))
    value = "" if param.is_flag or param.count else f" {param.make_metavar(context)}"
    return row(code(names + value), told)


def _default(param: Any) -> Iterator[str]:
    value = getattr(param.default, "value", param.default)
    if getattr(param, "show_default", False) and not callable(value) and value not in (None, False, "", (), []):
        yield f"Default: {code(str(value))}."
