"""What the files of a task held is kept beside its digest, and is no part of it."""

from pathlib import Path

import pytest

from batchctl.resources import Blob, Task
from batchctl.spec.filling import contents
from batchctl.spec.load import load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve

SPEC = """\
version: 1
name: kept
pool:
  id: kept
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
  startTask: {resourceFiles: [{blob: kept/s.sh}], commands: [sh s.sh]}
storage: {containers: {kept: {}}}
job:
  id: kept
  tasks:
    - id: one
      resourceFiles: [{blob: kept/a.txt}, {blob: kept/b.txt}, {httpUrl: 'https://example.org/x', filePath: x}]
      commands: [echo hello]
"""

DIGEST = "command=501ac781193b;environment=a683096011db;inputs=c406e731c2e4;scripts=40d293369b3a;outputs=4f53cda18c2b"
"""As it was before anything was kept."""


def made(folder: Path) -> Task:
    (folder / "s.yaml").write_text(SPEC)
    spec = load(folder / "s.yaml", {}, {})
    blobs = tuple(
        Blob(container="kept", path=n, md5=c * 32) for n, c in (("a.txt", "1"), ("b.txt", "2"), ("s.sh", "3"))
    )
    return next(r for r in resolve(spec, take_inventory(spec, {"kept": blobs})).resources if isinstance(r, Task))


def test_eight_digits_for_each_file_in_their_order(tmp_path: Path) -> None:
    inputs, _, scripts = made(tmp_path).contents.partition("|")
    assert inputs == "11111111 22222222 -"
    assert [entry.rpartition("=")[0] for entry in scripts.split()] == ["start", "start/s.sh"]
    assert scripts.endswith("start/s.sh=33333333")


def test_no_digest_changes_by_it(tmp_path: Path) -> None:
    assert made(tmp_path).digest == DIGEST


def test_of_very_many_files_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_FILES", 2)
    assert made(tmp_path).contents.startswith("|start=")
    monkeypatch.setattr(contents, "MOST_CHARACTERS", 20)
    assert made(tmp_path).contents == ""
