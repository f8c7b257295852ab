"""`scripts/screens`: what a terminal shows of a run, as pictures. The terminal is pyte's, the picture rich's.

`--check` makes them elsewhere and tells those that show something else by now, numbers and ids aside."""

import difflib
import html
import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/screens"
WIDTH, HEIGHT = 100, 30
MOST_LINES = 22
"""Of a picture: the last ones tell."""
SHOTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("first", ("plan", "specs/count.yaml")),
    ("plan", ("plan", "demo.yaml")),
    ("apply", ("apply", "demo.yaml", "--yes")),
    ("status", ("status", "demo.yaml")),
    ("tasks", ("tasks", "demo.yaml", "--failed")),
    ("why", ("why", "demo.yaml", "task.read-12")),
    ("nodes", ("nodes", "demo.yaml")),
)
"""Names of pictures, and the commands that they show, in the order in which these run."""
SCHEMES: dict[str, TerminalTheme] = {"light": DEFAULT_TERMINAL_THEME, "dark": SVG_EXPORT_THEME}
MOMENTS = {"apply", "nodes", "status"}
"""Pictures of a moment, which no run shows twice: of the words that begin their lines half have to be there."""
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""What rich fetches from another host; any font of one width does."""
CHANGES = re.compile(r"tvmps_\w+…?\w*|[\d.,]+|\[[x.#=> ]*\]")


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
    cells = [(screen.buffer[row][column].data, _style(screen.buffer[row][column])) for column in range(WIDTH)]
    line = Text()
    for style, part in groupby(cells, key=lambda cell: cell[1]):
        line.append("".join(data for data, _ in part), style)
    line.rstrip()
    return line


def _style(cell: pyte.screens.Char) -> Style:
    return Style(color=_colour(cell.fg), bgcolor=_colour(cell.bg), bold=cell.bold, reverse=cell.reverse)


def _colour(name: str) -> str | None:
    """pyte's names of colours are those of 1980; what is not among them is hexadecimal."""
    if name == "default":
        return None
    plain = name.removeprefix("bright").replace("brown", "yellow")
    return f"#{name}" if len(name) == 6 and plain == name and not name.isalpha() else plain


def telling(shots: list[Shot]) -> Shot:
    """Of a view that was drawn again and again one with failures of two kinds, or all there were; else the last."""
    going = [shot for shot in shots if "detach" in shot.text]
    most = max((_failures(shot) for shot in going), default=0)
    telling = [shot for shot in going if _failures(shot) == most]
    return telling[len(telling) // 2] if telling else shots[-1]


def _failures(shot: Shot) -> int:
    return min(2, shot.text.count("failed: exit code"))


def picture(name: str, arguments: tuple[str, ...], shot: Shot, scheme: str) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    last = max((i for i, line in enumerate(shot.lines) if line.plain.strip()), default=0)
    for line in shot.lines[max(0, last - MOST_LINES) : last + 1]:
        console.print(line, soft_wrap=True)
    title = f"batchctl {' '.join(arguments)}"
    svg = console.export_svg(title=title, unique_id=f"batchctl-{name}", theme=SCHEMES[scheme])
    return FONTS.sub("", svg).replace("Fira Code, monospace", "monospace").replace("Fira Code", "monospace")


def told(svg: str) -> list[str]:
    """The lines of a picture, from above."""
    lines: dict[int, str] = {}
    for found in re.finditer(r'<text [^>]*clip-path="url\(#[\w-]+-line-(\d+)\)">(.*?)</text>', svg):
        lines[int(found[1])] = lines.get(int(found[1]), "") + html.unescape(found[2]).replace("\xa0", " ")
    return [lines[number].rstrip() for number in sorted(lines)]


def shape(name: str, svg: str) -> list[str]:
    """What a picture shows in every run, in an order that none has."""
    lines = [" ".join(CHANGES.sub("0", line).split()) for line in told(svg)]
    begins = {line.partition(" ")[0] for line in lines if line[:1].isalpha()}
    return sorted(begins) if name in MOMENTS else sorted({line for line in lines if line})


def make(into: Path) -> None:
    """All pictures, in a folder that is there."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(PICTURES / "demo.yaml", folder)
        shutil.copytree(ROOT / "specs", folder / "specs")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "BATCHCTL_"))}
        environ = {**kept, "BATCHCTL_LOCAL_HOME": str(folder / "home"), "TERM": "xterm-256color"}
        try:
            subprocess.run([sys.executable, "-m", "batchctl", "local", "start"], env=environ, check=True)
            for name, arguments in SHOTS:
                shot = telling(list(taken(folder, arguments, environ)))
                for scheme in SCHEMES:
                    svg = picture(name, arguments, shot, scheme)
                    (into / f"{name}-{scheme}.svg").write_text(svg, encoding="utf-8")
        finally:
            subprocess.run([sys.executable, "-m", "batchctl", "local", "stop"], env=environ, check=True)


def check() -> Iterator[str]:
    """A line for each line of a picture that is there no more, or came."""
    with tempfile.TemporaryDirectory() as made:
        make(Path(made))
        for name, _ in SHOTS:
            held, new = (shape(name, (at / f"{name}-light.svg").read_text()) for at in (PICTURES, Path(made)))
            if name not in MOMENTS or 2 * len(set(held) & set(new)) < len(held):
                yield from (f"{name}: {line}" for line in difflib.ndiff(held, new) if not line.startswith((" ", "?")))


def main(words: list[str]) -> int:
    if words != ["--check"]:
        make(Path(words[0]) if words else PICTURES)
        return 0
    found = list(check())
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
