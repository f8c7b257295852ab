"""Plans of tasks, beside `snakemake -n` with the same jobs and beside an earlier build of ours.

Ten thousand files with a task each: ours is the first plan, which knows nothing and hashes all of them, against a stub
of the service; snakemake's dry run looks which files are there. A hundred thousand tasks of a range, against the same
stub: a first plan, and one of nothing after all were added, beside the build of commit 276293e in an environment of its
own with the same libraries. Every way is a whole process; CPU is of user and system, of it and of what it starts.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.lives import Life, life
from benchmarks.measure import Run, in_turn, run

ROUNDS = 5
FILES, TASKS = 10_000, 100_000
SNAKEFILE = """
rule all:
    input: [f"done/part-{n:06}" for n in range(NUMBER)]
rule one:
    input: "data/{name}.txt"
    output: "done/{name}"
    shell: "true {input} > {output}"
"""


def figures(rounds: int = ROUNDS, files: int = FILES, tasks: int = TASKS) -> list[Figure]:
    return [*_beside_snakemake(rounds, files), *_beside_earlier(rounds, tasks)]


def _beside_snakemake(rounds: int, number: int) -> Iterator[Figure]:
    with life("files", number) as one:
        (one.folder / "Snakefile").write_text(SNAKEFILE.replace("NUMBER", str(number)), encoding="utf-8")
        found = in_turn({"ours": partial(_first, one), "snakemake": partial(_dry_run, one.folder)}, rounds)
    what, peer = f"first plan of {number:,} files, a task each", f"snakemake -n, {peers.SNAKEMAKE}, as many jobs"
    yield from _both(what, peer, found["ours"], found["snakemake"], "at most 0.12 x")


def _first(one: Life) -> Run:
    """Nothing is remembered."""
    return one.verb("plan, first", cache=Path(os.devnull))[0]


def _dry_run(folder: Path) -> Run:
    words: list[str | Path] = [peers.snakemake(), "-n", "--quiet", "all", "--cores", "1", "--directory", folder]
    return run([*words, "--snakefile", folder / "Snakefile"], {"HOME": str(folder)})


def _beside_earlier(rounds: int, number: int) -> Iterator[Figure]:
    earlier: list[str | Path] = [peers.earlier(), "-P", "-m", "batchctl"]
    peer = f"build {peers.EARLIER}"
    for verb in ("plan, first", "plan of nothing"):
        with life("range", number) as ours, life("range", number, streams="") as theirs:
            if verb != "plan, first":
                ours.verb("apply")
                theirs.verb("apply", earlier)
            found = in_turn(
                {
                    "ours": lambda: ours.verb(verb)[0],  # noqa: B023 - used before the next turn of the loop
                    "earlier": lambda: theirs.verb(verb, earlier)[0],  # noqa: B023
                },
                rounds,
            )
        what = f"{verb}, {number:,} tasks of a range"
        yield from _both(what, peer, found["ours"], found["earlier"], "at most 0.35 x", "at most 0.6 x")


def _both(what: str, peer: str, mine: Run, theirs: Run, cpu: str = "", peak: str = "") -> Iterator[Figure]:
    yield Figure(f"{what}: CPU", mine.cpu, "s", peer, theirs.cpu, cpu)
    yield Figure(f"{what}: peak memory", mine.peak, "MB", peer, theirs.peak, peak)
    yield Figure(f"{what}: seconds", mine.seconds, "s", peer, theirs.seconds)
