"""docs/reference/ says what the schemas, the commands, the errors and the cases say."""

import pytest

from tests.documents.reference import FOLDER, PAGES, written


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    page = (FOLDER / name).read_text(encoding="utf-8")
    assert page == written(name), "`python -m tests.documents.reference` writes it anew; commit what it wrote"


def test_no_other_page_is_there() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(PAGES)
