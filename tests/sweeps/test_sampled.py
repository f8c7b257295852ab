"""Some experiments of every kind; `python -m tests.sweeps` does them all."""

import os
import secrets
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.sweeps import experiments

pytestmark = pytest.mark.e2e


def test_some_faults_at_some_requests(services: Services, tmp_path: Path) -> None:
    seed = int(os.environ.get("SWEEP_SEED") or secrets.randbelow(1 << 31))
    print(f"SWEEP_SEED={seed}")  # shown when it fails
    kinds = experiments.all_kinds()
    every = experiments.every(services, tmp_path, kinds)
    assert len(every) > 300
    for number, experiment in enumerate(experiments.sampled(every, len(kinds), seed)):
        experiments.run(experiment, services, tmp_path / str(number))
