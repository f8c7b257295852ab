"""Nodes of Windows on paper: their paths and variables, and a raw command line as a batch file. Pure.

`wine PROGRAM ARGUMENT…` builds a line anew from arguments, with other quotes than were asked for; a batch file holds a
line as it stands, if cmd is kept from reading it. Paths are those of Azure's nodes (Learn, "Files and directories").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchctl.emulator.node.outcome import Failed

ROOT = "D:\\batch\\tasks"
"""AZ_BATCH_NODE_ROOT_DIR."""
PREFIX_ENDING = "~windows"
"""How the names of directories end that Wine keeps for itself."""
LONGEST = 8191
"""Characters of a line that cmd takes (KB 830473)."""
OF_WINE = frozenset({"HOME", "PATH", "PWD", "TEMP", "TMP"})
"""Variables that Wine does not take from its own environment: a task that sets them does it in the batch file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a node of Windows is: the program of Wine, the node's prefix and its root, and the variables of its task
    that Wine would not hand on."""

    wine: str
    prefix: Path
    root: Path
    own: Mapping[str, str]


def prefix_of(root: Path) -> Path:
    """Where Wine keeps what is the node's: beside its directory, which clients can list."""
    return root.with_name(root.name + PREFIX_ENDING)


def windows_path(path: str, root: Path) -> str:
    """The path as programs on the node have it; of what is not the node's, on the drive that has all."""
    inside = Path(path).is_relative_to(root)
    below = path.removeprefix(str(root)) if inside else path
    return (ROOT if inside else "Z:") + below.replace("/", "\\")


def windows_variables(variables: Mapping[str, str], root: Path) -> dict[str, str]:
    """The service's variables with paths of Windows; PATH and HOME are for Wine itself."""
    return {
        name: windows_path(value, root) if value.startswith("/") and name not in OF_WINE else value
        for name, value in variables.items()
    }


def local_files(files: Sequence[dict[str, Any]], word: str, root: Path, variables: Mapping[str, str]) -> Any:
    """Entries of files whose `word`, a path or a pattern of Windows, is written as here."""
    return tuple({**file, word: local_pattern(file[word], root, variables)} if word in file else file for file in files)


def local_pattern(pattern: str, root: Path, variables: Mapping[str, str]) -> str:
    """`%AZ_BATCH_TASK_DIR%\\..\\*.txt` as a pattern of this machine."""
    known = {name.upper(): value for name, value in variables.items()}
    filled = re.sub("%([^%]+)%", lambda found: known.get(found[1].upper(), found[0]), pattern)
    within = re.match(re.escape(ROOT) + r"(?![^\\/])", filled.replace("/", "\\"), re.IGNORECASE)
    return (str(root) + filled[within.end() :] if within else filled).replace("\\", "/")


def split_program(line: str) -> tuple[str, str]:
    """The program of a command line, without its quotes, and the rest as it stands. Raises Failed if it has none."""
    found = re.match(r'\s*(?:"([^"]*)"?|([^\s"]+))', line, re.ASCII)
    if not found or not (program := found[1] or found[2]):
        raise Failed("CommandProgramNotFound", Message="The system cannot find the file specified")
    return program, line[found.end() :]


def batch_file(line: str, wd: str, code_file: str, own: Mapping[str, str]) -> bytes:
    """A batch file that runs the line in `wd` and writes its exit code, all 32 bits of it. Raises Failed."""
    program, rest = split_program(line)
    if re.split(r"[\\/:]", program)[-1].lower() in ("cmd", "cmd.exe"):
        rest = re.split("[\r\n]", rest, maxsplit=1)[0]  # cmd reads no further, and says nothing of it
    program = _doubled(program.replace("/", "\\"))  # cmd takes a slash for the begin of an option
    quoted = f'"{program}"' if re.search(r"[^\w.:\\~-]", program) else program
    lines = (
        *(f'@set "{name}={_doubled(value)}"' for name, value in own.items()),
        f'@cd /d "{_doubled(wd)}"',
        "@" + quoted + re.sub(r'[&|<>^()"]', r"^\g<0>", _doubled(rest)),
        f'@>"{code_file}" echo %errorlevel%',  # the other way round `5>` would be a handle
        "@exit /b %errorlevel%",
    )
    if any(re.search("[\r\n]", one) for one in lines):
        raise Failed("CommandLaunchFailed", CommandLine=line, Message="a batch file of Wine holds no line break")
    if max(map(len, lines)) > LONGEST:
        raise Failed("CommandLaunchFailed", CommandLine=line[:100], Message="The command line is too long.")
    try:
        return "".join(f"{one}\r\n" for one in lines).encode("cp437")
    except UnicodeEncodeError as error:
        why = f"Wine's cmd reads code page 437, which has no {error.object[error.start]!r}"
        raise Failed("CommandLaunchFailed", CommandLine=line, Message=why) from error


def _doubled(text: str) -> str:
    return text.replace("%", "%%")
