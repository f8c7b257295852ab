"""Commands of documents, run as a reader runs them, and their output held against what stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ANYTHING = "…"
"""In a line some characters; alone, some lines or none."""


@dataclass(frozen=True)
class Bench:
    """A folder with `specs/` and `node_scripts/`, and the environment of a shell in it."""

    folder: Path
    environ: Mapping[str, str]

    def shell(self, script: str) -> tuple[int, str]:
        """Exit code and what a terminal would show."""
        command = ["bash", "-eu", "-o", "pipefail", "-c", script]
        return self._ended(command, None)

    def python(self, program: str) -> tuple[int, str]:
        return self._ended([sys.executable, "-"], program)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _ended(self, command: list[str], given: str | None) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={
                **self.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "NO_COLOR": "1",
                "COLUMNS": "200",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=given or "",
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout


def run_console(bench: Bench, block: str) -> str | None:
    """What differs, of `$ command` lines with what is to come of them; one whose output tells of an error may fail."""
    for command, expected in _turns(block):
        code, said = bench.shell(command)
        if code and not re.search(r"(?m)^(.*: )?error: ", expected):
            return f"$ {command}\nended with {code}:\n{said}"
        if expected.strip() and not re.fullmatch(pattern(expected), said.rstrip("\n") + "\n"):
            return f"$ {command}\nsaid:\n{said}\nand not:\n{expected}"
    return None


def run_shell(bench: Bench, block: str) -> str | None:
    code, said = bench.shell(block)
    return f"ended with {code}:\n{said}" if code else None


def run_python(bench: Bench, block: str) -> str | None:
    code, said = bench.python(block)
    return f"ended with {code}:\n{said}" if code else None


def pattern(expected: str) -> str:
    """A regular expression for output that stands in a document."""
    lines = (
        r"(?:.*\n)*?" if line.strip() == ANYTHING else re.escape(line).replace(re.escape(ANYTHING), ".*") + r"\n"
        for line in expected.rstrip("\n").split("\n")
    )
    return "".join(lines)


def _turns(block: str) -> Iterator[tuple[str, str]]:
    for turn in re.split(r"(?m)^\$ ", block)[1:]:
        command, _, expected = turn.partition("\n")
        yield command, expected
