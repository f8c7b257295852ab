"""`python -m benchmarks [SECTION…] [--rounds N]`: every figure beside its peer, written to benchmarks/RESULTS.md.

A section that is run replaces what stands of it there; the others stay. docs/performance.md is written after it.
`quick` counts what a change does, in half a minute, and writes none of both.
"""

import argparse
import compileall
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import page, quick
from benchmarks.sections import SECTIONS, measured

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
    parser.add_argument("--seed", type=int, help="with `survival`: which experiments are drawn")
    parser.add_argument(
        "--beside", type=Path, help="with `quick`: counts that were saved; without, those of the last time"
    )
    parser.add_argument("--save", type=Path, help="with `quick`: a file for the counts")
    asked = parser.parse_args()
    if asked.beside and not asked.beside.is_file():
        parser.error(f"there is no file {asked.beside}")
    if asked.seed is not None and asked.sections != ["survival"]:
        parser.error("only `survival` draws what it tries")
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
            block = process.submit(measured, name, asked.rounds, asked.seed).result()
        print(block, flush=True)
        _replace(SECTIONS[name], block)
        page.write()


def _compile() -> None:
    """As pip does with what it installs; what these programs are measured beside was compiled so."""
    for folder in (Path(__file__).parent, Path(__file__).parent.parent / "batchctl"):
        compileall.compile_dir(folder, quiet=1)


def _replace(title: str, block: str) -> None:
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    parts = {part.split("\n", 1)[0]: f"## {part}" for part in re.split(r"(?m)^## ", text)[1:]}
    parts[title] = block
    ordered = [parts[title].rstrip() + "\n" for title in SECTIONS.values() if title in parts]
    RESULTS.write_text("\n".join([HEAD, *ordered]), encoding="utf-8")


if __name__ == "__main__":
    main()
