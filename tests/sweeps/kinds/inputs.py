"""Somebody edits, empties or takes away the inputs while they are applied: no blob is torn, the next apply has them."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import HttpResponseError

from tests.proxy import Meddling
from tests.services import blob_service
from tests.sweeps.faults import Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import (
    DOCUMENTED,
    ended_as_documented,
    inputs_are_the_files,
    no_secret,
    nothing_more_to_do,
    strangers_untouched,
    taken_away,
)
from tests.sweeps.scenarios import WIDE
from tests.sweeps.stage import Stage, attempt, inside, through
from tests.sweeps.world import World


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more\n" * 1000)


def _shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _rewrite(path: Path) -> None:
    """As long as before, and as old."""
    was = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def _replace(path: Path) -> None:
    """As editors save: another file takes its name."""
    draft = path.with_name("draft")
    draft.write_bytes(path.read_bytes().upper() + b"THE END\n")
    draft.replace(path)


def _becomes_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: dict[str, Callable[[Path], None]] = {
    "grows": _grow,
    "shrinks": _shrink,
    "rewritten": _rewrite,
    "replaced": _replace,
    "emptied": lambda path: os.truncate(path, 0),
    "vanishes": Path.unlink,
    "folder": _becomes_folder,
}

NOT_THERE = 65
"""The spec names no file any more when it is read again, for tasks over what others made."""

FILES = {"text": "texts/a.txt", "big": "big.bin"}
"""One that goes in one request, and one that goes in blocks."""


def every(world: World) -> Iterator[str]:
    for change in CHANGES:
        for file in FILES:
            yield from (f"{change} {file} {n}" for n in range(1, world.counts["wide", "apply"] + 1))


def run(world: World, change: str, file: str, number: str) -> None:
    stage, script = world.stage(WIDE), Script()
    path = stage.folder / FILES[file]
    versions = [path.read_bytes()]

    def edits() -> Meddling | None:
        CHANGES[change](path)
        versions.append(path.read_bytes() if path.is_file() else b"")
        return None

    script.meddle = at(int(number), edits)
    with through(world.services, script) as ways:
        ran = attempt(stage, ways, "apply", SkippingClock())
        script.meddle = None
        ended_as_documented(ran, {*DOCUMENTED, NOT_THERE})
        no_secret(stage, ran)
        _is_whole(stage, path.name, versions)
        _put_back(path, versions[0])
        inside(stage, ways, "apply", SkippingClock())
    inputs_are_the_files(stage)
    _outputs_fit(stage)
    nothing_more_to_do(stage)
    strangers_untouched(world, stage)
    taken_away(world, stage)


def _is_whole(stage: Stage, name: str, versions: list[bytes]) -> None:
    """What is stored is one of the versions."""
    blob = blob_service(stage.services).get_blob_client(f"{stage.name}-input", name)
    with suppress(HttpResponseError):
        held = blob.download_blob().readall()
        assert held in versions, f"blob {name} is torn: {len(held)} bytes, of {[len(v) for v in versions]}"


def _put_back(path: Path, content: bytes) -> None:
    """What went away; what was edited stays so."""
    if path.is_dir():
        path.rmdir()
    if not path.exists():
        path.write_bytes(content)


def _outputs_fit(stage: Stage) -> None:
    """Each is what its task makes of its input as it is now."""
    texts = {path.stem: path.read_text().upper() for path in (stage.folder / "texts").glob("*.txt")}
    assert stage.home() == {f"{stem}.joined": text for stem, text in texts.items()}, f"at home is {stage.home()}"
