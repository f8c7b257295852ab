"""Specs with thousands of problems: the work grows with the text, not with its square."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from batchctl.errors import MOST_PROBLEMS
from batchctl.spec.source import Place, Source
from tests.examine import examine

POOL = "pool: {id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}}\n"


def tasks(task: str) -> Callable[[int], str]:
    """A spec of as many tasks, each with its number in the place of `#`."""
    lines = "    - {id: t#, " + task + "}\n"
    head = f"version: 1\nname: a\n{POOL}job:\n  id: j\n  tasks:\n"
    return lambda count: head + "".join(lines.replace("#", str(i)) for i in range(count))


def line_of(part: str) -> Callable[[int], str]:
    """A spec with one command that holds the part as often."""
    return lambda count: tasks(f"commands: ['{part * count}']")(1)


KINDS: dict[str, Callable[[int], str]] = {
    "unknown keys": lambda count: "version: 1\nname: a\n" + "".join(f"k{i}: 1\n" for i in range(count)),
    "keys that are nearly right": lambda count: "version: 1\n" + "".join(f"vmSize{i}: 1\n" for i in range(count)),
    "unknown keys of tasks": tasks("commands: [x], k#: 1"),
    "telling keys of tasks": tasks("comands#: [x]"),
    "unknown containers": tasks("commands: [x], outputFiles: [{filePattern: a, container: ccc#}]"),
    "unknown factories": lambda count: tasks("factory: f#, dependsOn: [{factory: g#}], commands: [x]")(3 * count),
    "unknown placeholders of tasks": tasks("commands: ['{vars.x} ${env:NO}']"),
    "unknown placeholders": line_of("{vars.x} "),
    "what is no placeholder": line_of("{item|low} "),
    "wrong types": tasks("commands: {}, displayName: []"),
    "one line": lambda count: "version: 1\njob: {id: j, tasks: [" + "{k: 1}," * count + "]}\n",
    "characters that do not show": lambda count: "# " + "\u202e" * count,
    "secrets": lambda count: "# sig=ABCDEFGHIJKLMNOPQRSTUVWX\n" * count,
}


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_problems_are_at_most_five_times_the_work(kind: str, tmp_path: Path) -> None:
    # Twice, so that what is made once for all is there.
    calls_of(KINDS[kind](10), tmp_path)
    few, many = (calls_of(KINDS[kind](count), tmp_path) for count in (100, 400))
    assert many <= 5 * few


def calls_of(text: str, folder: Path) -> int:
    """How many functions are called while all that is wrong with the text is found, those of C among them."""
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    calls = 0

    def count(_frame: FrameType, _event: str, _what: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        problems = examine(folder / "spec.yaml", {}, {})
    finally:
        sys.setprofile(None)
    assert 0 < len(problems) <= MOST_PROBLEMS
    return calls


def test_all_lines_are_found_once() -> None:
    source = Source("spec.yaml", "a\r\nb\rc\n\nd")
    assert [source.line(number) for number in range(1, 7)] == ["a", "b", "c", "", "d", ""]
    assert [source.position(start) for start in (0, 3, 5, 7, 8, 9)] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (5, 2)]
    assert source._starts is source._starts
    first, second = (source.here(Place(2, 1, 3, 4), "odd", "odd") for _ in range(2))
    assert first.source is second.source


def test_of_many_names_the_first_are_said(tmp_path: Path) -> None:
    text = "version: 1\nname: a\nstorage:\n  containers:\n" + "".join(f"    aaa{i}: {{}}\n" for i in range(2000))
    text += f"{POOL}job:\n  id: j\n  tasks:\n    - {{id: t, commands: [x], resourceFiles: [{{container: zzz}}]}}\n"
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    (problem,) = examine(tmp_path / "spec.yaml", {}, {})
    assert "there is 'aaa0', 'aaa1'," in problem.message
    assert len(problem.message) < 300
