"""The disk is full, or a file grows no further: from each file that is made on, or at so many bytes."""

import errno
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

from tests.sweeps import warm
from tests.sweeps.faults import Script
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import DOCUMENTED, holds, no_secret, taken_away
from tests.sweeps.scenarios import SCENARIOS, SMALL
from tests.sweeps.stage import Stage, inside, through
from tests.sweeps.world import World

FILES = 4
"""More than an apply makes."""

TEXTS = {"a": "line\n" * 8000, "b": "line\n" * 4000}
LONG = replace(
    SMALL,
    files={f"texts/{stem}.txt": text for stem, text in TEXTS.items()},
    home={f"{stem}_OUTPUT.txt": text for stem, text in TEXTS.items()},
)
"""Its outputs are longer than what an apply says."""

SIZES = (0, 1, 500, 10_000, 20_000, 39_999, 40_000)
"""Bytes; what is said takes about 2,000, and outputs 20,000 and 40,000."""

TO_WRITE = os.O_WRONLY | os.O_RDWR


def every(_world: World) -> Iterator[str]:
    for scenario in SCENARIOS:
        yield from (f"{scenario} files {number}" for number in range(1, FILES + 1))
    yield from (f"long bytes {size}" for size in SIZES)


def run(world: World, scenario: str, what: str, number: str) -> None:
    stage, script = world.stage(LONG if scenario == "long" else SCENARIOS[scenario]), Script()
    before = partial({"files": _no_file_from, "bytes": _no_longer_than}[what], int(number))
    with through(world.services, script) as ways:
        ran = warm.start(stage, ways, "apply", "spec.yaml", "--yes", before=before).ended()
        assert ran.code in DOCUMENTED, f"ended with {ran.code}: {ran.said}"
        assert "Traceback" not in ran.said, ran.said
        _has_no_half_file(stage, ran.code)
        inside(stage, ways, "apply", SkippingClock())
        holds(world, stage)
    taken_away(world, stage)
    no_secret(stage, ran)


def _has_no_half_file(stage: Stage, code: int) -> None:
    """What is at home is whole; all of it, if it was said to be done."""
    found, whole = stage.home(), stage.scenario.home
    assert found.items() <= whole.items(), f"at home is {found}"
    assert code or found == whole, f"said to be done, and at home is {found}"


def _no_file_from(number: int) -> None:
    """In this process the disk has no room for the file of this number, nor for any that comes later."""
    numbers = count(1)

    def full(event: str, given: tuple[object, ...]) -> None:
        if event == "open" and isinstance(given[2], int) and given[2] & TO_WRITE and next(numbers) >= number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), given[0])

    sys.addaudithook(full)


def _no_longer_than(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
