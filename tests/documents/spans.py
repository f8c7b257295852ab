"""Commands that a document names, such as `batchctl apply SPEC --yes`: whether there are such commands and options."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

from batchctl.cli import door

NAMED = re.compile(r"(?:^\$ |`|\$\()batchctl ([a-z][^`\n]*)", re.MULTILINE)
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^ *batchctl ([a-z].*)", re.MULTILINE)


@cache
def _root() -> Any:
    return typer.main.get_command(door("--help"))


def unknown_in(text: str) -> list[str]:
    """A line for each command or option that there is not."""
    lines = [found for block in BLOCK.findall(text) for found in LINE.findall(block)]
    return [wrong for line in (*lines, *NAMED.findall(text)) for wrong in _unknown(line)]


def _unknown(line: str) -> Iterator[str]:
    words = _words(re.split(r"[|>;&)#]| \\$", line)[0])
    command, path = _root(), "batchctl"
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command, path = command.commands[words[0]], f"{path} {words.pop(0)}"
    if hasattr(command, "commands") and (not words or not words[0].startswith("-")):
        if path == "batchctl":
            yield f"batchctl {line}: no such command"
        return
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    for word in words:
        if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known:
            yield f"{path} has no {word}"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
