"""Some lives on an account in memory, always the same; `python -m tests.model` has others, and real services."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Life


def test_some_lives() -> None:
    run_state_machine_as_test(
        Life, settings=settings(max_examples=15, stateful_step_count=20, derandomize=True, print_blob=True)
    )
