"""The pictures of docs/screens. Whether they show what is so, `scripts/screens --check` tells."""

import re

import pytest

from tests.documents.examples import DOCUMENTS
from tests.screens import PICTURES, SCHEMES, SHOTS, shape, told

NAMES = [name for name, _ in SHOTS]
SHOWN = re.compile(r"screens/(\w+)-(light|dark)\.svg")


@pytest.mark.parametrize("name", NAMES)
def test_both_schemes_say_the_same(name: str) -> None:
    light, dark = ((PICTURES / f"{name}-{scheme}.svg").read_text(encoding="utf-8") for scheme in SCHEMES)
    assert told(light) == told(dark) != []
    assert light != dark


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_asks_nobody(name: str) -> None:
    svg = (PICTURES / f"{name}-light.svg").read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href|@import|url\()[^#]{0,9}https?:", svg) == []


def test_each_picture_is_shown_in_both() -> None:
    shown = {found for path in DOCUMENTS for found in SHOWN.findall(path.read_text(encoding="utf-8"))}
    assert shown == {(name, scheme) for name in NAMES for scheme in SCHEMES}


def test_what_differs_in_every_run_is_no_difference() -> None:
    first, second = (LINE.format(*one) for one in RUNS)
    assert told(first) != told(second)
    assert shape("why", first) == shape("why", second)


LINE = '<text clip-path="url(#a-line-0)">took {} s, [{}] on tvmps_{}</text>'
RUNS = (("0.4", "===>...", "3f"), ("12", "=>.....", "aa07…_d"))
