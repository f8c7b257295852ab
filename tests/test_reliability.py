"""docs/reliability.md: every bad input has its row, and what is said to prove it is there."""

import re
from pathlib import Path

import pytest
import yaml

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (B\d\d) \|.* \| ([^|]+) \|$", PAGE, re.MULTILINE | re.ASCII)
READ_ALONE = 6
"""Rows that nothing proves: none more."""


def test_every_bad_input_has_its_row() -> None:
    assert [number for number, _ in ROWS] == [f"B{number:02d}" for number in range(1, 95)]
    assert len([number for number, proof in ROWS if proof == "reading"]) <= READ_ALONE


@pytest.mark.parametrize(("number", "proof"), [(n, p) for n, said in ROWS for p in re.findall("`([^`]+)`", said)])
def test_what_proves_it_is_there(number: str, proof: str) -> None:
    file, _, test = proof.partition("::")
    if test:
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8")
    elif proof.startswith("saved: "):
        assert (TESTS / "cases" / "saved" / f"{proof.removeprefix('saved: ')}.yaml").is_file()
    else:
        cases = yaml.load((TESTS / "cases" / "problems" / f"{proof}.yaml").read_text("utf-8"), yaml.CSafeLoader)
        assert [case["name"] for case in cases if number in case["name"].split()]


def test_no_case_is_of_a_number_that_does_not_name_it() -> None:
    found = {
        (number, path.stem)
        for path in (TESTS / "cases" / "problems").glob("*.yaml")
        for number in re.findall(r"^- name: .*\b(B\d\d)\b", path.read_text(encoding="utf-8"), re.MULTILINE | re.ASCII)
    }
    said = {(number, proof) for number, proofs in ROWS for proof in re.findall("`([^`]+)`", proofs)}
    assert found <= said
