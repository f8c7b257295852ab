"""Values in places with a syntax of their own, beside the cases in tests/cases/fanout/places.yaml."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchctl.output_names import blob_names
from batchctl.resources import Task
from batchctl.spec.filling.places import output_pattern, url
from batchctl.spec.template import TemplateError
from batchctl.work import OutputFile

NAMES = st.text(alphabet="ab*?[]!-^.é ", min_size=1, max_size=8)


def only_blob(pattern: str, path: str | None) -> str | None:
    output = OutputFile(file_pattern=pattern, container="out", path=path)
    return blob_names(output, Task(job="j", id="t")).only


@given(NAMES, NAMES)
def test_a_pattern_made_of_a_name_matches_that_name_alone(name: str, other: str) -> None:
    pattern, path = output_pattern("{item}", None, {"item": name}, windows=False)
    assert fnmatchcase(name, pattern)
    assert fnmatchcase(other, pattern) is (other == name)
    assert (path, only_blob(pattern, path)) == (None, name)


@given(NAMES)
def test_the_blob_is_the_one_that_was_meant(name: str) -> None:
    pattern, path = output_pattern("out/{item}.csv", f"to/{name}.csv", {"item": name}, windows=False)
    assert only_blob(pattern, path) == f"to/{name}.csv"
    assert (path == "to") is bool(re.search(r"[*?\[]", name))


@pytest.mark.parametrize(
    ("value", "windows", "refused"),
    [("50%", True, True), ("50%", False, False), ("$x", True, False), ("$x", False, True)],
)
def test_variables_are_those_of_the_system(value: str, windows: bool, refused: bool) -> None:
    if refused:
        with pytest.raises(TemplateError):
            output_pattern("{item}", None, {"item": value}, windows=windows)
    else:
        assert output_pattern("{item}", None, {"item": value}, windows=windows) == (value, None)


def test_an_address_that_is_a_variable_is_as_it_is() -> None:
    values = {"env:URL": "https://h/a%20b?sig=x&y=1", "vars.base": "https://h/b", "item": "a b"}
    assert url("${env:URL}", values) == values["env:URL"]
    assert url("{vars.base}/{item}?{vars.base}", values) == "https://h/b/a%20b?https://h/b"
