"""The power fails under batchctl's own files: its memory of hashes costs time only, a plan not as it was is refused."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from random import Random

import platformdirs

from batchctl import hashes
from tests.sweeps import warm
from tests.sweeps.disk import DAMAGE, Damage
from tests.sweeps.faults import Script
from tests.sweeps.invariants import holds, no_secret, repaired, taken_away
from tests.sweeps.scenarios import SMALL, TEXTS
from tests.sweeps.stage import Ran, Stage, Ways, through
from tests.sweeps.world import World

EACH = 12
"""Experiments of each damage: where it strikes is drawn by their number."""

REFUSED = (4, 64, 65)
"""A plan that does not stand, and what is taken for a spec and is none."""

OTHERS = (0, 300)
"""Files of other specs that are remembered as well: a memory of few pages, or of many."""

SETTLED = 1_000_000_000
"""When the inputs were written, as their time says: long enough ago to be remembered."""


def every(_world: World) -> Iterator[str]:
    for what in RUNS:
        for damage in DAMAGE:
            yield from (f"{what} {damage} {number}" for number in range(1, EACH + 1))


def run(world: World, what: str, damage: str, number: str) -> None:
    stage = world.stage(SMALL)
    with through(world.services, Script()) as ways:
        RUNS[what](stage, ways, DAMAGE[damage], Random(f"{what} {damage} {number}"))
        ran = _ran(stage, ways, "apply", "spec.yaml", "--yes")
        assert ran.code == 0, f"ended with {ran}"
        if what == "memory":  # the inputs were others at first
            repaired(world, stage)
        else:
            holds(world, stage)
    no_secret(stage, ran)
    taken_away(world, stage)


def _memory(stage: Stage, ways: Ways, damage: Damage, dice: Random) -> None:
    """It knows of inputs that the account has, and then of others that it has not yet."""
    memory = _cache(stage) / hashes.MEMORY
    others = range(dice.choice(OTHERS))
    rows = hashes.Memory(memory)
    rows.store({f"/{stage.name}/{n:05}".encode(): (f"{n} 1 1 1", f"{n:032x}") for n in others})
    rows.close()
    _write_inputs(stage, str.upper, SETTLED)
    _well(_ran(stage, ways, "apply", "spec.yaml", "--yes"))
    before = memory.read_bytes()
    _write_inputs(stage, str, SETTLED + 1)
    _well(_ran(stage, ways, "plan", "spec.yaml"))
    assert memory.read_bytes() != before, "nothing of the new inputs is remembered"
    memory.write_bytes(damage(memory.read_bytes(), before, dice))


def _plan(stage: Stage, ways: Ways, damage: Damage, dice: Random) -> None:
    """What has come of it is carried out if it is whole, and else nothing is sent."""
    kept = stage.folder / "kept.json"
    _write_inputs(stage, str.upper, SETTLED)
    _well(_ran(stage, ways, "plan", "spec.yaml", "--out", kept.name))
    before = kept.read_bytes()
    _write_inputs(stage, str, SETTLED + 1)
    _well(_ran(stage, ways, "plan", "spec.yaml", "--out", kept.name))
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole, before, dice))
    ways.requests.clear()
    ran = _ran(stage, ways, "apply", kept.name)
    no_secret(stage, ran)
    assert "Traceback" not in ran.said, ran.said
    if kept.read_bytes().rstrip() == whole.rstrip():
        _well(ran)
        return
    assert ran.code in REFUSED, f"ended with {ran}"
    assert stage.held() == {}, f"made by a plan that does not stand: {stage.held()}"
    # One of another day is whole: only the account tells that it does not stand.
    assert not ways.requests or kept.read_bytes() == before, f"sent: {ways.requests}"


RUNS = {"memory": _memory, "plan": _plan}


def _cache(stage: Stage) -> Path:
    return stage.folder / "cache"


def _write_inputs(stage: Stage, made: Callable[[str], str], moment: int) -> None:
    for stem, text in TEXTS.items():
        path = stage.folder / "texts" / f"{stem}.txt"
        path.write_text(made(text))
        os.utime(path, (moment, moment))


def _ran(stage: Stage, ways: Ways, *arguments: str) -> Ran:
    return warm.start(stage, ways, *arguments, before=partial(_remembers, _cache(stage))).ended()


def _well(ran: Ran) -> None:
    assert ran.code == 0, f"ended with {ran}"


def _remembers(cache: Path) -> None:
    """In the client's process: its memory lies there, and is written at its end, which `atexit` does not see here."""
    platformdirs.user_cache_path = lambda *_: cache  # type: ignore[assignment]
    Finalize(None, hashes._write_at_exit, exitpriority=1)
