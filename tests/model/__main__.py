"""`python -m tests.model`: many lives on an account in memory, or with --real some on the local services."""

import argparse
import secrets
import sys
from contextlib import nullcontext

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.local_account import OnThisMachine
from tests.model.machine import Life
from tests.sweeps.__main__ import world
from tests.sweeps.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--real", action="store_true", help="on the local services")
    parser.add_argument("--examples", metavar="N", type=int, help="so many lives: 1000, or 10 real ones")
    parser.add_argument("--steps", metavar="N", type=int, help="of so many steps at most: 50, or 12")
    parser.add_argument("--seed", metavar="N", type=int, default=secrets.randbelow(1 << 31), help="which ones")
    given = parser.parse_args()
    examples, steps = (
        (given.examples or 10, given.steps or 12) if given.real else (given.examples or 1000, given.steps or 50)
    )
    again = f"python -m tests.model{' --real' * given.real} --examples {examples} --steps {steps} --seed {given.seed}"
    print(again, flush=True)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # To make a failing life on real services shorter takes longer than to read it.
        phases=[Phase.generate] if given.real else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with world() if given.real else nullcontext() as there:
        run_state_machine_as_test(seed(given.seed)(_life(there)), settings=chosen)
    print(f"{examples} lives hold")
    return 0


def _life(there: World | None) -> type[Life]:
    if there is None:
        return Life

    class Real(Life):
        @staticmethod
        def open() -> tuple[str, OnThisMachine]:
            account = OnThisMachine(there)
            return account.stage.name, account

    return Real


if __name__ == "__main__":
    sys.exit(main())
