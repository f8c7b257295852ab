"""The power fails: what the disk of the services had not written is lost, and they start from what is there."""

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from batchctl import local
from batchctl.errors import CloudError
from tests.proxy import Meddling
from tests.services import blob_service, eventually, unique
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, no_secret, repaired, taken_away
from tests.sweeps.kinds.services import goes_on
from tests.sweeps.life import points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import attempt, through
from tests.sweeps.world import World

LOST = {"nothing": 0.0, "torn": 0.01, "half": 0.5, "all": 1.0}
"""The part of the Batch service's newest records (its write-ahead log) that had not come to the disk, from its end."""


def every(world: World) -> Iterator[str]:
    for lost in LOST:
        yield from (f"{lost} {apply} {destroy}" for apply, destroy in points_of_small(world))


def run(world: World, lost: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which it fails, and of that of the destroy."""
    _without_power(world, numbers, lambda disk, _before: _cut_log(disk, LOST[lost]), _starts)


EXTENTS, LISTS = "blobs/__blobstorage__", ("blobs/__azurite_db_blob__.json", "blobs/__azurite_db_blob_extent__.json")

STORED = ("torn", "half", "all", "both", "older", "draft", "list")
"""What the disk of the blob store lacks: a part of the bytes that were added since the verb began, by `LOST`; in `both`
half of them, and half of the Batch service's newest records; what the lists have learned since then. Or it has half of
a list that was about to take the place of another, or of one that has: then the remedy helps that the error names."""


class Stored:
    """How long each extent is, and what the lists say."""

    def __init__(self, home: Path) -> None:
        self.lists = {name: (home / name).read_bytes() for name in LISTS}
        self.sizes = {extent.name: extent.stat().st_size for extent in (home / EXTENTS).iterdir()}


def every_store(world: World) -> Iterator[str]:
    for form in STORED:
        yield from (f"{form} {apply} {destroy}" for apply, destroy in points_of_small(world))


def run_store(world: World, form: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which the power fails, and of that of the destroy."""
    dice = random.Random(f"{form} {numbers}")
    starts = _starts_anew if form == "list" else _starts
    _without_power(world, numbers, lambda disk, before: _lacks(form, disk, before, dice), starts)


Spoil = Callable[[Path, Stored], None]
"""Takes from a disk what it had not written, or spoils it; of the blob store it is known what was there before."""


def _without_power(world: World, numbers: Sequence[str], spoil: Spoil, starts: Callable[[World], None]) -> None:
    """Apply and destroy, the power failing at these requests: `spoil` takes from the disk, and the services start."""
    stage, script = world.stage(SMALL), Script()
    disk = world.room / f"disk-{stage.name}"
    _comes_to_the_disk(world)
    with through(world.services, script) as ways:
        for verb, number in zip(("apply", "destroy"), numbers, strict=True):
            before = Stored(local.status().home)
            script.meddle = at(int(number), partial(_fails, disk))
            ran = attempt(stage, ways, verb, SkippingClock())
            script.meddle = None
            ended_as_documented(ran)
            no_secret(stage, ran)
            if disk.exists():
                spoil(disk, before)
                home = local.status().home
                shutil.rmtree(home)
                shutil.move(disk, home)
                starts(world)
            goes_on(stage, ways, verb)
            if verb == "apply":
                repaired(world, stage)
    taken_away(world, stage)


def _lacks(form: str, disk: Path, before: Stored, dice: random.Random) -> None:
    lost = LOST.get("half" if form == "both" else form, 0.0)
    if lost:
        for extent in (disk / EXTENTS).iterdir():
            kept, size = before.sizes.get(extent.name, 0), extent.stat().st_size
            os.truncate(extent, kept + int((size - kept) * (1 - lost)))
    if form == "both":
        _cut_log(disk, lost)
    for name in LISTS:
        whole = (disk / name).read_bytes()
        match form:
            case "older":
                (disk / name).write_bytes(before.lists[name])
            case "draft":
                (disk / f"{name}~").write_bytes(whole[: dice.randrange(len(whole))])
            case "list":
                (disk / name).write_bytes(whole[: dice.randrange(1, len(whole))])


def _starts(world: World) -> None:
    assert local.ensure_running(lambda _: None) == world.services, "they are elsewhere now"


def _starts_anew(world: World) -> None:
    """By the remedy that the error names."""
    with pytest.raises(CloudError, match="batchctl local reset starts afresh"):
        local.ensure_running(lambda _: None)
    world.begin_anew()


def _comes_to_the_disk(world: World) -> None:
    """What was there before: the strangers lose nothing."""
    lists = local.status().home / LISTS[0]
    with blob_service(world.services) as blobs, blobs.create_container(unique("settled")) as last:
        eventually(lambda: last.container_name in lists.read_text(), "the newest container is written down")
        last.delete_container()
    with closing(sqlite3.connect(local.status().home / "batch" / "batch.sqlite")) as database:
        (is_busy, *_), *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert not is_busy


def _fails(disk: Path) -> Meddling:
    """Everything stands still at once, and is no more; the disk keeps what it had."""
    seen = local.status()
    pids = list((seen.pids or {}).values())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    shutil.copytree(seen.home, disk, symlinks=True)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return Meddling()


def _cut_log(home: Path, lost: float) -> None:
    log = home / "batch" / "batch.sqlite-wal"
    os.truncate(log, int(log.stat().st_size * (1 - lost)))
