"""`python -m benchmarks [SECTION…] [--part TEXT] [--rounds N]`: every figure beside its peer, into RESULTS.md.

What is run replaces what stands of it there, part by part as they come; the others stay. docs/performance.md is written
after each. `quick` counts what a change does, in half a minute, and writes none of both.
"""

import argparse
import compileall
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import page, quick
from benchmarks.kept import put
from benchmarks.sections import SECTIONS, about, measured, parts

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--part", default="", help="of the sections only what has this in its name")
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
    wanted = [(name, part) for name in asked.sections or SECTIONS for part in parts(name) if asked.part in part]
    if not wanted:
        parser.error(f"no part {asked.part}")
    _compile()
    for name, part in wanted:
        _measure(name, part, asked.rounds, asked.seed)


def _measure(name: str, part: str, rounds: int | None, seed: int | None) -> None:
    # In a process of its own: what one ever held in memory counts as the peak of those that it starts.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        said = process.submit(measured, name, part, rounds, seed).result()
    print(f"{SECTIONS[name]}{f': {part}' if part else ''}\n\n{said}", flush=True)
    found = {one: said if one == part else None for one in parts(name)}
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    RESULTS.write_text(put(text, list(SECTIONS.values()), SECTIONS[name], about(name), found), encoding="utf-8")
    page.write()


def _compile() -> None:
    """As pip does with what it installs; what these programs are measured beside was compiled so."""
    for folder in (Path(__file__).parent, Path(__file__).parent.parent / "batchctl"):
        compileall.compile_dir(folder, quiet=1)


if __name__ == "__main__":
    main()
