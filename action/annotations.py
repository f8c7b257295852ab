"""What `batchctl plan --json` says, as annotations of GitHub Actions. Pure but for the paths of files.

Limits: GitHub shows ten of each level a step (docs.github.com, workflow commands and annotations), and drops the rest.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MOST = 10
NAMED = 5
LONGEST = 4_000
"""Characters of one that are still read."""

PROBLEM = re.compile(
    r"^(?P<file>.+?):(?P<line>[0-9]+):(?P<column>[0-9]+): error: (?P<message>.*) \[(?P<code>[a-z0-9-]+)\]\r?\n",
    re.MULTILINE,
)

Line = Mapping[str, Any]


def annotations(lines: Sequence[Line], spec: str, workspace: Path) -> list[str]:
    """Workflow commands: an error for each problem of the spec, or for each reason of a refusal; of a plan one for each
    group of changes, as a warning where something is lost."""
    problems = [line for line in lines if line["type"] == "problem"]
    errors = [
        command("error", problem["message"], problem["code"], _place(problem["file"], workspace, problem))
        for problem in problems
    ]
    for line in lines if not problems else ():
        if line["type"] == "error":
            told = line.get("reasons") or [line["message"]]
            errors += [command("error", reason, "batchctl", _place(spec, workspace)) for reason in told]
    plans = [line["plan"] for line in lines if line["type"] == "plan"]
    groups = list(_groups(plans[-1]["changes"])) if plans else []
    place = _place(spec, workspace)
    lossy = [command("warning", said, "batchctl plan", place) for loses, said in groups if loses]
    others = [command("notice", said, "batchctl plan", place) for loses, said in groups if not loses]
    return [*_few("error", errors), *_few("warning", lossy), *_few("notice", others)]


def problems_of(said: str) -> list[Line]:
    """What `batchctl validate` writes of a spec, as `--json` has it."""
    return [
        {"type": "problem", **found.groupdict(), "line": int(found["line"]), "column": int(found["column"])}
        for found in PROBLEM.finditer(said)
    ]


def command(level: str, message: str, title: str, place: Mapping[str, object]) -> str:
    """`::error file=a.yaml,line=3,col=5,title=…::message`"""
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in {**place, "title": title}.items())
    return f"::{level} {said}::{_escaped(message[:LONGEST])}"


def _groups(changes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[bool, str]]:
    """(is something lost?, `create 12 tasks: a, b, …`), in the order of the plan."""
    found: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        found.setdefault((change["action"], change["kind"]), []).append(change["name"])
    for (action, kind), names in found.items():
        who = f"{kind} {names[0]}" if len(names) == 1 else f"{len(names)} {kind}s: {', '.join(names[:NAMED])}"
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield action in ("delete", "replace"), f"{action} {who}{more}"


def _few(level: str, commands: Sequence[str]) -> Sequence[str]:
    """As many as are shown; the last one counts the rest."""
    if len(commands) <= MOST:
        return commands
    rest = f"… and {len(commands) - MOST + 1} more: the summary and the log have them all"
    return [*commands[: MOST - 1], command(level, rest, "batchctl", {})]


def _place(file: str, workspace: Path, problem: Mapping[str, Any] | None = None) -> dict[str, object]:
    """GitHub wants files as they are in the repository."""
    place: dict[str, object] = {"file": Path(os.path.relpath(file, workspace)).as_posix()}
    return place | ({"line": problem["line"], "col": problem["column"]} if problem else {})


def _escaped(text: str, more: str = "") -> str:
    """As the toolkit of Actions has it (@actions/core, command.ts)."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
