"""`python -m benchmarks [SECTION…] [--rounds N]`: every figure beside its peer, written to benchmarks/RESULTS.md.

A section that is run replaces what stands of it there; the others stay. docs/performance.md is written after it.
`quick` counts what a change does, in under a minute, and writes none of both.
"""

import argparse
import compileall
import importlib
import os
import platform
import re
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from benchmarks import page, quick
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
}
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Benchmarks

Written by `python -m benchmarks`: medians of interleaved rounds, each figure beside its peer in the same run. Absolute
numbers are those of one machine on one day; read the ratios (ours / theirs; less is better unless a unit is a rate) and
the counts, which are exact.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, help="instead of each section's own number")
    parser.add_argument(
        "--beside", type=Path, help="with `quick`: counts that were saved; without, those of the last time"
    )
    parser.add_argument("--save", type=Path, help="with `quick`: a file for the counts")
    asked = parser.parse_args()
    if asked.beside and not asked.beside.is_file():
        parser.error(f"there is no file {asked.beside}")
    if asked.sections == ["quick"]:
        _compile()
        quick.main(asked.beside, asked.save)
        return
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(unknown)}")
    _compile()
    for name in asked.sections or SECTIONS:
        # In a process of its own: what one ever held in memory counts as the peak of those that it starts.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            block = process.submit(_measured, name, asked.rounds).result()
        print(block, flush=True)
        _replace(SECTIONS[name], block)
        page.write()


def _compile() -> None:
    """As pip does with what it installs; what these programs are measured beside was compiled so."""
    for folder in (Path(__file__).parent, Path(__file__).parent.parent / "batchctl"):
        compileall.compile_dir(folder, quiet=1)


def _measured(name: str, rounds: int | None) -> str:
    """What RESULTS.md says of a section."""
    section = importlib.import_module(f"benchmarks.{name}")
    began, load = time.time(), os.getloadavg()
    figures = section.figures(**({"rounds": rounds} if rounds else {}))
    about = f"{_machine()}; {rounds or section.ROUNDS} rounds in {time.time() - began:.0f} s; {_loads(load)}."
    return f"## {SECTIONS[name]}\n\n{(section.__doc__ or '').strip()}\n\n{about}\n\n{table(figures)}\n"


def _replace(title: str, block: str) -> None:
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    parts = {part.split("\n", 1)[0]: f"## {part}" for part in re.split(r"(?m)^## ", text)[1:]}
    parts[title] = block
    ordered = [parts[title].rstrip() + "\n" for title in SECTIONS.values() if title in parts]
    RESULTS.write_text("\n".join([HEAD, *ordered]), encoding="utf-8")


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


if __name__ == "__main__":
    main()
