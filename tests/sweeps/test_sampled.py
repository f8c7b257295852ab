"""Some experiments of each kind, if it takes no minutes; `python -m tests.sweeps` does all."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl.local import Services
from tests import leaks
from tests.sweeps import experiments
from tests.sweeps.__main__ import world as world_of_its_own
from tests.sweeps.hasty import hastened
from tests.sweeps.kinds import KINDS
from tests.sweeps.world import World

pytestmark = pytest.mark.e2e

SAMPLED, SAMPLED_LONGER = 7, 3

MINUTES = ("stopped",)
"""Kinds of which one experiment takes longer than all that is done here."""


def chosen_seed() -> int:
    seed = int(os.environ.get("SWEEP_SEED") or secrets.randbelow(1 << 31))
    print(f"SWEEP_SEED={seed}")  # shown when it fails
    return seed


def test_some_experiments(services: Services, tmp_path: Path) -> None:
    seed = chosen_seed()
    world = World(services, tmp_path)
    with hastened():
        world.open()
        lines = experiments.every(world, [name for name, kind in KINDS.items() if kind.is_quick])
        assert sum(map(len, lines.values())) > 3000
        all_hold(world, experiments.sampled(lines, SAMPLED, seed))
        world.close()


def test_some_that_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """On services of their own, which are stopped, killed, set ahead and begun anew."""
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", "another one")  # so that it is what it was afterwards
    seed = chosen_seed()
    with world_of_its_own() as world:
        leaks.know(world.services.batch_key, world.services.storage_key)
        longer = [name for name, kind in KINDS.items() if not kind.is_quick and name not in MINUTES]
        all_hold(world, experiments.sampled(experiments.every(world, longer), SAMPLED_LONGER, seed))


def all_hold(world: World, lines: Iterator[str]) -> None:
    for line in lines:
        result = experiments.run(world, line)
        assert not result.broken, f"{result.broken}\nagain: python -m tests.sweeps --replay '{line}'"
