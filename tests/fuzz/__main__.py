"""`python -m tests.fuzz`: 20,000 changed specs and 2,000 changed plans; `--specs N --plans N --seed S` for others."""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import plans, specs

RIGHT = 0.99
"""Of the specs with one change that are refused, so many are refused at what was changed."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--specs", type=int, default=20_000)
    parser.add_argument("--plans", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="the number of the first")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as room:
        folder = specs.furnish(Path(room))
        crashes = sum(_crashed(f"plan {seed}", plans.run(seed, folder)) for seed in _seeds(given.seed, given.plans))
        outcomes = []
        begun = time.monotonic()
        for number, seed in enumerate(_seeds(given.seed, given.specs), 1):
            outcomes.append(specs.run(seed, folder))
            crashes += _crashed(f"spec {seed}", outcomes[-1].crash)
            if number % 1000 == 0:
                print(
                    f"{number} of {given.specs} specs, {crashes} crashes, {time.monotonic() - begun:.0f} s", flush=True
                )
    judged = [outcome for outcome in outcomes if outcome.right is not None]
    right = sum(bool(outcome.right) for outcome in judged)
    print(f"seed {given.seed}: {crashes} crashes; {right} of {len(judged)} refusals stand where the change is")
    return 1 if crashes or right < RIGHT * len(judged) else 0


def _seeds(first: int, count: int) -> range:
    return range(first, first + count)


def _crashed(name: str, crash: str) -> bool:
    if crash:
        print(f"FAILED {name}: {crash}")
    return bool(crash)


sys.exit(main())
