"""What can be measured, and what RESULTS.md says of each; in a module that a process of its own can import."""

import importlib
import os
import platform
import re
import time
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from benchmarks.figures import table
from benchmarks.peers import versions

SECTIONS = {
    "limits": "What the machine can do",
    "startup": "Start-up",
    "plans": "Plans",
    "fanout": "Plans of tasks",
    "growth": "How cost grows",
    "transfers": "Uploads and downloads",
    "tasks": "Adding and watching tasks",
    "local_service": "The local service",
    "scale": "A hundred thousand tasks, ten thousand blobs",
    "word_count": "The word count, whole",
    "survival": "Who survives what",
}


def parts(name: str) -> tuple[str, ...]:
    """What a section is measured in, each by itself; a section that is whole is one part without a name."""
    return tuple(getattr(_section(name), "PARTS", ("",)))


def about(name: str) -> str:
    """What RESULTS.md says before the figures of a section."""
    return (_section(name).__doc__ or "").strip()


def measured(name: str, part: str, rounds: int | None, seed: int | None = None) -> str:
    """What RESULTS.md says of a part. `seed`: of one that draws what it tries."""
    section = _section(name)
    began, load = time.time(), os.getloadavg()
    figures = section.PARTS[part] if part else section.figures
    asked = {"rounds": rounds, "seed": seed}
    found = list(figures(**{word: value for word, value in asked.items() if value is not None}))
    told = f"{rounds or section.ROUNDS} rounds in {time.time() - began:.0f} s; {_loads(load)}."
    return f"{_machine()}; {told}\n\n{table(found)}\n"


def _section(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.{name}")


def _machine() -> str:
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("azure-storage-blob", "azure-batch", "pycurl", "typer")
    )
    return (
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} x {_processor()}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {libraries}, {versions()}"
    )


def _processor() -> str:
    try:
        found = re.search(r"(?m)^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _loads(before: tuple[float, float, float]) -> str:
    return f"load average {before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
