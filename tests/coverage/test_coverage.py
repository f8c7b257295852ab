"""The page, the schema of `raw` and the models of the SDK say the same."""

import pytest
from azure.batch import models

from batchctl.spec.reading.schema import spec_schema
from tests.coverage.models import OBJECTS, leaves
from tests.coverage.names import MODULE, module
from tests.coverage.page import NOT, PAGE, RAW, WORD, page, rows
from tests.coverage.tree import raw_definitions, said_by_words


def test_the_page_is_as_the_models_and_the_schema_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_names_are_those_of_the_models() -> None:
    assert MODULE.read_text(encoding="utf-8") == module()


@pytest.mark.parametrize("name", ["rawPool", "rawJob", "rawTask"])
def test_raw_is_what_the_models_have_and_no_word_says(name: str) -> None:
    assert spec_schema()["definitions"][name] == raw_definitions()[name]


def test_at_least_so_much_can_be_said() -> None:
    ways = [how for _, _, how in rows()]
    assert (ways.count(WORD) >= 257, ways.count(WORD) + ways.count(RAW) >= 290, ways.count(NOT) <= 23) == (True,) * 3


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_word_is_a_property_of_the_models(kind: str) -> None:
    """A name that Batch does not have would be refused, or dropped without a word."""
    more = {"pool": [f"identity.{path}" for path in leaves(models.BatchPoolIdentity)]}
    paths = (*leaves(OBJECTS[kind]), *more.get(kind, ()))
    known = {".".join(path.split(".")[:n]) for path in paths for n in range(1, path.count(".") + 2)}
    assert said_by_words(kind) <= known
