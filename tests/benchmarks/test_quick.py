"""What `python -m benchmarks quick` says of two countings."""

import json
from pathlib import Path

import pytest

from benchmarks import quick
from benchmarks.quick import FEW, MORE, compared, each


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_what_has_not_changed_is_told_without_a_change() -> None:
    assert rows(compared({"requests": 8, "calls": 100_400}, {"requests": 8, "calls": 100_000})) == [
        ["requests", "8", "8", ""],
        ["calls", "100,400", "100,000", ""],
    ]


def test_a_change_is_told_in_per_cent_of_what_was_before() -> None:
    told = rows(compared({"requests": 9, "calls": 90_000}, {"requests": 8, "calls": 100_000}))
    assert [row[3] for row in told] == ["+12.5%", "-10.0%"]


def test_what_was_not_counted_before_or_was_nothing_is_told_as_it_is() -> None:
    assert rows(compared({"a": 5, "b": 5, "c": 0}, {"b": 0, "c": 0, "gone": 1})) == [
        ["a", "5", "", ""],
        ["b", "5", "0", "new"],
        ["c", "0", "0", ""],
    ]


def test_small_numbers_keep_a_decimal() -> None:
    assert rows(compared({"million instructions": 45.67}, {}))[0][1] == "45.7"


def test_what_a_file_more_costs_is_the_difference_of_two_sizes() -> None:
    few = {"validate, 100 files: calls": 7, "plan, first, 100 files: calls": 1000, "only here, 100 files": 1}
    more = {"validate, 600 files: calls": 7, "plan, first, 600 files: calls": 26_000}
    assert dict(each(few, more)) == {"plan, first, a file more: calls": 50}


def test_a_run_is_told_beside_the_last_one_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = {FEW: 1000.0, MORE: 26_000.0}
    monkeypatch.setattr(quick, "LAST", tmp_path / "kept" / "quick.json")
    monkeypatch.setattr(quick, "lived", lambda size: iter([(f"plan, first, {size:,} files: calls", calls[size])]))
    monkeypatch.setattr(quick, "moved", lambda: iter([("up: Put Blob", 50.0)]))
    monkeypatch.setattr(quick, "instructions", lambda: iter([("validate: million instructions", 300.0)]))
    quick.main()
    capsys.readouterr()
    calls[MORE] = 51_000.0
    quick.main(save=tmp_path / "counts.json")
    assert "| plan, first, a file more: calls | 100 | 50 | +100.0% |" in capsys.readouterr().out
    assert json.loads((tmp_path / "counts.json").read_text(encoding="utf-8")) == {
        "plan, first, 100 files: calls": 1000,
        "plan, first, a file more: calls": 100,
        "up: Put Blob": 50,
        "validate: million instructions": 300,
    }
