"""`python -m tests.sweeps [KIND…]`: apply and destroy under faults, kills and rivals, and what must hold."""

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from batchctl import local
from tests.sweeps import experiments
from tests.sweeps.hasty import hastened
from tests.sweeps.kinds import KINDS
from tests.sweeps.world import World


def main() -> int:
    kinds = "\n".join(f"  {name:10} {kind.says}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.sweeps",
        description=f"{__doc__}\n\nkinds:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kinds", metavar="KIND", nargs="*", choices=[*KINDS, []], help="without one: all")
    parser.add_argument("--sample", metavar="K", type=int, help="so many experiments instead of all")
    seed = secrets.randbelow(1 << 31)
    parser.add_argument("--seed", metavar="N", type=int, default=seed, help="which ones, and their order")
    parser.add_argument("--only", metavar="WORD", help="of the experiments those that have this word in their line")
    parser.add_argument("--replay", metavar="LINE", help="one experiment, as it was printed")
    parser.add_argument("--log", metavar="FILE", type=Path, help="a JSON line for each experiment is added to it")
    given = parser.parse_args()
    with world() as there:
        return sweep(there, given)


@contextmanager
def world() -> Iterator[World]:
    with hastened(), tempfile.TemporaryDirectory(prefix="sweeps-") as room:
        os.environ["BATCHCTL_LOCAL_HOME"] = f"{room}/services"
        there = World(local.ensure_running(lambda _: None), Path(room))
        try:
            there.open()
            yield there
        finally:
            there.shut()
            local.stop()


def sweep(there: World, given: argparse.Namespace) -> int:
    todo, failed, begun = list(chosen(there, given)), 0, time.monotonic()
    for number, line in enumerate(todo, 1):
        result = experiments.run(there, line)
        if result.broken:
            failed += 1
            print(f"BROKEN {line}: {result.broken}\n  again: python -m tests.sweeps --replay '{line}'", flush=True)
        if given.log:
            with given.log.open("a") as log:
                log.write(json.dumps(asdict(result)) + "\n")
        if number % 50 == 0 or number == len(todo):
            print(f"{number} of {len(todo)}, {failed} broken, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"seed {given.seed}: {len(todo) - failed} of {len(todo)} hold")
    return 1 if failed else 0


def chosen(there: World, given: argparse.Namespace) -> Iterator[str]:
    if given.replay:
        return iter([given.replay])
    lines = experiments.every(there, given.kinds or KINDS, given.only)
    if given.sample:
        return experiments.sampled(lines, given.sample, given.seed)
    return chain.from_iterable(lines.values())


if __name__ == "__main__":  # clients are forked from a process that imports this file
    sys.exit(main())
