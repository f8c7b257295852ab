"""What is a placeholder and what is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchctl.spec.template import TemplateError, fill, holes, placeholder_errors

VALUES = {
    "item": "c/a.txt",
    "item.stem": "a",
    "index": 7,
    "vars.x": 0.5,
    "vars.on": True,
    "env:HOME": "/home/ada",
    "vars.minus": -7,
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{item}-{item.stem}", "c/a.txt-a"),
        ("{index:05d}|{index:5d}|{index:05}|{index:d}|{vars.minus:03d}", "00007|    7|00007|7|-07"),
        ("{vars.x} {vars.on}", "0.5 true"),
        ("${env:HOME}/x", "/home/ada/x"),
        ("{{item}} $${env:HOME} {{index:05d}}", "{item} ${env:HOME} {index:05d}"),
        ("${HOME} ${x:-y} $item {a,b} {1..3} {} {a b} {print $1} { x; }", None),
        ('{"a":{"b":1}} {{ {% x %} }} {', None),
        ("{{{item}}}", "{{item}}"),
    ],
)
def test_fill(template: str, filled: str | None) -> None:
    assert fill(template, VALUES) == (template if filled is None else filled)


@pytest.mark.parametrize(
    "template", ["{nope}", "{item.__class__}", "{item:5d}", "{index:x}", "{index:100d}", "{index:!r}"]
)
def test_what_cannot_be_filled(template: str) -> None:
    with pytest.raises(TemplateError) as caught:
        fill(f"ab {template}", VALUES)
    assert (caught.value.start, caught.value.width) == (3, len(template))


def test_no_name_is_suggested_that_cannot_be_shown() -> None:
    (error,) = placeholder_errors("{vars.limit}", {"vars.limi\0"})
    assert error.message.startswith("unknown placeholder {vars.limit}: 'vars' declares no 'limit'; to mean")


def test_several_mistakes_are_several_errors() -> None:
    found = list(placeholder_errors("{itme} {index} {env:HOME} ${env:NOPE} ${item.stem}", VALUES))
    assert [(e.start, e.code) for e in found] == [
        (0, "unknown-placeholder"),
        (15, "unknown-placeholder"),
        (26, "unset-variable"),
        (38, "unknown-placeholder"),
    ]


@given(st.text(alphabet="{}$:.[]aitemx05_ \\'\"", max_size=30))
def test_text_without_holes_stays_but_for_doubled_braces(template: str) -> None:
    if not list(holes(template)) and "{{" not in template and "$$" not in template:
        assert fill(template, {}) == template
