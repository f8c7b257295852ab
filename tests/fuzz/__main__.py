"""`python -m tests.fuzz [specs|plans|variables|requests]`: inputs that were changed at random, so many of each.

Each ends in a refusal or in what it asks for: no traceback, at most 2 s of the processor and 500 MB; and what is
refused is refused where it was changed. `--seed N --count 1` does one of them again.
"""

import argparse
import secrets
import sys
import time
from collections import Counter

from tests.fuzz import KINDS, RIGHT, room
from tests.fuzz.trials import Outcome, tried


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="|".join(KINDS), help="which; all if none is named")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="the number of the first")
    parser.add_argument("--count", type=int, help="how many of each kind")
    given = parser.parse_args()
    if unknown := set(given.kinds) - KINDS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    failed = [kind for kind in given.kinds or KINDS if _failed(kind, given.seed, given.count or KINDS[kind].count)]
    return 1 if failed else 0


def _failed(name: str, first: int, count: int) -> bool:
    kind, seen, begun = KINDS[name], Counter[str](), time.monotonic()
    with room() as folder:
        for seed, outcome in tried(range(first, first + count), lambda: kind.make(folder)):
            seen.update(_counted(outcome))
            if outcome.crash:
                print(
                    f"FAILED, again by: python -m tests.fuzz {name} --seed {seed} --count 1\n{outcome.crash}",
                    flush=True,
                )
            if seen["done"] % 1000 == 0:
                print(f"{_summary(name, first, seen)}, {time.monotonic() - begun:.0f} s", flush=True)
    print(_summary(name, first, seen), flush=True)
    return bool(seen["crashes"]) or seen["right"] < RIGHT * seen["judged"]


def _counted(outcome: Outcome) -> dict[str, int]:
    judged = outcome.right is not None
    return {"done": 1, "crashes": int(bool(outcome.crash)), "judged": int(judged), "right": int(bool(outcome.right))}


def _summary(name: str, first: int, seen: Counter[str]) -> str:
    said = f"{name} from seed {first}: {seen['done']} done, {seen['crashes']} failed"
    share = f" ({seen['right'] / seen['judged']:.2%})" if seen["judged"] else ""
    return said + (f"; {seen['right']} of {seen['judged']} refused where they were changed{share}" if share else "")


sys.exit(main())
