"""Wine: whether the one of this machine can stand in for Windows, and the prefixes of nodes.

A prefix is what Wine keeps of a machine. One is made in full, in ten seconds; those of nodes lead to it by links.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from functools import lru_cache
from pathlib import Path

from batchctl.emulator.node import windows
from batchctl.emulator.node.outcome import Failed
from batchctl.emulator.node.windows import Machine

PROBE = "cmd /c exit 3 && echo wrong"
_LONGEST = 180.0  # seconds to make the first prefix
_LINES = "drive_c/batchctl"
_SEARCHED = ("c:/windows/system32", "c:/windows")


@lru_cache(8)
def find_wine(search_path: str) -> str | None:
    """The path of `wine`."""
    return shutil.which("wine", path=search_path)


class Wine:
    """The Wine of a service. It is asked once what it is worth, when the first node of Windows boots. `ran`: something
    of it may run."""

    def __init__(self, home: Path, search_path: str) -> None:
        self._template = home / f"wine{windows.PREFIX_ENDING}"
        self._search_path = search_path
        self._lock = threading.Lock()
        self._why_not: str | None = None
        self.ran = False

    def boot(self, root: Path) -> str:
        """Makes ready what a node at `root` needs of Wine. Returns why it cannot run, else nothing. Takes long."""
        with self._lock:
            try:
                if self._why_not is None:
                    self._why_not = self._judge()
                    if self._why_not:
                        shutil.rmtree(self._template, ignore_errors=True)
                if not self._why_not:
                    self._prepare(windows.prefix_of(root), root)
            except (OSError, subprocess.SubprocessError) as error:
                return f"Wine cannot be prepared: {error}"
            return self._why_not

    def _judge(self) -> str:
        wine = find_wine(self._search_path)
        if wine is None:
            return "this machine has no Wine to run them: no `wine` is on the PATH"
        if not (self._template / "system.reg").exists():
            self._make_template(wine)
        version = self._say(wine, self._template, "--version")
        if self._say(wine, self._template, "cmd", "/c", "echo right") != "right":
            return f"the Wine of this machine, {version or wine}, does not run cmd"
        if self._say(wine, self._template, "cmd", "/c", PROBE):
            return (
                f"the cmd of the Wine of this machine, {version}, goes on after a failed program: "
                f'`cmd /c "{PROBE}"` says wrong; that of Wine 10 does not'
            )
        return ""

    def _make_template(self, wine: str) -> None:
        """The prefix that others lead to; it has its name once it is whole."""
        part = self._template.with_name(f"part{windows.PREFIX_ENDING}")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        self._say(wine, part, "wineboot", "-i")
        with contextlib.suppress(FileNotFoundError):  # without it the registry is written some seconds later
            subprocess.run(["wineserver", "-w"], env=self._environment(part), timeout=_LONGEST, check=False)
        if not stands(part):
            raise OSError(f"{wine} wineboot -i makes no prefix")
        part.rename(self._template)

    def _prepare(self, prefix: Path, root: Path) -> None:
        """Makes the prefix, unless it is there, and sets Wine's own services going: with no task's variables."""
        if not stands(prefix):
            shutil.rmtree(prefix, ignore_errors=True)
            self._make_prefix(prefix, root)
        self._say(find_wine(self._search_path) or "wine", prefix, "cmd", "/c", "exit")

    def _make_prefix(self, prefix: Path, root: Path) -> None:
        """The node's own registry, drives and users; Windows itself is the first prefix's."""
        made = prefix.with_name(f"{prefix.name}-{os.getpid()}")
        shutil.rmtree(made, ignore_errors=True)
        (made / _LINES).mkdir(parents=True)
        (made / "dosdevices").mkdir()
        for file in (*self._template.glob("*.reg"), *self._template.glob(".update-timestamp")):
            shutil.copy2(file, made)
        for entry in (self._template / "drive_c").iterdir():
            if entry.name == "users":
                shutil.copytree(entry, made / "drive_c/users", symlinks=True)
            else:
                (made / "drive_c" / entry.name).symlink_to(entry)
        (made / "drive_d/batch").mkdir(parents=True)
        (made / "drive_d/batch/tasks").symlink_to(root)
        for drive, place in (("c:", "../drive_c"), ("d:", "../drive_d"), ("z:", "/")):
            (made / "dosdevices" / drive).symlink_to(place)
        made.rename(prefix)

    def _say(self, wine: str, prefix: Path, *words: str) -> str:
        """What the program of Wine prints."""
        self.ran = True
        with tempfile.TemporaryFile() as said:  # no pipe: what Wine leaves running would hold it open
            subprocess.run(
                [wine, *words],
                env=self._environment(prefix),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST,
                check=False,
            )
            said.seek(0)
            return said.read().decode(errors="replace").strip()

    def _environment(self, prefix: Path) -> dict[str, str]:
        return {"PATH": self._search_path, **variables_of(prefix)}


def stands(prefix: Path) -> bool:
    """Whether Windows is there; in what was restored of a snapshot it is not."""
    return (prefix / "drive_c/windows/system32").is_dir()


def variables_of(prefix: Path) -> dict[str, str]:
    """What tells Wine where it is, and to be quiet; no Mono nor Gecko is asked for, and no menus are made."""
    quiet = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe="}
    return {"HOME": str(prefix), "WINEPREFIX": str(prefix), **quiet}


def prepare_line(machine: Machine, line: str, directory: Path) -> list[str]:
    """The words that run a task's command line in its directory, once its batch file is written. Raises Failed."""
    program, _ = windows.split_program(line)
    if not _finds(machine, program, directory / "wd"):
        raise Failed("CommandProgramNotFound", Message="The system cannot find the file specified")
    name = _name_of(directory)
    wd = windows.windows_path(f"{directory}/wd", machine.root)
    content = windows.batch_file(line, wd, f"C:\\batchctl\\{name}.code", machine.own)
    _code_file(machine, directory).unlink(missing_ok=True)
    (machine.prefix / _LINES / f"{name}.bat").write_bytes(content)
    return [machine.wine, "cmd", "/d", "/c", f"C:\\batchctl\\{name}.bat"]


def exit_code(machine: Machine, directory: Path, code: int) -> int:
    """The exit code as Windows has it, of which this system knows 8 bits; `code` where the line wrote none."""
    try:
        return int(_code_file(machine, directory).read_text())
    except (OSError, ValueError):
        return code


def _name_of(directory: Path) -> str:
    return hashlib.sha256(os.fsencode(directory)).hexdigest()[:24]


def _code_file(machine: Machine, directory: Path) -> Path:
    return machine.prefix / _LINES / f"{_name_of(directory)}.code"


def _finds(machine: Machine, program: str, wd: Path) -> bool:
    """Whether Windows would find the program: by its path, in wd, in its own directories, or on the task's PATH."""
    word = program.replace("\\", "/")
    own = next((value for name, value in machine.own.items() if name.upper() == "PATH"), "")
    places = ("",) if "/" in word or ":" in word else ("", *_SEARCHED, *own.replace("\\", "/").split(";"))
    names = (word,) if "." in word.rpartition("/")[2] else (f"{word}.exe",)
    return any(
        _look_up(machine, f"{place}/{name}".lstrip("/") if place else name, wd) for place in places for name in names
    )


def _look_up(machine: Machine, path: str, wd: Path) -> bool:
    """Whether there is a file of this path, in whatever case."""
    drive, colon, rest = path.rpartition(":")
    at = machine.prefix / "dosdevices" / f"{drive.lower()}:" if colon else wd
    for part in rest.strip("/").split("/"):
        if not (at / part).exists():
            with contextlib.suppress(OSError):
                part = next((one.name for one in at.iterdir() if one.name.lower() == part.lower()), part)
        at /= part
    return at.is_file()
