"""Why a task would run again: of each part of its digest, what differs, old and new."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchctl.configurations import ContainerRegistry, TaskContainerSettings
from batchctl.reconcile.explain.rerun import RerunFacts, culprits, old_and_new, unchanged_parts
from batchctl.resources import Blob, Task
from batchctl.sensitive import Veil
from batchctl.work import HANDLING, OutputFile, ResourceFile
from tests.reconcile.build import run, task

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)
A, B = (ResourceFile(container="books", blob=name, file_path=name) for name in ("a.txt", "b.txt"))
ALL = ResourceFile(container="books", blob_prefix="part")
TEXT = OutputFile(file_pattern="*.txt", container="output")
PYTHON = TaskContainerSettings(image_name="python:3.11")


def lines(part: str, old: dict[str, Any], new: dict[str, Any], **more: Any) -> list[str]:
    known: dict[str, Any] = {"held": {}, "wanted": {}, "others": {}, "added": NOON}
    facts = RerunFacts(run=run(digest=f"{part}=1", **old), task=task(digest=f"{part}=2", **new), **known | more)
    (found,) = culprits(facts)
    assert found.part == part
    return list(found.lines)


def held(name: str, **changed: Any) -> dict[str, Blob]:
    blob = Blob(**{"container": "books", "path": name, "modified": LATER} | changed)
    return {blob.name: blob}


@pytest.mark.parametrize(
    ("part", "old", "new", "says"),
    [
        ("command", {"command_line": "a"}, {"command_line": "b"}, ["command line: a -> b"]),
        ("command", {"required_slots": 1}, {"required_slots": 2}, ["requiredSlots: 1 -> 2"]),
        ("command", {"elevation": "nonAdmin"}, {"elevation": "admin"}, ["elevationLevel: nonAdmin -> admin"]),
        ("environment", {"environment": (("A", "1"),)}, {"environment": (("A", "2"),)}, ["A: 1 -> 2"]),
        ("environment", {"environment": (("A", "1"),)}, {}, ["A: 1 -> (nothing)"]),
        ("environment", {"environment": (("KEY_TOKEN", "1"),)}, {}, ["KEY_TOKEN: is set no more"]),
        ("container", {"container_settings": PYTHON}, {}, ["it ran in a container of python:3.11, and does no more"]),
        (
            "container",
            {"container_settings": PYTHON},
            {"container_settings": replace(PYTHON, image_name="python:3.12")},
            ["imageName: python:3.11 -> python:3.12"],
        ),
        (
            "container",
            {"container_settings": PYTHON},
            {"container_settings": replace(PYTHON, registry=ContainerRegistry(username="a", password="b"))},
            ["registry is another one"],
        ),
        (
            "outputs",
            {"output_files": (TEXT,)},
            {"output_files": (replace(TEXT, path="x"),)},
            ["- *.txt to output on tasksuccess", "+ *.txt to output/x on tasksuccess"],
        ),
        (
            "scripts",
            {"contents": "|start=1 start/a%20b=2"},
            {"contents": "|start=1 start/a%20b=3 start/c=4"},
            ["a b of the start task, content: 2 -> 3", "c of the start task, content: is new"],
        ),
        (
            "scripts",
            {},
            {"contents": "|start=1"},
            ["which of them is not known: it ran before batchctl kept that, or has too many"],
        ),
        (
            "inputs",
            {"resource_files": (A,)},
            {"resource_files": (B,)},
            ["- books/a.txt: it took this, and takes it no more", "+ books/b.txt: it did not take this"],
        ),
        ("dependencies", {}, {}, ["it depends on other tasks than then"]),
        ("unheard", {}, {}, ["what of it differs is not known: Batch has it as it is wanted"]),
    ],
)
def test_what_differs(part: str, old: dict[str, Any], new: dict[str, Any], says: list[str]) -> None:
    assert lines(part, old, new) == says


def test_the_blob_that_changed_and_who_wrote_it() -> None:
    old, new = ({"resource_files": (A, B), "contents": f"11 {n}"} for n in (22, 33))
    (said,) = lines("inputs", old, new, held=held("b.txt", task="make", owner="us"))
    assert said == "books/b.txt: content 22 -> 33, written 2026-01-01 13:00:00Z by task make"
    (said,) = lines("inputs", old, new, held=held("b.txt"))
    assert said.endswith(" by others than batchctl")
    assert lines("inputs", old, new) == ["books/b.txt: content 22 -> 33: the blob is not there"]


def test_the_blobs_of_a_container_since_the_run() -> None:
    old, new = ({"resource_files": (ALL,), "contents": str(n)} for n in (22, 33))
    blobs = held("part1", owner="us") | held("part2", modified=NOON) | held("other")
    (said,) = lines("inputs", old, new, held=blobs)
    assert said == "books/part*: content 22 -> 33: books/part1 written 2026-01-01 13:00:00Z by the uploads of us"


def test_a_run_of_before_this_was_kept() -> None:
    old, new = {"resource_files": (A, B)}, {"resource_files": (A, B), "contents": "11 33"}
    said = lines("inputs", old, new, held=held("b.txt"))
    assert said == [
        "which of them is not known: it ran before batchctl kept that, or has too many",
        "books/b.txt: books/b.txt written 2026-01-01 13:00:00Z by others than batchctl",
    ]


def test_a_secret_is_told_by_name_alone() -> None:
    veil = Veil(values=("hush-hush",), names=frozenset({"LOUD"}))
    assert old_and_new("say quiet", "say hush-hush", veil) == "(hidden, for it holds a secret) -> say (sensitive)"
    for old, new in ((("LOUD", "old"),), (("LOUD", "new"),)), ((("A", "old"),), (("A", "hush-hush"),)):
        said = lines("environment", {"environment": old}, {"environment": new}, veil=veil)
        assert said == [f"{old[0][0]}: changed; it is not shown"]


def test_of_long_texts_the_stretch_that_differs() -> None:
    said = old_and_new("x" * 200 + "one" + "y" * 200, "x" * 200 + "two" + "y" * 200, Veil())
    assert said == f"…{'x' * 24}one{'y' * 24}… -> …{'x' * 24}two{'y' * 24}…"
    assert old_and_new("aa", "aaa", Veil()) == "aa -> aaa"


def test_what_did_not_change_and_what_is_no_reason() -> None:
    old, new = (Task(job="j", id="a", digest=f"command=1;inputs={n};{HANDLING}={n}") for n in (1, 2))
    assert unchanged_parts(old, new) == ("command",)
    facts = RerunFacts(run=old, task=new, held={}, wanted={}, others={"b": ["command"]})
    assert [c.part for c in culprits(facts)] == ["inputs"]
    assert lines("dependencies", {}, {}, others={"b": ["command"]}) == ["b, which it depends on: command changed"]
