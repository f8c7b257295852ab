"""Some inputs of each kind; `python -m tests.fuzz` does more. What fails tells the command that does it again."""

import os
import secrets
from pathlib import Path

import pytest

from tests.fuzz import KINDS, specs
from tests.fuzz.trials import Outcome, tried


def first_seed() -> int:
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(1 << 31))
    print(f"FUZZ_SEED={seed}")  # shown when it fails
    return seed


@pytest.mark.parametrize("name", [pytest.param(name, marks=kind.marks) for name, kind in KINDS.items()])
def test_changed_inputs_are_refused_where_they_were_changed_or_taken(name: str, tmp_path: Path) -> None:
    seed, kind, folder = first_seed(), KINDS[name], specs.furnish(tmp_path)
    outcomes = dict(tried(range(seed, seed + kind.sampled), lambda: kind.make(folder)))
    again = {f"python -m tests.fuzz {name} --seed {seed} --count 1": outcome for seed, outcome in outcomes.items()}
    assert not {command: outcome.crash for command, outcome in again.items() if outcome.crash}
    wrong = {command: outcome.told for command, outcome in again.items() if outcome.right is False}
    # Of a few, far fewer than the one of 100 that is allowed of many are sure to be right.
    assert len(wrong) <= kind.sampled // 20, wrong


def test_a_trial_that_takes_too_long_or_ends_its_process_fails_alone() -> None:
    def trial(seed: int) -> Outcome:
        while seed == 1:
            pass
        if seed == 2:
            os._exit(9)
        return Outcome()

    outcomes = dict(tried(range(4), lambda: trial, seconds=0.1))
    assert [outcome.crash for outcome in outcomes.values()] == [
        "",
        "took too long",
        "the process ended with 9",
        "",
    ]
