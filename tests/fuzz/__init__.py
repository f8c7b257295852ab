"""Inputs that were changed at random: specs, saved plans, variables, requests to the local service.

Whatever they say, they end in a refusal or in what they ask for.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz import plans, requests, specs, variables
from tests.fuzz.trials import Trial

RIGHT = 0.99
"""Of what is refused and whose change is known, so much is refused where it was changed."""


@dataclass(frozen=True)
class Kind:
    """What is tried in a room with the specs' files. `count`: how many, where nobody says; `sampled`: in a test run."""

    make: Callable[[Path], Trial]
    count: int
    sampled: int
    marks: tuple[pytest.MarkDecorator, ...] = ()


KINDS: Mapping[str, Kind] = {
    "specs": Kind(specs.trial, count=20_000, sampled=80),
    "plans": Kind(plans.trial, count=2_000, sampled=30),
    "variables": Kind(variables.trial, count=5_000, sampled=40),
    "requests": Kind(requests.trial, count=2_000, sampled=8, marks=(pytest.mark.services,)),
}


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """A folder with the files that the specs speak of, for specs."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        yield specs.furnish(Path(folder))
