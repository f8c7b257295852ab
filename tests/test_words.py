"""Texts of others, as parts of what is said."""

import json

import pytest

from batchctl.words import obeyed, shown_json


@pytest.mark.parametrize("indent", [None, 2])
def test_json_says_all_and_nothing_that_a_terminal_obeys(indent: int | None) -> None:
    said = ["ü 😀\n\t\x1b[2J", "\x85\x9b2J", "\u2028\u202e\ufeff", "\U000e0041", {"\u2066": 1}]
    text = shown_json(said, indent)
    assert obeyed(text) == []
    assert "ü 😀" in text
    assert json.loads(text) == said
