"""Files that come home from nodes: below their directory, as far as they were listed, and nothing else."""

from collections.abc import Mapping
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.events import Fetched, NotFetched
from batchctl.resources import Blob
from batchctl.sights import FileSight, Place, TaskSight
from batchctl.verbs.failures import with_last_lines
from batchctl.verbs.files import Files, Held, get, landings
from tests.fake_cloud import FakeCloud

PLACE = Place(above="j", id="t")


class Node:
    """The files of a node by name, as they are now."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def part(self, _place: Place, name: str, start: int, end: int) -> bytes:
        return self.files[name][start:end]


def found(*files: FileSight, owners: int = 1, owner: str = "t") -> Files:
    held = [
        Held(owner=owner, blob=Blob(container="j/t", path=file.path, size=file.size), place=PLACE, name=file.name)
        for file in files
    ]
    return Files(found=tuple(held), owners=owners)


def brought(files: Files, to: Path, **content: bytes) -> list[Any]:
    eyes: Any = Node({name.replace("__", "/"): data for name, data in content.items()})
    return list(get(files, landings(files, to), FakeCloud(), eyes))


def test_a_file_that_grows_is_brought_as_far_as_it_was_listed(tmp_path: Path) -> None:
    (event,) = brought(found(FileSight(name="wd/a", size=3)), tmp_path, wd__a=b"abcdef")
    assert isinstance(event, Fetched)
    assert (tmp_path / "wd/a").read_bytes() == b"abc"


def test_of_several_tasks_each_has_its_directory(tmp_path: Path) -> None:
    brought(found(FileSight(name="a", size=1), owners=2), tmp_path, a=b"x")
    assert (tmp_path / "t/a").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["../out", "wd/../../out", "wd//x", "wd/a\x1bb", "wd/b\\c"])
def test_a_name_that_is_not_safe_as_a_path_stays_where_it_is(tmp_path: Path, name: str) -> None:
    files, eyes = found(FileSight(name=name, size=1), FileSight(name="b", size=1)), Node({name: b"x", "b": b"y"})
    told: list[Any] = []
    with pytest.raises(CannotLandError, match="1 file could not be brought home"):
        told.extend(get(files, landings(files, tmp_path / "to"), FakeCloud(), eyes))  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "to/b"]


def test_one_that_became_shorter_is_not_brought_in_part(tmp_path: Path) -> None:
    files, eyes = found(FileSight(name="a", size=3)), Node({"a": b"x"})
    events = get(files, landings(files, tmp_path), FakeCloud(), eyes)  # type: ignore[arg-type]
    assert isinstance(next(events), NotFetched)
    assert list(tmp_path.iterdir()) == []


class Leaving(FakeCloud):
    """Of the node's files the first one comes, and others only once nobody waits for them any more."""

    def __init__(self, first: str) -> None:
        super().__init__()
        self.first, self.asked = first, set[str]()
        self.came, self.left = Event(), Event()

    def part(self, _place: Place, name: str, start: int, end: int) -> bytes:
        self.asked.add(name)
        if name == self.first:
            self.came.set()
        elif self.came.is_set():
            assert self.left.wait(20)
        return bytes(end - start)

    def halt(self) -> None:
        self.left.set()


def test_once_interrupted_no_more_is_asked_of_a_node(tmp_path: Path) -> None:
    cloud: Any = Leaving("0")
    files = found(*(FileSight(name=f"{n}", size=1 << 20) for n in range(200)))
    events = get(files, landings(files, tmp_path), cloud, cloud)
    next(events)
    events.close()
    assert len(cloud.asked) < 200


def test_windows_writes_backslashes() -> None:
    assert FileSight(name="wd\\a\\b.txt", size=0).path == "wd/a/b.txt"
    assert FileSight(name="wd/a\\b", size=0).path == "wd/a\\b"


def test_what_may_differ_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (due,) = landings(found(FileSight(name="a", size=1)), tmp_path)
    assert due.replaces


def test_what_a_failed_task_said_last_is_read_where_it_is_kept_once_its_node_is_gone() -> None:
    cloud, run = FakeCloud(), TaskSight(job="j", generation=1, id="T", state="completed", result="failure", exit_code=1)
    cloud.put("logs", "t/stderr.txt", b"first\nno space\n\n", task="t")
    eyes: Any = SimpleNamespace(last_words=lambda places, _lines: ((),) * len(places))
    for logs, says in ((SimpleNamespace(container="logs"), "no space"), (None, "")):
        spec: Any = SimpleNamespace(logs=logs)
        assert [one.says for one in with_last_lines([run], spec, cloud, eyes)] == [says]
