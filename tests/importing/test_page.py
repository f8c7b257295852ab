"""docs/import.md says what the importers do."""

from batchctl.importing.kinds import KINDS
from tests.importing.page import PAGE, written


def test_the_page_has_the_tables_of_all_importers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "python -m tests.importing.page writes them"
    assert [name for name in KINDS if f"<!-- fields: {name}, " not in page] == []
