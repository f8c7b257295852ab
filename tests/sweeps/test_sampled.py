"""Some experiments of every quick kind; `python -m tests.sweeps` does all."""

import os
import secrets
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.sweeps import experiments
from tests.sweeps.hasty import hastened
from tests.sweeps.kinds import KINDS
from tests.sweeps.world import World

pytestmark = pytest.mark.e2e

SAMPLED = 7


def test_some_experiments(services: Services, tmp_path: Path) -> None:
    seed = int(os.environ.get("SWEEP_SEED") or secrets.randbelow(1 << 31))
    print(f"SWEEP_SEED={seed}")  # shown when it fails
    world = World(services, tmp_path)
    with hastened():
        world.open()
        lines = experiments.every(world, [name for name, kind in KINDS.items() if kind.is_quick])
        assert sum(map(len, lines.values())) > 3000
        try:
            for line in experiments.sampled(lines, SAMPLED, seed):
                result = experiments.run(world, line)
                assert not result.broken, f"{result.broken}\nagain: python -m tests.sweeps --replay '{line}'"
        finally:
            world.shut()
        world.close()
