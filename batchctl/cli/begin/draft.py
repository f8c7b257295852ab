"""The spec that `batchctl init` writes: inputs up, a task for each, what it prints and writes into results/ home, to a
folder for each."""

import glob
import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from batchctl.cli.importing import SCHEMA
from batchctl.errors import UsageError
from batchctl.frozen import dataclass
from batchctl.spec.outside.patterns import Pattern

ITEM = "{item.name}"
PRINTED = "results/output.txt"
IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
TOLD = (
    "A task for each input. What it prints (output.txt), and what it writes into results/, comes home to a folder of",
    "results/ here that bears the input's name.",
    f"For an editor: batchctl schema > {SCHEMA}",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`command` has {item.name} where the input stands, or gets it at its end; `inputs` is a glob below `folder`."""

    folder: Path
    command: str
    inputs: str
    name: str


def spec_name(text: str) -> str:
    """Fit for the name of a spec, and with a suffix for that of a container."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "work"


def parted(whole: str, folder: Path) -> tuple[str, str]:
    """(command, inputs) of a command line with a glob. Raises UsageError."""
    globs = [word for word in dict.fromkeys(_words(whole)) if set(word) & set("*?[") and _matched(folder, word)]
    if len(globs) != 1 or globs[0] not in whole:
        found = f"{len(globs)} words of it are" if globs else "no word of it is"
        raise UsageError(f"--from-command: {found} a glob that matches files of {folder}; say --command and --inputs")
    before, _, after = whole.partition(globs[0])
    return f"{before}{ITEM}{after}", globs[0]


def draft(wish: Wish) -> str:
    """The text of the spec. Raises UsageError where the wish makes none."""
    from batchctl.importing.writing import spec_text

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", wish.name):
        raise UsageError(f"--name {wish.name!r}: 1 to 64 letters, digits, hyphens and underscores, a hyphen not first")
    inputs = f"{wish.inputs.rstrip('/')}/**/*" if (wish.folder / wish.inputs).is_dir() else wish.inputs
    found = _matched(wish.folder, inputs)
    if not found:
        raise UsageError(f"no file of {wish.folder} matches {inputs}: --inputs is a glob relative to that directory")
    return spec_text(_document(wish, inputs, _key(found)), SCHEMA, TOLD)


def _document(wish: Wish, inputs: str, key: str) -> dict[str, Any]:
    base = spec_name(wish.name)
    application, given, output = (f"{base}-{kind}" for kind in ("application", "input", "output"))
    programs = _programs(wish)
    containers = (application, given, output) if programs else (given, output)
    task = {
        "id": key,
        "forEach": {"blobs": given},
        "resourceFiles": [*(_brought(wish.folder, one, application) for one in programs), {"blob": "{item}"}],
        "commands": ["mkdir -p results", _kept(wish.command)],
        # In a folder for each: two tasks may write files of one name.
        "outputFiles": [{"filePattern": "results/**/*", "container": output, "path": key}],
    }
    return {
        "version": 1,
        "name": wish.name,
        "storage": {
            "containers": {name: {} for name in containers},
            "uploads": [*(_sent(one, application) for one in programs), {"from": inputs, "to": given}],
        },
        "pool": {"id": wish.name, "vmSize": "Standard_D2s_v5", "image": IMAGE, "targetDedicatedNodes": 1},
        "job": {"id": wish.name, "constraints": {"maxWallClockTime": "PT1H"}, "tasks": [task]},
        "download": [{"container": output, "to": "results"}],
    }


def _key(found: Sequence[str]) -> str:
    """What tells the tasks apart: short where that is enough."""
    names = [PurePosixPath(path) for path in found]
    for key, values in (("{item.stem}", [n.stem for n in names]), (ITEM, [n.name for n in names])):
        if len({value.lower() for value in values}) == len(values):
            return key
    return "{index:04d}"


def _kept(command: str) -> str:
    """With its input, and what it prints in a file. Raises UsageError."""
    words = shlex.shlex(command, posix=True, punctuation_chars=True)
    words.commenters = ""
    tokens = _read(lambda: list(words))
    if any(word in (">", ">>") and before != "2" for before, word in zip(["", *tokens], tokens, strict=False)):
        raise UsageError("the command sends what it prints to a file: leave `> FILE` away, what it prints is kept")
    is_one = "\n" not in command and not any(set(word) <= set(";&|") for word in tokens)
    # Ubuntu's images have no `python`.
    command = re.sub(r"^python(?=\s)", "python3", _as_text(command.strip()))
    given = command if "{item" in command else f"{command} {ITEM}"
    return f"{given} > {PRINTED}" if is_one else f"({given}) > {PRINTED}"


def _programs(wish: Wish) -> list[PurePosixPath]:
    """The words of the command that are files of the folder."""
    words = [PurePosixPath(word) for word in dict.fromkeys(_words(wish.command)) if not set(word) & set("*?[{")]
    return [word for word in words if ".." not in word.parts and not word.is_absolute() and _is_file(wish.folder, word)]


def _is_file(folder: Path, name: PurePosixPath) -> bool:
    return (folder / name).is_file()


def _sent(program: PurePosixPath, to: str) -> dict[str, Any]:
    beside = {} if program.parent == PurePosixPath() else {"path": str(program.parent)}
    return {"from": str(program), "to": to, **beside}


def _brought(folder: Path, program: PurePosixPath, container: str) -> dict[str, Any]:
    """To where the command looks for it, with the right to run if it has that here."""
    place = {} if program.parent == PurePosixPath() else {"filePath": str(program)}
    mode = {"fileMode": "0755"} if os.access(folder / program, os.X_OK) else {}
    return {"blob": f"{container}/{program}", **place, **mode}


def _matched(folder: Path, pattern: str) -> list[str]:
    if Pattern(folder, pattern).is_all():
        raise UsageError(f"{pattern} is all of this machine: name a folder")
    found = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    return [path for path in found if (folder / path).is_file()]


def _words(command: str) -> list[str]:
    return _read(lambda: shlex.split(command))


def _read(words: Callable[[], list[str]]) -> list[str]:
    """Raises UsageError where a quote is not closed."""
    try:
        return words()
    except ValueError as error:
        raise UsageError(f"the command is none of a shell: {error}") from error


def _as_text(command: str) -> str:
    """A word in braces that is none of an input's is no placeholder."""
    return re.sub(r"\{(?!(?:item|index)\b)(\w[\w.]*(?::\w+)?)\}", r"{{\1}}", command)
