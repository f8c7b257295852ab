"""What a killed download left goes with the next one; what a living one writes, and what is not ours, stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from batchctl.reconcile.carry_out.fetch import fetch
from batchctl.reconcile.carry_out.leftovers import sweep_leftovers
from batchctl.reconcile.outputs import Fetch
from tests.fake_cloud import FakeCloud

KILLED = """
import os, signal, sys
from pathlib import Path
from batchctl.reconcile.carry_out.fetch import fetch
from batchctl.reconcile.outputs import Fetch
from tests.fake_cloud import FakeCloud

# The last thing that is done to a temporary file before it gets its name.
os.utime = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
cloud = FakeCloud()
blobs = [cloud.put("output", name, b"xy") for name in ("first", "sub/last")]
list(fetch([Fetch(blob=b, root=Path(sys.argv[1])) for b in blobs], cloud))
"""


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is killed by SIGKILL there")
def test_what_a_killed_download_left_goes_with_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])
    assert any(name.endswith(".part") for name in names(tmp_path))
    cloud = FakeCloud()
    blobs = [cloud.put("output", name, b"xy") for name in ("first", "sub/last")]
    list(fetch([Fetch(blob=b, root=tmp_path) for b in blobs], cloud))
    assert names(tmp_path) == {"first", "sub/last"}


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_what_is_being_written_is_not_swept(tmp_path: Path) -> None:
    class Sweeping(FakeCloud):
        def read(self, blob, start=0):  # type: ignore[no-untyped-def]  # as in FakeCloud
            yield b"x"
            sweep_leftovers([tmp_path])
            yield b"y"

    cloud = Sweeping()
    blob = cloud.put("output", "a", b"xy")
    list(fetch([Fetch(blob=blob, root=tmp_path)], cloud))
    assert (tmp_path / "a").read_bytes() == b"xy"


@pytest.mark.parametrize(
    "name", ["a.part", ".a.part", ".a.0123456789abcdef.part", ".a.xyzxyzxy.part", "a.01234567.part"]
)
def test_other_names_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    sweep_leftovers([tmp_path, tmp_path / "absent"])
    assert names(tmp_path) == {name}


def test_a_link_of_such_a_name_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    (tmp_path / ".a.01234567.part").symlink_to("kept")
    sweep_leftovers([tmp_path])
    assert names(tmp_path) == {"kept", ".a.01234567.part"}


@pytest.mark.parametrize("name", ["../a", "linked/a"])
def test_nothing_outside_the_root_is_swept(tmp_path: Path, name: str) -> None:
    root, outside = tmp_path / "root", tmp_path / ".a.01234567.part"
    root.mkdir()
    outside.touch()
    (root / "linked").symlink_to(tmp_path)
    cloud = FakeCloud()
    list(fetch([Fetch(blob=cloud.put("output", name, b"x"), root=root)], cloud))
    assert outside.exists()
