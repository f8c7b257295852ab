"""`scripts/screens`: what a terminal shows of a run, as pictures. The terminal is pyte's, the picture rich's."""

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 100, 30
MOST_LINES = 20
"""Of a picture: the last ones tell."""
SHOTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plan", ("plan", "demo.yaml")),
    ("apply", ("apply", "demo.yaml", "--yes")),
    ("status", ("status", "demo.yaml")),
    ("tasks", ("tasks", "demo.yaml", "--failed")),
    ("why", ("why", "demo.yaml", "task.read-12")),
    ("nodes", ("nodes", "demo.yaml")),
)
"""Names of pictures, and the commands that they show, in the order in which these run."""


@dataclass(frozen=True)
class Shot:
    """A screen as it was after a part of what a command wrote."""

    lines: tuple[Text, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.plain for line in self.lines)


def taken(folder: Path, arguments: tuple[str, ...], environ: dict[str, str]) -> Iterator[Shot]:
    """Each screen that a command left while it ran."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    master, slave = pty.openpty()
    size = {"COLUMNS": str(WIDTH), "LINES": str(HEIGHT)}
    command = [sys.executable, "-m", "batchctl", *arguments]
    running = subprocess.Popen(
        command, cwd=folder, env={**environ, **size}, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    while part := _read(master):
        stream.feed(part)
        yield Shot(tuple(_line(screen, row) for row in range(HEIGHT)))
    running.wait()
    os.close(master)


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # Linux says so once nobody writes any more
        return b""


def _line(screen: pyte.Screen, row: int) -> Text:
    line = Text()
    for column in range(WIDTH):
        cell = screen.buffer[row][column]
        style = Style(color=_colour(cell.fg), bgcolor=_colour(cell.bg), bold=cell.bold, reverse=cell.reverse)
        line.append(cell.data, style)
    line.rstrip()
    return line


def _colour(name: str) -> str | None:
    """pyte's names of colours are those of 1980; what is not among them is hexadecimal."""
    if name == "default":
        return None
    plain = name.removeprefix("bright").replace("brown", "yellow")
    return f"#{name}" if len(name) == 6 and plain == name and not name.isalpha() else plain


def telling(shots: list[Shot]) -> Shot:
    """Of a view that was drawn again and again one with failures of two kinds; else the last screen."""
    going = [shot for shot in shots if "detach" in shot.text and shot.text.count("failed: exit code") > 1]
    return going[len(going) // 2] if going else shots[-1]


def picture(name: str, arguments: tuple[str, ...], shot: Shot) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    last = max((i for i, line in enumerate(shot.lines) if line.plain.strip()), default=0)
    for line in shot.lines[max(0, last - MOST_LINES) : last + 1]:
        console.print(line, soft_wrap=True)
    return console.export_svg(title=f"batchctl {' '.join(arguments)}", unique_id=f"batchctl-{name}")


def main(into: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(ROOT / "docs/screens/demo.yaml", folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "BATCHCTL_"))}
        environ = {**kept, "BATCHCTL_LOCAL_HOME": str(folder / "home"), "TERM": "xterm-256color"}
        try:
            subprocess.run([sys.executable, "-m", "batchctl", "local", "start"], env=environ, check=True)
            for name, arguments in SHOTS:
                shot = telling(list(taken(folder, arguments, environ)))
                (into / f"{name}.svg").write_text(picture(name, arguments, shot), encoding="utf-8")
        finally:
            subprocess.run([sys.executable, "-m", "batchctl", "local", "stop"], env=environ, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
